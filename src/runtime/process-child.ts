/**
 * The contract process: no key, no network, no event loop. It blocks on one pipe, runs what the node
 * asks for, and asks back for state that it does not hold.
 *
 * Faults are told to the node and never become receipts: the node replaces this process.
 */
import { blockingPeer, type FramePart, frameTypes } from "./process-frames.ts";
import { surroundingsFault } from "./process-surroundings.ts";

const PIPE = 3;
/** Rules as JSON, when they are not those of version 1: known before any module that follows them. */
const [, , rules] = process.argv;
if (rules !== undefined) globalThis.$rules = JSON.parse(rules);
const fault = surroundingsFault();
const peer = blockingPeer(PIPE);
const encoder = new TextEncoder();
/** Requests that came while a question waited for its answer. */
const backlog: FramePart[] = [];
/** Whether the request that runs was told that state went on under it. */
let hasMoved = false;

if (fault === "") {
  // Nothing native is loaded before the versions are known to be right.
  const { openSandbox } = await import("./process-sandbox.ts");
  const { threadedAdmission } = await import("./process-admission.ts");
  const { answerer } = await import("./process-answers.ts");
  const judge = threadedAdmission();
  const admit = (source: string): ReturnType<typeof judge> => {
    const admission = judge(source);
    peer.write(frameTypes.alive, new Uint8Array());
    return admission;
  };
  const ask = (type: number, payload: Uint8Array): Uint8Array => {
    peer.write(type, payload);
    for (let part = peer.read(); part !== undefined; part = peer.read()) {
      if (part.type === frameTypes.answer) return part.payload;
      if (part.type === frameTypes.moved) {
        hasMoved = true;
        throw new Error("state went on");
      }
      backlog.push(part);
    }
    return process.exit(0);
  };
  serve(answerer({ openSandbox, admit, ask, tell: peer.write }));
} else {
  peer.write(frameTypes.fault, encoder.encode(fault));
}

function serve(answer: (part: FramePart) => Uint8Array | undefined): void {
  const next = (): FramePart | undefined => backlog.shift() ?? peer.read();
  peer.write(frameTypes.ready, new Uint8Array());
  for (let part = next(); part !== undefined; part = next()) {
    hasMoved = false;
    try {
      const done = answer(part);
      if (done !== undefined) peer.write(frameTypes.done, done);
    } catch (error) {
      if (hasMoved) {
        peer.write(frameTypes.moved, new Uint8Array());
        continue;
      }
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      peer.write(frameTypes.fault, encoder.encode(text));
    }
  }
  process.exit(0);
}

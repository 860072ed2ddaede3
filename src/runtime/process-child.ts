/**
 * The contract process: no key, no network, no event loop. It blocks on one pipe, runs what the node
 * asks for, and asks back for state that it does not hold.
 *
 * Faults are told to the node and never become receipts: the node replaces this process.
 */
import type { ProcessMachine } from "./process-answers.ts";
import { blockingPeer, type FramePart, frameTypes } from "./process-frames.ts";
import { surroundingsFault } from "./process-surroundings.ts";

const PIPE = 3;
const fault = surroundingsFault();
const peer = blockingPeer(PIPE);
const encoder = new TextEncoder();

if (fault === "") {
  // Nothing native is loaded before the versions are known to be right.
  const { openSandbox } = await import("./process-sandbox.ts");
  const { threadedAdmission } = await import("./process-admission.ts");
  const { ContractCode } = await import("./contract-code.ts");
  const { answerer } = await import("./process-answers.ts");
  const judge = threadedAdmission();
  const admit = (source: string): ReturnType<typeof judge> => {
    const admission = judge(source);
    peer.write(frameTypes.alive, new Uint8Array());
    return admission;
  };
  const openMachine = (): ProcessMachine => {
    const sandbox = openSandbox();
    return { sandbox, code: new ContractCode(admit, sandbox) };
  };
  const ask = (type: number, payload: Uint8Array): Uint8Array => {
    peer.write(type, payload);
    const answer = peer.read();
    if (answer?.type !== frameTypes.answer) throw new Error("no answer to a question about state");
    return answer.payload;
  };
  serve(answerer({ openMachine, ask }));
} else {
  peer.write(frameTypes.fault, encoder.encode(fault));
}

function serve(answer: (part: FramePart) => Uint8Array): void {
  peer.write(frameTypes.ready, new Uint8Array());
  for (let part = peer.read(); part !== undefined; part = peer.read()) {
    try {
      peer.write(frameTypes.done, answer(part));
    } catch (error) {
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      peer.write(frameTypes.fault, encoder.encode(text));
    }
  }
  process.exit(0);
}

/**
 * Admission on a thread with a large stack, so that no source can end the host's stack before our own
 * rule of depth has judged it. The caller waits: the contract process has nothing else to do.
 */
import { MessageChannel, receiveMessageOnPort, Worker } from "node:worker_threads";
import type { Admission } from "./admit.ts";

const STACK_MB = 256;
/** Of the slowest source within the limits, many times over; the watchdog of the process is shorter. */
const WAIT_MS = 60_000;

const FIRST_TIMES = 4;
const FIRST_SOURCE = `import { contract, state, int } from "ace-node/contract";
contract({ name: "first", methods: { add: { args: [int], returns: int } } });
const sum = state.value("sum", int);
export function add(by) { sum.set((sum.get() ?? 0n) + by); return sum.get(); }`;

interface Started {
  readonly signal: Int32Array;
  readonly port: import("node:worker_threads").MessagePort;
}

/** Starts the thread at once, and lets it judge something small: the first source waits for less. */
export function threadedAdmission(): (source: string) => Admission {
  const { signal, port } = start();
  let asked = 0;
  let received = 0;
  const ask = (source: string): void => {
    port.postMessage(source);
    asked += 1;
  };
  const receive = (): Admission => {
    for (let answered = Atomics.load(signal, 0); answered <= received; ) {
      if (Atomics.wait(signal, 0, answered, WAIT_MS) === "timed-out") break;
      answered = Atomics.load(signal, 0);
    }
    const answer = receiveMessageOnPort(port);
    if (answer === undefined) throw new Error("admission gave no answer");
    received += 1;
    const admission: Admission = answer.message;
    return admission;
  };
  for (let time = 0; time < FIRST_TIMES; time += 1) ask(FIRST_SOURCE);
  return (source) => {
    ask(source);
    while (received < asked - 1) receive();
    return receive();
  };
}

function start(): Started {
  const shared = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
  const { port1, port2 } = new MessageChannel();
  const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
  const entry = new URL(`./process-admission-thread.${extension}`, import.meta.url);
  const worker = new Worker(entry, {
    workerData: { shared, port: port2, rules: globalThis.$rules },
    transferList: [port2],
    resourceLimits: { stackSizeMb: STACK_MB },
    env: {},
  });
  worker.unref();
  return { signal: new Int32Array(shared), port: port1 };
}

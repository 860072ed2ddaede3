/**
 * Admission on a thread with a large stack, so that no source can end the host's stack before our own
 * rule of depth has judged it. The caller waits: the contract process has nothing else to do.
 */
import {
  isMainThread,
  MessageChannel,
  parentPort,
  receiveMessageOnPort,
  Worker,
  workerData,
} from "node:worker_threads";
import { type Admission, admitSource } from "./admit.ts";

const STACK_MB = 256;
/** Of the slowest source within the limits, many times over; the watchdog of the process is shorter. */
const WAIT_MS = 60_000;

interface Started {
  readonly signal: Int32Array;
  readonly port: import("node:worker_threads").MessagePort;
}

/** Starts the thread on first use. */
export function threadedAdmission(): (source: string) => Admission {
  let started: Started | undefined;
  return (source) => {
    started ??= start();
    const { signal, port } = started;
    Atomics.store(signal, 0, 0);
    port.postMessage(source);
    Atomics.wait(signal, 0, 0, WAIT_MS);
    const received = receiveMessageOnPort(port);
    if (received === undefined) throw new Error("admission gave no answer");
    const admission: Admission = received.message;
    return admission;
  };
}

function start(): Started {
  const shared = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
  const { port1, port2 } = new MessageChannel();
  const worker = new Worker(new URL(import.meta.url), {
    workerData: { shared, port: port2 },
    transferList: [port2],
    resourceLimits: { stackSizeMb: STACK_MB },
    env: {},
  });
  worker.unref();
  return { signal: new Int32Array(shared), port: port1 };
}

/** The thread's side. */
function serve(data: { readonly shared: SharedArrayBuffer; readonly port: Started["port"] }): void {
  const signal = new Int32Array(data.shared);
  data.port.on("message", (source: string) => {
    data.port.postMessage(admitSource(source));
    Atomics.store(signal, 0, 1);
    Atomics.notify(signal, 0);
  });
}

if (!isMainThread && parentPort !== null) serve(workerData);

/** The thread of admission: answers each source with its judgement, under the rules of its process. */
import { type MessagePort, workerData } from "node:worker_threads";
import type { Rules } from "./limits.ts";

interface ThreadData {
  readonly shared: SharedArrayBuffer;
  readonly port: MessagePort;
  readonly rules: Rules | undefined;
}

const { shared, port, rules }: ThreadData = workerData;
// Before any module that follows them.
globalThis.$rules = rules;
const { admitSource } = await import("./admit.ts");

const signal = new Int32Array(shared);
port.on("message", (source: string) => {
  port.postMessage(admitSource(source));
  Atomics.add(signal, 0, 1);
  Atomics.notify(signal, 0);
});

/** The process itself waits on its pipe or runs a contract: only here is seen that the node is gone. */
const ORPHAN_CHECK_MS = 2_000;
const node = process.ppid;
setInterval(() => {
  if (process.ppid !== node) process.kill(process.pid, "SIGKILL");
}, ORPHAN_CHECK_MS);

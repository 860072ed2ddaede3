/** Waits for Ctrl-C, keeping the process alive meanwhile. Stopping a server so is no failure. */
import { setTimeout as sleep } from "node:timers/promises";

const FOREVER_MS = 2_147_483_647;

export async function untilAborted(signal: AbortSignal): Promise<void> {
  await sleep(FOREVER_MS, undefined, { signal }).catch(() => undefined);
}

/**
 * Bytes to somebody over HTTP, so that their memory may be used again afterwards.
 *
 * Errors  The reason of the signal, at once: the bytes may still be on their way then.
 */
import type { ServerResponse } from "node:http";

/** Resolves when the bytes have left this process, or the connection is gone. */
export async function sendBytes(
  response: ServerResponse,
  bytes: Uint8Array,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted();
  if (response.destroyed) return;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const done = () => resolve();
  const stop = () => reject(signal.reason);
  response.once("close", done);
  signal.addEventListener("abort", stop);
  response.write(bytes, done);
  try {
    await promise;
  } finally {
    response.off("close", done);
    signal.removeEventListener("abort", stop);
  }
}

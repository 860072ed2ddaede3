/** Bytes to somebody over HTTP, so that their memory may be used again afterwards. */
import type { ServerResponse } from "node:http";

/** Resolves when the bytes have left this process, or the connection is gone. */
export async function sendBytes(response: ServerResponse, bytes: Uint8Array): Promise<void> {
  if (response.destroyed) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const done = () => resolve();
  response.once("close", done);
  response.write(bytes, done);
  await promise;
  response.off("close", done);
}

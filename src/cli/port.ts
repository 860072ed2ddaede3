/** Ports of this machine. */
import { once } from "node:events";
import { createServer } from "node:net";
import { hasCode } from "./private-file.ts";

/** Whether a server could listen on 127.0.0.1 at `port` now. */
export async function isPortFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
    return true;
  } catch (error) {
    if (hasCode(error, "EADDRINUSE") || hasCode(error, "EACCES")) return false;
    throw error;
  } finally {
    server.close();
  }
}

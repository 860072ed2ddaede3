import { createServer } from "node:net";
import type { FastifyInstance } from "fastify";
import { AceError } from "../lib/errors.ts";

/** The URL it listens on. Errors `PORT_IN_USE`. */
export async function listenOn(
  app: FastifyInstance,
  where: { readonly host: string; readonly port: number },
): Promise<string> {
  try {
    return await app.listen(where);
  } catch (cause) {
    const isTaken = cause instanceof Error && "code" in cause && cause.code === "EADDRINUSE";
    if (!isTaken) throw cause;
    throw new AceError("PORT_IN_USE", `port ${where.port} of ${where.host} is taken`, { cause });
  }
}

/** The port itself, or any free one for 0: some parts must name the port before it is open. */
export async function chosenPort(host: string, port: number): Promise<number> {
  if (port !== 0) return port;
  const probe = createServer();
  await new Promise<void>((resolve, reject) => {
    probe.once("error", reject);
    probe.listen(0, host, resolve);
  });
  const bound = probe.address();
  await new Promise<void>((resolve) => probe.close(() => resolve()));
  return typeof bound === "object" && bound !== null ? bound.port : port;
}

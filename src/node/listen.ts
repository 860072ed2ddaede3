import { createServer } from "node:net";
import type { FastifyInstance } from "fastify";
import { AceError } from "../lib/errors.ts";

/** How a URL writes this host and port. */
export function authority(host: string, port: number): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** The URL it listens on. Errors `PORT_IN_USE`; `CONFIG_INVALID` for an address not of this machine. */
export async function listenOn(
  app: FastifyInstance,
  where: { readonly host: string; readonly port: number },
): Promise<string> {
  try {
    return await app.listen(where);
  } catch (cause) {
    throw listenFault(cause, where);
  }
}

/** The port itself, or any free one for 0: some parts must name the port before it is open. */
export async function chosenPort(host: string, port: number): Promise<number> {
  if (port !== 0) return port;
  const probe = createServer();
  await new Promise<void>((resolve, reject) => {
    probe.once("error", (cause) => reject(listenFault(cause, { host, port })));
    probe.listen(0, host, resolve);
  });
  const bound = probe.address();
  await new Promise<void>((resolve) => probe.close(() => resolve()));
  return typeof bound === "object" && bound !== null ? bound.port : port;
}

function listenFault(
  cause: unknown,
  { host, port }: { readonly host: string; readonly port: number },
): AceError {
  const why = cause instanceof Error && "code" in cause ? cause.code : undefined;
  const code = why === "EADDRINUSE" || why === "EACCES" ? "PORT_IN_USE" : "CONFIG_INVALID";
  return new AceError(code, `cannot listen on ${host}, port ${port}`, { cause });
}

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

function listenFault(
  cause: unknown,
  { host, port }: { readonly host: string; readonly port: number },
): AceError {
  const why = cause instanceof Error && "code" in cause ? cause.code : undefined;
  const code = why === "EADDRINUSE" || why === "EACCES" ? "PORT_IN_USE" : "CONFIG_INVALID";
  return new AceError(code, `cannot listen on ${host}, port ${port}`, { cause });
}

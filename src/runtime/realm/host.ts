/** What the realm asks of its host: text in, text out, and no object ever. */
import type { SandboxHost } from "../sandbox.ts";
import { failWith } from "./meter.ts";

declare const $host: SandboxHost;

/** Given by the contract process before the realm is evaluated. */
export const host: SandboxHost = $host;

/** Fails with the code that the host answered, if it did. */
export function demand(code: string): void {
  if (code !== "") failWith(code);
}

/** The calls that change a node: for whoever holds its operator's token. */
import { timingSafeEqual } from "node:crypto";
import { AceError } from "../lib/errors.ts";

/** @throws AceError `FORBIDDEN`. */
export function requireAdmin(header: string | undefined, token: string): void {
  const given = Buffer.from(header ?? "");
  const wanted = Buffer.from(`Bearer ${token}`);
  if (given.length === wanted.length && timingSafeEqual(given, wanted)) return;
  throw new AceError("FORBIDDEN", "publishing on this node needs its operator's token");
}

/** Whether the network we act on is a public one, as far as its network.json says. */
import { readFileSync } from "node:fs";
import { isPublicPassphrase } from "../contracts/settings.ts";
import { hasCode } from "./private-file.ts";

/** False without a network file: then there is nothing yet to act on. */
export function isPublicNetwork(networkFile: string): boolean {
  const passphrase = networkPassphrase(networkFile);
  return passphrase !== undefined && isPublicPassphrase(passphrase);
}

/** The passphrase a network file names; undefined without a readable file. */
export function networkPassphrase(networkFile: string): string | undefined {
  try {
    const document: unknown = JSON.parse(readFileSync(networkFile, "utf8"));
    const found = Object.entries(document ?? {}).find(([name]) => name === "passphrase");
    return found === undefined ? undefined : String(found[1]);
  } catch (error) {
    if (hasCode(error, "ENOENT") || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

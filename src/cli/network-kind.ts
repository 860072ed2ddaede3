/** Whether the network we act on is a public one. */
import { readFileSync } from "node:fs";
import { isPublicPassphrase } from "../contracts/settings.ts";
import { isAceError } from "../lib/errors.ts";
import type { Context } from "./context.ts";
import { hasCode } from "./private-file.ts";
import { networkOf } from "./rpc-probe.ts";

const LOOPBACK = new Set(["127.0.0.1", "localhost", "[::1]"]);

/** As far as its network.json says: false without one, for then there is nothing yet to act on. */
export function isPublicNetwork(networkFile: string): boolean {
  const passphrase = networkPassphrase(networkFile);
  return passphrase !== undefined && isPublicPassphrase(passphrase);
}

/**
 * True when network.json or, before there is one, the RPC endpoint names a private network. A local
 * endpoint that does not run yet counts as private: keys are often made before the devnet starts.
 */
export async function isDevelopmentNetwork({
  settings,
  signal,
}: Pick<Context, "settings" | "signal">): Promise<boolean> {
  const written = networkPassphrase(settings.network);
  if (written !== undefined) return !isPublicPassphrase(written);
  try {
    const { passphrase } = await networkOf({ url: settings.rpcUrl, signal });
    return !isPublicPassphrase(passphrase);
  } catch (error) {
    if (!isAceError(error, "LEDGER_NO_SOURCE")) throw error;
    return LOOPBACK.has(new URL(settings.rpcUrl).hostname);
  }
}

function networkPassphrase(networkFile: string): string | undefined {
  try {
    const document: unknown = JSON.parse(readFileSync(networkFile, "utf8"));
    const found = Object.entries(document ?? {}).find(([name]) => name === "passphrase");
    return found === undefined ? undefined : String(found[1]);
  } catch (error) {
    if (hasCode(error, "ENOENT") || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

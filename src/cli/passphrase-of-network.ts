/** The passphrase of the Stellar network behind the RPC endpoint, for a network without a document. */
import { rpc } from "@stellar/stellar-sdk";
import { AceError } from "../lib/errors.ts";
import type { Context } from "./context.ts";

const REQUEST_MS = 20_000;

export async function passphraseOf({ settings }: Pick<Context, "settings">): Promise<string> {
  const server = new rpc.Server(settings.rpcUrl, { allowHttp: true, timeout: REQUEST_MS });
  try {
    return (await server.getNetwork()).passphrase;
  } catch (cause) {
    throw new AceError("LEDGER_NO_SOURCE", `nothing answers at ${settings.rpcUrl}`, { cause });
  }
}

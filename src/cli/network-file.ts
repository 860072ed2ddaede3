/** Whether a network.json is valid; apart, because reading one loads the SDK. */
import { readFile } from "node:fs/promises";
import { parseServiceNetwork } from "../contracts/service-network.ts";
import { AceError } from "../lib/errors.ts";

/** The ledger in which the network of the file at `path` was founded, or what is wrong with the file. */
export async function genesisLedgerIn(path: string): Promise<number | string> {
  try {
    const document: unknown = JSON.parse(await readFile(path, "utf8"));
    return parseServiceNetwork(document).genesisLedger;
  } catch (error) {
    if (error instanceof SyntaxError) return `${path} is not JSON`;
    if (error instanceof AceError) return `${path}: ${error.message.replaceAll(/\s*\n\s*/g, " ")}`;
    if (error instanceof Error && "code" in error) return `${path}: ${String(error.code)}`;
    throw error;
  }
}

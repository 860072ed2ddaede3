/** Whether the endpoint has come as far as the ledger in which the network was founded. */
import { latestOf, type RpcEndpoint } from "./rpc-probe.ts";

export const FOUND_ANEW = "the devnet began anew: found the network anew, in an empty --home";

/** What is wrong, in words; undefined when nothing is, or when no endpoint answers. */
export async function tooYoung(
  genesisLedger: number,
  endpoint: RpcEndpoint,
): Promise<string | undefined> {
  const latest = await latestOf(endpoint).catch(() => undefined);
  endpoint.signal.throwIfAborted();
  if (latest === undefined || latest.sequence >= genesisLedger) return undefined;
  return `founded in ledger ${genesisLedger}, but ${endpoint.url} is at ledger ${latest.sequence}`;
}

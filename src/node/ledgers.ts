/** The follower's ledgers, from the genesis of the service network on. */
import type { ServiceNetwork } from "../contracts/service-network.ts";
import type { ClosedLedger } from "../ledger/closed-ledger.ts";
import { followLedgers } from "../ledger/follow-ledgers.ts";
import type { LedgerSource } from "../ledger/ledger-source.ts";
import { scanLedger } from "../ledger/scan.ts";
import { verifyRaw } from "../ledger/verify-ledger.ts";
import { AceError } from "../lib/errors.ts";
import type { Events } from "../lib/events.ts";
import type { Ledgers } from "./follow.ts";

interface Options {
  readonly source: LedgerSource;
  readonly network: ServiceNetwork;
  readonly events: Events;
  readonly pollMs: number;
}

export function ledgersOf({ source, network, events, pollMs }: Options): Ledgers {
  const { passphrase, vault, genesisLedger, genesisHash } = network;
  const start = { sequence: genesisLedger, hash: genesisHash };
  return {
    async *after(tip, signal) {
      let cursor = tip === undefined ? undefined : { sequence: tip.sequence, hash: tip.headerHash };
      if (cursor === undefined) {
        const genesis = await readGenesis(source, network, signal);
        yield genesis;
        cursor = { sequence: genesis.sequence, hash: genesis.hash };
      }
      const vaults = [vault];
      yield* followLedgers({ source, cursor, passphrase, vaults, events, start, signal, pollMs });
    },
  };
}

/** The ledger that the network was founded in: pinned by its hash, so it needs no ledger before it. */
async function readGenesis(
  source: LedgerSource,
  { passphrase, vault, genesisLedger, genesisHash }: ServiceNetwork,
  signal: AbortSignal,
): Promise<ClosedLedger> {
  for await (const raw of source.read(genesisLedger, signal)) {
    if (raw.sequence !== genesisLedger) continue;
    const ledger = verifyRaw(raw, { passphrase, sequence: genesisLedger });
    if (ledger.hash === genesisHash) return scanLedger(ledger, [vault]);
    const found = `ledger ${genesisLedger} has the hash ${ledger.hash}`;
    throw new AceError("NETWORK_MISMATCH", `${found}; the network was founded on ${genesisHash}`);
  }
  throw new AceError("LEDGER_NO_SOURCE", `no source has ledger ${genesisLedger} yet`);
}

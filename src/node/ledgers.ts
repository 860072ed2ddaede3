/** The follower's ledgers, from the genesis of the service network on. */
import type { ServiceNetwork } from "../contracts/service-network.ts";
import { followLedgers } from "../ledger/follow-ledgers.ts";
import type { Ledgers } from "./follow.ts";
import type { Sources } from "./sources.ts";

export function ledgersOf({ panel, trust, judge }: Sources, network: ServiceNetwork): Ledgers {
  const { passphrase, vault, genesisLedger, genesisHash } = network;
  const start = { sequence: genesisLedger, hash: genesisHash };
  return {
    after: (tip, signal) =>
      followLedgers({
        panel,
        trust,
        cursor: tip === undefined ? undefined : { sequence: tip.sequence, hash: tip.headerHash },
        start,
        passphrase,
        vaults: [vault],
        signal,
        ...(judge === undefined ? {} : { judge }),
      }),
  };
}

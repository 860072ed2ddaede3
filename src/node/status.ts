/** What the node says of itself. */
import type { StatusPorts } from "../api/status.ts";
import type { ServiceNetwork } from "../contracts/service-network.ts";
import type { Clock } from "../lib/clock.ts";
import type { Store } from "../store/store.ts";
import type { Follower } from "./follower.ts";
import { chainLinkJson } from "./receipt-json.ts";
import type { Streams } from "./streams.ts";

interface Parts {
  readonly version: string;
  readonly network: ServiceNetwork;
  readonly networkId: string;
  readonly store: Pick<Store, "tip" | "link">;
  readonly follower: Pick<Follower, "state" | "fault">;
  readonly source: string;
  readonly streams: Streams;
  readonly issues: boolean;
  readonly metrics: () => Promise<string>;
  readonly clock: Clock;
}

/** One RPC source whose every hash is checked; more needs several sources. */
const TRUST_LEVEL = 0;

export function statusPorts(parts: Parts): StatusPorts {
  const { network, store, follower, streams, clock } = parts;
  const { name, passphrase, vault } = network;
  return {
    metrics: parts.metrics,
    network: () => network,
    link: (sequence) => {
      const link = store.link(sequence);
      return link === undefined ? undefined : chainLinkJson(link);
    },
    status: () => {
      const tip = store.tip();
      const fault = follower.fault();
      const nowS = Math.floor(clock.nowMs() / 1_000);
      return {
        version: parts.version,
        network: { id: parts.networkId, name, passphrase, vault },
        genesisLedger: network.genesisLedger,
        ...(tip === undefined
          ? {}
          : { tip: chainLinkJson(tip), lagS: Math.max(0, nowS - Number(tip.closeTime)) }),
        trustLevel: TRUST_LEVEL,
        source: parts.source,
        state: follower.state(),
        ...(fault === undefined
          ? {}
          : { fault: { code: fault.code, message: fault.message, hint: fault.hint } }),
        contents: streams.shelf.size,
        swarming: {
          tracker: streams.trackerUrl,
          peer: streams.peerAddress,
          serverKey: streams.serverKey,
        },
        issues: parts.issues,
      };
    },
  };
}

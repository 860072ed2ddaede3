/** What the node says of itself. */
import type { StatusPorts } from "../api/status.ts";
import type { StatusJson } from "../client/schemas.ts";
import type { ServiceNetwork } from "../contracts/service-network.ts";
import type { Clock } from "../lib/clock.ts";
import type { Runtime } from "../runtime/runtime-types.ts";
import type { Store } from "../store/store.ts";
import type { Follower } from "./follower.ts";
import { chainLinkJson } from "./receipt-json.ts";
import type { Sources } from "./sources.ts";
import type { Streams } from "./streams.ts";

interface Parts {
  readonly version: string;
  readonly network: ServiceNetwork;
  readonly networkId: string;
  readonly store: Pick<Store, "tip" | "link">;
  readonly runtime: Pick<Runtime, "protocol">;
  readonly follower: Pick<Follower, "state" | "fault">;
  readonly sources: Pick<Sources, "panel" | "trust">;
  readonly streams: Streams;
  readonly issues: boolean;
  readonly metrics: () => Promise<string>;
  readonly clock: Clock;
}

/** The levels of trust in words, each on top of the one before. */
const LEVEL_WORDS = [
  "every hash checked, back to the founding ledger",
  "independent sources agree, and a validator of yours signed it",
  "anchored: your quorum set agreed on it",
] as const;

export function statusPorts(parts: Parts): StatusPorts {
  const { network, store, follower, streams, clock } = parts;
  const { name, passphrase, vault } = network;
  return {
    metrics: parts.metrics,
    network: () => network,
    fault: () => follower.fault()?.code,
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
        protocol: protocolOf(parts.runtime),
        ...(tip === undefined
          ? {}
          : { tip: chainLinkJson(tip), lagS: Math.max(0, nowS - Number(tip.closeTime)) }),
        trust: trustOf(parts.sources, tip?.sequence),
        sources: sourcesOf(parts.sources, tip?.sequence),
        state: follower.state(),
        ...(fault === undefined
          ? {}
          : { fault: { code: fault.code, message: fault.message, hint: fault.hint } }),
        contents: streams.shelf.size,
        liveStreams: streams.shelf.liveSize,
        swarming: {
          tracker: streams.trackerUrl,
          peer: streams.peerAddress,
          ...(streams.webSeedUrl === undefined ? {} : { webSeed: streams.webSeedUrl }),
          serverKey: streams.serverKey,
        },
        issues: parts.issues,
      };
    },
  };
}

function protocolOf(runtime: Parts["runtime"]): StatusJson["protocol"] {
  const { version, known, next } = runtime.protocol();
  return { version, known: [...known], ...(next === undefined ? {} : { next }) };
}

function trustOf({ trust }: Parts["sources"], tip: number | undefined): StatusJson["trust"] {
  const level = trust.levelOf(tip ?? Number.POSITIVE_INFINITY);
  const { tip: verified, level1, anchored } = trust.heights;
  return {
    required: trust.required,
    level,
    words: LEVEL_WORDS[level],
    ...(verified === undefined ? {} : { verified }),
    ...(level1 === undefined ? {} : { level1 }),
    ...(anchored === undefined ? {} : { anchored }),
  };
}

function sourcesOf({ panel }: Parts["sources"], tip: number | undefined): StatusJson["sources"] {
  return panel.status(tip).map((source) => ({ ...source }));
}

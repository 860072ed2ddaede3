/**
 * The composition root: builds every part of a node and joins ports to rooms.
 *
 * Parts start in the order written and are disposed of in reverse, also when a later one fails.
 */
import { networkId, type ServiceNetwork } from "../contracts/service-network.ts";
import { systemClock } from "../lib/clock.ts";
import type { Events } from "../lib/events.ts";
import { systemPace } from "../lib/pace.ts";
import { openRuntime } from "../runtime/runtime.ts";
import type { RuntimeOptions } from "../runtime/runtime-types.ts";
import { openContents } from "../store/contents.ts";
import { openOutbox } from "../store/outbox.ts";
import { openStore, type Store } from "../store/store.ts";
import { appliedFeed } from "./applied-feed.ts";
import type { Config } from "./config.ts";
import { openTelemetry } from "./events.ts";
import { readServiceNetwork } from "./files.ts";
import type { Journal } from "./follow.ts";
import { type Follower, startFollower } from "./follower.ts";
import { openHttp } from "./http.ts";
import { ledgersOf } from "./ledgers.ts";
import { removeLeftovers } from "./leftovers.ts";
import { openSources } from "./sources.ts";
import { startStateAudit } from "./state-audit.ts";
import { openStreams, type Streams } from "./streams.ts";
import { systemSources } from "./system-contracts.ts";

export interface Node extends AsyncDisposable {
  readonly httpUrl: string;
  readonly streams: Streams;
  readonly follower: Follower;
  /** The last ledger applied. */
  readonly tip: () => number | undefined;
  /** The newest ledger that any source claims to have: a hint. */
  readonly newest: () => number;
}

/** Stored ledgers that are checked again with each new one: bits rot where nobody reads. */
const AUDITED_LEDGERS = 20;

export async function openNode(config: Config, version: string): Promise<Node> {
  await using parts = new AsyncDisposableStack();
  const clock = systemClock;
  const telemetry = openTelemetry(config.logLevel);
  const network = readServiceNetwork(config.networkFile);
  const id = networkId(network);

  const databases = openDatabases(parts, config.dataDir, id, telemetry);
  const { store, outbox, contents, wasClosedCleanly } = databases;
  const runtime = parts.use(await openRuntime(runtimeOver(store, network, telemetry, config)));
  const streams = await openStreams(parts, {
    config,
    network,
    networkId: id,
    contents,
    meter: telemetry.p2p,
    events: telemetry,
    clock,
  });

  const stop = new AbortController();
  const feed = appliedFeed(audited(store), runtime);
  const sources = openSources({ config, network, store, events: telemetry, clock });
  const follower = startFollower(
    {
      ledgers: ledgersOf(sources, network),
      sources: sources.panel,
      journal: feed.journal,
      machine: feed.machine,
      vault: network.vault,
      events: telemetry,
      nowMs: () => clock.nowMs(),
    },
    stop.signal,
  );
  parts.defer(async () => {
    stop.abort();
    await follower.stopped;
  });
  const httpUrl = await openHttp(parts, {
    config,
    version,
    network,
    networkId: id,
    store,
    outbox,
    wasClosedCleanly,
    runtime,
    follower,
    sources,
    streams,
    telemetry,
    onLedger: feed.onLedger,
    clock,
    signal: stop.signal,
  });
  await removeLeftovers(config.dataDir, {
    paths: contents.all().map(({ path }) => path),
    nowMs: clock.nowMs(),
  });
  await streams.shelf.open();

  const opened = parts.move();
  return {
    httpUrl,
    streams,
    follower,
    tip: () => store.tip()?.sequence,
    newest: () => sources.panel.newest,
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

function runtimeOver(
  store: Store,
  network: ServiceNetwork,
  events: Events,
  { workers }: Config,
): RuntimeOptions {
  return {
    network,
    systemContracts: systemSources(network),
    state: store.state,
    tree: store.tree,
    workers,
    isRehearsed: true,
    tip: store.tip(),
    events,
  };
}

function audited(store: Store): Journal {
  return {
    tip: store.tip,
    commit: (batch) => {
      store.commit(...batch);
      store.audit(AUDITED_LEDGERS);
    },
  };
}

function openDatabases(parts: AsyncDisposableStack, dir: string, id: string, events: Events) {
  const store = parts.use(openStore({ dir, networkId: id, events }));
  parts.use(startStateAudit({ store, events, clock: systemClock, pace: systemPace }));
  const outbox = parts.use(openOutbox(dir));
  const contents = parts.use(openContents(dir));
  // A node with a history and no outbox has lost what it knew of used challenges.
  const isLost = outbox.isNew && store.tip() !== undefined;
  return { store, outbox, contents, wasClosedCleanly: outbox.wasClosedCleanly && !isLost };
}

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
import { type AppliedFeed, appliedFeed } from "./applied-feed.ts";
import type { Config } from "./config.ts";
import { watchStarts } from "./contract-start.ts";
import { openTelemetry } from "./events.ts";
import { readServiceNetwork } from "./files.ts";
import type { Journal } from "./follow.ts";
import { type Follower, startFollower } from "./follower.ts";
import { openHttp } from "./http.ts";
import { ledgersOf } from "./ledgers.ts";
import { removeLeftovers } from "./leftovers.ts";
import { openSources, type Sources } from "./sources.ts";
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
  const starts = watchStarts(telemetry);
  const { spawn } = starts;
  const runtime = parts.use(
    await openRuntime({ ...runtimeOver(store, network, telemetry, config), spawn }),
  );
  const streams = await openStreams(parts, {
    config,
    network,
    networkId: id,
    contents,
    meter: telemetry.p2p,
    events: telemetry,
    clock,
  });

  await starts.ready();

  const stop = new AbortController();
  const feed = appliedFeed(audited(store), runtime);
  const sources = openSources({ config, network, store, events: telemetry, clock });
  const follower = startFollowing(parts, { sources, network, feed, events: telemetry, stop });
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
  tellStart(telemetry, { version, networkId: id, host: config.host, httpUrl, streams });

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

interface Following {
  readonly sources: Sources;
  readonly network: ServiceNetwork;
  readonly feed: AppliedFeed;
  readonly events: Events;
  readonly stop: AbortController;
}

function startFollowing(
  parts: AsyncDisposableStack,
  { sources, network, feed, events, stop }: Following,
): Follower {
  const follower = startFollower(
    {
      ledgers: ledgersOf(sources, network),
      sources: sources.panel,
      journal: feed.journal,
      machine: feed.machine,
      vault: network.vault,
      events,
      nowMs: () => systemClock.nowMs(),
    },
    stop.signal,
  );
  parts.defer(async () => {
    stop.abort();
    await follower.stopped;
  });
  return follower;
}

interface Started {
  readonly version: string;
  readonly networkId: string;
  /** Where it listens; what it tells others may be another address. */
  readonly host: string;
  readonly httpUrl: string;
  readonly streams: Streams;
}

/** Where any free port was taken, the log is where its number is found. */
function tellStart(events: Events, { streams, ...node }: Started): void {
  const { peerAddress, trackerUrl, webSeedUrl, serverKey } = streams;
  const places = { peerAddress, trackerUrl, ...(webSeedUrl === undefined ? {} : { webSeedUrl }) };
  events.info("node.started", { ...node, ...places, serverKey });
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

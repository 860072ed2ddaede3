/** The HTTP side of a node: ports of the API joined to the rooms that answer them. */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { Keypair } from "@stellar/stellar-sdk";
import type { AuthPorts } from "../api/auth.ts";
import { createServer } from "../api/server.ts";
import { openStellar } from "../client/stellar.ts";
import type { ServiceNetwork } from "../contracts/service-network.ts";
import type { Clock } from "../lib/clock.ts";
import { AceError } from "../lib/errors.ts";
import type { Applied } from "../runtime/applied.ts";
import type { Runtime } from "../runtime/runtime-types.ts";
import type { Outbox } from "../store/outbox.ts";
import type { Store } from "../store/store.ts";
import { openAccess } from "./access.ts";
import { writeAdminToken } from "./admin-token.ts";
import { codeQueries } from "./code-queries.ts";
import type { Config } from "./config.ts";
import { contractQueries } from "./contract-queries.ts";
import type { Telemetry } from "./events.ts";
import { ownSecret, readOperatorKeys } from "./files.ts";
import type { Follower } from "./follower.ts";
import { openIssuerDesk } from "./issuer-desk.ts";
import { watchIssuers } from "./issuer-watch.ts";
import { keyPorts } from "./keys.ts";
import { authority, listenOn } from "./listen.ts";
import { proofQueries } from "./proof-queries.ts";
import { settingReader } from "./settings.ts";
import type { Sources } from "./sources.ts";
import { statusPorts } from "./status.ts";
import type { Streams } from "./streams.ts";

export interface HttpParts {
  readonly config: Config;
  readonly version: string;
  readonly network: ServiceNetwork;
  readonly networkId: string;
  readonly store: Store;
  readonly outbox: Outbox;
  readonly wasClosedCleanly: boolean;
  readonly runtime: Runtime;
  readonly follower: Follower;
  readonly sources: Sources;
  readonly streams: Streams;
  readonly telemetry: Telemetry;
  /** Calls back after each commit, with the ledgers of it. */
  readonly onLedger: (listener: (ledgers: readonly Applied[]) => void) => void;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** The file in the data folder that opens this node's own calls to whoever may read it. */
export const ADMIN_TOKEN_FILE = "admin-token";

/** The URL it answers at. */
export async function openHttp(stack: AsyncDisposableStack, parts: HttpParts): Promise<string> {
  const { config, network, networkId, store, runtime, follower, sources } = parts;
  const { streams, telemetry, clock } = parts;
  const adminToken = randomBytes(32).toString("hex");
  parts.onLedger(() => streams.guard.usage.closeEnded(clock.nowMs() / 1_000));
  const issuers = stack.use(
    openIssuerDesk({
      guard: streams.guard,
      founding: network.issuers,
      dataDir: config.dataDir,
      operator: operatorOf(config),
      tip: () => store.tip(),
      nodes: config.issuerNode,
      events: telemetry,
      clock,
    }),
  );
  await watchIssuers({
    guard: streams.guard,
    network,
    views: runtime,
    head: () => store.tip(),
    onLedger: parts.onLedger,
    onRead: issuers.onRead,
    events: telemetry,
    clock,
  });
  const ports = {
    status: statusPorts({
      runtime,
      version: parts.version,
      network,
      networkId,
      store,
      follower,
      sources,
      streams,
      issues: config.operatorFile !== undefined,
      metrics: () => telemetry.metrics(),
      clock,
    }),
    contracts: contractQueries({ network, store, runtime }),
    codes: codeQueries(store),
    proofs: proofQueries({ network, store }),
    contents: streams.shelf.ports(adminToken),
    keys: keyPorts({
      dataDir: config.dataDir,
      adminToken,
      policy: streams.guard.policy,
      swarmOf: (content) => streams.shelf.contentOf(content)?.swarm,
      events: telemetry,
      clock,
    }),
    issuers: issuers.ports,
    auth: authPorts(parts, () => authority(config.host, port)),
  };
  // Where any free port is taken, its number is known only once the server listens.
  let port = config.httpPort;
  const hosts: string[] = [];
  const options = { version: parts.version, events: telemetry, hosts };
  const server = stack.adopt(await createServer(ports, options), (app) => app.close());
  const url = await listenOn(server, { host: config.host, port });
  port = Number(new URL(url).port);
  hosts.push(authority(config.host, port));
  writeAdminToken(join(config.dataDir, ADMIN_TOKEN_FILE), adminToken);
  return url;
}

function operatorOf({ operatorFile }: Config) {
  if (operatorFile === undefined) return undefined;
  const { issuerSecret, tokenSeed } = readOperatorKeys(operatorFile);
  return { account: Keypair.fromSecret(issuerSecret).publicKey(), tokenSeed };
}

function authPorts(parts: HttpParts, webAuthDomain: () => string): AuthPorts | undefined {
  const { config, network, networkId, store, outbox, runtime, streams, clock, signal } = parts;
  if (config.operatorFile === undefined) return undefined;
  const [rpcUrl] = config.rpcUrl;
  if (rpcUrl === undefined) {
    throw new AceError(
      "CONFIG_INVALID",
      "a node that issues tokens needs a Stellar RPC: --rpc URL",
    );
  }
  return openAccess({
    network,
    networkId,
    operator: readOperatorKeys(config.operatorFile),
    sessionSeed: ownSecret(config.dataDir, "session.key"),
    webAuthDomain,
    outbox,
    wasClosedCleanly: parts.wasClosedCleanly,
    stellar: openStellar({ rpcUrl, passphrase: network.passphrase, signal }),
    views: runtime,
    head: () => store.tip(),
    contentOf: (content) => streams.shelf.contentOf(content),
    contentOfSwarm: (swarm) => streams.shelf.contentIdOf(swarm),
    guard: streams.guard,
    onLedger: parts.onLedger,
    events: parts.telemetry,
    lifeS: settingReader(runtime, "token.lifeS"),
    issuerNodes: config.issuerNode,
    leaseHomeMs: config.leaseHomeMs,
    clock,
    signal,
  });
}

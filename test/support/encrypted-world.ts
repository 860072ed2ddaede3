/** A devnet, a node and a licence: where films are published encrypted, and watched through an engine. */
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { loadDeviceKey, makeDeviceSeed } from "../../src/access/device-key.ts";
import { buildContract } from "../../src/authoring/build-contract.ts";
import { callOperations, paymentOperation } from "../../src/client/build.ts";
import { type Client, openClient, type Signer } from "../../src/client/client.ts";
import { openNodeClient } from "../../src/client/http.ts";
import { networkId, type ServiceNetwork } from "../../src/contracts/service-network.ts";
import { systemClock } from "../../src/lib/clock.ts";
import type { Events } from "../../src/lib/events.ts";
import { muxedAddress } from "../../src/lib/strkey.ts";
import { readAdminToken } from "../../src/node/admin-token.ts";
import { loadConfig } from "../../src/node/config.ts";
import { type Engine, openEngine } from "../../src/node/engine.ts";
import { type Node, openNode } from "../../src/node/node.ts";
import type { Viewer } from "../../src/node/token-source.ts";
import { type EncryptionKind, keyCheck, makeContentKey } from "../../src/p2p/cipher-key.ts";
import {
  type ContentRecord,
  describeTorrent,
  type Encryption,
  signContentRecord,
} from "../../src/p2p/content-record.ts";
import { encryptFile } from "../../src/p2p/package-file.ts";
import { PLAYLIST_NAME, packageHls } from "../../src/p2p/package-hls.ts";
import { readAsTs } from "../../src/p2p/package-source.ts";
import { makeTorrent, readTorrent } from "../../src/p2p/torrent.ts";
import { type LiveNetwork, openLiveNetwork } from "./live-network.ts";
import { deploy, freePort, until } from "./node-kit.ts";

export interface PublishedFilm {
  readonly record: ContentRecord;
  readonly key: Uint8Array;
  readonly adminToken: string;
}

export interface EncryptedWorld extends AsyncDisposable {
  readonly folder: string;
  readonly client: Client;
  readonly node: Node;
  readonly network: ServiceNetwork;
  /** Number of the contract that sells it. */
  readonly licence: bigint;
  /** Opens the node's own calls. */
  readonly adminToken: string;
  /** Who publishes. */
  readonly owner: Signer;
  /** Who holds the licence. */
  readonly buyer: Signer;
  /** Who holds none. */
  readonly stranger: Signer;
  /** Until the node knows what was published, and the ledger is of now. */
  settle(): Promise<void>;
  publish(path: string, kind: EncryptionKind, seed?: "open" | "licensed"): Promise<PublishedFilm>;
  /** Somebody on a device of their own. */
  viewer(who: Signer): Viewer;
  engine(viewer: Viewer, events: Events): Promise<Engine>;
}

const PRICE = 5_000_000n;
const example = (name: string) => buildContract(`contracts-examples/${name}/${name}.ts`);

export async function openEncryptedWorld(): Promise<EncryptedWorld> {
  await using parts = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "ace-encrypted-"));
  parts.defer(() => rm(folder, { recursive: true, force: true }));
  const live = parts.use(await openLiveNetwork(folder, "on sending"));
  const dataDir = join(folder, "node");
  const node = parts.use(await openNode(await configOf(live, dataDir), "0.0.0"));
  const { signal } = new AbortController();
  const nodeClient = openNodeClient(node.httpUrl, signal);
  const client = openClient({ stellar: live.stellar, node: nodeClient, signal });
  const [owner, buyer, stranger] = [live.signer, await live.account(), await live.account()];
  const licence = await sell(client, live, buyer);
  const publisher = { live, node, client, licence, folder, dataDir };
  const opened = parts.move();
  let engines = 0;
  return {
    folder,
    client,
    node,
    network: live.network,
    licence,
    adminToken: readAdminToken(join(dataDir, "admin-token")),
    owner,
    buyer,
    stranger,
    publish: (path, kind, seed) => publishFilm(publisher, { path, kind, seed }),
    settle: async () => {
      live.catchUp();
      await until(async () => (await nodeClient.status()).tip?.sequence === live.latestLedger());
    },
    viewer: (who) => ({
      node: nodeClient,
      network: live.network,
      signer: async () => who,
      device: loadDeviceKey(makeDeviceSeed()),
      clock: systemClock,
    }),
    engine: async (viewer, events) => {
      engines += 1;
      const engine = await openEngine({ viewer, dataDir: join(folder, `e${engines}`), events });
      return opened.use(engine);
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

async function configOf(live: LiveNetwork, dataDir: string) {
  return loadConfig({
    networkFile: live.networkFile,
    operatorFile: live.operatorFile,
    dataDir,
    rpcUrl: live.rpcUrl,
    httpPort: await freePort(),
    peerPort: 0,
    trackerPort: 0,
    logLevel: "silent",
    pollMs: 50,
  });
}

/** The licence contract, and one that is sold. */
async function sell(client: Client, live: LiveNetwork, buyer: Signer): Promise<bigint> {
  const shares = JSON.stringify([{ to: live.signer.account, ppm: "1000000" }]);
  const split = await deploy(client, live.signer, example("revenue-split"), shares);
  const terms = ["XLM", PRICE.toString(), "0", split.toString()];
  const licence = await deploy(client, live.signer, example("licence"), ...terms);
  const to = muxedAddress(live.network.vault, licence);
  await client.call(buyer, [paymentOperation({ to, asset: "XLM", amount: PRICE })]);
  return licence;
}

interface Publisher {
  readonly live: LiveNetwork;
  readonly node: Node;
  readonly client: Client;
  readonly licence: bigint;
  readonly folder: string;
  readonly dataDir: string;
}

interface Film {
  readonly path: string;
  readonly kind: EncryptionKind;
  readonly seed: "open" | "licensed" | undefined;
}

async function publishFilm(
  { live, node, client, licence, folder, dataDir }: Publisher,
  { path, kind, seed }: Film,
): Promise<PublishedFilm> {
  const target = join(folder, randomBytes(4).toString("hex"), basename(path));
  const { key, encryption } = await encrypt(path, kind, target);
  const bytes = await makeTorrent(target, { announce: [], pieceLength: 65_536 });
  const record: ContentRecord = {
    v: 1,
    title: "A film",
    ...describeTorrent(readTorrent(bytes)),
    mime: "video/mp4",
    access: "gated",
    contract: licence.toString(),
    network: networkId(live.network),
    trackers: [],
    peers: [node.streams.peerAddress],
    serverKeys: [node.streams.serverKey],
    publisher: live.signer.account,
    publishedAtS: Math.floor(Date.now() / 1_000),
    encryption,
    ...(seed === undefined ? {} : { seed }),
    torrent: Buffer.from(bytes).toString("base64"),
  };
  const signed = await signContentRecord(record, live.signer);
  const { contentId, swarm } = record;
  const add = { method: "addContent", args: [Uint8Array.fromHex(contentId), swarm] };
  await client.call(live.signer, callOperations({ contract: licence, ...add }));
  const adminToken = readAdminToken(join(dataDir, "admin-token"));
  await client.node.keepKey(contentId, { epoch: 0, key: key.toHex() }, adminToken);
  await client.node.publish({ record: signed, path: target }, adminToken);
  return { record, key, adminToken };
}

async function encrypt(path: string, kind: EncryptionKind, to: string) {
  const key = makeContentKey(kind);
  const check = keyCheck(key);
  const signal = AbortSignal.timeout(60_000);
  let encryption: Encryption;
  if (kind === "hls") {
    await packageHls(readAsTs(path, signal), { folder: to, key });
    encryption = { kind, playlist: PLAYLIST_NAME, keyCheck: check };
  } else {
    const nonce = randomBytes(8);
    await encryptFile({ from: path, to, secret: { key, nonce } }, signal);
    encryption = { kind, nonce: nonce.toString("hex"), keyCheck: check };
  }
  return { key, encryption };
}

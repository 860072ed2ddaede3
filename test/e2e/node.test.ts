// Goal: whatever is asked of a node, sent to the ledger or done to its source, it ends in a stable code
//       and nothing half done.
// Method: a real devnet and a real node in this process, driven by the real client and by raw requests.
//         One node serves the file; where a second one is needed it follows the same ledgers.
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Keypair, Operation, Transaction, TransactionBuilder } from "@stellar/stellar-sdk";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadDeviceKey, makeDeviceSeed, proveRegistration } from "../../src/access/device-key.ts";
import { signChallenge } from "../../src/access/sep10-client.ts";
import { verifyReceiptProof, verifyStateProof } from "../../src/access/verify.ts";
import { buildContract } from "../../src/authoring/build-contract.ts";
import { callOperations, paymentOperation, trustOperation } from "../../src/client/build.ts";
import { type Client, openClient, type Signer, signWith } from "../../src/client/client.ts";
import { openNodeClient } from "../../src/client/http.ts";
import type { ReceiptJson } from "../../src/client/schemas.ts";
import { networkId } from "../../src/contracts/service-network.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { muxedAddress } from "../../src/lib/strkey.ts";
import { readAdminToken } from "../../src/node/admin-token.ts";
import type { Config } from "../../src/node/config.ts";
import { type Node, openNode } from "../../src/node/node.ts";
import { openTokenDesk } from "../../src/node/token-source.ts";
import { describeTorrent, signContentRecord } from "../../src/p2p/content-record.ts";
import { fromByteText } from "../../src/runtime/byte-text.ts";
import { abiKey } from "../../src/runtime/system-keys.ts";
import { openStore } from "../../src/store/store.ts";
import { contractOf } from "../support/hostile-scripts.ts";
import { type LiveNetwork, openLiveNetwork } from "../support/live-network.ts";
import {
  type Answer,
  build,
  codeOf,
  deploy,
  freePort,
  nodeConfig,
  onlyReceipt,
  openMiddleman,
  raw,
  until,
} from "../support/node-kit.ts";
import { type Film, makeFilm } from "../unit/p2p-kit.ts";

const PRICE = 5_000_000n;
const HASH = "ab".repeat(32);
const folder = mkdtempSync(join(tmpdir(), "ace-node-"));
const { signal } = new AbortController();

let live: LiveNetwork;
let config: Config;
let node: Node;
let client: Client;
let buyer: Signer;
let splitNumber: bigint;
let licenceNumber: bigint;

beforeAll(async () => {
  live = await openLiveNetwork(folder, "on sending");
  config = configOf("main", {
    operatorFile: live.operatorFile,
    httpPort: await freePort(),
  });
  node = await openNode(config, "0.0.0");
  client = clientOf(node);
  buyer = await live.account();
  const shares = JSON.stringify([{ to: live.signer.account, ppm: "1000000" }]);
  splitNumber = await deploy(client, live.signer, example("revenue-split"), shares);
  const terms = ["XLM", PRICE.toString(), "0", splitNumber.toString()];
  licenceNumber = await deploy(client, live.signer, example("licence"), ...terms);
});
afterAll(async () => {
  await node[Symbol.asyncDispose]();
  await live[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

function configOf(name: string, changes: object = {}): Config {
  return nodeConfig({
    networkFile: live.networkFile,
    dataDir: join(folder, name),
    rpcUrl: live.rpcUrl,
    ...changes,
  });
}

function clientOf({ httpUrl }: Node): Client {
  return openClient({ stellar: live.stellar, node: openNodeClient(httpUrl, signal), signal });
}

const example = (name: string) => buildContract(`contracts-examples/${name}/${name}.ts`);
const payTo = (contract: bigint): string => muxedAddress(live.network.vault, contract);

interface JsonAnswer extends Answer {
  readonly json: unknown;
}

async function ask(path: string, init: RequestInit = {}): Promise<JsonAnswer> {
  const response = await fetch(`${node.httpUrl}${path}`, init);
  const body = await response.text();
  const isJson = response.headers.get("content-type")?.includes("json") ?? false;
  return { status: response.status, body, json: isJson ? JSON.parse(body) : undefined };
}

function post(path: string, body: unknown, headers: Record<string, string> = {}) {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const type = { "content-type": "application/json", ...headers };
  return ask(path, { method: "POST", body: text, headers: type });
}

const wrong: readonly (readonly [string, () => Promise<Answer>, number, string])[] = [
  ["a route that is not there", () => ask("/v2/status"), 404, "NOT_FOUND"],
  ["another verb", () => ask("/v1/status", { method: "DELETE" }), 404, "NOT_FOUND"],
  ["a body that is not JSON", () => post("/v1/simulate", "{"), 400, "BODY_INVALID"],
  ["an empty body", () => post("/v1/simulate", ""), 400, "BODY_INVALID"],
  [
    "a body of another type",
    () => post("/v1/simulate", "a", { "content-type": "text/csv" }),
    415,
    "BODY_INVALID",
  ],
  [
    "a field too many",
    () => post("/v1/simulate", { transaction: "AAAA", more: 1 }),
    400,
    "BODY_INVALID",
  ],
  [
    "a poisoned prototype",
    () => post("/v1/simulate", '{"__proto__":{"transaction":"AAAA"}}'),
    400,
    "BODY_INVALID",
  ],
  [
    "a transaction that is not base64",
    () => post("/v1/simulate", { transaction: "!" }),
    400,
    "BODY_INVALID",
  ],
  [
    "a transaction of rubbish",
    () => post("/v1/simulate", { transaction: "AAAA" }),
    400,
    "BODY_INVALID",
  ],
  ["nine megabytes", () => post("/v1/simulate", "x".repeat(9_000_000)), 413, "BODY_INVALID"],
  ["a contract that is not there", () => ask("/v1/contracts/999"), 404, "CONTRACT_UNKNOWN"],
  ["a contract number of words", () => ask("/v1/contracts/one"), 400, "BODY_INVALID"],
  [
    "a contract number that wraps around",
    () => ask("/v1/contracts/18446744073709551617"),
    400,
    "BODY_INVALID",
  ],
  ["a view of no contract", () => view("999", "offer", []), 404, "CONTRACT_UNKNOWN"],
  [
    "a view that wraps around",
    () => view("18446744073709551617", "setting", ["a"]),
    400,
    "BODY_INVALID",
  ],
  ["a view that is not there", () => view(licenceNumber, "nothing", []), 404, "METHOD_UNKNOWN"],
  [
    "a view named like a property",
    () => view(licenceNumber, "toString", []),
    404,
    "METHOD_UNKNOWN",
  ],
  ["a method that is no view", () => view(licenceNumber, "buy", []), 404, "METHOD_UNKNOWN"],
  ["arguments too many", () => view(licenceNumber, "offer", ["1"]), 400, "ARGUMENT_INVALID"],
  [
    "arguments that are no list",
    () => post(`/v1/contracts/1/views/setting`, { args: 1 }),
    400,
    "BODY_INVALID",
  ],
  ["a ledger that is not there", () => ask("/v1/ledgers/999999"), 404, "NOT_FOUND"],
  ["a ledger of words", () => ask("/v1/ledgers/last"), 400, "BODY_INVALID"],
  ["a ledger without end", () => ask("/v1/ledgers/1e400"), 400, "BODY_INVALID"],
  ["a hash that is none", () => ask("/v1/transactions/zz/receipts"), 400, "BODY_INVALID"],
  ["what is owed to nobody", () => ask(`/v1/payables/${"G".repeat(56)}`), 400, "ADDRESS_INVALID"],
  ["a content that is not there", () => ask(`/v1/contents/${HASH}`), 404, "CONTENT_NOT_FOUND"],
  ["a challenge for nobody", () => ask("/auth?account=nobody"), 400, "ADDRESS_INVALID"],
  ["a challenge for no account", () => ask("/auth"), 400, "BODY_INVALID"],
  ["a sign-in of rubbish", () => signInWith("AAAA"), 401, "CHALLENGE_INVALID"],
  [
    "a token without a session",
    () => post("/v1/access/tokens", { content: HASH }),
    401,
    "SESSION_INVALID",
  ],
  [
    "a token with a made-up session",
    () => post("/v1/access/tokens", { content: HASH }, { authorization: "Bearer a.b.c" }),
    401,
    "SESSION_INVALID",
  ],
  [
    "publishing without the operator's token",
    () => post("/v1/contents", { record: {} }),
    403,
    "FORBIDDEN",
  ],
  [
    "publishing with another token",
    () => post("/v1/contents", { record: {} }, { authorization: `Bearer ${HASH}` }),
    403,
    "FORBIDDEN",
  ],
  ["publishing nothing", () => publish({}), 422, "CONTENT_INVALID"],
];
const view = (contract: bigint | string, method: string, args: readonly unknown[]) =>
  post(`/v1/contracts/${contract}/views/${method}`, { args });
const signInWith = (transaction: string) =>
  post("/auth", { transaction, device: "00".repeat(32), proof: "00".repeat(64) });

describe("a node", () => {
  it("tells a supervisor and a monitor how the node is", async () => {
    expect(await ask("/health")).toMatchObject({ status: 200, json: { status: "ok" } });
    const { body } = await ask("/metrics");
    expect(body).toMatch(/^ace_ledger_sequence \d+$/m);
    expect(body).toMatch(/^ace_calls_total \d+$/m);
  });

  it("tells where it is, and the same by every ledger", async () => {
    const status = await client.node.status();
    expect(status).toMatchObject({ state: "following", genesisLedger: live.network.genesisLedger });
    const { tip } = status;
    expect(await client.node.link(tip?.sequence ?? 0)).toEqual(tip);
    expect(tip?.headerHash).toBe(await live.stellar.headerHash(tip?.sequence ?? 0));
    expect(await client.node.network()).toEqual(live.network);
  });

  it("has every route in its OpenAPI document", async () => {
    const { paths } = JSON.parse((await ask("/docs/json")).body);
    expect(Object.keys(paths).sort()).toEqual([
      "/.well-known/jwks.json",
      "/auth",
      "/health",
      "/v1/access/lease-home",
      "/v1/access/leases",
      "/v1/access/renew",
      "/v1/access/stop",
      "/v1/access/tokens",
      "/v1/codes/{hash}",
      "/v1/codes/{hash}/parts/{account}",
      "/v1/contents",
      "/v1/contents/{id}",
      "/v1/contracts/{number}",
      "/v1/contracts/{number}/gas",
      "/v1/contracts/{number}/views/{method}",
      "/v1/issuers",
      "/v1/keys",
      "/v1/keys/{content}",
      "/v1/ledgers/{sequence}",
      "/v1/ledgers/{sequence}/chain",
      "/v1/network",
      "/v1/payables/{account}",
      "/v1/revocations",
      "/v1/simulate",
      "/v1/state/{key}/proof",
      "/v1/status",
      "/v1/transactions/{hash}/proofs",
      "/v1/transactions/{hash}/receipts",
    ]);
    expect((await ask("/docs")).status).toBe(200);
  });

  it("answers to its own name only, and to one name at a time", async () => {
    const { host } = new URL(node.httpUrl);
    const line = "GET /v1/status HTTP/1.1";
    expect((await raw(node.httpUrl, line, `Host: ${host}`)).status).toBe(200);
    for (const other of ["evil.example", `${host}.evil.example`, "127.0.0.1@evil.example", ""]) {
      const answer = await raw(node.httpUrl, line, `Host: ${other}`);
      expect(answer.status).toBe(421);
      expect(answer.body).toContain("HOST_REFUSED");
    }
    const twice = await raw(node.httpUrl, line, `Host: ${host}`, "Host: evil.example");
    expect([400, 421]).toContain(twice.status);
    expect(twice.body).not.toContain("ledgerHash");
  });
});

describe("a wrong request", () => {
  it.each(wrong)("for %s ends in its code", async (_name, work, status, code) => {
    const answer = await work();
    const fault: unknown = JSON.parse(answer.body);
    expect(fault).toMatchObject({ code, hint: expect.stringMatching(/.{10}/) });
    expect(answer.status).toBe(status);
    expect(answer.body).not.toMatch(/node_modules|\.ts:\d/);
  });

  it("is told the place of a wrong argument", async () => {
    const answer = await view(licenceNumber, "access", [buyer.account, HASH, { atS: "soon" }]);
    expect(answer.body).toContain("args[2].atS");
  });

  it("for receipts of a transaction that nobody sent gets none, and how far the node is", async () => {
    const { tip, receipts } = await client.node.receipts(HASH);
    expect(receipts).toEqual([]);
    expect(tip).toBeGreaterThan(live.network.genesisLedger);
  });
});

describe("a node's proofs", () => {
  it("show a receipt and an entry to whoever knows the ledger hash, and nothing else", async () => {
    const { hash, ledger } = await client.call(buyer, call(2n, "add", [7n]), {
      allowFailure: true,
    });
    const { proofs } = await client.node.receiptProofs(hash);
    const link = await client.node.link(ledger);
    expect(proofs).toHaveLength(1);
    for (const proof of proofs) {
      expect(proof.ledgerHash).toBe(link.ledgerHash);
      expect(await verifyReceiptProof(proof)).toBe(true);
      expect(await verifyReceiptProof({ ...proof, receipt: `${proof.receipt}00` })).toBe(false);
      expect(await verifyReceiptProof({ ...proof, ledgerHash: HASH })).toBe(false);
    }
    expect((await client.node.receiptProofs(HASH)).proofs).toEqual([]);

    const { codeHash, abi } = await client.node.contract(licenceNumber);
    const present = await client.node.stateProof(fromByteText(abiKey(codeHash)));
    expect(present.value).toBe(Buffer.from(abi, "base64").toString("hex"));
    expect(await verifyStateProof(present)).toBe(true);
    expect(await verifyStateProof({ ...present, value: undefined })).toBe(false);

    const absent = await client.node.stateProof(Buffer.from("no such key"));
    expect(absent.value).toBeUndefined();
    expect(await verifyStateProof(absent)).toBe(true);
    expect(await verifyStateProof({ ...absent, value: "00" })).toBe(false);
  });
});

function publish(record: unknown, path?: string) {
  const token = readAdminToken(join(config.dataDir, "admin-token"));
  const headers = { authorization: `Bearer ${token}` };
  return post("/v1/contents", { record, ...(path === undefined ? {} : { path }) }, headers);
}

const call = (contract: bigint, method: string, args: readonly bigint[] = []) =>
  callOperations({ contract, method, args });
const rubbish = () => Operation.manageData({ name: "ace:1", value: "not calldata" });

describe("money and calls that go wrong", () => {
  const owed = async (account: string) => (await client.node.payables(account)).items;
  const failing = { allowFailure: true };
  const send = async (...operations: Parameters<Client["call"]>[1]): Promise<ReceiptJson> =>
    onlyReceipt(await client.call(buyer, operations, failing));

  it("sells at the price, once the split allows and the licence is paid", async () => {
    const pay = paymentOperation({ to: payTo(licenceNumber), asset: "XLM", amount: PRICE });
    expect(await send(pay)).toMatchObject({ ok: true, refunds: [] });
    const { result } = await client.node.view(licenceNumber, "rights", [buyer.account]);
    expect(result).toMatchObject({ until: "0", bought: expect.any(String) });
  });

  it("refunds what is too little, in the payables book and to the stroop", async () => {
    const amount = PRICE - 1n;
    const before = await owed(buyer.account);
    const pay = paymentOperation({ to: payTo(licenceNumber), asset: "XLM", amount });
    const receipt = await send(pay);
    expect(receipt).toMatchObject({ ok: false, code: "LICENCE_UNDERPAID", pays: [] });
    expect(receipt.refunds).toEqual([
      { to: buyer.account, asset: "XLM", amount: amount.toString() },
    ]);
    expect(before).toEqual([]);
    expect(await owed(buyer.account)).toEqual([{ asset: "XLM", amount: amount.toString() }]);
  });

  it("refunds another asset", async () => {
    const asset = `ACE:${live.signer.account}`;
    await client.send(buyer, [trustOperation(asset)]);
    await client.send(live.signer, [paymentOperation({ to: buyer.account, asset, amount: 70n })]);
    const receipt = await send(paymentOperation({ to: payTo(licenceNumber), asset, amount: 70n }));
    expect(receipt).toMatchObject({ ok: false, code: "LICENCE_ASSET" });
    expect(await owed(buyer.account)).toContainEqual({ asset, amount: "70" });
  });

  it.each([
    ["calldata that is none", "CALLDATA_MALFORMED", () => [rubbish()]],
    ["a contract that is not there", "CONTRACT_UNKNOWN", () => call(999n, "buy")],
    ["a method that is not there", "METHOD_UNKNOWN", () => call(licenceNumber, "steal")],
    ["a method that only founding runs", "METHOD_UNKNOWN", () => call(licenceNumber, "setup")],
    ["arguments of another type", "ARGS_INVALID", () => call(licenceNumber, "buy", [7n])],
    ["a call that takes no money", "NOT_PAYABLE", () => call(licenceNumber, "withdrawCredit")],
  ])("refunds a payment that came with %s", async (_name, code, operations) => {
    const before = await owed(buyer.account);
    const amount = 1_000_000n;
    const pay = paymentOperation({ to: payTo(licenceNumber), asset: "XLM", amount });
    const { receipts } = await client.call(buyer, [...operations(), pay], failing);
    expect(receipts.map((receipt) => receipt.code)).toContain(code);
    expect(receipts.every((receipt) => !receipt.ok)).toBe(true);
    const sum = (items: typeof before) =>
      BigInt(items.find(({ asset }) => asset === "XLM")?.amount ?? 0);
    expect(sum(await owed(buyer.account)) - sum(before)).toBe(amount);
  });

  it("tells before it is sent what a call would come to", async () => {
    const pay = paymentOperation({ to: payTo(licenceNumber), asset: "XLM", amount: 1n });
    const { receipts } = await client.simulate(buyer.account, [pay]);
    expect(receipts).toMatchObject([{ ok: false, code: "LICENCE_UNDERPAID" }]);
    expect(await codeOf(() => client.call(buyer, [pay]))).toBe("CALL_FAILED");
  });
});

describe("code that is wrong or hostile", () => {
  it.each([
    ["a syntax error", "const a = 1;\n  const = 2;", /bad\.js:2:9 CODE_SYNTAX/],
    ["more than 64 KB", `// ${"x".repeat(70_000)}\n`, /bad\.js:1:1 CODE_TOO_LONG/],
    [
      "a name from outside",
      'import { contract } from "ace-node/contract";\ncontract({ name: "bad", methods: { f: { args: [] } } });\nexport function f() {\n process.exit(); }',
      /bad\.js:4:2 CODE_NAME/,
    ],
  ])("is refused by line and column before anything is sent: %s", async (_name, source, wanted) => {
    const before = live.latestLedger();
    expect(() => build(folder, "bad.js", source)).toThrow(
      expect.objectContaining({ code: "CODE_REFUSED", message: expect.stringMatching(wanted) }),
    );
    expect(live.latestLedger()).toBe(before);
  });

  it("is refused by line where the types are wrong", () => {
    expect(() => build(folder, "bad.ts", "const a: number = 1;\nconst = 2;\n")).toThrow(
      expect.objectContaining({
        code: "CODE_REFUSED",
        message: expect.stringMatching(/bad\.ts:2:7/),
      }),
    );
  });

  it("has a failing receipt when it loops, recurses, throws or allocates, and the node goes on", async () => {
    const scripts = {
      loop: ["while (true) {}", "OUT_OF_GAS"],
      recurse: ["function r(n) { return r(n + 1) + 1; } r(0);", "CALL_DEPTH"],
      throw: ["fail('NO_WAY');", "NO_WAY"],
      allocate: ["let s = 'x'; for (;;) s += s;", "TEXT_TOO_LONG"],
    };
    for (const [name, [statements, code]] of Object.entries(scripts)) {
      const body = `export function f() { m.set(1n, 1n); ${statements} }`;
      const built = build(folder, `${name}.js`, contractOf({ name, body }));
      const number = await deploy(client, live.signer, built);
      const operations = callOperations({ contract: number, method: "f", args: [] });
      const receipt = onlyReceipt(await client.call(buyer, operations, { allowFailure: true }));
      expect(receipt).toMatchObject({ ok: false, code, events: [], pays: [] });
    }
    expect(await ask("/health")).toMatchObject({ status: 200 });
  });
});

const device = loadDeviceKey(makeDeviceSeed());
async function signedIn(who: Signer): Promise<object> {
  const { transaction } = await client.node.challenge(who.account);
  const { passphrase, name, issuers } = live.network;
  const signed = signChallenge(
    {
      transaction,
      passphrase,
      homeDomain: name,
      webAuthDomain: new URL(node.httpUrl).host,
      account: who.account,
      serverKey: issuers[0]?.account ?? "",
      nowS: Math.floor(Date.now() / 1_000),
    },
    [who],
  );
  const id = networkId(live.network);
  const registration = { networkId: id, account: who.account, challengeHash: signed.hash };
  return {
    transaction: signed.transaction,
    device: device.publicKey.toHex(),
    proof: proveRegistration(device, registration),
  };
}

async function recordOf({ torrent, torrentBytes }: Film) {
  const publisher = Keypair.random();
  const record = {
    v: 1 as const,
    title: "A film",
    mime: "video/mp4",
    access: "gated" as const,
    contract: licenceNumber.toString(),
    network: networkId(live.network),
    trackers: [],
    peers: [],
    serverKeys: [],
    publisher: publisher.publicKey(),
    publishedAtS: 1_800_000_000,
    torrent: Buffer.from(torrentBytes).toString("base64"),
    ...describeTorrent(torrent),
  };
  return await signContentRecord(record, { sign: (bytes) => publisher.sign(Buffer.from(bytes)) });
}

describe("sign-in and tokens", () => {
  let film: Film;
  let other: Film;
  afterAll(async () => {
    await film[Symbol.asyncDispose]();
    await other[Symbol.asyncDispose]();
  });

  it("takes a signed challenge once, also after the node was closed and opened again", async () => {
    const request = await signedIn(buyer);
    expect((await client.node.signIn(request)).token).not.toBe("");
    expect(await codeOf(() => client.node.signIn(request))).toBe("CHALLENGE_USED");
    await node[Symbol.asyncDispose]();
    node = await openNode(config, "0.0.0");
    client = clientOf(node);
    expect(await codeOf(() => client.node.signIn(request))).toBe("CHALLENGE_USED");
  });

  it("refuses a challenge that somebody else signed", async () => {
    const stranger = await live.account();
    const { transaction } = await client.node.challenge(buyer.account);
    const forged = TransactionBuilder.fromXDR(transaction, live.network.passphrase);
    if (!(forged instanceof Transaction)) throw new Error("not a challenge");
    signWith(forged, stranger);
    const request = { ...(await signedIn(buyer)), transaction: forged.toXDR() };
    expect(await codeOf(() => client.node.signIn(request))).toBe("SIGNERS_INSUFFICIENT");
  });

  it("gives tokens for what the licence offers, to those who hold it, and for nothing else", async () => {
    film = await makeFilm(70_000);
    other = await makeFilm(70_000);
    for (const one of [film, other]) {
      expect(await publish(await recordOf(one), one.path)).toMatchObject({ status: 200 });
    }
    const { contentId, infohash } = film.torrent;
    const add = { method: "addContent", args: [Uint8Array.fromHex(contentId), `btih:${infohash}`] };
    await client.call(live.signer, callOperations({ contract: licenceNumber, ...add }));
    live.catchUp();
    await until(async () => (await client.node.status()).tip?.sequence === live.latestLedger());

    const viewer = { node: client.node, network: live.network, device, clock: systemClock };
    const desk = openTokenDesk({ ...viewer, signer: async () => buyer }).ask;
    expect(await desk(contentId)).toMatchObject({ contract: licenceNumber.toString() });
    expect(await codeOf(() => desk(other.torrent.contentId))).toBe("CONTENT_NOT_OFFERED");
    expect(await codeOf(() => desk(HASH))).toBe("CONTENT_NOT_FOUND");
    const stranger = await live.account();
    const strange = openTokenDesk({ ...viewer, signer: async () => stranger }).ask;
    expect(await codeOf(() => strange(contentId))).toBe("LICENCE_MISSING");
  });
});

const tipOf = (dataDir: string) => {
  using store = openStore({ dir: dataDir, networkId: networkId(live.network) });
  return store.tip();
};

/** One bit of this ledger's bytes, in the header hash that it claims. */
function flipped(answer: string, sequence: number): string {
  const parsed = JSON.parse(answer);
  for (const ledger of parsed.result?.ledgers ?? []) {
    if (ledger.sequence !== sequence) continue;
    const bytes = Buffer.from(ledger.metadataXdr, "base64");
    bytes[60] = (bytes[60] ?? 0) ^ 1;
    ledger.metadataXdr = bytes.toString("base64");
  }
  return JSON.stringify(parsed);
}

describe("more than one node", () => {
  it("arrives at the same ledger hash from genesis, and a restart goes on from its cursor", async () => {
    const settings = configOf("second");
    const goal = live.latestLedger();
    {
      await using second = await openNode(settings, "0.0.0");
      const seen = clientOf(second).node;
      await until(async () => (await seen.status()).tip?.sequence === goal);
      await until(async () => (await client.node.status()).tip?.sequence === goal);
      expect((await seen.status()).tip).toEqual((await client.node.status()).tip);
    }
    live.closeLedger();
    live.closeLedger();
    const asked: number[] = [];
    await using middleman = await openMiddleman(live.rpcUrl, (answer, question) => {
      const { method, params } = JSON.parse(question);
      if (method === "getLedgers") asked.push(params.startLedger);
      return answer;
    });
    {
      await using again = await openNode({ ...settings, rpcUrl: [middleman.url] }, "0.0.0");
      const seen = clientOf(again).node;
      expect((await seen.status()).tip?.sequence).toBeGreaterThanOrEqual(goal);
      await until(async () => (await seen.status()).tip?.sequence === goal + 2);
    }
    // The founding ledger is looked at once, to know the network by.
    expect(asked.filter((start) => start <= goal)).toEqual([live.network.genesisLedger]);
  });

  it("is red while its source is silent, and green with the next ledger", async () => {
    let isDown = false;
    await using middleman = await openMiddleman(live.rpcUrl, (answer) =>
      isDown ? undefined : answer,
    );
    await using waiting = await openNode(configOf("second", { rpcUrl: middleman.url }), "0.0.0");
    const seen = clientOf(waiting).node;
    const health = async () => await (await fetch(`${waiting.httpUrl}/health`)).json();
    isDown = true;
    await until(async () => (await seen.status()).fault !== undefined);
    expect(await health()).toMatchObject({ status: "fault", code: "LEDGER_NO_SOURCE" });
    isDown = false;
    live.closeLedger();
    await until(async () => (await seen.status()).tip?.sequence === live.latestLedger());
    expect(await health()).toEqual({ status: "ok" });
  });

  it("stops before a lie: health is red, reads go on, state is as it was", async () => {
    const settings = configOf("deceived");
    const honest = live.latestLedger();
    let isLying = false;
    await using middleman = await openMiddleman(live.rpcUrl, (answer) =>
      isLying ? flipped(answer, honest + 1) : answer,
    );
    {
      await using deceived = await openNode({ ...settings, rpcUrl: [middleman.url] }, "0.0.0");
      const seen = clientOf(deceived).node;
      await until(async () => (await seen.status()).tip?.sequence === honest);
      const { tip } = await seen.status();
      isLying = true;
      live.closeLedger();
      await until(() => deceived.follower.state() === "stopped");
      expect(await seen.status()).toMatchObject({
        state: "stopped",
        fault: { code: "LEDGER_HASH_MISMATCH", hint: expect.stringContaining("another source") },
        tip,
      });
      const health = await fetch(`${deceived.httpUrl}/health`);
      expect(health.status).toBe(503);
      expect(await health.json()).toMatchObject({ status: "fault", code: "LEDGER_HASH_MISMATCH" });
      expect((await seen.view(licenceNumber, "offer", [])).ok).toBe(true);
    }
    expect(tipOf(settings.dataDir)?.sequence).toBe(honest);
  });
});

describe("a node that cannot have what it needs", () => {
  it.each(["httpPort", "peerPort", "trackerPort", "webSeedPort"] as const)(
    "does not start on a %s that is taken, and leaves nothing running",
    async (name) => {
      const taken = createServer();
      await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
      const address = taken.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      const free = await freePort();
      const others = ["httpPort", "peerPort", "trackerPort"].filter((other) => other !== name);
      const settings = configOf(name, { [others[0] ?? ""]: free, [name]: port });
      expect(await codeOf(() => openNode(settings, "0.0.0"))).toBe("PORT_IN_USE");
      await new Promise<void>((resolve) => taken.close(() => resolve()));
      // Every port and the data folder are free again: the same settings start now.
      await using started = await openNode(settings, "0.0.0");
      expect((await fetch(`${started.httpUrl}/v1/status`)).status).toBe(200);
    },
  );

  it("does not start on a data folder that a node holds", async () => {
    const settings = configOf("main");
    expect(await codeOf(() => openNode(settings, "0.0.0"))).toBe("DB_LOCKED");
    expect(await ask("/health")).toMatchObject({ status: 200 });
  });
});

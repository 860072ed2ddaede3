// Goal: whatever a source does wrong on purpose, a reader names it or gets over it, and never takes it.
// Method: every fault against the follower's real sources over HTTP. A reader here stands at ledger 5
//         and wants the rest; what it took must be the true chain.
import { Asset, Operation, StrKey, xdr } from "@stellar/stellar-sdk/base";
import { afterAll, describe, expect, it } from "vitest";
import { createDevnet, type Devnet, type DevnetSnapshot } from "../../src/devnet/devnet.ts";
import { type FaultName, type FaultSource, faultKinds } from "../../src/devnet/fault-catalogue.ts";
import { faultText, parseFault } from "../../src/devnet/faults.ts";
import { type DevnetServer, serveDevnet } from "../../src/devnet/server.ts";
import { openArchiveSource } from "../../src/ledger/archive-source.ts";
import { openLakeSource } from "../../src/ledger/lake-source.ts";
import type { LedgerSource } from "../../src/ledger/ledger-source.ts";
import { openRpcClient } from "../../src/ledger/rpc-client.ts";
import { openRpcSource } from "../../src/ledger/rpc-source.ts";
import { anchor } from "../../src/ledger/scp-anchor.ts";
import { type VerifiedLedger, verifyRaw } from "../../src/ledger/verify-ledger.ts";
import { isAceError } from "../../src/lib/errors.ts";
import { silentEvents } from "../../src/lib/events.ts";
import { sha256 } from "../../src/lib/hash.ts";
import { createBench, keypair, PASSPHRASE } from "../devnet-kit.ts";

const STANDS_AT = 5;
const ALTERED = 9;
const LATEST = 66;
/** Waiting costs nothing here: no fault is to be outlasted. */
const pace = { wait: () => Promise.resolve(), chance: () => 0 };
const TIMEOUT_MS = 20_000;
/** For a source that would keep its reader waiting. */
const SHORT_TIMEOUT_MS = 300;

let server: DevnetServer | undefined;
let shared: { readonly net: Devnet; readonly start: DevnetSnapshot } | undefined;
afterAll(() => server?.close());

/** One network and one server for all tests, back at the start for each. */
function busyNetwork(): Devnet {
  if (shared === undefined) {
    const net = makeNetwork(27);
    shared = { net, start: net.snapshot() };
  }
  shared.net.faults.clear();
  shared.net.restore(shared.start);
  return shared.net;
}

async function serve(net: Devnet): Promise<DevnetServer> {
  const clock = { nowMs: () => 0 };
  server ??= await serveDevnet({ net, port: 0, closeMs: "manual", events: silentEvents, clock });
  return server;
}

/** 66 ledgers; the ninth has two transactions. */
function makeNetwork(protocol: number): Devnet {
  const net = createDevnet({ passphrase: PASSPHRASE, seed: "faults", closeTime: 1_000n, protocol });
  const bench = createBench(net);
  bench.fund("alice", "bob");
  net.closeUntil(ALTERED - 1);
  for (const from of ["alice", "bob"]) bench.send({ from: keypair(from) }, pay());
  net.closeUntil(LATEST);
  return net;
}

const pay = () =>
  Operation.payment({
    destination: keypair("bob").publicKey(),
    asset: Asset.native(),
    amount: "1",
  });

function open(
  kind: FaultSource,
  { url, lakeUrl, archiveUrl }: DevnetServer,
  timeoutMs = TIMEOUT_MS,
): LedgerSource {
  const options = { passphrase: PASSPHRASE, pace, timeoutMs };
  if (kind === "lake") return openLakeSource({ ...options, location: lakeUrl });
  if (kind === "archive") return openArchiveSource({ ...options, location: archiveUrl });
  return openRpcSource({ ...options, url, bodyBytesMax: 1024 * 1024 });
}

interface Outcome {
  /** The last ledger taken, and the code of what stopped it. */
  readonly reached: number;
  readonly code: string | undefined;
}

async function follow(net: Devnet, source: LedgerSource): Promise<Outcome> {
  const start = net.ledger(STANDS_AT);
  let [reached, hash] = [STANDS_AT, start?.hash ?? ""];
  let [feePool, protocol] = [start?.header.feePool ?? 0n, start?.protocol ?? 0];
  try {
    for await (const raw of source.read(STANDS_AT + 1)) {
      const ledger: VerifiedLedger = verifyRaw(raw, {
        passphrase: PASSPHRASE,
        sequence: reached + 1,
        previousHash: hash,
        previousFeePool: feePool,
        previousProtocol: protocol,
      });
      [reached, hash, feePool, protocol] = [
        reached + 1,
        ledger.hash,
        ledger.feePool,
        ledger.protocolVersion,
      ];
    }
    return { reached, code: undefined };
  } catch (error) {
    if (isAceError(error)) return { reached, code: error.code };
    throw error;
  }
}

const CHECKPOINT = 63;
const MISMATCH = "LEDGER_HASH_MISMATCH";
const MALFORMED = "LEDGER_MALFORMED";
const NO_SOURCE = "LEDGER_NO_SOURCE";
const OTHER_NETWORK = "NETWORK_MISMATCH";
const GONE = "LEDGER_RETENTION_EXCEEDED";
const none = undefined;

/** By fault: where the reader of each source ends. An archive's reader takes whole checkpoints. */
const expectations: readonly (readonly [
  fault: string,
  reached: number,
  code: string | undefined,
])[] = [
  ["rpc:altered-header@9", ALTERED - 1, MISMATCH],
  ["rpc:altered-tx@9", ALTERED - 1, MISMATCH],
  ["rpc:altered-result@9", ALTERED - 1, MISMATCH],
  ["rpc:dropped-tx@9", ALTERED - 1, MISMATCH],
  ["rpc:hidden@9", ALTERED - 1, MISMATCH],
  ["lake:altered-header@9", ALTERED - 1, MISMATCH],
  ["lake:altered-tx@9", ALTERED - 1, MISMATCH],
  ["lake:altered-result@9", ALTERED - 1, MISMATCH],
  ["lake:dropped-tx@9", ALTERED - 1, MISMATCH],
  ["lake:hidden@9", ALTERED - 1, MISMATCH],
  ["archive:altered-header@9", ALTERED - 1, MISMATCH],
  ["archive:altered-tx@9", ALTERED - 1, MISMATCH],
  ["archive:altered-result@9", ALTERED - 1, MISMATCH],
  ["archive:dropped-tx@9", ALTERED - 1, MISMATCH],
  ["archive:hidden@9", ALTERED - 1, MISMATCH],
  ["archive:missing-entry@9", ALTERED - 1, MISMATCH],
  // A fork holds by itself: only the true ledger after it does not link.
  ["rpc:fork@9", ALTERED, MISMATCH],
  ["lake:fork@9", ALTERED, MISMATCH],
  ["archive:fork@9", ALTERED, MISMATCH],
  ["rpc:passphrase", STANDS_AT, OTHER_NETWORK],
  ["lake:passphrase", STANDS_AT, OTHER_NETWORK],
  ["archive:passphrase", STANDS_AT, OTHER_NETWORK],
  ["rpc:missing@9", ALTERED - 1, MALFORMED],
  ["lake:missing@9", ALTERED - 1, NO_SOURCE],
  ["archive:missing@9", STANDS_AT, none],
  ["rpc:retention=20", STANDS_AT, GONE],
  ["rpc:lag=3", LATEST - 3, none],
  ["lake:lag=3", LATEST - 3, none],
  ["archive:lag=3", CHECKPOINT, none],
  ["rpc:stall", LATEST, none],
  ["lake:stall", LATEST, none],
  ["archive:stall", CHECKPOINT, none],
  ["rpc:delay=5", STANDS_AT, NO_SOURCE],
  ["lake:delay=5", STANDS_AT, NO_SOURCE],
  ["archive:delay=5", STANDS_AT, NO_SOURCE],
  ["rpc:low-latest=2", LATEST, none],
  ["rpc:empty-page", STANDS_AT, none],
  ["rpc:cursor-zero", LATEST, none],
  ["rpc:http-429=0*1", STANDS_AT, NO_SOURCE],
  ["lake:http-429=0*1", LATEST, none],
  ["archive:http-429=0*1", CHECKPOINT, none],
  ["rpc:http-429=0", STANDS_AT, NO_SOURCE],
  ["rpc:http-503*1", STANDS_AT, NO_SOURCE],
  ["lake:http-503*1", LATEST, none],
  ["archive:http-503*1", CHECKPOINT, none],
  ["rpc:html", STANDS_AT, MALFORMED],
  ["lake:html", STANDS_AT, MALFORMED],
  ["archive:html", STANDS_AT, MALFORMED],
  ["rpc:drip=50", STANDS_AT, NO_SOURCE],
  ["lake:drip=50", STANDS_AT, NO_SOURCE],
  ["archive:drip=50", STANDS_AT, NO_SOURCE],
  ["rpc:cut", STANDS_AT, NO_SOURCE],
  ["lake:cut", STANDS_AT, NO_SOURCE],
  ["archive:cut", STANDS_AT, NO_SOURCE],
  ["rpc:down", STANDS_AT, NO_SOURCE],
  ["lake:down", STANDS_AT, NO_SOURCE],
  ["archive:down", STANDS_AT, NO_SOURCE],
  ["rpc:truncated", STANDS_AT, MALFORMED],
  ["lake:truncated", STANDS_AT, MALFORMED],
  ["archive:truncated", STANDS_AT, MALFORMED],
  ["rpc:junk", STANDS_AT, MALFORMED],
  ["lake:junk", STANDS_AT, MALFORMED],
  ["archive:junk", STANDS_AT, MALFORMED],
  ["lake:bomb=300", STANDS_AT, MALFORMED],
  ["archive:bomb=300", STANDS_AT, MALFORMED],
  ["rpc:over-cap=4", STANDS_AT, MALFORMED],
  ["lake:over-cap=64", STANDS_AT, MALFORMED],
  ["archive:over-cap=300", STANDS_AT, MALFORMED],
];

describe("a reader", () => {
  it.each(expectations)("meets %s and ends at ledger %i with %s", async (text, reached, code) => {
    const net = busyNetwork();
    const served = await serve(net);
    const { source, what } = net.faults.add(parseFault(text));
    const isSlow = what === "delay" || what === "drip";
    const reader = open(source, served, isSlow ? SHORT_TIMEOUT_MS : TIMEOUT_MS);
    expect(await follow(net, reader)).toEqual({ reached, code });
  });

  it.each(["rpc:http-429=0*1", "rpc:http-503*1", "rpc:cut*1", "rpc:down*1", "rpc:junk*1"])(
    "gets over %s by asking again",
    async (text) => {
      const net = busyNetwork();
      const served = await serve(net);
      net.faults.add(parseFault(text));
      const source = open("rpc", served);
      expect((await follow(net, source)).reached).toBe(STANDS_AT);
      expect(await follow(net, source)).toEqual({ reached: LATEST, code: none });
      expect(net.faults.list()).toEqual([]);
    },
  );

  it("is told that nothing new is there, by a refusal, when it asks at the tip", async () => {
    const net = busyNetwork();
    const { url } = await serve(net);
    net.faults.add(parseFault("rpc:tip-refused*1"));
    net.faults.add(parseFault("rpc:old-wording"));
    const client = openRpcClient({ url });
    const page = { startLedger: LATEST, limit: 1 };
    expect(await client.getLedgers(page)).toMatchObject({ ok: false, code: -32_602 });
    expect(await client.getLedgers(page)).toMatchObject({ ok: true });
    expect(await client.getLedgers({ ...page, startLedger: LATEST + 1 })).toMatchObject({
      ok: false,
      code: -32_600,
      message: `startLedger must be within the ledger range: 1 - ${LATEST}`,
    });
  });
});

describe("a reader that asks who signed", () => {
  it.each(["rpc", "lake", "archive"] as const)(
    "of a %s that serves a chain of strangers finds every hash in order, and no validator it knows",
    async (kind) => {
      const net = busyNetwork();
      const served = await serve(net);
      net.faults.add(parseFault(`${kind}:strangers@${ALTERED}`));
      const outcome = await follow(net, open(kind, served));
      expect(outcome).toEqual({ reached: kind === "archive" ? CHECKPOINT : LATEST, code: none });
      const { validators } = net.quorumSet;
      for await (const raw of open(kind, served).read(ALTERED)) {
        const ledger = verifyRaw(raw, { passphrase: PASSPHRASE });
        expect(ledger.hash).not.toBe(net.ledger(ledger.sequence)?.hash);
        const signer = ledger.valueSignature?.signer ?? new Uint8Array(32);
        expect(validators).not.toContain(StrKey.encodeEd25519PublicKey(signer));
      }
    },
  );

  it.each([
    ["none", true],
    ["archive:own-quorum", false],
    [`archive:strangers@${ALTERED}`, false],
    [`archive:fork@${CHECKPOINT}`, false],
  ])("asks an archive with the fault %s for consensus: proved is %s", async (text, isProved) => {
    const net = busyNetwork();
    const { archiveUrl } = await serve(net);
    if (text !== "none") net.faults.add(parseFault(text));
    const source = openArchiveSource({ location: archiveUrl, passphrase: PASSPHRASE, pace });
    const answer = anchor({
      sequence: CHECKPOINT,
      valueBytes: await valueAt(source),
      networkId: sha256(Buffer.from(PASSPHRASE)),
      quorumSet: net.quorumSet,
      envelopes: await source.consensus(CHECKPOINT),
    });
    expect(answer.satisfied).toBe(isProved);
  });
});

async function valueAt(source: LedgerSource): Promise<Uint8Array> {
  for await (const raw of source.read(CHECKPOINT)) {
    return verifyRaw(raw, { passphrase: PASSPHRASE }).valueBytes;
  }
  throw new Error("no ledger");
}

describe("a sender", () => {
  const payment = (net: Devnet): string =>
    createBench(net).envelope({ from: keypair("alice") }, pay());

  it("whose answer is lost finds the transaction in the next ledger", async () => {
    const net = busyNetwork();
    const client = openRpcClient({ url: (await serve(net)).url });
    net.faults.add(parseFault("rpc:submit-lost*1"));
    await expect(client.sendTransaction(payment(net))).rejects.toMatchObject({ code: NO_SOURCE });
    expect(net.close({ closeTime: 0n }).transactions).toHaveLength(1);
  });

  it("is told PENDING twice, and pays once", async () => {
    const net = busyNetwork();
    const client = openRpcClient({ url: (await serve(net)).url });
    net.faults.add(parseFault("rpc:submit-twice"));
    const envelope = payment(net);
    for (const _ of [1, 2]) {
      const answer = await client.sendTransaction(envelope);
      expect(answer).toMatchObject({ ok: true, result: { status: "PENDING" } });
    }
    expect(net.close({ closeTime: 0n }).transactions).toHaveLength(1);
  });

  it("is told to try again later as often as was said, and nothing is queued", async () => {
    const net = busyNetwork();
    const client = openRpcClient({ url: (await serve(net)).url });
    net.faults.add(parseFault("rpc:submit-later*2"));
    const statuses: unknown[] = [];
    for (const _ of [1, 2, 3]) statuses.push(await client.sendTransaction(payment(net)));
    expect(statuses).toMatchObject(
      ["TRY_AGAIN_LATER", "TRY_AGAIN_LATER", "PENDING"].map((status) => ({ result: { status } })),
    );
  });

  it("whose transaction is held back sees it in a later ledger, or never when its time is over", async () => {
    const net = busyNetwork();
    const client = openRpcClient({ url: (await serve(net)).url });
    const maxTime = Number(net.latest.closeTime) + 2;
    const [alice, bob] = [keypair("alice"), keypair("bob")];
    const timed = createBench(net).envelope({ from: bob, time: { minTime: 0, maxTime } }, pay());
    for (const envelope of [payment(net), timed]) {
      net.faults.add(parseFault("rpc:submit-held=3*1"));
      expect(await client.sendTransaction(envelope)).toMatchObject({
        result: { status: "PENDING" },
      });
    }
    const sources = [1, 2, 3, 4, 5].flatMap(() => net.close({ closeTime: 0n }).transactions);
    expect(sources).toHaveLength(1);
    expect(createBench(net).account(alice).seqNum & 0xffn).toBe(2n);
  });

  it("reads stale entries from a server that is behind", async () => {
    const net = busyNetwork();
    const client = openRpcClient({ url: (await serve(net)).url });
    const key = accountKeyOf("alice");
    net.faults.add(parseFault("rpc:stale-entries"));
    const before = await client.getLedgerEntries([key]);
    createBench(net).run({ from: keypair("alice") }, pay());
    const stale = await client.getLedgerEntries([key]);
    expect(stale.entries).toEqual(before.entries);
    net.faults.clear();
    expect((await client.getLedgerEntries([key])).entries).not.toEqual(before.entries);
  });
});

function accountKeyOf(name: string): string {
  const accountId = keypair(name).xdrPublicKey();
  return xdr.LedgerKey.account(new xdr.LedgerKeyAccount({ accountId })).toXdr("base64");
}

describe("the network", () => {
  it("changes its fee, its reserve and its size at the ledger that was said, for good", () => {
    const net = busyNetwork();
    net.faults.add(parseFault(`network:base-fee=300@${LATEST + 2}`));
    net.faults.add(parseFault(`network:base-reserve=1000@${LATEST + 2}`));
    net.faults.add(parseFault("network:surge=5@next"));
    const headers = [1, 2, 3].map(() => net.close({ closeTime: 0n }).header);
    expect(headers.map(({ baseFee }) => baseFee)).toEqual([100, 300, 300]);
    expect(headers.map(({ baseReserve }) => baseReserve)).toEqual([5_000_000, 1_000, 1_000]);
    expect(headers.map(({ maxTxSetSize }) => maxTxSetSize)).toEqual([5, 5, 5]);
    expect(net.faults.list()).toEqual([]);
  });

  it("under surge takes the best bids, and everybody pays the lowest of them", () => {
    const net = busyNetwork();
    const bench = createBench(net);
    net.faults.add(parseFault("network:surge=1"));
    net.close({ closeTime: 0n });
    bench.send({ from: keypair("alice"), fee: "500" }, pay());
    bench.send({ from: keypair("bob"), fee: "400" }, pay());
    expect(net.close({ closeTime: 0n }).feeRates).toEqual([500n]);
    expect(net.close({ closeTime: 0n }).feeRates).toEqual([100n]);
  });

  it("loses a set under protocol 28 alone", () => {
    expect(() => makeNetwork(27).faults.add(parseFault("network:lost-set"))).toThrow(
      expect.objectContaining({ code: "DEVNET_UNSUPPORTED" }),
    );
    const net = makeNetwork(28);
    net.faults.add(parseFault("network:lost-set"));
    expect(net.close({ closeTime: 0n }).header.scpValue.ext.type).toBe("stellarValueEmptyTxSet");
    expect(net.close({ closeTime: 0n }).header.scpValue.ext.type).toBe("stellarValueSigned");
  });

  it("moves to a protocol nobody knows, at which a reader stops", async () => {
    const net = busyNetwork();
    const served = await serve(net);
    net.faults.add(parseFault("network:protocol=99"));
    net.closeUntil(LATEST + 2);
    const outcome = await follow(net, open("rpc", served));
    expect(outcome).toEqual({ reached: LATEST, code: "LEDGER_PROTOCOL_UNKNOWN" });
  });
});

it("every fault of every reader is met in a test above", () => {
  const elsewhere: readonly FaultName[] = [
    "strangers",
    "own-quorum",
    "tip-refused",
    "old-wording",
    "stale-entries",
    "submit-lost",
    "submit-twice",
    "submit-later",
    "submit-held",
  ];
  const met = new Set(expectations.map(([text]) => /^[a-z]+:[a-z0-9-]+/.exec(text)?.[0]));
  // A lake and an archive that lost their beginning are the same 404 as a missing ledger.
  const same = ["lake:retention", "archive:retention"];
  const kinds = Object.entries(faultKinds).flatMap(([what, { sources, group }]) =>
    group === "network" ? [] : sources.map((source) => `${source}:${what}`),
  );
  const unmet = kinds.filter((kind) => !met.has(kind) && !same.includes(kind));
  expect(unmet.filter((kind) => !elsewhere.some((what) => kind.endsWith(`:${what}`)))).toEqual([]);
});

it("a fault is written as it is read", () => {
  const { faults } = createDevnet({ passphrase: PASSPHRASE, seed: "", closeTime: 1n });
  const texts = [
    "rpc:lag=3",
    "lake:missing@120",
    "rpc:submit-later*2",
    "archive:delay=0.5*1",
    "lake:hidden@7*1",
  ];
  for (const text of texts) faults.add(parseFault(text));
  expect(faults.list().map(faultText)).toEqual(texts);
  expect(faults.add(parseFault("rpc:fork@next")).at).toBe(2);
});

it.each([
  "lag",
  "rpc:lag=x",
  "rpc:bogus",
  "lake:submit-lost",
  "rpc:fork",
  "rpc:html=3",
  "rpc:lag@0",
  "rpc:lag*0",
  "moon:lag",
])("%s is refused as a fault", (text) => {
  const { faults } = createDevnet({ passphrase: PASSPHRASE, seed: "", closeTime: 1n });
  expect(() => faults.add(parseFault(text))).toThrow(
    expect.objectContaining({ code: "DEVNET_FAULT_INVALID" }),
  );
});

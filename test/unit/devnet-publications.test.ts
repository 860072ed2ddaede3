// Goal: one devnet feeds all three kinds of source, and nothing it publishes fails a check.
// Method: a busy network, read back by the follower's own sources and by the SDK.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, zstdDecompressSync } from "node:zlib";
import { Asset, Operation, xdr } from "@stellar/stellar-sdk/base";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { archivePublication } from "../../src/devnet/archive-writer.ts";
import { createDevnet, type Devnet } from "../../src/devnet/devnet.ts";
import { publishTo } from "../../src/devnet/files.ts";
import { lakePublication } from "../../src/devnet/lake-writer.ts";
import { type DevnetServer, serveDevnet } from "../../src/devnet/server.ts";
import { openArchiveSource } from "../../src/ledger/archive-source.ts";
import { openLakeSource } from "../../src/ledger/lake-source.ts";
import type { LedgerSource } from "../../src/ledger/ledger-source.ts";
import { readRecords } from "../../src/ledger/record-stream.ts";
import { openRpcSource } from "../../src/ledger/rpc-source.ts";
import { anchor } from "../../src/ledger/scp-anchor.ts";
import { verifyRaw } from "../../src/ledger/verify-ledger.ts";
import { verifyPath } from "../../src/ledger/verify-path.ts";
import { silentEvents } from "../../src/lib/events.ts";
import { sha256 } from "../../src/lib/hash.ts";
import { createBench, keypair, PASSPHRASE } from "../devnet-kit.ts";

const LEDGERS = 200;
const CHECKPOINT = 191;
const networkId = sha256(Buffer.from(PASSPHRASE));
const root = mkdtempSync(join(tmpdir(), "ace-publications-"));
const [lake, archive] = [join(root, "lake"), join(root, "archive")];
afterAll(() => rmSync(root, { recursive: true, force: true }));

let net: Devnet;
let server: DevnetServer;
beforeAll(async () => {
  net = busyNetwork({ confirming: 1 });
  publishTo(net, [
    { folder: lake, publication: lakePublication(net) },
    { folder: archive, publication: archivePublication(net) },
  ]);
  net.closeUntil(LEDGERS);
  server = await serveDevnet({
    net,
    port: 0,
    closeMs: "manual",
    events: silentEvents,
    clock: { nowMs: () => 0 },
  });
});
afterAll(() => server.close());

/** Empty ledgers between payments, an upgrade and a ledger whose set was lost. */
function busyNetwork(options: { confirming?: number } = {}): Devnet {
  const made = createDevnet({
    passphrase: PASSPHRASE,
    seed: "publications",
    closeTime: 1_000n,
    protocol: 28,
    ...options,
  });
  const bench = createBench(made);
  bench.fund("alice", "bob");
  const pay = Operation.payment({
    destination: keypair("bob").publicKey(),
    asset: Asset.native(),
    amount: "1",
  });
  for (let round = 0; round < 15; round += 1) {
    bench.run({ from: keypair("alice") }, pay);
    made.closeUntil(made.latest.sequence + 6);
  }
  made.upgrade({ baseFee: 200, baseReserve: 1_000_000, maxTxSetSize: 5, flags: 1 });
  made.close({ closeTime: 0n });
  bench.send({ from: keypair("alice"), fee: "200" }, pay);
  made.loseNextSet();
  made.close({ closeTime: 0n });
  made.close({ closeTime: 0n });
  return made;
}

/** Hash by hash, each ledger verified against the one before. */
async function follow(source: LedgerSource): Promise<readonly string[]> {
  const hashes: string[] = [];
  let previous: ReturnType<typeof verifyRaw> | undefined;
  for await (const raw of source.read(1)) {
    previous = verifyRaw(raw, {
      passphrase: PASSPHRASE,
      sequence: hashes.length + 1,
      previousHash: previous?.hash ?? "00".repeat(32),
      previousFeePool: previous?.feePool ?? 0n,
      previousProtocol: previous?.protocolVersion ?? 28,
    });
    hashes.push(previous.hash);
  }
  return hashes;
}

const chainOf = (last: number): readonly string[] =>
  Array.from({ length: last }, (_, index) => net.ledger(index + 1)?.hash ?? "");

describe("the same ledgers, verified, come from", () => {
  it("JSON-RPC", async () => {
    const source = openRpcSource({ url: server.url, passphrase: PASSPHRASE });
    expect(await follow(source)).toEqual(chainOf(LEDGERS));
  });

  it("a lake in a folder and one over HTTP", async () => {
    for (const location of [lake, server.lakeUrl]) {
      const source = openLakeSource({ location, passphrase: PASSPHRASE });
      expect(await follow(source)).toEqual(chainOf(LEDGERS));
    }
  });

  it("an archive in a folder and one over HTTP, up to its newest checkpoint", async () => {
    for (const location of [archive, server.archiveUrl]) {
      const source = openArchiveSource({ location, passphrase: PASSPHRASE });
      expect(await source.range()).toEqual({ first: 1, last: CHECKPOINT });
      expect(await follow(source)).toEqual(chainOf(CHECKPOINT));
    }
  });

  it.each([
    { ledgersPerBatch: 8, batchesPerPartition: 4 },
    { ledgersPerBatch: 50, batchesPerPartition: 1 },
  ])("a lake of other sizes: %o", async (sizes) => {
    const folder = mkdtempSync(join(root, "sized-"));
    publishTo(net, [{ folder, publication: lakePublication(net, sizes) }]);
    const source = openLakeSource({ location: folder, passphrase: PASSPHRASE });
    const whole = LEDGERS - ((LEDGERS + 1) % sizes.ledgersPerBatch);
    expect(await follow(source)).toEqual(chainOf(whole));
  });
});

it("an auditor finds nothing wrong in the lake and the archive, its quorum included", async () => {
  const ledgers = await verifyPath(lake);
  expect(ledgers).toMatchObject({ failureCount: 0, ledgers: LEDGERS });
  const history = await verifyPath(archive, { quorumSet: net.quorumSet });
  expect(history).toMatchObject({ failureCount: 0, ledgers: CHECKPOINT });
});

it("validators' messages satisfy their own quorum set, also when one was heard to confirm only", async () => {
  const source = openArchiveSource({ location: archive, passphrase: PASSPHRASE });
  const valueBytes = net.ledger(CHECKPOINT)?.header.scpValue.toXdr() ?? new Uint8Array();
  const envelopes = await source.consensus(CHECKPOINT);
  const kinds = envelopes.map((each) => xdr.ScpEnvelope.fromXdr(each).statement.pledges.type);
  expect(kinds).toEqual(["scpStExternalize", "scpStExternalize", "scpStConfirm"]);
  const question = { sequence: CHECKPOINT, valueBytes, networkId, envelopes };
  const { quorumSet } = net;
  expect(anchor({ ...question, quorumSet }).satisfied).toBe(true);
  expect(anchor({ ...question, quorumSet: { ...quorumSet, threshold: 3 } }).satisfied).toBe(true);
});

it("the SDK decodes all that is published and encodes it to the same bytes", () => {
  for (const name of filesIn(lake, ".zst")) {
    const bytes = zstdDecompressSync(readFileSync(name));
    expect(xdr.LedgerCloseMetaBatch.fromXdr(bytes).toXdr()).toEqual(Uint8Array.from(bytes));
  }
  const again: Readonly<Record<string, (record: Uint8Array) => Uint8Array>> = {
    ledger: (record) => xdr.LedgerHeaderHistoryEntry.fromXdr(record).toXdr(),
    transactions: (record) => xdr.TransactionHistoryEntry.fromXdr(record).toXdr(),
    results: (record) => xdr.TransactionHistoryResultEntry.fromXdr(record).toXdr(),
    scp: (record) => xdr.ScpHistoryEntry.fromXdr(record).toXdr(),
  };
  const busy = chainOf(CHECKPOINT).filter(
    (_, index) => (net.ledger(index + 1)?.transactions.length ?? 0) > 0,
  );
  for (const [kind, encode] of Object.entries(again)) {
    const records = filesIn(join(archive, kind), ".gz").flatMap((name) => [
      ...readRecords(gunzipSync(readFileSync(name))),
    ]);
    for (const record of records) expect(encode(record)).toEqual(Uint8Array.from(record));
    const isOfAll = kind === "ledger" || kind === "scp";
    expect(records).toHaveLength(isOfAll ? CHECKPOINT : busy.length);
  }
});

it("an archive says that it has no bucket files, and whose it is", () => {
  const state: unknown = JSON.parse(
    readFileSync(join(archive, ".well-known/stellar-history.json"), "utf8"),
  );
  expect(state).toMatchObject({
    currentLedger: CHECKPOINT,
    networkPassphrase: PASSPHRASE,
    server: expect.stringContaining("no bucket files"),
  });
});

it("a name that is not exactly an object's is not found, whatever it points at", async () => {
  const object = "FFFFFFFF--0-63999/FFFFFFFE--1.xdr.zst";
  const names = [
    object.toLowerCase(),
    `x/${object}`,
    object.replace("FFFFFFFE--1", "FFFFFFFE--01"),
    "FFFFFFFF--0-63999/FFFFFFFF--0.xdr.zst",
    "../../../../etc/passwd",
    "%2e%2e/%2e%2e/etc/passwd",
    "",
  ];
  expect((await fetch(`${server.lakeUrl}/${object}`)).status).toBe(200);
  for (const name of names) {
    expect((await fetch(`${server.lakeUrl}/${name}`)).status, name).toBe(404);
    expect((await fetch(`${server.archiveUrl}/${name}`)).status, name).toBe(404);
  }
  const ahead = "ledger/00/00/00/ledger-000000ff.xdr.gz";
  expect((await fetch(`${server.archiveUrl}/${ahead}`)).status).toBe(404);
});

it("a folder that holds ledgers of another network is refused, and left as it is", () => {
  const other = createDevnet({ passphrase: PASSPHRASE, seed: "other", closeTime: 5n });
  const publishing = { folder: lake, publication: lakePublication(other) };
  expect(() => publishTo(other, [publishing])).toThrow(
    expect.objectContaining({ code: "DEVNET_DATA" }),
  );
  const file = join(root, "a-file");
  writeFileSync(file, "");
  const onFile = { folder: file, publication: lakePublication(net) };
  expect(() => publishTo(net, [onFile])).toThrow(expect.objectContaining({ code: "DEVNET_DATA" }));
});

it("upgrades take effect after the transactions of their ledger, and are in its meta", () => {
  const upgraded = [...chainOf(LEDGERS).keys()]
    .map((index) => net.ledger(index + 1))
    .find((ledger) => (ledger?.header.scpValue.upgrades.length ?? 0) > 0);
  const { baseFee, baseReserve, maxTxSetSize, ext } = upgraded?.header ?? {};
  expect({ baseFee, baseReserve, maxTxSetSize }).toEqual({
    baseFee: 200,
    baseReserve: 1_000_000,
    maxTxSetSize: 5,
  });
  expect(ext?.type).toBe("v1");
  const meta = xdr.LedgerCloseMeta.fromXdr(upgraded?.meta ?? new Uint8Array());
  expect(meta.type === "v2" ? meta.v2.upgradesProcessing : []).toHaveLength(4);
});

it("a ledger whose set was lost has the empty value, and its transactions wait for the next", () => {
  const lost = [...chainOf(LEDGERS).keys()]
    .map((index) => net.ledger(index + 1))
    .find((ledger) => ledger?.header.scpValue.ext.type === "stellarValueEmptyTxSet");
  expect(lost?.transactions).toEqual([]);
  expect(lost?.header.scpValue.txSetHash.toString()).toBe("00".repeat(32));
  expect(net.ledger((lost?.sequence ?? 0) + 1)?.transactions).toHaveLength(1);
});

function filesIn(folder: string, ending: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(ending))
    .map((name) => join(folder, name));
}

// Goal: the devnet's rules are those of Stellar.
// Method: replay the public testnet from its first ledger with the sets, close times, upgrades and
// signatures that it really had, and compare each transaction's result with the archive's, byte for
// byte, and all entries with its bucket files. The counts may only rise. The other tests show that
// the comparison sees what it should: an archive with one fault each.
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { xdr } from "@stellar/stellar-sdk/base";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { CheckpointBuckets } from "../../conformance/checkpoint-buckets.ts";
import { type Conformance, runConformance, TESTNET } from "../../conformance/conformance.ts";
import { Replay } from "../../src/devnet/replay.ts";
import { readBids } from "../../src/devnet/replay-set.ts";
import { openArchive } from "../../src/ledger/archive-files.ts";
import { bucketPath, checkpointPath, ROOT_STATE_NAME } from "../../src/ledger/archive-layout.ts";
import { bucketsOf } from "../../src/ledger/archive-state.ts";
import { readRecords } from "../../src/ledger/record-stream.ts";
import { fixturePath } from "../fixtures/stellar-data.ts";

const archive = fixturePath("archive-replay");
/** A checkpoint with classic transactions, early enough to be reached at once. */
const EARLY = 191;

describe("1,023 ledgers of the public testnet", () => {
  let found: Conformance;
  beforeAll(async () => {
    found = await runConformance({ archive, passphrase: TESTNET, every: 8 });
  });

  it("give each classic transaction the result that it had there", () => {
    expect(found.misses).toEqual({});
    expect(found.firstMiss).toBeNull();
    expect(found.classic).toEqual({ exact: 1_406, total: 1_406 });
  });

  it("give each ledger its result hash and its fee pool", () => {
    expect(found.ledgersWithExactResultHash).toBe(found.ledgersWithClassic);
    expect(found.ledgersWithExactFeePool).toBe(1_022);
  });

  it("leave every entry as the bucket files have it", () => {
    expect(found.checkpoints).toBe(2);
    expect(found.entriesDifferingAtCheckpoints).toBe(0);
    expect(found.entriesComparedAtLast).toBeGreaterThan(1_000);
  });

  it("count what contracts did apart", () => {
    expect(found.soroban).toEqual({
      copied: 164,
      foreignKeys: 191,
      foreignEntries: 29,
      reloaded: 9,
    });
  });
});

describe("an archive with a fault", () => {
  const run = (folder: string, passphrase = TESTNET) =>
    runConformance({ archive: folder, passphrase, to: EARLY, every: 1_000 });

  it("has its first miss named, with the difference", async () => {
    const folder = copyOfArchive();
    const changed = changeFirstResult(folder);
    const { classic, misses, firstMiss } = await run(folder);
    expect(classic.exact).toBe(classic.total - 1);
    expect(misses).toEqual({ "the fee": 1 });
    expect(firstMiss).toMatchObject({ ledger: changed.ledgerSeq, index: 0, kind: "the fee" });
    const [expected, got] = [firstMiss?.expected, firstMiss?.got];
    expect(expected).toMatchObject({ fee_charged: String(changed.fee) });
    expect(got).toMatchObject({ fee_charged: String(changed.fee - 1n) });
  });

  it("has its signatures really verified: one bit, and the transaction is nobody's", async () => {
    const folder = copyOfArchive();
    const path = join(folder, checkpointPath("transactions", EARLY));
    const file = gunzipSync(readFileSync(path));
    const [record = new Uint8Array()] = readRecords(file);
    const entry = xdr.TransactionHistoryEntry.fromXdr(record);
    const [bid] = readBids(entry, new Uint8Array(32), new Uint8Array(32));
    const [signed] = bid?.submission.signatures ?? [];
    const at = file.indexOf(signed?.signature.toBytes() ?? "none");
    file.writeUInt8(file.readUInt8(at) ^ 1, at);
    writeFileSync(path, gzipSync(file));
    const { firstMiss } = await run(folder);
    expect(firstMiss).toMatchObject({
      ledger: entry.ledgerSeq,
      got: { result: "tx_bad_auth" },
    });
  });

  it("is refused when a checkpoint is missing", async () => {
    const folder = copyOfArchive();
    rmSync(join(folder, checkpointPath("results", 127)));
    await expect(run(folder)).rejects.toMatchObject({
      code: "REPLAY_ARCHIVE",
      message: expect.stringContaining("no checkpoint 127"),
    });
  });

  it("is refused when it is of another network, also when it does not say so", async () => {
    const refused = { code: "REPLAY_ARCHIVE" };
    await expect(run(archive, "another network")).rejects.toMatchObject(refused);
    const folder = copyOfArchive();
    const state = JSON.parse(readFileSync(join(folder, ROOT_STATE_NAME), "utf8"));
    writeFileSync(
      join(folder, ROOT_STATE_NAME),
      JSON.stringify({ ...state, networkPassphrase: undefined }),
    );
    await expect(run(folder, "another network")).rejects.toMatchObject(refused);
  });

  it("is refused when it is no archive", async () => {
    await expect(run(tmpdir())).rejects.toMatchObject({ code: "REPLAY_ARCHIVE" });
  });

  it("is refused when a bucket holds other bytes than its name says", async () => {
    const folder = copyOfArchive();
    const copy = openArchive(folder);
    const [bucket = ""] = bucketsOf((await copy.stateAt(511)) ?? (await copy.state()));
    writeFileSync(join(folder, bucketPath(bucket)), gzipSync(new Uint8Array()));
    const comparing = new CheckpointBuckets(copy).compare(new Replay(TESTNET), 511);
    await expect(comparing).rejects.toMatchObject({ code: "LEDGER_HASH_MISMATCH" });
  });
});

it("one balance that differs by a stroop is seen, and put right when a contract may have done it", async () => {
  const copy = openArchive(archive);
  const replay = new Replay(TESTNET);
  for (let checkpoint = 63; checkpoint <= 511; checkpoint += 64) {
    for (const ledger of (await copy.readCheckpoint(checkpoint)) ?? []) replay.replayLedger(ledger);
  }
  const buckets = new CheckpointBuckets(copy);
  const [key = "", entry] =
    [...replay.state.keys()]
      .map((each) => [each, replay.state.get(each)] as const)
      .find(([each, { data } = {}]) => data?.type === "account" && !replay.foreign.has(each)) ?? [];
  const altered = (): void => {
    if (entry?.data.type !== "account") throw new Error("no account");
    const account = new xdr.AccountEntry({
      ...entry.data.account,
      balance: entry.data.account.balance + 1n,
    });
    const data = xdr.LedgerEntryData.account(account);
    replay.state.place(key, new xdr.LedgerEntry({ ...entry, data }));
  };
  altered();
  expect(await buckets.compare(replay, 511)).toMatchObject({ differing: 1 });
  replay.foreign.add(key);
  expect(await buckets.compare(replay, 511)).toMatchObject({ differing: 0, reloaded: 1 });
  replay.state.place(key, undefined);
  expect(await buckets.compare(replay, 511)).toMatchObject({ differing: 1 });
});

function copyOfArchive(): string {
  const folder = mkdtempSync(join(tmpdir(), "ace-archive-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  cpSync(archive, folder, { recursive: true });
  return folder;
}

/** Makes the first transaction of a checkpoint a stroop dearer. */
function changeFirstResult(folder: string): { readonly ledgerSeq: number; readonly fee: bigint } {
  const path = join(folder, checkpointPath("results", EARLY));
  const [first, ...rest] = [...readRecords(gunzipSync(readFileSync(path)))].map((record) =>
    xdr.TransactionHistoryResultEntry.fromXdr(record),
  );
  const [pair, ...others] = first?.txResultSet.results ?? [];
  if (first === undefined || pair === undefined) throw new Error("no results");
  const fee = pair.result.feeCharged + 1n;
  const result = new xdr.TransactionResult({ ...pair.result, feeCharged: fee });
  const changed = new xdr.TransactionResultPair({ ...pair, result });
  const txResultSet = new xdr.TransactionResultSet({ results: [changed, ...others] });
  const entries = [new xdr.TransactionHistoryResultEntry({ ...first, txResultSet }), ...rest];
  writeFileSync(path, gzipSync(Buffer.concat(entries.map(recordOf))));
  return { ledgerSeq: first.ledgerSeq, fee };
}

function recordOf(entry: xdr.TransactionHistoryResultEntry): Buffer {
  const bytes = entry.toXdr();
  const mark = Buffer.alloc(4);
  mark.writeUInt32BE(0x80_00_00_00 + bytes.length);
  return Buffer.concat([mark, bytes]);
}

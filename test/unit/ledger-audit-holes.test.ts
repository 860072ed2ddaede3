// Goal: data that lacks something, or has something twice, never passes for whole.
// Method: real archives and lakes, copied, with files taken away, doubled or moved.
import { cp, mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { zstdCompressSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Tally } from "../../src/ledger/audit-report.ts";
import { readHeaderEntry } from "../../src/ledger/close-meta.ts";
import { LedgerAudit } from "../../src/ledger/ledger-audit.ts";
import { readQuorumSet } from "../../src/ledger/quorum.ts";
import { verifyPath } from "../../src/ledger/verify-path.ts";
import { concatBytes, uint32Bytes } from "../../src/lib/bytes.ts";
import { sha256 } from "../../src/lib/hash.ts";
import { makeLedger } from "../fixtures/made-ledger.ts";
import { fixturePath } from "../fixtures/stellar-data.ts";
import { testnetArchive } from "../fixtures/testnet-archive.ts";

const LAST = "FFFFFC18--999.xdr.zst";
const PARTITION = "FFFFFFFF--0-63999";

const quorumSet = readQuorumSet({
  threshold: 2,
  validators: [
    "GC2V2EFSXN6SQTWVYA5EPJPBWWIMSD2XQNKUOHGEKB535AQE2I6IXV2Z",
    "GCUCJTIYXSOXKBSNFGNFWW5MUQ54HKRPGJUTQFJ5RQXZXNOLNXYDHRAP",
  ],
});

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ace-holes-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** A copy of a fixture without the paths in which one of `lost` occurs. */
async function without(fixture: string, ...lost: readonly string[]): Promise<string> {
  const copy = await mkdtemp(join(folder, "copy-"));
  const filter = (path: string) => !lost.some((part) => path.includes(part));
  await cp(fixturePath(fixture), copy, { recursive: true, filter });
  return copy;
}

describe("a quorum that is asked for", () => {
  it("is not shown by an archive without messages of consensus", async () => {
    const { failures } = await verifyPath(await without("archive-testnet", "scp"), { quorumSet });
    expect(failures).toMatchObject([
      { code: "LEDGER_UNANCHORED", ledger: 63 },
      { code: "LEDGER_UNANCHORED", ledger: 127 },
    ]);
  });

  it("is shown by its signatures even when all others are left out", async () => {
    const options = { quorumSet, skipsSignatures: true };
    const { hashes, notes } = await verifyPath(fixturePath("archive-testnet"), options);
    expect(hashes).toMatchObject({ anchor: 2, scpSignature: 0, valueSignature: 0 });
    expect(notes).toEqual(["signatures are left out, but those of the quorum"]);
  });

  it("cannot be looked for where no network is named", async () => {
    const nameless = verifyPath(fixturePath("archive-pubnet"), { quorumSet });
    await expect(nameless).rejects.toMatchObject({ code: "QUORUM_INVALID" });
  });
});

describe("an archive", () => {
  it("that ends before it says is named", async () => {
    const { failures } = await verifyPath(await without("archive-testnet", "0000007f"));
    expect(failures.map(({ message }) => message)).toContain(
      "the archive says ledger 127, but its files end with ledger 63",
    );
  });

  it("that does not say where it ends passes with a note", async () => {
    const report = await verifyPath(await without("archive-testnet", ".well-known"));
    expect(report.failures).toEqual([]);
    expect(report.notes).toContain(
      "without .well-known/stellar-history.json nothing says where the archive ends",
    );
  });

  it("whose states name no buckets passes with a note", async () => {
    const copy = await without("archive-testnet");
    const state = join(copy, "history/00/00/00/history-0000003f.json");
    await writeFile(state, JSON.stringify({ version: 1, currentLedger: 63, currentBuckets: [] }));
    const report = await verifyPath(copy);
    expect(report.hashes.bucketList).toBe(1);
    expect(report.notes).toContain("1 of 2 states could not be held against a header");
  });

  it("is no checkpoint longer for a file that is named for none", async () => {
    const copy = await without("archive-testnet");
    await cp(
      join(copy, "ledger/00/00/00/ledger-0000003f.xdr.gz"),
      join(copy, "ledger/00/00/00/ledger-00000005.xdr.gz"),
    );
    expect(await verifyPath(copy)).toMatchObject({ ledgers: 127, failures: [] });
  });
});

describe("a lake", () => {
  it("that lacks an object between two others is named", async () => {
    const { failures, notes } = await verifyPath(await without("lake-zst", "998"));
    expect(failures).toMatchObject([
      { path: LAST, message: "the lake has no object for ledgers 998 to 998" },
    ]);
    expect(notes).toEqual(["nothing links ledger 999 to ledger 997, the one read before it"]);
  });

  it("that has two objects for one ledger is named", async () => {
    const copy = await without("lake-zst");
    await mkdir(join(copy, PARTITION));
    await cp(join(copy, LAST), join(copy, PARTITION, LAST));
    const messages = (await verifyPath(copy)).failures.map(({ message }) => message);
    expect(messages).toHaveLength(2);
    expect(messages[0]).toContain("are named for the same ledgers");
    expect(messages[1]).toBe("ledger 999 stands after ledger 999");
  });

  it("that has an object where no reader looks is named", async () => {
    const copy = await without("lake-zst");
    await mkdir(join(copy, "FFFFF000--4095-8000"));
    await rename(join(copy, LAST), join(copy, "FFFFF000--4095-8000", LAST));
    const [failure] = (await verifyPath(copy)).failures;
    expect(failure?.message).toContain(`look for it, which is ${PARTITION}/${LAST}`);
  });
});

describe("an object", () => {
  const two = makeLedger({ sequence: 1, hash: "ab".repeat(32), feePool: 0n });
  const ledgers = [two, makeLedger(two)];
  const first = concatBytes(...[2, 3, 2].map(uint32Bytes), ...ledgers.map(({ bytes }) => bytes));

  it("that is a lake's first begins with ledger 2, because there is no ledger 0", async () => {
    const lake = await mkdtemp(join(folder, "first-"));
    await writeFile(join(lake, "FFFFFFFF--0-3.xdr.zst"), zstdCompressSync(first));
    expect(await verifyPath(lake)).toMatchObject({ ledgers: 2, failureCount: 0 });
    await writeFile(join(lake, "FFFFFFFF--0-3.xdr.zst"), zstdCompressSync(first.subarray(0, -40)));
    expect(await verifyPath(lake)).toMatchObject({ failureCount: 1 });
    await rename(join(lake, "FFFFFFFF--0-3.xdr.zst"), join(lake, "FFFFFFFF--0-7.xdr.zst"));
    await writeFile(join(lake, "FFFFFFFF--0-7.xdr.zst"), zstdCompressSync(first));
    const [failure] = (await verifyPath(lake)).failures;
    expect(failure?.message).toContain("does not hold the ledgers it is named for");
  });

  it("that is given by itself must hold the ledger it is named for, too", async () => {
    const path = join(folder, "FFFFFC17--1000.xdr.zst");
    await cp(fixturePath(`lake-zst/${LAST}`), path);
    const [failure] = (await verifyPath(path)).failures;
    expect(failure?.message).toContain("does not hold the ledgers it is named for");
  });
});

it("results without transactions are named, though every hash of the header holds", () => {
  const ledgers = testnetArchive();
  const full = ledgers.find(({ results }) => results !== undefined);
  const empty = ledgers.find(({ set, sequence }) => sequence > 10 && set === undefined);
  if (full?.results === undefined || empty === undefined) throw new Error("the fixture has both");
  const results = full.results.slice();
  results.set(uint32Bytes(empty.sequence));
  const entry = empty.header.slice();
  const { header } = readHeaderEntry(entry);
  header.resultHash.set(sha256(results.subarray(4, -4)));
  entry.set(sha256(header.bytes));

  const tally = new Tally();
  new LedgerAudit(tally, {}).add(() => "made up", { ...empty, header: entry, results });
  expect(tally.hashes).toMatchObject({ header: 1, transactionSet: 1, results: 1 });
  expect(tally.failures).toMatchObject([{ code: "LEDGER_HASH_MISMATCH", ledger: empty.sequence }]);
  expect(tally.failures[0]?.message).toContain("for 0 transactions");
});

it("a batch of no ledgers is no data", async () => {
  const path = join(folder, "none.xdr");
  await writeFile(path, concatBytes(...[5, 4, 0].map(uint32Bytes)));
  expect((await verifyPath(path)).failures).toMatchObject([{ code: "LEDGER_MALFORMED" }]);
});

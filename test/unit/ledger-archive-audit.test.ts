// Goal: the audit of an archive counts every hash, and no changed bit escapes it.
// Method: real checkpoints of testnet and of the public network, whole, and with one bit flipped at a
// time, in the files as they are and in their inflated content. FLIPS=1000 makes more of them.
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { auditArchive } from "../../src/ledger/archive-audit.ts";
import { openArchive } from "../../src/ledger/archive-files.ts";
import { bucketPath, checkpointPath } from "../../src/ledger/archive-layout.ts";
import { type LedgerFailure, Tally } from "../../src/ledger/audit-report.ts";
import { LedgerAudit } from "../../src/ledger/ledger-audit.ts";
import { type ArchiveFolder, surveyFolder } from "../../src/ledger/ledger-folder.ts";
import { readQuorumSet } from "../../src/ledger/quorum.ts";
import { readRecords } from "../../src/ledger/record-stream.ts";
import { stellarNetworkId } from "../../src/ledger/transaction-hash.ts";
import { verifyPath } from "../../src/ledger/verify-path.ts";
import { concatBytes, uint32Bytes } from "../../src/lib/bytes.ts";
import { fixturePath, PUBNET, TESTNET } from "../fixtures/stellar-data.ts";
import { type Files, filesIn, memoryStore } from "../support/object-stores.ts";

const FLIPS = Number(process.env["FLIPS"] ?? 250);
const KINDS = ["ledger", "transactions", "results", "scp"] as const;
const archives = [
  { name: "archive-testnet", passphrase: TESTNET, checkpoint: 127 },
  { name: "archive-pubnet", passphrase: PUBNET, checkpoint: 12_000_127 },
];

async function archiveAt(name: string): Promise<ArchiveFolder> {
  const folder = await surveyFolder(fixturePath(name));
  if (folder.kind !== "archive") throw new Error(`${name} is no archive`);
  return folder;
}

interface Case {
  readonly name: string;
  readonly passphrase: string;
  readonly checkpoint: number;
}

/** One checkpoint of an archive; signatures only where the flip is among them. */
async function auditOne(given: Case, files: Files, withScp: boolean): Promise<Tally> {
  const whole = await archiveAt(given.name);
  const one = new Set([given.checkpoint]);
  const scp = withScp ? one : new Set<number>();
  const checkpoints = { ledger: one, transactions: one, results: one, scp, history: one };
  const tally = new Tally();
  const { passphrase } = given;
  await auditArchive({
    archive: openArchive(memoryStore(files)),
    folder: { ...whole, checkpoints, buckets: new Set() },
    tally,
    ledgers: new LedgerAudit(tally, { passphrase, skipsSignatures: true }),
    passphrase,
    networkId: withScp ? stellarNetworkId(passphrase) : undefined,
    quorumSet: undefined,
    signal: undefined,
  });
  return tally;
}

/** Numbers that look like chance and are the same in every run. */
function seeded(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

function flipped(bytes: Uint8Array, bit: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return copy;
}

/** A few entries of a file of SCP messages, because each of its signatures takes its time. */
function lastEntries(file: Uint8Array = new Uint8Array()): Uint8Array {
  const records = [...readRecords(gunzipSync(file))].slice(-5);
  const marked = records.flatMap((record) => [uint32Bytes(record.length + 2 ** 31), record]);
  return gzipSync(concatBytes(...marked));
}

const names = (failures: readonly LedgerFailure[]) =>
  failures.map(({ path, ledger, hash, code }) => ({ path, ledger, hash, code }));

describe("real archives", () => {
  it("hold: testnet from its first ledger on, with every signature and bucket", async () => {
    const seen: number[] = [];
    const report = await verifyPath(fixturePath("archive-testnet"), {
      onProgress: (done, total) => seen.push(done, total ?? 0),
    });
    expect(report).toMatchObject({
      kind: "archive",
      ledgers: 127,
      transactions: 9,
      first: 1,
      last: 127,
      emptySets: { legacy: 9, sequential: 108, parallel: 0 },
      isPaired: true,
      notes: [],
      failures: [],
    });
    expect(report.hashes).toEqual({
      header: 127,
      previous: 126,
      transactionSet: 127,
      setPrevious: 9,
      results: 127,
      feePool: 126,
      applyOrder: 9,
      valueSignature: 126,
      scpSignature: 378,
      scpValue: 376,
      quorumSet: 126,
      bucketList: 2,
      bucketFile: 13,
      anchor: 0,
    });
    expect(seen.slice(-2)).toEqual([127, 127]);
  });

  it("hold: the public network of protocol 8, where the passphrase must be given", async () => {
    const path = fixturePath("archive-pubnet");
    const report = await verifyPath(path, { passphrase: PUBNET });
    expect(report).toMatchObject({ ledgers: 128, emptySets: { legacy: 122 }, failures: [] });
    expect(report.hashes).toMatchObject({ scpSignature: 379, valueSignature: 0, applyOrder: 6 });
    expect(report.notes).toEqual(["the archive has no bucket files"]);

    const nameless = await verifyPath(path);
    expect(nameless.hashes).toMatchObject({ scpSignature: 0, header: 128 });
    expect(nameless.notes).toContain(
      "no passphrase: signatures, joins and the apply order are not checked",
    );
    const other = await verifyPath(path, { passphrase: TESTNET });
    expect(other.failureCount).toBe(379 + 6);
  });

  it("can leave signatures out, and say so", async () => {
    const path = fixturePath("archive-testnet");
    const report = await verifyPath(path, { skipsSignatures: true });
    expect(report.hashes).toMatchObject({ valueSignature: 0, scpSignature: 0, applyOrder: 9 });
    expect(report.notes).toEqual(["signatures are left out"]);
  });
});

describe("a quorum of one's own", () => {
  it("is shown to have agreed, or not", async () => {
    const path = fixturePath("archive-testnet");
    const validators = [
      "GC2V2EFSXN6SQTWVYA5EPJPBWWIMSD2XQNKUOHGEKB535AQE2I6IXV2Z",
      "GCUCJTIYXSOXKBSNFGNFWW5MUQ54HKRPGJUTQFJ5RQXZXNOLNXYDHRAP",
    ];
    const quorumSet = readQuorumSet({ threshold: 2, validators });
    expect((await verifyPath(path, { quorumSet })).hashes.anchor).toBe(2);

    const stranger = "GABMKJM6I25XI4K7U6XWMULOUQIQ27BCTMLS6BYYSOWKTBUXVRJSXHYQ";
    const strange = readQuorumSet({ threshold: 3, validators: [...validators, stranger] });
    const { failures } = await verifyPath(path, { quorumSet: strange });
    expect(failures.map(({ code, ledger }) => [code, ledger])).toEqual([
      ["LEDGER_UNANCHORED", 63],
      ["LEDGER_UNANCHORED", 127],
    ]);
    const lake = verifyPath(fixturePath("lake-zst"), { quorumSet });
    await expect(lake).rejects.toMatchObject({ code: "QUORUM_INVALID" });
  });
});

describe.each(archives)("one flipped bit of $name", (given) => {
  const pathOf = (kind: (typeof KINDS)[number]) => checkpointPath(kind, given.checkpoint);
  const files = filesIn(fixturePath(given.name));
  files.set(pathOf("scp"), lastEntries(files.get(pathOf("scp"))));

  it("is caught wherever it lies in what the files hold, and the file is named", async () => {
    const random = seeded(given.checkpoint);
    for (let flip = 0; flip < FLIPS; flip += 1) {
      const kind = KINDS[flip % KINDS.length] ?? "ledger";
      const content = gunzipSync(files.get(pathOf(kind)) ?? new Uint8Array());
      const bit = random(content.length * 8);
      const changed = new Map(files).set(pathOf(kind), gzipSync(flipped(content, bit)));
      const { failures } = await auditOne(given, changed, kind === "scp");
      const place = `${kind}, bit ${bit}: ${JSON.stringify(names(failures))}`;
      expect(
        failures.some(({ path }) => path === pathOf(kind)),
        place,
      ).toBe(true);
      for (const { code, ledger } of failures) {
        if (code === "LEDGER_HASH_MISMATCH") expect(ledger, place).toBeDefined();
        else expect(["LEDGER_MALFORMED", "LEDGER_PROTOCOL_UNKNOWN"], place).toContain(code);
      }
    }
  });

  it("breaks a compressed file, or changes nothing of what it holds", async () => {
    const random = seeded(given.checkpoint + 1);
    for (let flip = 0; flip < FLIPS; flip += 1) {
      const kind = KINDS[flip % KINDS.length] ?? "ledger";
      const file = files.get(pathOf(kind)) ?? new Uint8Array();
      const changed = flipped(file, random(file.length * 8));
      const { failures } = await auditOne(
        given,
        new Map(files).set(pathOf(kind), changed),
        kind === "scp",
      );
      // The date and the name that gzip keeps, and bits of no symbol, are under its checksum no more
      // than under a hash of Stellar.
      if (failures.length === 0) expect(gunzipSync(changed)).toEqual(gunzipSync(file));
      else expect(failures[0]?.path).toBe(pathOf(kind));
    }
  });
});

describe("an archive that lacks something", () => {
  const given = archives[0] ?? { name: "", passphrase: "", checkpoint: 0 };
  const files = filesIn(fixturePath(given.name));

  it.each(["ledger", "transactions", "results"] as const)("is named: its %s file", async (kind) => {
    const path = checkpointPath(kind, 127);
    const cut = new Map(files);
    cut.delete(path);
    const { failures } = await auditOne(given, cut, false);
    expect(failures).toMatchObject([{ path, message: `${path} is missing` }]);
  });

  it("is named: a transaction set, though the ledger has one", async () => {
    const changed = new Map(files).set(checkpointPath("transactions", 127), gzipSync(""));
    const { failures } = await auditOne(given, changed, false);
    expect(failures.filter(({ hash }) => hash === "transactionSet")).toHaveLength(9);
  });

  it("is named: a bucket, and one whose bytes are not those of its name", async () => {
    const folder = await archiveAt(given.name);
    const [lost = "", ...rest] = folder.buckets;
    const [broken = ""] = rest;
    const changed = new Map(files).set(bucketPath(broken), gzipSync("nothing"));
    const tally = new Tally();
    await auditArchive({
      archive: openArchive(memoryStore(changed)),
      folder: { ...folder, buckets: new Set(rest) },
      tally,
      ledgers: new LedgerAudit(tally, {}),
      passphrase: undefined,
      networkId: undefined,
      quorumSet: undefined,
      signal: undefined,
    });
    expect(names(tally.failures)).toEqual([
      {
        path: bucketPath(broken),
        ledger: undefined,
        hash: "bucketFile",
        code: "LEDGER_HASH_MISMATCH",
      },
      { path: bucketPath(lost), ledger: undefined, hash: undefined, code: "LEDGER_MALFORMED" },
    ]);
  });

  it("is an error where nothing is left, or two kinds of data lie together", async () => {
    const bucketsOnly = verifyPath(fixturePath("archive-testnet/bucket"));
    await expect(bucketsOnly).rejects.toMatchObject({ code: "LEDGER_MALFORMED" });
    const above = verifyPath(fixturePath(""));
    await expect(above).rejects.toMatchObject({ code: "LEDGER_MALFORMED" });
    const mixed = await mkdtemp(join(tmpdir(), "ace-mixed-"));
    await cp(fixturePath("archive-pubnet"), mixed, { recursive: true });
    await cp(fixturePath("lake-zst"), mixed, { recursive: true });
    const both = verifyPath(mixed);
    await expect(both).rejects.toThrow("holds a history archive and 3 objects of a data lake");
    await rm(mixed, { recursive: true });
    const wrong = verifyPath(fixturePath("archive-testnet"), { passphrase: PUBNET });
    await expect(wrong).rejects.toMatchObject({ code: "NETWORK_MISMATCH" });
  });
});

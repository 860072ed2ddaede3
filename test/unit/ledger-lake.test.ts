// Goal: `verifyPath` tells whole data from doctored, broken and hostile data, file by file.
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { zstdCompressSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseObjectName } from "../../src/ledger/ledger-object.ts";
import { verifyPath } from "../../src/ledger/verify-path.ts";
import { concatBytes, uint32Bytes } from "../../src/lib/bytes.ts";
import { makeChain } from "../fixtures/made-ledger.ts";
import {
  DOCTORED_STREAM,
  EMPTY_VALUE_STREAM,
  fixturePath,
  miniLake,
  PUBNET,
  PUBNET_OBJECT,
  readFixture,
  TESTNET,
} from "../fixtures/stellar-data.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ace-lake-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function written(name: string, bytes: Uint8Array): Promise<string> {
  const path = join(folder, name);
  await mkdir(join(path, ".."), { recursive: true });
  await writeFile(path, bytes);
  return path;
}

const whole = { header: 1, previous: 0, transactionSet: 1, setPrevious: 1, results: 1, feePool: 0 };

describe("real data", () => {
  it("passes: the pubnet object", async () => {
    const seen: unknown[] = [];
    const report = await verifyPath(fixturePath(PUBNET_OBJECT), {
      passphrase: PUBNET,
      onProgress: (done, total) => seen.push([done, total]),
    });
    expect(report).toMatchObject({
      kind: "file",
      ledgers: 1,
      transactions: 163,
      first: 53_312_000,
      last: 53_312_000,
      hashes: { ...whole, applyOrder: 1, valueSignature: 1 },
      isPaired: true,
      failureCount: 0,
      failures: [],
    });
    expect(seen).toEqual([[1, undefined]]);
  });

  it.each(["lake-zst", "lake-zstd"])(
    "passes: the mini lake %s, chained across files",
    async (lake) => {
      const report = await verifyPath(fixturePath(lake));
      expect(report).toMatchObject({ ledgers: 3, transactions: 17, first: 997, last: 999 });
      expect(report.hashes).toMatchObject({
        header: 3,
        previous: 2,
        transactionSet: 3,
        results: 3,
      });
      expect(report.isPaired).toBe(true);
      expect(report.failures).toEqual([]);
    },
  );

  it("passes: the ledger with the empty value of CAP-83", async () => {
    const report = await verifyPath(fixturePath(EMPTY_VALUE_STREAM));
    expect(report).toMatchObject({ ledgers: 1, hashes: whole, failures: [] });
  });

  it("fails: the doctored file, naming each ledger and hash", async () => {
    const report = await verifyPath(fixturePath(DOCTORED_STREAM));
    expect(report).toMatchObject({ ledgers: 3, first: 84, last: 88 });
    expect(report.failures.map(({ ledger, hash }) => [ledger, hash])).toEqual([
      [85, "transactionSet"],
      [85, "results"],
      [88, "transactionSet"],
      [88, "results"],
    ]);
    expect(report.hashes).toMatchObject({ header: 3, previous: 1, transactionSet: 1, results: 1 });
    for (const { code } of report.failures) expect(code).toBe("LEDGER_HASH_MISMATCH");
  });
});

describe("a lake", () => {
  it("may lie in partitions and lack its configuration", async () => {
    const lake = join(folder, "old");
    const name = "FFFFFC18--999.xdr.zst";
    await mkdir(join(lake, "FFFFFFFF--0-63999"), { recursive: true });
    await copyFile(fixturePath(`lake-zst/${name}`), join(lake, "FFFFFFFF--0-63999", name));
    const report = await verifyPath(lake);
    expect(report).toMatchObject({ ledgers: 1, first: 999, isPaired: false, failures: [] });
  });

  it("of another network is refused", async () => {
    await expect(verifyPath(fixturePath("lake-zst"), { passphrase: PUBNET })).rejects.toMatchObject(
      {
        code: "NETWORK_MISMATCH",
      },
    );
  });

  it("is checked to its end, with a broken file in the middle", async () => {
    for (const name of ["FFFFFC1A--997", "FFFFFC19--998", "FFFFFC18--999"]) {
      const bytes = await readFile(fixturePath(`lake-zst/${name}.xdr.zst`));
      const cut = name.endsWith("998") ? bytes.subarray(0, 900) : bytes;
      await written(`torn/${name}.xdr.zst`, cut);
    }
    const report = await verifyPath(join(folder, "torn"), { passphrase: TESTNET });
    expect(report.failures).toHaveLength(1);
    expect(report.failures[0]).toMatchObject({ code: "LEDGER_MALFORMED", ledger: undefined });
    expect(report.failures[0]?.path).toContain("998");
    expect(report.ledgers).toBe(2);
  });

  it("whose file holds another ledger than it is named for is refused", async () => {
    const bytes = await readFile(fixturePath("lake-zst/FFFFFC18--999.xdr.zst"));
    await written("renamed/FFFFFC17--1000.xdr.zst", bytes);
    const report = await verifyPath(join(folder, "renamed"));
    expect(report.failures[0]?.message).toContain("does not hold the ledgers it is named for");
  });

  it("without any ledger, or that is not there, is an error", async () => {
    await mkdir(join(folder, "empty"), { recursive: true });
    const code = (path: string) => verifyPath(path).catch(({ code }) => code);
    expect(await code(join(folder, "empty"))).toBe("LEDGER_MALFORMED");
    expect(await code(join(folder, "nowhere"))).toBe("FILE_UNREADABLE");
  });
});

describe("a file", () => {
  const chain = makeChain(3);
  const batch = concatBytes(...[101, 103, 3].map(uint32Bytes), ...chain.map(({ bytes }) => bytes));
  const records = concatBytes(
    ...chain.flatMap(({ bytes }) => [uint32Bytes(bytes.length + 2 ** 31), bytes]),
  );

  it.each([
    ["a batch of several ledgers", batch],
    ["the same, compressed", zstdCompressSync(batch)],
    ["a stream of records", records],
    ["the same, compressed in two frames", twoFrames(records)],
  ])("is read by its bytes, not by its name: %s", async (_what, bytes) => {
    const report = await verifyPath(await written("any-name", bytes));
    expect(report).toMatchObject({ ledgers: 3, first: 101, last: 103, failures: [] });
    expect(report.hashes).toMatchObject({ previous: 2, feePool: 2 });
  });

  it.each([
    ["junk after the frame", concatBytes(readFixture(PUBNET_OBJECT), new Uint8Array([1, 2, 3]))],
    ["a frame cut short", readFixture(PUBNET_OBJECT).subarray(0, -1)],
    ["a record cut short", records.subarray(0, -1)],
    ["a ledger more than the batch says", concatBytes(batch, chain[0]?.bytes ?? batch)],
    ["a ledger less", concatBytes(...[101, 102, 3].map(uint32Bytes), batch.subarray(12))],
    ["nothing", new Uint8Array()],
    ["text", new TextEncoder().encode("<html>not found</html>")],
  ])("is malformed with %s", async (_what, bytes) => {
    const { failures } = await verifyPath(await written("broken", bytes));
    expect(failures.map(({ code }) => code)).toEqual(["LEDGER_MALFORMED"]);
  });

  it("that inflates without end is cut off", async () => {
    const bomb = zstdCompressSync(new Uint8Array(8_000_000));
    expect(bomb.length).toBeLessThan(2_000);
    const path = await written("bomb", bomb);
    const { failures } = await verifyPath(path, { objectBytesMax: 1_000_000 });
    expect(failures[0]?.message).toContain("inflates to more than 1000000 bytes");
  });
});

describe("the name of an object", () => {
  it.each([
    ["FFFFFC18--999.xdr.zst", { first: 999, last: 999 }],
    ["FFFFFC18--999.xdr.zstd", { first: 999, last: 999 }],
    ["FFFFFFFF--0-63999/FFFFFFEF--16-31.xdr.zst", { first: 16, last: 31 }],
    ["FFFFFC17--999.xdr.zst", undefined],
    ["FFFFFC18--999.xdr.gz", undefined],
    [".config.json", undefined],
  ])("%s", (path, name) => {
    expect(parseObjectName(path)).toEqual(name);
  });

  it("belongs to the mini lake's three ledgers", () => {
    expect(miniLake()).toHaveLength(3);
  });
});

function twoFrames(bytes: Uint8Array): Uint8Array {
  const half = Math.floor(bytes.length / 2);
  return concatBytes(
    zstdCompressSync(bytes.subarray(0, half)),
    zstdCompressSync(bytes.subarray(half)),
  );
}

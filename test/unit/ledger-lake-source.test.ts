// Goal: a lake gives its ledgers whatever its sizes, suffixes and place, and a hole in it is told
// from its end.
import { zstdCompressSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { type LakeStyle, lakeObjectName } from "../../src/ledger/lake-layout.ts";
import { openLakeSource } from "../../src/ledger/lake-source.ts";
import type { RawLedger } from "../../src/ledger/ledger-source.ts";
import { concatBytes, uint32Bytes } from "../../src/lib/bytes.ts";
import { makeChain } from "../fixtures/made-ledger.ts";
import { fixturePath, PUBNET, TESTNET } from "../fixtures/stellar-data.ts";
import { type Files, filesIn, memoryStore, serveFiles } from "../support/object-stores.ts";

const style: LakeStyle = { suffix: "zst", isFlat: false };

const sequencesOf = async (ledgers: AsyncIterable<RawLedger>) =>
  (await Array.fromAsync(ledgers)).map(({ sequence }) => sequence);

/** A lake of made ledgers, numbered from 101, in batches of `ledgersPerBatch`. */
function madeLake(
  sizes: { ledgersPerBatch: number; batchesPerPartition: number },
  count: number,
): Files {
  const { ledgersPerBatch } = sizes;
  const chain = makeChain(count);
  const files: Files = new Map();
  for (let index = (ledgersPerBatch - (101 % ledgersPerBatch)) % ledgersPerBatch; index < count; ) {
    const batch = chain.slice(index, index + ledgersPerBatch);
    if (batch.length < ledgersPerBatch) break;
    const start = 101 + index;
    const prefix = [start, start + batch.length - 1, batch.length].map(uint32Bytes);
    const object = concatBytes(...prefix, ...batch.map(({ bytes }) => bytes));
    files.set(lakeObjectName(start, sizes, style), zstdCompressSync(object));
    index += ledgersPerBatch;
  }
  files.set(".config.json", new TextEncoder().encode(JSON.stringify(sizes)));
  return files;
}

describe("the name of an object", () => {
  const publicLake = { ledgersPerBatch: 1, batchesPerPartition: 64_000 };
  it.each([
    [0, publicLake, "FFFFFFFF--0-63999/FFFFFFFF--0.xdr.zst"],
    [63_999, publicLake, "FFFFFFFF--0-63999/FFFF0600--63999.xdr.zst"],
    [64_000, publicLake, "FFFF05FF--64000-127999/FFFF05FF--64000.xdr.zst"],
    [53_312_000, publicLake, "FCD285FF--53312000-53375999/FCD285FF--53312000.xdr.zst"],
    [
      130,
      { ledgersPerBatch: 64, batchesPerPartition: 10 },
      "FFFFFFFF--0-639/FFFFFF7F--128-191.xdr.zst",
    ],
    [130, { ledgersPerBatch: 64, batchesPerPartition: 1 }, "FFFFFF7F--128-191.xdr.zst"],
    [2 ** 32 - 1, { ledgersPerBatch: 1, batchesPerPartition: 1 }, "00000000--4294967295.xdr.zst"],
  ])("of ledger %i, with %o, is %s", (sequence, sizes, name) => {
    expect(lakeObjectName(sequence, sizes, style)).toBe(name);
  });
});

describe("a real lake", () => {
  it.each(["lake-zst", "lake-zstd"])("%s is read from a folder and over the web", async (name) => {
    await using server = await serveFiles(filesIn(fixturePath(name)));
    for (const location of [fixturePath(name), `${server.url}/data`]) {
      const source = openLakeSource({ location, passphrase: TESTNET, near: 997 });
      expect(await source.range()).toEqual({ first: 1, last: 999 });
      expect(await sequencesOf(source.read(998))).toEqual([998, 999]);
      expect(await sequencesOf(source.read(1000))).toEqual([]);
    }
  });

  it("that lacks its configuration is read with sizes of our own", async () => {
    const files = filesIn(fixturePath("lake-zstd"));
    files.delete(".config.json");
    const sizes = { ledgersPerBatch: 1, batchesPerPartition: 1 };
    const source = openLakeSource({ location: memoryStore(files), sizes });
    expect(await sequencesOf(source.read(997))).toEqual([997, 998, 999]);
  });

  it("of another network is refused, whether its range or its ledgers are asked for", async () => {
    const source = openLakeSource({ location: fixturePath("lake-zst"), passphrase: PUBNET });
    const mismatch = { code: "NETWORK_MISMATCH" };
    await expect(source.range()).rejects.toMatchObject(mismatch);
    await expect(sequencesOf(source.read(997))).rejects.toMatchObject(mismatch);
  });

  it("whose configuration is broken is malformed", async () => {
    const files = filesIn(fixturePath("lake-zst"));
    files.set(".config.json", new TextEncoder().encode('{"ledgersPerBatch":0}'));
    const source = openLakeSource({ location: memoryStore(files) });
    await expect(source.range()).rejects.toMatchObject({ code: "LEDGER_MALFORMED" });
  });
});

describe("a lake in batches", () => {
  const sizes = { ledgersPerBatch: 4, batchesPerPartition: 2 };
  const files = madeLake(sizes, 40);

  it.each([1, 104, 120, 139, 150])("finds its newest ledger from near %i", async (near) => {
    const source = openLakeSource({ location: memoryStore(files), near });
    const last = near === 1 ? -1 : 139;
    expect((await source.range()).last).toBe(last);
  });

  it("begins in the middle of a batch and ends where no further one is", async () => {
    const source = openLakeSource({ location: memoryStore(files) });
    expect(await sequencesOf(source.read(135))).toEqual([135, 136, 137, 138, 139]);
    expect(await sequencesOf(source.read(140))).toEqual([]);
  });

  it("that lacks an object below one that it has is an error, which names it", async () => {
    const holed = new Map(files);
    const name = lakeObjectName(124, sizes, style);
    holed.delete(name);
    const source = openLakeSource({ location: memoryStore(holed), near: 139 });
    expect((await source.range()).last).toBe(139);
    await expect(sequencesOf(source.read(116))).rejects.toMatchObject({
      code: "LEDGER_NO_SOURCE",
      message: expect.stringContaining(`lacks ${name}`),
    });
  });

  it("refuses an object that holds more or fewer ledgers than its name says", async () => {
    const swapped = new Map(files);
    const pair = madeLake({ ledgersPerBatch: 2, batchesPerPartition: 1 }, 8);
    const other = pair.get("FFFFFF97--104-105.xdr.zst") ?? new Uint8Array();
    swapped.set(lakeObjectName(104, sizes, style), other);
    const source = openLakeSource({ location: memoryStore(swapped) });
    const read = sequencesOf(source.read(104));
    await expect(read).rejects.toThrow("the object of ledger 104 holds 2 ledgers, not 4");
  });

  it("asks for one object at its end, and for more only while they come", async () => {
    const asked: string[] = [];
    const store = memoryStore(files);
    const location = {
      ...store,
      fetchObject: (name: string, limits: { readonly bytesMax: number }) => {
        asked.push(name);
        return store.fetchObject(name, limits);
      },
    };
    const source = openLakeSource({ location });
    await sequencesOf(source.read(132));
    asked.length = 0;
    await sequencesOf(source.read(140));
    expect(asked).toEqual([lakeObjectName(140, sizes, style)]);
  });

  it("stops loading when its reader leaves or aborts", async () => {
    const source = openLakeSource({ location: memoryStore(files) });
    for await (const { sequence } of source.read(104)) if (sequence === 106) break;
    const read = sequencesOf(source.read(104, AbortSignal.abort(new Error("enough"))));
    await expect(read.catch(String)).resolves.toBeDefined();
  });
});

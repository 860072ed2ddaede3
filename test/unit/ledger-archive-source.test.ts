// Goal: an archive gives the same ledgers over a folder and over the web, says "not yet" only at its
// end, and is found out when it lies before any transaction is read.

import { pathToFileURL } from "node:url";
import { gunzipSync, gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { openArchive } from "../../src/ledger/archive-files.ts";
import {
  checkpointOf,
  checkpointPath,
  checkpointStatePath,
  firstLedgerOf,
  isCheckpoint,
  ROOT_STATE_NAME,
} from "../../src/ledger/archive-layout.ts";
import { openArchiveSource } from "../../src/ledger/archive-source.ts";
import { bucketListHash, bucketsOf, readArchiveState } from "../../src/ledger/archive-state.ts";
import type { RawLedger } from "../../src/ledger/ledger-source.ts";
import { readRecords } from "../../src/ledger/record-stream.ts";
import { verifyRaw } from "../../src/ledger/verify-ledger.ts";
import { concatBytes, uint32Bytes } from "../../src/lib/bytes.ts";
import { fixturePath, PUBNET, readFixture, TESTNET } from "../fixtures/stellar-data.ts";
import { type Files, filesIn, memoryStore, serveFiles } from "../support/object-stores.ts";

const FOLDER = fixturePath("archive-testnet");

const changed = (name: string, bytes: Uint8Array | undefined): Files => {
  const files = filesIn(FOLDER);
  if (bytes === undefined) files.delete(name);
  else files.set(name, bytes);
  return files;
};

const sourceOf = (files: Files) => openArchiveSource({ location: memoryStore(files) });

async function taken(ledgers: AsyncIterable<RawLedger>): Promise<readonly RawLedger[]> {
  return await Array.fromAsync(ledgers);
}

describe("the layout of an archive", () => {
  it.each([
    [1, 63, 1],
    [63, 63, 1],
    [64, 127, 64],
    [10_047, 10_047, 9984],
    [12_000_000, 12_000_063, 12_000_000],
    [2 ** 32 - 1, 2 ** 32 - 1, 2 ** 32 - 64],
  ])("puts ledger %i into checkpoint %i, which begins with %i", (sequence, checkpoint, first) => {
    expect(checkpointOf(sequence)).toBe(checkpoint);
    expect(firstLedgerOf(checkpoint)).toBe(first);
    expect(isCheckpoint(checkpoint)).toBe(true);
  });

  it("names files as the real archives do", () => {
    expect(checkpointPath("scp", 12_000_063)).toBe("scp/00/b7/1b/scp-00b71b3f.xdr.gz");
    expect(checkpointStatePath(63)).toBe("history/00/00/00/history-0000003f.json");
    expect(isCheckpoint(0)).toBe(false);
  });
});

describe("the state of an archive", () => {
  it.each(["v1", "v2"])("is read in version %s", (version) => {
    const state = readArchiveState(
      readFixture(`archive-states/history-archive-state-${version}.json`),
    );
    expect(state).toMatchObject({ currentLedger: expect.any(Number), networkPassphrase: TESTNET });
    expect(state.currentBuckets).toHaveLength(11);
    expect(state.hotArchiveBuckets?.length).toBe(version === "v2" ? 11 : undefined);
    expect(bucketListHash(state)).toMatch(/^[0-9a-f]{64}$/);
    expect(bucketsOf(state)).not.toContain("0".repeat(64));
  });

  it.each(["", "{}", "<html>", '{"version":3,"currentLedger":1,"currentBuckets":[]}'])(
    "is malformed: %s",
    (text) => {
      const read = () => readArchiveState(new TextEncoder().encode(text));
      expect(read).toThrow(expect.objectContaining({ code: "LEDGER_MALFORMED" }));
    },
  );
});

describe("ledgers of an archive", () => {
  it("are the same from a path, a file:// and an http:// location", async () => {
    await using server = await serveFiles(filesIn(FOLDER));
    const locations = [
      FOLDER,
      pathToFileURL(FOLDER).href,
      `${server.url}/data/`,
      `${server.url}/data`,
    ];
    const reads = locations.map(async (location) => {
      const source = openArchiveSource({ location, passphrase: TESTNET });
      expect(await source.range()).toEqual({ first: 1, last: 127 });
      return await taken(source.read(1));
    });
    const [first = [], ...others] = await Promise.all(reads);
    expect(first.map(({ sequence }) => sequence)).toEqual(
      Array.from({ length: 127 }, (_, i) => i + 1),
    );
    for (const other of others) expect(other).toEqual(first);
  });

  it("verify, one after another, from the first ledger of the network on", async () => {
    let tip: ReturnType<typeof verifyRaw> | undefined;
    for (const raw of await taken(openArchiveSource({ location: FOLDER }).read(1))) {
      tip = verifyRaw(raw, {
        passphrase: TESTNET,
        sequence: raw.sequence,
        previousHash: tip?.hash,
        previousFeePool: tip?.feePool,
        previousProtocol: tip?.protocolVersion,
      });
    }
    expect(tip?.sequence).toBe(127);
  });

  it("begin in the middle of a checkpoint, and end where the archive does", async () => {
    const source = openArchiveSource({ location: FOLDER });
    const sequences = async (from: number) =>
      (await taken(source.read(from))).map(({ sequence }) => sequence);
    expect(await sequences(126)).toEqual([126, 127]);
    expect((await sequences(60)).slice(0, 6)).toEqual([60, 61, 62, 63, 64, 65]);
    expect(await sequences(128)).toEqual([]);
    expect(await sequences(9999)).toEqual([]);
  });
});

describe("an archive that lacks or lies", () => {
  it("has no ledgers yet of a checkpoint that is still being published", async () => {
    const source = sourceOf(changed(checkpointPath("results", 127), undefined));
    expect((await taken(source.read(60))).map(({ sequence }) => sequence)).toEqual([
      60, 61, 62, 63,
    ]);
  });

  it("in the middle is an error, which names the checkpoint", async () => {
    const source = sourceOf(changed(checkpointPath("ledger", 63), undefined));
    await expect(taken(source.read(1))).rejects.toMatchObject({
      code: "LEDGER_NO_SOURCE",
      message: expect.stringContaining("lacks files of checkpoint 63"),
    });
  });

  it.each([
    ["cut short", (file: Uint8Array) => file.subarray(0, -9)],
    ["with junk after it", (file: Uint8Array) => Buffer.concat([file, Buffer.from("\0junk")])],
    ["without its last record", (file: Uint8Array) => gzipSync(gunzipSync(file).subarray(0, -332))],
    [
      "of other ledgers",
      () => readFixture("archive-pubnet/ledger/00/b7/1b/ledger-00b71b3f.xdr.gz"),
    ],
    ["that is a web page", () => new TextEncoder().encode("<html>not here</html>")],
    ["without content", () => gzipSync("")],
  ])("is malformed with a file %s", async (_what, change) => {
    const path = checkpointPath("ledger", 127);
    const source = sourceOf(changed(path, change(readFixture(`archive-testnet/${path}`))));
    await expect(taken(source.read(64))).rejects.toMatchObject({ code: "LEDGER_MALFORMED" });
  });

  it("about its network is refused, where it names one", async () => {
    const source = openArchiveSource({ location: FOLDER, passphrase: PUBNET });
    await expect(source.range()).rejects.toMatchObject({ code: "NETWORK_MISMATCH" });
    await expect(taken(source.read(1))).rejects.toMatchObject({ code: "NETWORK_MISMATCH" });
    const nameless = openArchiveSource({
      location: fixturePath("archive-pubnet"),
      passphrase: TESTNET,
    });
    expect(await nameless.range()).toEqual({ first: 1, last: 12_000_127 });
  });

  it("its state, or its folder, is not there", async () => {
    const source = sourceOf(changed(ROOT_STATE_NAME, undefined));
    await expect(source.range()).rejects.toMatchObject({ code: "LEDGER_NO_SOURCE" });
    const gone = openArchiveSource({ location: `${FOLDER}/nowhere` });
    await expect(gone.range()).rejects.toThrow(`there is no folder ${FOLDER}/nowhere`);
  });
});

it("files that a server has inflated on the way are read as they are", async () => {
  const inflated = [...filesIn(FOLDER)].map(([name, bytes]): [string, Uint8Array] => {
    const content = name.endsWith(".gz") ? gunzipSync(bytes) : bytes;
    // Empty, it might as well be one that is still being written.
    return [name, content.length === 0 ? bytes : content];
  });
  const source = openArchiveSource({ location: memoryStore(new Map(inflated)) });
  expect(await taken(source.read(1))).toEqual(
    await taken(openArchiveSource({ location: FOLDER }).read(1)),
  );
});

describe("an archive whose headers", () => {
  it.each([
    ["begin too late", (records: Uint8Array[]) => records.slice(55)],
    ["are none", () => []],
    ["end too soon", (records: Uint8Array[]) => records.slice(0, -1)],
  ])("%s is not read as whole", async (_what, kept) => {
    const path = checkpointPath("ledger", 63);
    const records = [...readRecords(gunzipSync(readFixture(`archive-testnet/${path}`)))];
    const marked = kept(records).flatMap((it) => [uint32Bytes(it.length + 2 ** 31), it]);
    const location = memoryStore(changed(path, gzipSync(concatBytes(...marked))));
    await expect(taken(openArchiveSource({ location }).read(1))).rejects.toThrow(
      "the headers of checkpoint 63 are not ledgers",
    );
  });
});

it("an archive gives what its node heard of consensus, and nothing for what is not published", async () => {
  const source = openArchiveSource({ location: FOLDER });
  expect(await source.consensus(127)).toHaveLength(3);
  expect(await source.consensus(191)).toEqual([]);
  expect(await openArchive(FOLDER).readCheckpoint(191)).toBeUndefined();
});

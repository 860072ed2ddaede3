// Goal: live streams are the bytes that docs/spec/live.md and its vectors say, for ever.
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { fromHex, toHex } from "../../src/lib/bytes.ts";
import { deviceKeyFromSeed } from "../../src/p2p/ed25519.ts";
import { describeLive } from "../../src/p2p/live-descriptor.ts";
import { areSigned, readHeads, signHeads } from "../../src/p2p/live-head.ts";
import { liveMessageBytes, readLiveMessage } from "../../src/p2p/live-message.ts";
import { liveRecordMessage, readLiveRecord, signLiveRecord } from "../../src/p2p/live-record.ts";
import { isRunSigned, readRun, signRuns } from "../../src/p2p/live-run.ts";

const file = new URL("../vectors/p2p/live.json", import.meta.url);
const vectors = JSON.parse(readFileSync(file, "utf8"));
const bytesOf = (text: string) => fromHex(text) ?? new Uint8Array();
const key = deviceKeyFromSeed(bytesOf(vectors.seed));
const descriptor = describeLive(key.publicKey, vectors.descriptor.name);

it("names a stream by its key and name", () => {
  expect({ ...descriptor, broadcaster: toHex(descriptor.broadcaster) }).toEqual(vectors.descriptor);
});

it.each([0, 1])("signs heads as they are, in batch %i", (place) => {
  const batch = vectors.batches[place];
  const bytes = bytesOf(batch.body + batch.signature);
  const read = readHeads(bytes);
  if (read === undefined) throw new Error("the batch does not read");
  expect(areSigned(read, descriptor)).toBe(true);
  expect(signHeads(read.heads, descriptor, key).bytes).toEqual(bytes);
  for (const [at, head] of read.heads.entries()) {
    const { flags, pieceHex, ...rest } = batch.heads[at];
    expect(head).toMatchObject({ ...rest, length: pieceHex.length / 2 });
    const { isRandomAccess, isDiscontinuity, isEnd } = head;
    expect([isRandomAccess, isDiscontinuity, isEnd]).toEqual(
      [1, 2, 4].map((bit) => (flags & bit) > 0),
    );
  }
});

it("says where an origin holds pieces as it is", () => {
  const { body, signature, parts, ...names } = vectors.run;
  const bytes = bytesOf(body + signature);
  const read = readRun(bytes);
  if (read === undefined) throw new Error("the run does not read");
  expect(isRunSigned(read, descriptor)).toBe(true);
  expect(read).toMatchObject(names);
  expect(read.parts.map(({ tables, ...part }) => ({ ...part, tablesHex: toHex(tables) }))).toEqual(
    parts,
  );
  expect(signRuns(read, descriptor, key).map((run) => run.bytes)).toEqual([bytes]);
});

it("writes messages as they are", () => {
  const { heads, run, older } = vectors.messages;
  const [one] = vectors.batches;
  const batch = bytesOf(one.body + one.signature);
  expect(toHex(liveMessageBytes({ kind: "heads", batch }))).toBe(heads);
  const where = bytesOf(vectors.run.body + vectors.run.signature);
  expect(toHex(liveMessageBytes({ kind: "run", run: where }))).toBe(run);
  expect(readLiveMessage(bytesOf(run))).toEqual({ kind: "run", run: where });
  const { seq, count, bytes } = older;
  expect(readLiveMessage(bytesOf(bytes))).toEqual({ kind: "older", seq, count });
  expect(toHex(liveMessageBytes({ kind: "older", seq, count }))).toBe(bytes);
});

it("signs a record as it is", () => {
  const { record, message, signature } = vectors.record;
  expect(readLiveRecord({ record, signature }).record).toEqual(record);
  expect(toHex(liveRecordMessage(record))).toBe(message);
  expect(signLiveRecord(record, key).signature).toBe(signature);
});

// Goal: whatever stream goes into a source, and however it is chunked, its pieces are the stream; and
//       heads, records and messages read back as what was written, or not at all.
// Method: streams made from random plans; single bits changed in what was signed.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { deviceKeyFromSeed } from "../../src/p2p/ed25519.ts";
import { LIVE_PIECE_MAX_BYTES } from "../../src/p2p/limits.ts";
import { describeLive } from "../../src/p2p/live-descriptor.ts";
import { areSigned, type LiveHead, readHeads, signHeads } from "../../src/p2p/live-head.ts";
import { LiveHeads } from "../../src/p2p/live-heads.ts";
import { type LiveMessage, liveMessageBytes, readLiveMessage } from "../../src/p2p/live-message.ts";
import {
  type LiveRecord,
  readLiveRecord,
  recordOf,
  signLiveRecord,
} from "../../src/p2p/live-record.ts";
import { TsCutter } from "../../src/p2p/ts-cutter.ts";
import { makeTs } from "../support/ts-maker.ts";

const PACKET = 188;
const seed = Number(process.env["ACE_SEED"] ?? "7");

const plans = fc.record({
  seconds: fc.constant(3),
  fps: fc.constantFrom(10, 25),
  gop: fc.integer({ min: 1, max: 40 }),
  picturePackets: fc.integer({ min: 1, max: 60 }),
  videoPid: fc.integer({ min: 0x20, max: 0x1ffe }),
  pmtPid: fc.integer({ min: 0x20, max: 0x1ffe }),
  firstPcrMs: fc.constantFrom(0, 95_443_000, 95_442_717),
  isAudio: fc.boolean(),
  repeatTables: fc.boolean(),
});

function cut(film: Uint8Array, sizes: readonly number[]) {
  const cutter = new TsCutter();
  const pieces = [];
  let at = 0;
  for (let turn = 0; at < film.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? 1;
    pieces.push(...cutter.push(film.subarray(at, at + size)));
    at += size;
  }
  return [...pieces, ...cutter.flush()];
}

function packets(bytes: Uint8Array): readonly Uint8Array[] {
  return Array.from({ length: bytes.length / PACKET }, (_, at) =>
    bytes.subarray(at * PACKET, (at + 1) * PACKET),
  );
}

const pidOf = (packet: Uint8Array) => (((packet[1] ?? 0) & 0x1f) << 8) | (packet[2] ?? 0);

describe("the cutter", () => {
  const chunks = fc.array(fc.integer({ min: 150, max: 100_000 }), { minLength: 1, maxLength: 8 });

  it("keeps every picture of a stream, in order, in whole pieces that are never too long", () => {
    const property = fc.property(plans, chunks, (plan, sizes) => {
      fc.pre(plan.videoPid !== plan.pmtPid);
      const film = makeTs(plan);
      const pieces = cut(film, sizes);
      for (const { bytes } of pieces) {
        expect(bytes.length % PACKET).toBe(0);
        expect(bytes.length).toBeLessThanOrEqual(LIVE_PIECE_MAX_BYTES);
      }
      const isMedia = (packet: Uint8Array) => pidOf(packet) === plan.videoPid;
      const out = pieces.flatMap(({ bytes }) => packets(bytes)).filter(isMedia);
      expect(Buffer.concat(out)).toEqual(Buffer.concat(packets(film).filter(isMedia)));
    });
    fc.assert(property, { numRuns: 60, seed });
  });

  it("begins a piece at each place a player can begin at, with the tables it needs", () => {
    const property = fc.property(plans, chunks, (plan, sizes) => {
      fc.pre(plan.videoPid !== plan.pmtPid && !plan.isAudio);
      const pieces = cut(makeTs(plan), sizes);
      const starts = pieces.filter(({ isRandomAccess }) => isRandomAccess);
      expect(starts).toHaveLength(Math.ceil((plan.seconds * plan.fps) / plan.gop));
      for (const { bytes } of starts) {
        const [pat, pmt, first] = packets(bytes);
        expect([pat, pmt, first].map((packet) => pidOf(packet ?? new Uint8Array()))).toEqual([
          0,
          plan.pmtPid,
          plan.videoPid,
        ]);
        expect((first?.[5] ?? 0) & 0x40).toBe(0x40);
      }
      expect(pieces.some(({ isDiscontinuity }) => isDiscontinuity)).toBe(false);
    });
    fc.assert(property, { numRuns: 60, seed });
  });

  it("has a clock that never runs backwards, over its wrap as well", () => {
    const property = fc.property(plans, (plan) => {
      fc.pre(plan.videoPid !== plan.pmtPid);
      const times = cut(makeTs(plan), [7_000]).map(({ mediaMs }) => mediaMs);
      expect(times).toEqual(times.toSorted((a, b) => a - b));
      expect(times.at(-1) ?? 0).toBeLessThan(plan.seconds * 1_000);
      expect(times.at(-1) ?? 0).toBeGreaterThan(plan.seconds * 1_000 - 1_500);
    });
    fc.assert(property, { numRuns: 40, seed });
  });

  it("tells a jump of the clock, and does not let it into its own", () => {
    const jumps = fc.constantFrom(11_000, 3_600_000, 40_000_000, -1_000);
    const property = fc.property(jumps, (jump) => {
      const first = makeTs({ seconds: 2, firstPcrMs: 10_000 });
      const second = makeTs({ seconds: 2, firstPcrMs: 12_000 + jump });
      const pieces = cut(Buffer.concat([first, second]), [10_000]);
      expect(pieces.filter(({ isDiscontinuity }) => isDiscontinuity)).toHaveLength(1);
      expect(pieces.at(-1)?.mediaMs).toBeLessThan(4_000);
    });
    fc.assert(property, { numRuns: 4, seed });
  });

  it("refuses what is no transport stream, in words", () => {
    const property = fc.property(fc.uint8Array({ minLength: 2_000, maxLength: 4_000 }), (bytes) => {
      const noise = bytes.map((byte) => (byte === 0x47 ? 0 : byte));
      expect(() => cut(noise, [500])).toThrow(/188 bytes/);
    });
    fc.assert(property, { numRuns: 20, seed });
    const film = makeTs({ seconds: 1 });
    const damaged = Buffer.concat([
      film.subarray(0, 9_400),
      Buffer.from([1]),
      film.subarray(9_400),
    ]);
    expect(() => cut(damaged, [5_000])).toThrow(/188 bytes/);
  });
});

const key = deviceKeyFromSeed(new Uint8Array(32).fill(3));
const descriptor = describeLive(key.publicKey, "näws");
const heads = fc.array(
  fc.record({
    epoch: fc.nat(),
    seq: fc.nat(),
    isRandomAccess: fc.boolean(),
    isDiscontinuity: fc.boolean(),
    isEnd: fc.boolean(),
    mediaMs: fc.maxSafeNat(),
    captureMs: fc.integer({ min: 0, max: 8_640_000_000_000_000 }),
    length: fc.integer({ min: 1, max: LIVE_PIECE_MAX_BYTES }),
    sha256: fc.uint8Array({ minLength: 32, maxLength: 32 }),
  }),
  { minLength: 1, maxLength: 16 },
);

describe("heads", () => {
  it("read back as what was signed, and with any bit changed are not signed", () => {
    const property = fc.property(heads, fc.nat(), (list, place) => {
      const batch = signHeads(list, descriptor, key);
      const read = readHeads(batch.bytes);
      expect(read?.heads).toEqual(list);
      expect(read !== undefined && areSigned(read, descriptor)).toBe(true);
      const bit = place % (batch.bytes.length * 8);
      const changed = Uint8Array.from(batch.bytes);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const other = readHeads(changed);
      expect(other !== undefined && areSigned(other, descriptor)).toBe(false);
    });
    fc.assert(property, { numRuns: 100, seed });
  });

  it("are kept in order within a window, whatever order they come in", () => {
    const numbers = fc.uniqueArray(fc.nat({ max: 400 }), { minLength: 1, maxLength: 200 });
    const property = fc.property(numbers, fc.integer({ min: 1, max: 64 }), (seqs, size) => {
      const known = new LiveHeads(size);
      for (const seq of seqs) {
        const head: LiveHead = { ...template, seq };
        const batch = { heads: [head], bytes: Uint8Array.of(seq & 0xff) };
        if (known.fateOf(head).kind === "new") known.put(head, batch);
        expect(known.fateOf(head).kind).not.toBe("new");
      }
      const kept = [...known.from(0)].map(({ seq }) => seq);
      expect(kept).toEqual(kept.toSorted((a, b) => a - b));
      expect(kept.length).toBeLessThanOrEqual(size);
      expect(kept.at(-1)).toBe(Math.max(...seqs));
      expect(known.newest?.seq).toBe(kept.at(-1));
    });
    fc.assert(property, { numRuns: 200, seed });
  });
});

const template: LiveHead = {
  epoch: 1,
  seq: 0,
  isRandomAccess: true,
  isDiscontinuity: false,
  isEnd: false,
  mediaMs: 0,
  captureMs: 0,
  length: 188,
  sha256: new Uint8Array(32),
};

it("messages between peers read back, and any other bytes do no harm", () => {
  const bodies = fc.uint8Array({ minLength: 1, maxLength: 1_056 });
  const messages: fc.Arbitrary<LiveMessage> = fc.oneof(
    fc.record({ kind: fc.constant("heads" as const), batch: bodies }),
    fc.record({ kind: fc.constant("proof" as const), batches: fc.tuple(bodies, bodies) }),
    fc.record({
      kind: fc.constant("older" as const),
      seq: fc.nat(),
      count: fc.integer({ min: 1, max: 64 }),
    }),
  );
  fc.assert(
    fc.property(messages, (message) => {
      expect(readLiveMessage(liveMessageBytes(message))).toEqual(message);
    }),
    { seed },
  );
  const noise = fc.uint8Array({ maxLength: 300 });
  fc.assert(
    fc.property(noise, (bytes) => {
      const message = readLiveMessage(bytes);
      if (message?.kind === "heads") readHeads(message.batch);
    }),
    { numRuns: 2_000, seed },
  );
});

it("a live record with anything changed is refused", () => {
  const record: LiveRecord = {
    ...recordOf(descriptor),
    title: "News",
    access: "gated",
    contract: "257",
    network: "ab".repeat(32),
    trackers: ["http://127.0.0.1:1/announce"],
    peers: ["127.0.0.1:1"],
    serverKeys: ["cd".repeat(32)],
    publishedAtS: 1_700_000_000,
  };
  const signed = signLiveRecord(record, key);
  expect(readLiveRecord(JSON.parse(JSON.stringify(signed)))).toEqual(signed);
  const other = deviceKeyFromSeed(new Uint8Array(32).fill(4));
  const theirs = recordOf(describeLive(other.publicKey, "näws"));
  const changes: readonly Partial<LiveRecord>[] = [
    { title: "Old" },
    { access: "public", contract: "" },
    { contract: "258" },
    { peers: ["127.0.0.1:2"] },
    { serverKeys: [] },
    { name: "other" },
    { contentId: theirs.contentId },
    { streamId: theirs.streamId, swarm: theirs.swarm },
    { broadcaster: theirs.broadcaster },
    theirs,
    { publishedAtS: record.publishedAtS + 1 },
  ];
  for (const change of changes) {
    const forged = { record: { ...record, ...change }, signature: signed.signature };
    expect(() => readLiveRecord(forged), JSON.stringify(change)).toThrow(/refused/);
  }
  expect(() => signLiveRecord({ ...record, ...theirs }, key)).toThrow(/not signed/);
});

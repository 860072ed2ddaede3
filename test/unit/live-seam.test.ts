// Goal: where a live stream does not join on, after a restart of its source or a piece that never came, what
//       players are given is a whole transport stream that says so, and they see nothing damaged.
// Method: streams that are cut and joined elsewhere, and a reader of a real swarm, looked at as players do.
import { describe, expect, it } from "vitest";
import { signHeads } from "../../src/p2p/live-head.ts";
import { TsCutter } from "../../src/p2p/ts-cutter.ts";
import { readTsPacket, TS_PACKET_BYTES } from "../../src/p2p/ts-packet.ts";
import { TsSeam } from "../../src/p2p/ts-seam.ts";
import { makeTs } from "../support/ts-maker.ts";
import { broadcaster, descriptorOf, headOf, joinLive, take } from "./live-kit.ts";
import { soon } from "./p2p-kit.ts";

// Pictures of seven packets: the count of a stream is seldom the same at two places to begin at.
const cutter = new TsCutter();
const plan = { seconds: 6, gop: 13, picturePackets: 7 };
const pieces = [...cutter.push(makeTs(plan)), ...cutter.flush()];
const starts = [...pieces.keys()].filter((at) => pieces[at]?.isRandomAccess);

const packetsOf = (bytes: Uint8Array) =>
  Array.from({ length: bytes.length / TS_PACKET_BYTES }, (_, at) =>
    bytes.subarray(at * TS_PACKET_BYTES, (at + 1) * TS_PACKET_BYTES),
  );

const countOf = (packet: Uint8Array) => (packet[3] ?? 0) & 0x0f;
const isCounted = (packet: Uint8Array) => ((packet[3] ?? 0) & 0x10) !== 0;

/** Packets that a player takes for a sign that others were lost. */
function breaks(bytes: Uint8Array): number {
  const last = new Map<number, number>();
  let found = 0;
  for (const packet of packetsOf(bytes)) {
    const { pid = -1, isDiscontinuity = false } = readTsPacket(packet) ?? {};
    const before = last.get(pid) ?? -1;
    const expected = isCounted(packet) ? (before + 1) & 0x0f : before;
    const isDuplicate = isCounted(packet) && countOf(packet) === before;
    if (last.has(pid) && !isDiscontinuity && !isDuplicate && countOf(packet) !== expected) {
      found += 1;
    }
    last.set(pid, countOf(packet));
  }
  return found;
}

const joined = (parts: readonly Uint8Array[]) => Uint8Array.from(Buffer.concat(parts));
const bytesAt = (at: number) => pieces[at]?.bytes ?? new Uint8Array();

describe("a seam in a transport stream", () => {
  it("is no damage to players, wherever the stream is left and goes on", () => {
    let damaged = 0;
    for (let left = 1; left < pieces.length; left += 1) {
      for (const start of starts.filter((at) => at > left)) {
        const kept = [...pieces.keys()].filter((at) => at < left || at >= start);
        if (breaks(joined(kept.map(bytesAt))) > 0) damaged += 1;
        const seam = new TsSeam();
        const told = kept.map((at) => seam.join(bytesAt(at), at === start));
        expect(breaks(joined(told))).toBe(0);
        const given = told.flatMap(packetsOf).filter(isCounted);
        expect(Buffer.compare(joined(given), joined(kept.map(bytesAt)))).toBe(0);
      }
    }
    expect(damaged).toBeGreaterThan(0);
  });

  it("is told of for each stream in it, also one that comes pieces later, and once", () => {
    const other = makeTs({ ...plan, videoPid: 0x101, pmtPid: 0x1001 });
    const seam = new TsSeam();
    expect(seam.join(bytesAt(0), false)).toBe(bytesAt(0));
    const lengths = [bytesAt(3), other, other].map(
      (bytes, at) => (seam.join(bytes, at === 0).length - bytes.length) / TS_PACKET_BYTES,
    );
    const pids = new Set(packetsOf(bytesAt(3)).map((packet) => readTsPacket(packet)?.pid));
    // Of the other there are its pictures and its second table; the first it has in common.
    expect(lengths).toEqual([pids.size, pids.has(0) ? 2 : 3, 0]);
  });

  it("leaves alone what is no transport stream", () => {
    const bytes = new Uint8Array(2 * TS_PACKET_BYTES).fill(7);
    expect(new TsSeam().join(bytes, true)).toBe(bytes);
    const short = bytesAt(0).subarray(1);
    expect(new TsSeam().join(short, true)).toBe(short);
  });
});

it("a reader of a live stream whose source was restarted is given no damaged stream", async () => {
  const descriptor = descriptorOf("seam");
  await using source = await joinLive({ descriptor, role: "source" });
  const [, again = 0] = starts.filter((at) => at > 3 && countAt(at) !== countAt(3));
  const kept = [0, 1, 2, again, again + 1];
  for (const [at, from] of kept.entries()) {
    const bytes = bytesAt(from);
    // A source that comes back goes on two hundred numbers further.
    const seq = at < 3 ? at : at + 200;
    const head = headOf(seq, bytes, pieces[from]?.isRandomAccess ?? false);
    const isDiscontinuity = at === 3;
    const batch = signHeads([{ ...head, isDiscontinuity }], descriptor, broadcaster);
    source.swarm.publish(batch, [bytes]);
  }
  const seen = await take(source.swarm.pieces({ behindMs: 60_000 }, soon()), kept.length);
  expect(seen.map(({ isDiscontinuity }) => isDiscontinuity)).toEqual([
    false,
    false,
    false,
    true,
    false,
  ]);
  expect(breaks(joined(kept.map(bytesAt)))).toBeGreaterThan(0);
  expect(breaks(joined(seen.map(({ bytes }) => bytes)))).toBe(0);
});

/** The count with which the pictures of a piece begin. */
function countAt(at: number): number {
  const picture = packetsOf(bytesAt(at)).find((packet) => readTsPacket(packet)?.pid === 0x100);
  return picture === undefined ? -1 : countOf(picture);
}

// Goal: a film in a loop is one stream to its viewers: no clock jumps, no packet seems lost.
// Method: a file of two tracks is made by hand, played round after round, and read packet by packet.
import { describe, expect, it } from "vitest";
import { TsLoop } from "../../src/p2p/ts-loop.ts";
import { readTsPacket } from "../../src/p2p/ts-packet.ts";

const PACKET = 188;
const TURN = 2 ** 33;
const VIDEO = 0x100;
const AUDIO = 0x101;

function stampBytes(prefix: number, stamp: number): readonly number[] {
  const bits = (from: number, width: number) => Math.floor(stamp / 2 ** from) % 2 ** width;
  return [
    (prefix << 4) | (bits(30, 3) << 1) | 1,
    bits(22, 8),
    (bits(15, 7) << 1) | 1,
    bits(7, 8),
    (bits(0, 7) << 1) | 1,
  ];
}

interface Made {
  readonly pid: number;
  readonly counter: number;
  readonly stamp?: number;
}

function packet({ pid, counter, stamp }: Made): Buffer {
  const bytes = Buffer.alloc(PACKET, 0x55);
  const isStart = stamp !== undefined;
  bytes.set([0x47, (isStart ? 0x40 : 0) | (pid >> 8), pid & 0xff, 0x10 | counter]);
  if (stamp === undefined) return bytes;
  const shown = (stamp + 3_600) % TURN;
  const clock = [Math.floor(stamp / 2 ** 25) & 0xff, Math.floor(stamp / 2 ** 17) & 0xff];
  const rest = [Math.floor(stamp / 2 ** 9) & 0xff, Math.floor(stamp / 2) & 0xff];
  bytes.set([0x30 | counter, 7, 0x10, ...clock, ...rest, ((stamp % 2) << 7) | 0x7e, 0], 3);
  const id = pid === VIDEO ? 0xe0 : 0xc0;
  bytes.set([0, 0, 1, id, 0, 0, 0x80, 0xc0, 10], 12);
  bytes.set([...stampBytes(3, shown), ...stampBytes(1, stamp)], 21);
  return bytes;
}

const STEPS = { [VIDEO]: 3_600, [AUDIO]: 1_920 } as const;

/** Pictures and sound of a second, each in three packets. */
function film(firstStamp: number): Buffer {
  const counters = new Map<number, number>();
  const packets: Buffer[] = [];
  const add = (pid: number, stamp?: number) => {
    const counter = counters.get(pid) ?? 0;
    counters.set(pid, (counter + 1) % 16);
    packets.push(packet({ pid, counter, ...(stamp === undefined ? {} : { stamp }) }));
  };
  for (const pid of [VIDEO, AUDIO] as const) {
    for (let at = 0; at < 90_000; at += STEPS[pid]) {
      add(pid, (firstStamp + at) % TURN);
      add(pid);
      add(pid);
    }
  }
  return Buffer.concat(packets);
}

function play(file: Buffer, rounds: number, chunkBytes: number): readonly Uint8Array[] {
  const loop = new TsLoop();
  const packets: Uint8Array[] = [];
  for (let round = 0; round < rounds; round += 1) {
    if (round > 0) expect(loop.nextRound()).toBe(true);
    for (let at = 0; at < file.length; at += chunkBytes) {
      const bytes = loop.take(Uint8Array.from(file.subarray(at, at + chunkBytes)));
      for (let start = 0; start < bytes.length; start += PACKET) {
        packets.push(bytes.slice(start, start + PACKET));
      }
    }
  }
  return packets;
}

function stampOf(bytes: Uint8Array): number {
  const [a = 0, b = 0, c = 0, d = 0, e = 0] = bytes;
  return ((a >> 1) & 7) * 2 ** 30 + b * 2 ** 22 + (c >> 1) * 2 ** 15 + d * 2 ** 7 + (e >> 1);
}

describe("a file in a loop", () => {
  it.each([
    ["from the beginning of the clock", 126_000],
    ["across the turn of the clock in a later round", TURN - 200_000],
  ])("keeps its clocks going %s", (_, firstStamp) => {
    const packets = play(film(firstStamp), 4, 1_000);
    for (const pid of [VIDEO, AUDIO] as const) {
      const starts = packets.flatMap((bytes) => {
        const read = readTsPacket(bytes);
        return read?.pid === pid && read.isStart ? [read] : [];
      });
      const decoded = starts.map(({ payload }) => stampOf(payload.subarray(14)));
      const steps = decoded.slice(1).map((at, index) => (at - (decoded[index] ?? 0) + TURN) % TURN);
      // Where rounds meet, the shorter track waits for the longer one.
      for (const step of steps) expect(step).toBeGreaterThanOrEqual(STEPS[pid]);
      for (const step of steps) expect(step).toBeLessThan(STEPS[pid] + 3_600);
      expect(starts.map(({ pcr90k }) => pcr90k)).toEqual(decoded);
      for (const [index, { payload }] of starts.entries()) {
        expect(stampOf(payload.subarray(9))).toBe(((decoded[index] ?? 0) + 3_600) % TURN);
      }
    }
  });

  it("counts its packets on, so that none seems lost", () => {
    const packets = play(film(126_000), 3, 4_096);
    for (const pid of [VIDEO, AUDIO]) {
      const counters = packets
        .filter((bytes) => readTsPacket(bytes)?.pid === pid)
        .map((bytes) => (bytes[3] ?? 0) & 0x0f);
      expect(counters).toEqual(counters.map((_, index) => index % 16));
    }
  });

  it("changes nothing in the first round but the last bytes that are no packet", () => {
    const file = film(126_000);
    const loop = new TsLoop();
    expect(Buffer.from(loop.take(Buffer.concat([file, Buffer.alloc(40)])))).toEqual(file);
  });

  it("is not joined on when its own clock jumps, or it is no run of packets", () => {
    const jumping = new TsLoop();
    jumping.take(Buffer.concat([film(9_000_000), film(126_000)]));
    expect(jumping.nextRound()).toBe(false);
    const shifted = new TsLoop();
    shifted.take(Buffer.concat([Buffer.alloc(3), film(126_000)]));
    expect(shifted.nextRound()).toBe(false);
    expect(new TsLoop().nextRound()).toBe(false);
  });
});

// A small maker of MPEG transport streams: tables, a clock, pictures with places to begin at.
import { crc32 } from "../../src/p2p/ts-tables.ts";

export interface TsPlan {
  readonly seconds: number;
  readonly fps?: number;
  /** Pictures from one place to begin at to the next. */
  readonly gop?: number;
  /** Packets of one picture. */
  readonly picturePackets?: number;
  readonly videoPid?: number;
  readonly pmtPid?: number;
  readonly firstPcrMs?: number;
  /** No pictures, only sound. */
  readonly isAudio?: boolean;
  /** Tables before each place to begin at; else only at the beginning. */
  readonly repeatTables?: boolean;
}

const PACKET = 188;

const defaults = {
  fps: 25,
  gop: 25,
  picturePackets: 20,
  videoPid: 0x100,
  pmtPid: 0x1000,
  firstPcrMs: 0,
  isAudio: false,
  repeatTables: true,
};

/** The same plan gives the same bytes. Each picture's payload says its number, so order can be seen. */
export function makeTs(plan: TsPlan): Buffer {
  const { seconds, fps, gop, picturePackets, videoPid } = { ...defaults, ...plan };
  const { pmtPid, firstPcrMs, isAudio, repeatTables } = { ...defaults, ...plan };
  const counters = new Map<number, number>();
  const count = (pid: number) => {
    const next = ((counters.get(pid) ?? -1) + 1) & 15;
    counters.set(pid, next);
    return next;
  };
  const packets: Buffer[] = [];
  for (let picture = 0; picture < seconds * fps; picture += 1) {
    const isKey = picture % gop === 0;
    if (isKey && (repeatTables || picture === 0)) {
      packets.push(tablePacket(0, count(0), patSection(pmtPid)));
      const stream = { pid: videoPid, type: isAudio ? 0x0f : 0x1b };
      packets.push(tablePacket(pmtPid, count(pmtPid), pmtSection(stream)));
    }
    const pcr = Math.round(((picture * 1_000) / fps + firstPcrMs) * 90) % 2 ** 33;
    const mark = { pcr, isKey: isKey && !isAudio, isFirst: true, picture, at: 0 };
    packets.push(mediaPacket(videoPid, count(videoPid), mark));
    const rest = { pcr: undefined, isKey: false, isFirst: false, picture };
    for (let at = 1; at < picturePackets; at += 1) {
      packets.push(mediaPacket(videoPid, count(videoPid), { ...rest, at }));
    }
  }
  return Buffer.concat(packets);
}

function patSection(pmtPid: number): Buffer {
  return section(0, Buffer.from([0, 1, 0xe0 | (pmtPid >> 8), pmtPid & 0xff]));
}

function pmtSection({ pid, type }: { readonly pid: number; readonly type: number }): Buffer {
  const clock = [0xe0 | (pid >> 8), pid & 0xff];
  return section(2, Buffer.from([...clock, 0xf0, 0, type, ...clock, 0xf0, 0]));
}

function section(table: number, body: Buffer): Buffer {
  const length = 5 + body.length + 4;
  const head = Buffer.from([table, 0xb0 | (length >> 8), length & 0xff, 0, 1, 0xc1, 0, 0]);
  const whole = Buffer.concat([head, body, Buffer.alloc(4)]);
  whole.writeUInt32BE(crc32(whole.subarray(0, -4)), whole.length - 4);
  return whole;
}

function tablePacket(pid: number, counter: number, body: Buffer): Buffer {
  const packet = Buffer.alloc(PACKET, 0xff);
  packet.set([0x47, 0x40 | (pid >> 8), pid & 0xff, 0x10 | counter, 0]);
  body.copy(packet, 5);
  return packet;
}

function mediaPacket(
  pid: number,
  counter: number,
  what: {
    readonly pcr: number | undefined;
    readonly isKey: boolean;
    readonly isFirst: boolean;
    readonly picture: number;
    readonly at: number;
  },
): Buffer {
  const packet = Buffer.alloc(PACKET, 0x55);
  packet.set([0x47, (what.isFirst ? 0x40 : 0) | (pid >> 8), pid & 0xff, 0x30 | counter]);
  packet[4] = 7;
  packet[5] = (what.isKey ? 0x40 : 0) | (what.pcr === undefined ? 0 : 0x10);
  if (what.pcr !== undefined) {
    packet.writeUInt32BE(Math.floor(what.pcr / 2), 6);
    packet[10] = ((what.pcr & 1) << 7) | 0x7e;
  }
  packet.writeUInt32BE(what.picture, 12);
  packet.writeUInt32BE(what.at, 16);
  return packet;
}

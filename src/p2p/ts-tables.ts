/**
 * The tables of a transport stream: which packets carry pictures, sound and the clock.
 *
 * Of several programmes the first is taken. A table whose checksum is wrong is not read; the one
 * before stays in force.
 *
 * Source  ISO/IEC 13818-1, 2.4.4 (sections, PAT, PMT), annex B (CRC-32), table 2-34 (stream types).
 */
import { TS_SECTION_MAX_BYTES } from "./limits.ts";
import { TS_NULL_PID, type TsPacket } from "./ts-packet.ts";

const PAT_PID = 0;
const SDT_PID = 17;
const PAT_TABLE = 0;
const PMT_TABLE = 2;
const CRC_BYTES = 4;

const VIDEO_TYPES = new Set([0x01, 0x02, 0x10, 0x1b, 0x20, 0x21, 0x24, 0x33, 0x42, 0xd1, 0xea]);
const AUDIO_TYPES = new Set([0x03, 0x04, 0x0f, 0x11, 0x1c, 0x81, 0x84, 0x87]);

export class TsTables {
  #pat: Section = new Section();
  #pmt: Section = new Section();
  #pmtPid: number | undefined;
  #clockPid: number | undefined;
  #videoPid: number | undefined;
  #audioPid: number | undefined;

  /** The stream's own clock is read here. */
  get clockPid(): number | undefined {
    return this.#clockPid;
  }

  get videoPid(): number | undefined {
    return this.#videoPid;
  }

  get audioPid(): number | undefined {
    return this.#audioPid;
  }

  get areKnown(): boolean {
    return this.#clockPid !== undefined;
  }

  kindOf(pid: number): "pat" | "pmt" | "other-table" | "media" {
    if (pid === PAT_PID) return "pat";
    if (pid === this.#pmtPid) return "pmt";
    return pid === SDT_PID || pid === TS_NULL_PID ? "other-table" : "media";
  }

  read(packet: TsPacket): void {
    if (packet.pid === PAT_PID) {
      const section = this.#pat.add(packet);
      if (section?.[0] === PAT_TABLE) this.#readPat(section);
    } else if (packet.pid === this.#pmtPid) {
      const section = this.#pmt.add(packet);
      if (section?.[0] === PMT_TABLE) this.#readPmt(section);
    }
  }

  #readPat(section: Uint8Array): void {
    for (let at = 8; at + 4 <= section.length - CRC_BYTES; at += 4) {
      const program = uint16(section, at);
      if (program === 0) continue;
      const pid = uint16(section, at + 2) & 0x1fff;
      if (pid !== this.#pmtPid) this.#pmt = new Section();
      this.#pmtPid = pid;
      return;
    }
  }

  #readPmt(section: Uint8Array): void {
    let video: number | undefined;
    let audio: number | undefined;
    let at = 12 + (uint16(section, 10) & 0x0fff);
    while (at + 5 <= section.length - CRC_BYTES) {
      const type = section[at] ?? 0;
      const pid = uint16(section, at + 1) & 0x1fff;
      if (VIDEO_TYPES.has(type)) video ??= pid;
      if (AUDIO_TYPES.has(type)) audio ??= pid;
      at += 5 + (uint16(section, at + 3) & 0x0fff);
    }
    this.#clockPid = uint16(section, 8) & 0x1fff;
    this.#videoPid = video;
    this.#audioPid = audio;
  }
}

/** Puts a section together that may lie in several packets. */
class Section {
  #parts: number[] | undefined;

  add({ isStart, payload }: TsPacket): Uint8Array | undefined {
    if (isStart) this.#parts = [...payload.subarray(1 + (payload[0] ?? 0))];
    else this.#parts?.push(...payload);
    const parts = this.#parts;
    if (parts === undefined || parts.length < 3) return undefined;
    const length = 3 + ((((parts[1] ?? 0) << 8) | (parts[2] ?? 0)) & 0x0fff);
    if (length > TS_SECTION_MAX_BYTES) this.#parts = undefined;
    if (length > TS_SECTION_MAX_BYTES || parts.length < length) return undefined;
    this.#parts = undefined;
    const section = Uint8Array.from(parts.slice(0, length));
    return crc32(section) === 0 ? section : undefined;
  }
}

/** Over a section with its checksum at the end: 0 when it is whole. */
export function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte << 24;
    for (let bit = 0; bit < 8; bit += 1) {
      crc = (crc & 0x80000000) === 0 ? crc << 1 : (crc << 1) ^ 0x04c11db7;
    }
  }
  return crc >>> 0;
}

function uint16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}

/**
 * Seams of a transport stream: where what follows does not join on, players are told so in the stream.
 *
 * The packets of each stream in it are counted. Behind a seam the count jumps, and a player takes what it has
 * for damaged, unless a packet has said before that it will: such a one, without payload, is put before the
 * first packet of each stream.
 *
 * Range   Whole packets; what is no packet is left as it is.
 * Source  ISO/IEC 13818-1, 2.4.3.3 (continuity_counter) and 2.4.3.5 (discontinuity_indicator).
 */
import { concatBytes } from "../lib/bytes.ts";
import { readTsPacket, TS_NULL_PID, TS_PACKET_BYTES, TS_SYNC } from "./ts-packet.ts";

const HEADER_BYTES = 4;
const STUFFING = 0xff;
const ADAPTATION_ONLY = 0x20;
const DISCONTINUITY = 0x80;

export class TsSeam {
  /** Streams that were told of since the last seam; undefined before the first. */
  #told: Set<number> | undefined;

  /** @param isSeam It does not join on to what was given before. */
  join(bytes: Uint8Array, isSeam: boolean): Uint8Array {
    if (isSeam) this.#told = new Set();
    const told = this.#told;
    if (told === undefined || bytes.length % TS_PACKET_BYTES !== 0) return bytes;
    const parts: Uint8Array[] = [];
    let from = 0;
    for (let at = 0; at < bytes.length; at += TS_PACKET_BYTES) {
      const packet = bytes.subarray(at, at + TS_PACKET_BYTES);
      const { pid = TS_NULL_PID } = readTsPacket(packet) ?? {};
      if (pid === TS_NULL_PID || told.has(pid)) continue;
      told.add(pid);
      parts.push(bytes.subarray(from, at), announcement(packet));
      from = at;
    }
    return parts.length === 0 ? bytes : concatBytes(...parts, bytes.subarray(from));
  }
}

/** Says that the count jumps, to where `packet` follows on. */
function announcement(packet: Uint8Array): Uint8Array {
  const [, high = 0, low = 0, control = 0] = packet;
  // Only packets with a payload are counted.
  const before = (control & 0x10) === 0 ? control : control - 1;
  const header = [TS_SYNC, high & 0x1f, low, ADAPTATION_ONLY | (before & 0x0f)];
  const rest = TS_PACKET_BYTES - HEADER_BYTES;
  const adaptation = new Uint8Array(rest).fill(STUFFING);
  adaptation.set([rest - 1, DISCONTINUITY]);
  return concatBytes(Uint8Array.from(header), adaptation);
}

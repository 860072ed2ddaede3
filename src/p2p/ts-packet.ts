/**
 * One packet of an MPEG transport stream: what its header and adaptation field say.
 *
 * Units   `pcr90k` counts 90,000 a second and starts anew after 2^33.
 * Source  ISO/IEC 13818-1, 2.4.3.2 to 2.4.3.5.
 */
export const TS_PACKET_BYTES = 188;
export const TS_SYNC = 0x47;
/** Packets that only fill the line. */
export const TS_NULL_PID = 0x1fff;

export interface TsPacket {
  readonly pid: number;
  /** A section or a packet of a stream begins in this payload. */
  readonly isStart: boolean;
  readonly isRandomAccess: boolean;
  /** The stream's clock is declared to jump here. */
  readonly isDiscontinuity: boolean;
  readonly pcr90k: number | undefined;
  readonly payload: Uint8Array;
}

/** @param bytes Exactly one packet; undefined when it does not begin as one. */
export function readTsPacket(bytes: Uint8Array): TsPacket | undefined {
  if (bytes.length !== TS_PACKET_BYTES || bytes[0] !== TS_SYNC) return undefined;
  const [, high = 0, low = 0, control = 0, adaptationLength = 0, flags = 0] = bytes;
  const hasAdaptation = (control & 0x20) !== 0;
  const hasPayload = (control & 0x10) !== 0;
  const payloadStart = hasAdaptation ? 5 + adaptationLength : 4;
  const hasFlags = hasAdaptation && adaptationLength > 0;
  const hasPcr = hasFlags && (flags & 0x10) !== 0 && adaptationLength >= 7;
  return {
    pid: ((high & 0x1f) << 8) | low,
    isStart: (high & 0x40) !== 0,
    isRandomAccess: hasFlags && (flags & 0x40) !== 0,
    isDiscontinuity: hasFlags && (flags & 0x80) !== 0,
    pcr90k: hasPcr ? readPcr(bytes) : undefined,
    payload: hasPayload
      ? bytes.subarray(Math.min(payloadStart, TS_PACKET_BYTES))
      : bytes.subarray(TS_PACKET_BYTES),
  };
}

/** 33 bits of 90 kHz; the finer part is not needed here. */
function readPcr(bytes: Uint8Array): number {
  const [a = 0, b = 0, c = 0, d = 0, e = 0] = bytes.subarray(6, 11);
  return (a * 2 ** 24 + b * 2 ** 16 + c * 2 ** 8 + d) * 2 + (e >> 7);
}

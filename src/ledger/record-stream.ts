/**
 * Streams of XDR records: four bytes of length, the top bit set on the last piece, then the piece.
 *
 * Stellar writes every record in one piece.
 *
 * Errors  `LEDGER_MALFORMED` for a mark without the top bit or a record that ends too soon.
 * Source  RFC 4506; RFC 5531, section 11 (record marking).
 */
import { AceError } from "../lib/errors.ts";

const MARK_BYTES = 4;
const LAST_PIECE = 0x80_00_00_00;

/** True when `bytes` begin with a record mark. */
export function isRecordStream(bytes: Uint8Array): boolean {
  return bytes.length >= MARK_BYTES && uint32At(bytes, 0) >= LAST_PIECE;
}

export function* readRecords(bytes: Uint8Array): Generator<Uint8Array> {
  let offset = 0;
  while (offset < bytes.length) {
    const start = offset + MARK_BYTES;
    const mark = bytes.length < start ? 0 : uint32At(bytes, offset);
    const end = start + mark - LAST_PIECE;
    if (mark < LAST_PIECE || end > bytes.length) {
      throw new AceError("LEDGER_MALFORMED", `the record at byte ${offset} is cut off`);
    }
    yield bytes.subarray(start, end);
    offset = end;
  }
}

function uint32At(bytes: Uint8Array, offset: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(offset);
}

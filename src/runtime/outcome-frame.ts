/**
 * The outcome of a ledger as bytes: what the keeper says is made into whole receipts in the contract
 * process, and taken apart in the node by offsets. Receipts are hashed and copied, never decoded here.
 *
 * Counts and lengths are four bytes, big-endian. From the keeper: receipts of five lengths and five
 * parts each (see `receipt-parts.ts`); to the node: whole receipts. Then net writes as key and value, where an empty
 * value deletes; then what the calls touched (see `footprint.ts`), empty unless asked for; and the rest
 * is why the genesis ledger could not be applied, as a rule empty.
 *
 * Errors  A `RangeError` for bytes that end too early.
 */
import { sha256 } from "../lib/hash.ts";
import type { Write } from "./applied.ts";
import { toByteText } from "./byte-text.ts";

export interface LedgerOutcome {
  readonly receipts: readonly Uint8Array[];
  readonly writes: readonly Write[];
  /** What its calls touched: `readFootprints` reads it. Empty unless asked for. */
  readonly notes: string;
  readonly genesisFault: string;
}

const LENGTH_BYTES = 4;
const PARTS = 5;
const HASH_BYTES = 32;
/** Head of a byte string of 32 bytes. */
const HASH_HEAD = Uint8Array.of(0x58, HASH_BYTES);
const HASH_ITEM_BYTES = HASH_HEAD.length + HASH_BYTES;

/** Puts the hashes of arguments and writes where they belong. */
export function wholeReceipts(pieces: readonly string[]): Buffer {
  const told = Buffer.concat(pieces.map((piece) => Buffer.from(piece, "latin1")));
  const whole = Buffer.allocUnsafe(told.length + 2 * HASH_ITEM_BYTES * told.readUInt32BE(0));
  let from = LENGTH_BYTES;
  let to = told.copy(whole, 0, 0, LENGTH_BYTES);
  let lengths = 0;
  const part = (): Buffer => {
    const start = from;
    from += told.readUInt32BE(lengths);
    lengths += LENGTH_BYTES;
    return told.subarray(start, from);
  };
  for (let left = told.readUInt32BE(0); left > 0; left -= 1) {
    const lengthAt = to;
    to += LENGTH_BYTES;
    lengths = from;
    from += PARTS * LENGTH_BYTES;
    to += part().copy(whole, to);
    to = writeHash(whole, to, part());
    to += part().copy(whole, to);
    to = writeHash(whole, to, part());
    to += part().copy(whole, to);
    whole.writeUInt32BE(to - lengthAt - LENGTH_BYTES, lengthAt);
  }
  to += told.copy(whole, to, from);
  return whole.subarray(0, to);
}

function writeHash(whole: Buffer, at: number, of: Uint8Array): number {
  whole.set(HASH_HEAD, at);
  whole.set(sha256(of), at + HASH_HEAD.length);
  return at + HASH_ITEM_BYTES;
}

/** Receipts and writes are views of `bytes`. */
export function readOutcome(bytes: Buffer): LedgerOutcome {
  let at = 0;
  const next = (): number => {
    at += LENGTH_BYTES;
    return bytes.readUInt32BE(at - LENGTH_BYTES);
  };
  const part = (length: number): Uint8Array => {
    at += length;
    if (at > bytes.length) throw new RangeError("the outcome ends too early");
    return bytes.subarray(at - length, at);
  };
  const receipts: Uint8Array[] = [];
  for (let left = next(); left > 0; left -= 1) receipts.push(part(next()));
  const writes: Write[] = [];
  for (let left = next(); left > 0; left -= 1) {
    const key = part(next());
    const length = next();
    writes.push({ key, value: length === 0 ? undefined : part(length) });
  }
  const notes = toByteText(part(next()));
  return { receipts, writes, notes, genesisFault: bytes.toString("utf8", at) };
}

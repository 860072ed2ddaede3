/**
 * Ledger objects: the ledgers inside one file, whatever its framing.
 *
 * Either a `LedgerCloseMetaBatch`, as data lakes hold, or a stream of records, as stellar-core and
 * the load tests write; raw or compressed with zstd. The bytes decide, not the file's name.
 *
 * Range   Inflated, an object has at most `OBJECT_BYTES_MAX` bytes.
 * Errors  `LEDGER_MALFORMED`.
 * Source  SEP-54 (0.2.0), "LedgerCloseMetaBatch" and "Object names".
 */
import { AceError } from "../lib/errors.ts";
import { walkXdr } from "./close-meta.ts";
import { isRecordStream, readRecords } from "./record-stream.ts";
import { skipLedgerCloseMeta } from "./skip-reader.gen.ts";
import { viewOf } from "./spans.ts";
import { inflateZstd, isZstd } from "./zstd-frames.ts";

export const OBJECT_BYTES_MAX = 256 * 1024 * 1024;

/** First and last sequence, and the count of ledgers. */
const BATCH_PREFIX_BYTES = 12;
const NAME = /(?:^|\/)([0-9A-F]{8})--(\d{1,10})(?:-(\d{1,10}))?\.xdr(?:\.zstd?)?$/;
const SEQUENCE_MAX = 0xff_ff_ff_ff;

export interface ObjectName {
  readonly first: number;
  readonly last: number;
}

/** What the name of an object in a lake promises, or undefined when it is no such name. */
export function parseObjectName(path: string): ObjectName | undefined {
  const [, key, first, last = first] = NAME.exec(path.replaceAll("\\", "/")) ?? [];
  if (key === undefined || first === undefined || last === undefined) return undefined;
  // The key counts down, so that a listing by name has the newest object first.
  if (SEQUENCE_MAX - Number.parseInt(key, 16) !== Number(first)) return undefined;
  return { first: Number(first), last: Number(last) };
}

/** LedgerCloseMeta by LedgerCloseMeta. */
export function* readLedgerObject(
  file: Uint8Array,
  limits: { readonly objectBytesMax?: number } = {},
): Generator<Uint8Array> {
  const { objectBytesMax = OBJECT_BYTES_MAX } = limits;
  const bytes = isZstd(file) ? inflateZstd(file, objectBytesMax) : file;
  if (isRecordStream(bytes)) yield* readRecords(bytes);
  else yield* readBatch(bytes);
}

function* readBatch(bytes: Uint8Array): Generator<Uint8Array> {
  if (bytes.length < BATCH_PREFIX_BYTES) throw notABatch();
  const view = viewOf(bytes);
  const first = view.getUint32(0);
  const count = view.getUint32(8);
  if (count === 0 || count !== view.getUint32(4) - first + 1) throw notABatch();
  if (count === 1) yield bytes.subarray(BATCH_PREFIX_BYTES);
  else yield* splitBatch(bytes, view, count);
}

/** Nothing marks where one ledger ends, so each is walked over. */
function* splitBatch(bytes: Uint8Array, view: DataView, count: number): Generator<Uint8Array> {
  let start = BATCH_PREFIX_BYTES;
  for (let index = 0; index < count; index += 1) {
    const from = start;
    const end = walkXdr("LedgerCloseMetaBatch", bytes, OBJECT_BYTES_MAX, () =>
      skipLedgerCloseMeta(view, from),
    );
    yield bytes.subarray(start, end);
    start = end;
  }
  if (start !== bytes.length) throw notABatch();
}

function notABatch(): AceError {
  return new AceError(
    "LEDGER_MALFORMED",
    "these bytes are neither a batch nor a stream of ledgers",
  );
}

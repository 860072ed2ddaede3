/**
 * Calldata: a call's bytes as manageData values, the cheapest carrier that Stellar authenticates.
 *
 * Every operation overwrites the same name, so a caller's account grows by one entry once and for all.
 *
 * Range   Values are at most 64 bytes, a transaction has at most 100 operations: `CALLDATA_CHUNKS_MAX`
 *         leaves room for two payments. A reader takes as many chunks as the ledger holds.
 * Errors  `CALLDATA_TOO_LONG`.
 * Source  Stellar-transaction.x: ManageDataOp, DataValue, MAX_OPS_PER_TX.
 */
import { concatBytes } from "../lib/bytes.ts";
import { AceError } from "../lib/errors.ts";

/** The name of the data entry that carries calls. */
export const CALLDATA_NAME = "ace:1";
const CHUNK_BYTES_MAX = 64;
export const CALLDATA_CHUNKS_MAX = 98;
export const CALLDATA_BYTES_MAX = CHUNK_BYTES_MAX * CALLDATA_CHUNKS_MAX;

/** `payload` as values of manageData operations, in order; all but the last are full. */
export function toChunks(payload: Uint8Array): readonly Uint8Array[] {
  if (payload.length > CALLDATA_BYTES_MAX) {
    throw new AceError(
      "CALLDATA_TOO_LONG",
      `the call has ${payload.length} bytes; ${CALLDATA_BYTES_MAX} fit in one transaction`,
    );
  }
  const count = Math.ceil(payload.length / CHUNK_BYTES_MAX);
  return Array.from({ length: count }, (_, index) =>
    payload.slice(index * CHUNK_BYTES_MAX, (index + 1) * CHUNK_BYTES_MAX),
  );
}

export function joinChunks(chunks: readonly Uint8Array[]): Uint8Array {
  return concatBytes(...chunks);
}

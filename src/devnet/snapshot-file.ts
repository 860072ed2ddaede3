/**
 * The state at one ledger as a file: compressed records of a description, every entry, and the ledger
 * of every transaction.
 *
 * Errors  `LEDGER_MALFORMED` for bytes that are no such file.
 */
import { zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { xdr } from "@stellar/stellar-sdk/base";
import { z } from "zod";
import { readRecords } from "../ledger/record-stream.ts";
import { concatBytes, toHex, uint32Bytes } from "../lib/bytes.ts";
import { AceError } from "../lib/errors.ts";
import { type EntryKey, keyOfData } from "./entries.ts";
import type { TransactionIndex } from "./history.ts";
import type { StateCopy } from "./state.ts";

export interface KeptState {
  readonly state: StateCopy;
  readonly transactions: TransactionIndex;
}

const SNAPSHOT_BYTES_MAX = 2 * 1024 * 1024 * 1024 - 1;
const LAST_PIECE = 0x80_00_00_00;
const HASH_BYTES = 32;
const INDEX_BYTES = HASH_BYTES + 4;

const Description = z.object({
  version: z.literal(1),
  sequence: z.int().positive(),
  lastId: z.string().regex(/^\d{1,20}$/),
});

export function writeSnapshot({ state, transactions }: KeptState): Uint8Array {
  const { sequence, lastId, entries } = state;
  const description = JSON.stringify({ version: 1, sequence, lastId: String(lastId) });
  const index = [...transactions].map(([hash, ledger]) =>
    concatBytes(Uint8Array.fromHex(hash), uint32Bytes(ledger)),
  );
  const records = [
    Buffer.from(description),
    concatBytes(...index),
    ...[...entries.values()].map((entry) => entry.toXdr()),
  ];
  return zstdCompressSync(
    concatBytes(...records.flatMap((each) => [uint32Bytes(LAST_PIECE + each.length), each])),
  );
}

export function readSnapshot(file: Uint8Array): KeptState {
  const [description, index, ...entries] = recordsOf(file);
  if (description === undefined || index === undefined) throw broken();
  try {
    const { sequence, lastId } = Description.parse(JSON.parse(Buffer.from(description).toString()));
    const known = new Map<EntryKey, xdr.LedgerEntry>();
    for (const bytes of entries) {
      const entry = xdr.LedgerEntry.fromXdr(bytes);
      known.set(keyOfData(entry.data), entry);
    }
    const state = { sequence, lastId: BigInt(lastId), entries: known };
    return { state, transactions: readIndex(index) };
  } catch (cause) {
    throw broken(cause);
  }
}

function recordsOf(file: Uint8Array): readonly Uint8Array[] {
  try {
    const content = zstdDecompressSync(file, { maxOutputLength: SNAPSHOT_BYTES_MAX });
    return [...readRecords(content)];
  } catch (cause) {
    throw broken(cause);
  }
}

function readIndex(bytes: Uint8Array): TransactionIndex {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const index = new Map<string, number>();
  for (let offset = 0; offset < bytes.length; offset += INDEX_BYTES) {
    const hash = toHex(bytes.subarray(offset, offset + HASH_BYTES));
    index.set(hash, view.getUint32(offset + HASH_BYTES));
  }
  return index;
}

function broken(cause?: unknown): AceError {
  return new AceError("LEDGER_MALFORMED", "this is no snapshot of a devnet", { cause });
}

/**
 * The ledger hash: a chain over receipts and state, and the one value that nodes compare.
 *
 * `sha256(previous ‖ sequence ‖ receiptsRoot ‖ stateRoot ‖ protocolHash)`, where the sequence is 8
 * bytes, big-endian, and all others are 32 bytes: 136 bytes, always.
 *
 * Units   Hashes are lower-case hexadecimal text.
 * Source  `docs/spec/receipts.md`.
 */
import { concatBytes, fromHex, uint64Bytes } from "../lib/bytes.ts";
import { sha256Hex } from "../lib/hash.ts";
import { invariant } from "../lib/invariant.ts";

export interface LedgerHashInput {
  readonly previous: string;
  readonly sequence: number;
  readonly receiptsRoot: string;
  readonly stateRoot: string;
  /** SHA-256 of what all nodes must have in common: rules, limits and gas. */
  readonly protocolHash: string;
}

const HASH_BYTES = 32;

export function ledgerHash(input: LedgerHashInput): string {
  return sha256Hex(
    concatBytes(
      hashBytes(input.previous),
      uint64Bytes(BigInt(input.sequence)),
      hashBytes(input.receiptsRoot),
      hashBytes(input.stateRoot),
      hashBytes(input.protocolHash),
    ),
  );
}

function hashBytes(hex: string): Uint8Array {
  const bytes = fromHex(hex);
  invariant(bytes?.length === HASH_BYTES, `a ledger hash is of hashes of 32 bytes, not "${hex}"`);
  return bytes;
}

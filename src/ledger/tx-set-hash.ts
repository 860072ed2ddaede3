/**
 * Transaction set hashes: the header names the set by its hash, so a set is whole or refused.
 *
 * Source  stellar-core TxSetFrame.cpp: a legacy set hashes the previous ledger's hash and then every
 *         envelope, without a count; a generalized set (protocol 20) hashes its own XDR. CAP-63: from
 *         protocol 23 the second phase is parallel. CAP-83: a value of the kind
 *         STELLAR_VALUE_EMPTY_TX_SET carries 32 zero bytes and its ledger holds no transaction.
 */
import { concatBytes, toHex, uint32Bytes } from "../lib/bytes.ts";
import { sha256Hex } from "../lib/hash.ts";
import type { LedgerParts, TransactionSet } from "./close-meta.ts";
import type { HashCheck } from "./hash-check.ts";
import type { LedgerHeader } from "./ledger-header.ts";

const HASH_BYTES = 32;
const COUNT_BYTES = 4;
const NO_HASH = "00".repeat(HASH_BYTES);
const GENESIS_SEQUENCE = 1;

const GENERALIZED_PROTOCOL_MIN = 20;
const PARALLEL_PROTOCOL_MIN = 23;
const GENERALIZED_KIND = uint32Bytes(1);
/** Two, both of the sequential kind without components; or the second parallel, with no stages. */
const SEQUENTIAL_PHASES = wordBytes(2, 0, 0, 0, 0);
const PARALLEL_PHASES = wordBytes(2, 0, 0, 1, 0, 0);
/** One protocol for each form of the empty set. */
const EMPTY_FORMS = [PARALLEL_PROTOCOL_MIN, GENERALIZED_PROTOCOL_MIN, 0];

/** @param previousProtocol That of the ledger before, where it is known. */
export function checkTransactionSet(
  { header, set }: LedgerParts,
  previousProtocol?: number,
): readonly HashCheck[] {
  const named = toHex(header.value.setHash);
  const isEmptyValue = header.value.kind === "empty";
  const expected = isEmptyValue ? NO_HASH : named;
  if (set === undefined) {
    const got = isEmptyValue ? named : absentSetHash(header, named, previousProtocol);
    return [{ name: "transactionSet", expected, got }];
  }
  const got = isEmptyValue ? emptyValueHash(named, set) : transactionSetHash(set);
  return [
    { name: "transactionSet", expected, got },
    {
      name: "setPrevious",
      expected: toHex(header.previousHash),
      got: toHex(set.previousHash),
    },
  ];
}

/** True for the first ledger of a network, which names neither a set nor results. */
export function namesNothing({ sequence }: LedgerHeader, named: string): boolean {
  return sequence === GENESIS_SEQUENCE && named === NO_HASH;
}

/** The header names no set then, so any envelope given with the ledger is made up. */
function emptyValueHash(named: string, set: TransactionSet): string {
  return named === NO_HASH && set.envelopes.length > 0 ? transactionSetHash(set) : named;
}

/** Hash of the empty set; of the form that fits, where the protocol before is not known. */
function absentSetHash(header: LedgerHeader, named: string, previousProtocol?: number): string {
  if (namesNothing(header, named)) return NO_HASH;
  const protocols = previousProtocol === undefined ? EMPTY_FORMS : [previousProtocol];
  const forms = protocols.map((protocolVersion) =>
    emptySetHash({ hash: header.previousHash, protocolVersion }),
  );
  return forms.find((form) => form === named) ?? forms[0] ?? NO_HASH;
}

function transactionSetHash(set: TransactionSet): string {
  if (set.kind === "generalized") return sha256Hex(set.bytes);
  const envelopes = set.bytes.subarray(HASH_BYTES + COUNT_BYTES);
  return sha256Hex(concatBytes(set.previousHash, envelopes));
}

/**
 * Hash of the set without transactions, as proof that none was left out.
 *
 * Upgrades are applied last, so the form is that of the protocol in force before the ledger.
 */
export function emptySetHash(previous: {
  readonly hash: Uint8Array;
  readonly protocolVersion: number;
}): string {
  if (previous.protocolVersion < GENERALIZED_PROTOCOL_MIN) return sha256Hex(previous.hash);
  const phases =
    previous.protocolVersion < PARALLEL_PROTOCOL_MIN ? SEQUENTIAL_PHASES : PARALLEL_PHASES;
  return sha256Hex(concatBytes(GENERALIZED_KIND, previous.hash, phases));
}

function wordBytes(...words: readonly number[]): Uint8Array {
  return concatBytes(...words.map(uint32Bytes));
}

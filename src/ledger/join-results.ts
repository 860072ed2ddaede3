/**
 * Joining transactions with their results: one to one, by transaction hash.
 *
 * The header names both by hash, so that a transaction without a result can only come from a header
 * that no validator signed, or from taking one network's ledger for another's: the passphrase is part
 * of every transaction hash.
 *
 * Errors  `LEDGER_HASH_MISMATCH` unless they pair one to one.
 */
import { compareBytes, toHex } from "../lib/bytes.ts";
import { AceError } from "../lib/errors.ts";
import { applyOrder } from "./apply-order.ts";
import type { LedgerParts } from "./close-meta.ts";
import type { HashCheck } from "./hash-check.ts";
import type { Spans } from "./spans.ts";
import { stellarNetworkId, transactionHash } from "./transaction-hash.ts";

const HASH_BYTES = 32;

export interface VerifiedTransaction {
  readonly hash: string;
  /** XDR of the TransactionEnvelope. */
  readonly envelope: Uint8Array;
  /** XDR of the TransactionResult. */
  readonly result: Uint8Array;
}

/** Every transaction, in the order they were applied. */
export function pairTransactions(
  parts: LedgerParts,
  passphrase: string,
): readonly VerifiedTransaction[] {
  checkCounts(parts);
  const results = parts.results();
  const envelopes = new Map(hashesOf(parts, passphrase).map((hash, index) => [hash, index]));
  if (envelopes.size !== results.length) throw unpaired(parts, "a transaction is in its set twice");
  return Array.from({ length: results.length }, (_, place) => {
    const pair = results.at(place);
    const hash = toHex(pair.subarray(0, HASH_BYTES));
    const index = envelopes.get(hash);
    // Taken out, so that a second result for the same transaction finds nothing.
    envelopes.delete(hash);
    if (index === undefined) throw unpaired(parts, `no envelope for the result of ${hash}`);
    return joined(parts, hash, index, pair);
  });
}

/** Only the transactions at these places of the set, in the order they were applied. */
export function pairSome(
  parts: LedgerParts,
  passphrase: string,
  indexes: readonly number[],
): readonly VerifiedTransaction[] {
  const networkId = stellarNetworkId(passphrase);
  const results = parts.results();
  const found = new Map<number, VerifiedTransaction>();
  for (const index of indexes) {
    const hash = transactionHash(envelopeAt(parts, index), networkId);
    const [place, second] = placesOf(results, Uint8Array.fromHex(hash));
    if (place === undefined) throw unpaired(parts, `no result for transaction ${hash}`);
    if (second !== undefined || found.has(place)) {
      throw unpaired(parts, `transaction ${hash} is there twice`);
    }
    found.set(place, joined(parts, hash, index, results.at(place)));
  }
  return [...found].sort(([left], [right]) => left - right).map(([, transaction]) => transaction);
}

/** Counts alone: what a set and its results must share before any hash is looked at. */
export function checkCounts(parts: LedgerParts): void {
  const [given, found] = [parts.set?.envelopes.length ?? 0, parts.results().length];
  if (given === found) return;
  const text = `ledger ${parts.header.sequence}: ${found} results for ${given} transactions`;
  throw new AceError("LEDGER_HASH_MISMATCH", text);
}

/** Whether the results stand in the order that the set prescribes. */
export function checkApplyOrder(parts: LedgerParts, passphrase: string): HashCheck {
  const { set, header } = parts;
  const results = parts.results();
  const hashes = hashesOf(parts, passphrase);
  const order = set === undefined ? [] : applyOrder(set, header.value.setHash);
  const expected = order.map((index) => hashes[index] ?? "none");
  const got = Array.from({ length: results.length }, (_, place) =>
    toHex(results.at(place).subarray(0, HASH_BYTES)),
  );
  const length = Math.max(expected.length, got.length);
  for (let place = 0; place < length; place += 1) {
    const [should = "none", is = "none"] = [expected[place], got[place]];
    if (should !== is) return { name: "applyOrder", expected: should, got: is };
  }
  return { name: "applyOrder", expected: `${length} in order`, got: `${length} in order` };
}

function hashesOf({ set }: LedgerParts, passphrase: string): readonly string[] {
  const networkId = stellarNetworkId(passphrase);
  if (set === undefined) return [];
  return Array.from({ length: set.envelopes.length }, (_, index) =>
    transactionHash(set.envelopes.at(index), networkId),
  );
}

function envelopeAt({ set }: LedgerParts, index: number): Uint8Array {
  return set?.envelopes.at(index) ?? new Uint8Array();
}

function joined(
  parts: LedgerParts,
  hash: string,
  index: number,
  pair: Uint8Array,
): VerifiedTransaction {
  return { hash, envelope: envelopeAt(parts, index), result: pair.subarray(HASH_BYTES) };
}

/** Places of the results that are filed under `hash`; a result lies nowhere but at such a place. */
function placesOf(results: Spans, hash: Uint8Array): readonly number[] {
  const first = new DataView(hash.buffer, hash.byteOffset).getUint32(0);
  const places: number[] = [];
  for (let place = 0; place < results.length; place += 1) {
    if (results.view.getUint32(results.start(place)) !== first) continue;
    if (compareBytes(results.at(place).subarray(0, HASH_BYTES), hash) === 0) places.push(place);
  }
  return places;
}

function unpaired({ header }: LedgerParts, what: string): AceError {
  return new AceError(
    "LEDGER_HASH_MISMATCH",
    `ledger ${header.sequence}: ${what} (transaction hashes depend on the passphrase)`,
  );
}

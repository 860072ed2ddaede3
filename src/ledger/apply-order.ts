/**
 * Apply order: in which order a ledger applies its transactions, as a function of the set alone.
 *
 * Nobody can choose a place in it: it mixes each envelope's hash with the hash of the whole set. The
 * order that counts is that of the results, which the header authenticates; this one is held against
 * it, and it is the rule where there are no results yet.
 *
 * Source  stellar-core TxSetFrame.cpp, sortedForApplySequential and sortedForApplyParallel; CAP-63.
 */
import { compareBytes, toHex } from "../lib/bytes.ts";
import { sha256 } from "../lib/hash.ts";
import type { TransactionSet } from "./close-meta.ts";
import type { SetRun } from "./ledger-index.ts";
import { viewOf } from "./spans.ts";
import { ENVELOPE_TYPE_FEE_BUMP, ENVELOPE_TYPE_V0 } from "./transaction-hash.ts";

/** What decides a transaction's place. */
export interface Placed {
  /** The account whose sequence number it uses; of the inner transaction for a fee bump. */
  readonly sourceKey: string;
  readonly sequenceNumber: bigint;
  /** SHA-256 of the whole envelope's XDR. */
  readonly envelopeHash: Uint8Array;
}

/** Rounds of one transaction an account, each in the order of the mixed hashes. */
export function sequentialOrder<Item extends Placed>(
  items: readonly Item[],
  setHash: Uint8Array,
): readonly Item[] {
  const queues = [...Map.groupBy(items, ({ sourceKey }) => sourceKey).values()].map((queue) =>
    queue.sort((left, right) => (left.sequenceNumber < right.sequenceNumber ? -1 : 1)),
  );
  const order: Item[] = [];
  let waiting = queues;
  for (let round = 0; waiting.length > 0; round += 1) {
    order.push(
      ...mixedOrder(
        waiting.flatMap((queue) => queue.slice(round, round + 1)),
        setHash,
      ),
    );
    waiting = waiting.filter((queue) => queue.length > round + 1);
  }
  return order;
}

/** Indexes of the set's envelopes in the order that they are applied. */
export function applyOrder(set: TransactionSet, setHash: Uint8Array): readonly number[] {
  const phases = [...Map.groupBy(set.runs, ({ phase }) => phase).values()];
  return phases.flatMap((runs) => phaseOrder(set, runs, setHash)).map(({ index }) => index);
}

interface Member extends Placed {
  readonly index: number;
}

function phaseOrder(
  set: TransactionSet,
  runs: readonly SetRun[],
  setHash: Uint8Array,
): readonly Member[] {
  if (runs.some(({ kind }) => kind === "sequential")) {
    return sequentialOrder(
      runs.flatMap((run) => membersOf(set, run)),
      setHash,
    );
  }
  const stages = [...Map.groupBy(runs, ({ stage }) => stage).values()].map((clusters) =>
    clusters.flatMap((cluster) => mixedOrder(membersOf(set, cluster), setHash)),
  );
  // A stage's place is that of its first transaction; its clusters stay as the set has them.
  const firsts = mixedOrder(
    stages.flatMap((stage) => stage.slice(0, 1)),
    setHash,
  );
  const byFirst = new Map(stages.map((stage) => [stage[0]?.index, stage]));
  return firsts.flatMap(({ index }) => byFirst.get(index) ?? []);
}

function mixedOrder<Item extends Placed>(
  items: readonly Item[],
  setHash: Uint8Array,
): readonly Item[] {
  if (items.length < 2) return items;
  return items
    .map((item) => ({ item, place: mix(item.envelopeHash, setHash) }))
    .sort((left, right) => compareBytes(left.place, right.place))
    .map(({ item }) => item);
}

function mix(hash: Uint8Array, setHash: Uint8Array): Uint8Array {
  return hash.map((byte, index) => byte ^ (setHash[index] ?? 0));
}

function membersOf(set: TransactionSet, { first, count }: SetRun): readonly Member[] {
  return Array.from({ length: count }, (_, place) => memberAt(set, first + place));
}

function memberAt({ envelopes }: TransactionSet, index: number): Member {
  const envelope = envelopes.at(index);
  return { index, ...sourceOf(envelope), envelopeHash: sha256(envelope) };
}

const WORD_BYTES = 4;
const LONG_BYTES = 8;
const KEY_BYTES = 32;
const MUXED_KEY = 0x100;

/** The account and its sequence number, in place: source, fee of 4 bytes, number. */
function sourceOf(envelope: Uint8Array): Pick<Placed, "sourceKey" | "sequenceNumber"> {
  const view = viewOf(envelope);
  const key = sourceKeyStart(view);
  const number = key + KEY_BYTES + WORD_BYTES;
  return {
    sourceKey: toHex(envelope.subarray(key, key + KEY_BYTES)),
    sequenceNumber: view.getBigInt64(number),
  };
}

function sourceKeyStart(view: DataView): number {
  const type = view.getInt32(0);
  if (type === ENVELOPE_TYPE_V0) return WORD_BYTES;
  if (type !== ENVELOPE_TYPE_FEE_BUMP) return keyStart(view, WORD_BYTES);
  // Who pays the fee, the fee of 8 bytes, the type of the envelope inside.
  const inner = keyStart(view, WORD_BYTES) + KEY_BYTES + LONG_BYTES + WORD_BYTES;
  return keyStart(view, inner);
}

/** A muxed account has its id before the key. */
function keyStart(view: DataView, offset: number): number {
  const isMuxed = view.getInt32(offset) === MUXED_KEY;
  return offset + WORD_BYTES + (isMuxed ? LONG_BYTES : 0);
}

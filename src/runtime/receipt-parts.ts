/**
 * A receipt as the keeper knows it: canonical CBOR but for two hashes, which the contract process
 * fills in between. The bytes are those of `receipt-codec.ts`, written without a general encoder.
 *
 * Source  docs/spec/receipts.md
 */
import type { Payment } from "./execute-call.ts";
import { flat } from "./flat-text.ts";
import type { KnownContract, LedgerScope } from "./ledger-scope.ts";
import { unhex } from "./realm/bytes.ts";
import {
  asciiItem,
  bytesItem,
  FALSE,
  header,
  integerItem,
  MAJOR,
  NULL,
  TRUE,
  uint32,
} from "./realm/cbor.ts";
import type { WireCall, WireInteger } from "./requests.ts";
import type { CallResult } from "./run-method.ts";
import type { NetWrite } from "./working-state.ts";

/**
 * Five lengths, then as many parts: all up to the hash of the arguments, the arguments, all between the
 * two hashes, the CBOR of the call's net writes, which the second hash is of, and the rest.
 */
export type ReceiptParts = string;

/** An array of 18, and the layout's number. */
const HEAD = header(MAJOR.array, 18) + header(MAJOR.unsigned, 1);
const UINT32_END = 2 ** 32;
/** True, and a code of no text. */
const SUCCESS = TRUE + asciiItem("");
const PAIR = MAJOR.array | 2;
const REFUND_HEAD = header(MAJOR.array, 3);

export function receiptParts(parts: {
  readonly call: WireCall;
  readonly contract: KnownContract;
  readonly outcome: CallResult;
  readonly refunds: readonly Payment[];
  readonly ledger: LedgerScope;
  readonly writes: readonly NetWrite[];
}): ReceiptParts {
  const { call, contract, outcome, refunds, ledger } = parts;
  const { txHash, index, method, args, caller, gasLimit } = call;
  const { code, codeHash, gasUsed, events, pays, result } = outcome;
  const before =
    HEAD +
    ledger.sequenceItem +
    bytesItem(txHash) +
    header(MAJOR.unsigned, index) +
    contract.item +
    calledItem(codeHash, method) +
    asciiItem(caller);
  const middle =
    (code === "" ? SUCCESS : FALSE + asciiItem(code)) +
    gasItem(gasLimit) +
    header(MAJOR.unsigned, gasUsed);
  const writes = writesItem(parts.writes);
  const after = events + pays + refundsItem(refunds) + result;
  const lengths =
    uint64(before.length, args.length) +
    uint64(middle.length, writes.length) +
    uint32(after.length);
  return lengths + before + args + middle + writes + after;
}

/** Two lengths. */
function uint64(first: number, second: number): string {
  return String.fromCharCode(
    first >>> 24,
    (first >>> 16) & 255,
    (first >>> 8) & 255,
    first & 255,
    second >>> 24,
    (second >>> 16) & 255,
    (second >>> 8) & 255,
    second & 255,
  );
}

/** The CBOR array of `[key, value or null]`, ascending by key. */
function writesItem(writes: readonly NetWrite[]): string {
  let items = header(MAJOR.array, writes.length);
  for (let index = 0; index < writes.length; index += 1) {
    const write = writes[index];
    if (write === undefined) continue;
    const key = write[0];
    const value = write[1];
    items += pairHead(key.length) + key;
    items += value === "" ? NULL : bytesItem(value);
  }
  return items;
}

/** Heads of the pair and of the key in it. */
function pairHead(keyBytes: number): string {
  const known = keyBytes < PAIR_HEADS.length ? PAIR_HEADS[keyBytes] : undefined;
  return known ?? newPairHead(keyBytes);
}

function newPairHead(keyBytes: number): string {
  return String.fromCharCode(PAIR) + header(MAJOR.bytes, keyBytes);
}

const SHORT_KEY_BYTES = 256;
const PAIR_HEADS = Array.from({ length: SHORT_KEY_BYTES }, (_, keyBytes) =>
  flat(newPairHead(keyBytes)),
);

function refundsItem(refunds: readonly Payment[]): string {
  let list = header(MAJOR.array, refunds.length);
  for (const refund of refunds) list += refundItem(refund);
  return list;
}

function gasItem(gas: WireInteger): string {
  return typeof gas === "number" && gas < UINT32_END
    ? header(MAJOR.unsigned, gas)
    : integerItem(BigInt(gas));
}

function refundItem({ from, asset, amount }: Payment): string {
  return REFUND_HEAD + asciiItem(from) + asciiItem(asset) + integerItem(amount);
}

/**
 * Items of the code and of the method. Most receipts of a ledger name the same ones. An empty hash is the
 * empty byte string.
 */
function calledItem(hash: string, method: string): string {
  if (hash !== last.hash || method !== last.method) {
    last = { hash, method, item: flat(bytesItem(unhex(hash) ?? "") + asciiItem(method)) };
  }
  return last.item;
}

let last = { hash: "", method: "", item: bytesItem("") + asciiItem("") };

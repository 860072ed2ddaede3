/**
 * A receipt as the keeper knows it: canonical CBOR but for two hashes, which the contract process
 * fills in between. The bytes are those of `receipt-codec.ts`, written without a general encoder.
 *
 * Source  docs/spec/receipts.md
 */
import type { LedgerScope } from "./ledger-scope.ts";
import { unhex } from "./realm/bytes.ts";
import {
  bytesItem,
  FALSE,
  header,
  integerItem,
  MAJOR,
  NULL,
  TRUE,
  textItem,
} from "./realm/cbor.ts";
import type { WireCall, WirePayment } from "./requests.ts";
import type { CallResult } from "./run-method.ts";
import type { NetWrite } from "./working-state.ts";

export interface ReceiptParts {
  /** All up to the hash of the arguments, which are these bytes. */
  readonly before: string;
  readonly args: string;
  /** All between the two hashes. */
  readonly middle: string;
  /** CBOR of the call's net writes: what the second hash is of. */
  readonly writes: string;
  readonly after: string;
}

const FIELDS = 18;
const VERSION = 1;
const PAIR = header(MAJOR.array, 2);
const REFUND_HEAD = header(MAJOR.array, 3);

export function receiptParts(parts: {
  readonly call: WireCall;
  readonly outcome: CallResult;
  readonly refunds: readonly WirePayment[];
  readonly ledger: LedgerScope;
  readonly writes: readonly NetWrite[];
}): ReceiptParts {
  const { call, outcome, refunds, ledger } = parts;
  const [txHash, index, , contract, method, args, caller, gasLimit] = call;
  const { code, codeHash, gasUsed, events, pays, result } = outcome;
  return {
    before:
      header(MAJOR.array, FIELDS) +
      header(MAJOR.unsigned, VERSION) +
      header(MAJOR.unsigned, ledger.sequence) +
      hashItem(txHash) +
      header(MAJOR.unsigned, index) +
      integerItem(BigInt(contract)) +
      hashItem(codeHash) +
      header(MAJOR.text, method.length) +
      method +
      textItem(caller),
    args,
    middle:
      (code === "" ? TRUE : FALSE) +
      textItem(code) +
      integerItem(BigInt(gasLimit)) +
      header(MAJOR.unsigned, gasUsed),
    writes: writesItem(parts.writes),
    after: listItem(events) + listItem(pays) + listItem(refunds.map(refundItem)) + result,
  };
}

/** The CBOR array of `[key, value or null]`, ascending by key. */
function writesItem(writes: readonly NetWrite[]): string {
  let items = header(MAJOR.array, writes.length);
  for (const [key, value] of writes) {
    items += PAIR + bytesItem(key) + (value === "" ? NULL : bytesItem(value));
  }
  return items;
}

function listItem(items: readonly string[]): string {
  let list = header(MAJOR.array, items.length);
  for (const item of items) list += item;
  return list;
}

function refundItem([to, asset, amount]: WirePayment): string {
  return REFUND_HEAD + textItem(to) + textItem(asset) + integerItem(BigInt(amount));
}

/** An empty hash is the empty byte string. */
function hashItem(hash: string): string {
  return bytesItem(unhex(hash) ?? "");
}

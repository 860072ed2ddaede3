/**
 * A ledger as it crosses into the keeper: one text of one character a byte, read call by call.
 *
 *   head       JSON of `LedgerHead` in ASCII, its length before it
 *   names      count, then each with its length: addresses, contracts, methods and assets, once each
 *   calls      count, then each as `CallRows` reads it; names by their place
 *
 * The node writes it (`wire.ts`), the keeper reads it: both are ours, so nothing here is judged again.
 */
import { flat } from "./flat-text.ts";
import { charCodeAt, substring } from "./realm/primordials.ts";
import type { LedgerHead, WireCall, WireInteger, WireTransfer } from "./requests.ts";
import { CALL_KINDS, INTEGER_TEXT, LONG_NUMBER } from "./wire-numbers.ts";

const HASH_BYTES = 32;
const BYTE = 256;
const NO_ITEMS: readonly never[] = [];

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  number(): number {
    const first = charCodeAt(this.#text, this.#at);
    this.#at += 1;
    return first < LONG_NUMBER ? first : this.#long(first);
  }

  integer(): WireInteger {
    if (charCodeAt(this.#text, this.#at) !== INTEGER_TEXT) return this.number();
    this.#at += 1;
    return this.text();
  }

  text(): string {
    const length = this.number();
    return this.bytes(length);
  }

  bytes(length: number): string {
    const start = this.#at;
    this.#at = start + length;
    return substring(this.#text, start, this.#at);
  }

  #long(first: number): number {
    let value = 0;
    const end = this.#at + first - LONG_NUMBER + 1;
    for (let at = this.#at; at < end; at += 1) value = value * BYTE + charCodeAt(this.#text, at);
    this.#at = end;
    return value;
  }
}

/** The calls of a ledger, in order. */
export class CallRows {
  readonly count: number;
  readonly #reader: Reader;
  readonly #names: readonly string[];

  constructor(reader: Reader, names: readonly string[]) {
    this.#reader = reader;
    this.#names = names;
    this.count = reader.number();
  }

  /** The one after the last that was read. */
  next(): WireCall {
    const reader = this.#reader;
    const txHash = reader.bytes(HASH_BYTES);
    const index = reader.number();
    const kind = CALL_KINDS[reader.number()] ?? "malformed";
    const contract = this.#name();
    const method = this.#name();
    const caller = this.#name();
    const gasLimit = reader.integer();
    const args = reader.text();
    const locks = reader.text();
    const transfers = this.#transfers(reader.number());
    const shown = reader.number();
    const paid = places(reader, reader.number());
    return {
      txHash,
      index,
      kind,
      contract,
      method,
      args,
      caller,
      gasLimit,
      paid,
      transfers,
      shown,
      locks,
    };
  }

  /** A list that begins empty has room for many at its first item; most calls come with one. */
  #transfers(count: number): readonly WireTransfer[] {
    if (count === 0) return NO_ITEMS;
    const transfers = [this.#transfer()];
    for (let index = 1; index < count; index += 1) transfers[index] = this.#transfer();
    return transfers;
  }

  #transfer(): WireTransfer {
    const operation = this.#reader.number();
    const from = this.#name();
    const to = this.#name();
    const asset = this.#name();
    return { operation, from, to, asset, amount: this.#reader.integer() };
  }

  #name(): string {
    return this.#names[this.#reader.number()] ?? "";
  }
}

function places(reader: Reader, count: number): readonly number[] {
  if (count === 0) return NO_ITEMS;
  const found = [reader.number()];
  for (let index = 1; index < count; index += 1) found[index] = reader.number();
  return found;
}

export interface LedgerText {
  readonly head: LedgerHead;
  readonly calls: CallRows;
}

export function readLedger(text: string): LedgerText {
  const reader = new Reader(text);
  const head: LedgerHead = JSON.parse(reader.text());
  const names: string[] = [];
  const count = reader.number();
  for (let index = 0; index < count; index += 1) names[index] = ownName(reader.text());
  return { head, calls: new CallRows(reader, names) };
}

/**
 * Names that came before: the same text each time, which maps find without a look into it. One place for
 * many names, the last one has it: to find a new text in a map costs more than all else of a row.
 */
const known: string[] = [];
const PLACES = 1 << 16;
for (let place = 0; place < PLACES; place += 1) known[place] = "";
/** An address has 69 characters at most, an asset as many. */
const NAME_KEPT_MAX = 72;

function ownName(name: string): string {
  if (name.length > NAME_KEPT_MAX || name === "") return name;
  const place = placeOf(name);
  if (known[place] === name) return known[place];
  // Put together anew: a piece of the ledger's text would keep all of that in memory.
  const own = flat(substring(name, 0, 1) + substring(name, 1, name.length));
  known[place] = own;
  return own;
}

/** By some characters in the middle, which differ most between addresses. */
function placeOf(name: string): number {
  let place = name.length;
  const middle = name.length >> 1;
  const end = middle + 6 < name.length ? middle + 6 : name.length;
  for (let at = middle; at < end; at += 1) place = place * 31 + charCodeAt(name, at);
  return place % PLACES;
}

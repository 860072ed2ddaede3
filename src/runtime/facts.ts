/** Facts of a transaction as contracts read them: CBOR, made once, and only when a contract asks. */
import type { TransactionFacts } from "./call-host.ts";
import { header, integerItem, MAJOR, textItem } from "./realm/cbor.ts";
import type { WireCall, WireTransfer } from "./requests.ts";

export const NO_FACTS: TransactionFacts = { transfers: () => "\x80", locks: () => "\x80" };

const FIELDS = 5;

/** Of one call. */
export class CallFacts implements TransactionFacts {
  readonly #call: WireCall;
  #transfers: string | undefined;

  constructor(call: WireCall) {
    this.#call = call;
  }

  transfers(): string {
    this.#transfers ??= transferItems(this.#call);
    return this.#transfers;
  }

  locks(): string {
    return this.#call.locks;
  }
}

function transferItems({ transfers, shown }: WireCall): string {
  const items = transfers.slice(0, shown).map(transferItem);
  return header(MAJOR.array, items.length) + items.join("");
}

/** A map, its keys in canonical order: shorter first. */
function transferItem({ operation, from, to, asset, amount }: WireTransfer): string {
  return (
    header(MAJOR.map, FIELDS) +
    TO +
    textItem(to) +
    FROM +
    textItem(from) +
    ASSET +
    textItem(asset) +
    AMOUNT +
    integerItem(BigInt(amount)) +
    OPERATION +
    header(MAJOR.unsigned, operation)
  );
}

const TO = textItem("to");
const FROM = textItem("from");
const ASSET = textItem("asset");
const AMOUNT = textItem("amount");
const OPERATION = textItem("operation");

/**
 * What a place of state made last: its key and its value. Most calls ask for the same ones again, and pay
 * for making them as if they were made anew.
 */
import type { AbiType } from "../../contracts/abi.ts";
import { addressBytes, addressText } from "./address.ts";
import { decode } from "./decode.ts";
import { current } from "./frame.ts";
import { keyParts } from "./keys.ts";
import { charge, gasLeft } from "./meter.ts";
import { Memo } from "./table.ts";

/** Longer values are decoded each time. */
const VALUE_KEPT_MAX = 128;
const ADDRESS_KEYS_MAX = 20_000;
const ADDRESS_CHARACTERS_MAX = 69;

/** The place under the contract that runs; made anew only when that is another one. */
export function keyMaker(place: string): () => string {
  let prefix = "";
  let key = "";
  return () => {
    const now = current().prefix;
    if (now !== prefix) {
      prefix = now;
      key = now + place;
    }
    return key;
  };
}

/**
 * Keys of one part; the last one is kept, because most calls read a key and then write it. It costs
 * the gas that making it did.
 */
export function lastKey(
  prefixOf: () => string,
  keys: readonly AbiType[],
): (parts: readonly unknown[]) => string {
  const isAddress = keys[0]?.kind === "account";
  let lastPart: unknown;
  let last: MadeKey = { prefix: "", key: "", gas: 0 };
  const make = (parts: readonly unknown[], prefix: string): MadeKey => {
    const before = gasLeft();
    const key = prefix + keyParts(keys, parts);
    const made = { prefix, key, gas: before - gasLeft() };
    if (isAddress) keepAddressKey(parts[0], made);
    return made;
  };
  const addressKey = (part: unknown): MadeKey | undefined =>
    isAddress && isShort(part) ? addressKeys.get(part) : undefined;
  return (parts) => {
    const part = parts[0];
    const prefix = prefixOf();
    const known = part === lastPart ? last : addressKey(part);
    if (known !== undefined && known.prefix === prefix && known.key !== "") {
      charge(known.gas);
      last = known;
    } else {
      last = make(parts, prefix);
    }
    lastPart = part;
    return last.key;
  };
}

/** What is longer is no address, and finding it would be dear before it is paid for. */
function isShort(part: unknown): part is string {
  return typeof part === "string" && part.length <= ADDRESS_CHARACTERS_MAX;
}

interface MadeKey {
  readonly prefix: string;
  readonly key: string;
  readonly gas: number;
}

/** By address, the key that was made of it last: a new text is dear to find, the same one is not. */
const addressKeys = new Memo<string, MadeKey>(ADDRESS_KEYS_MAX);

function keepAddressKey(address: unknown, key: MadeKey): void {
  // Kept under a text of our own: this one may be a piece of a longer one.
  const bytes = typeof address === "string" ? addressBytes(address) : undefined;
  const text = bytes === undefined ? undefined : addressText(bytes);
  if (text !== undefined) addressKeys.set(text, key);
}

/**
 * The value that state holds; the last one is kept, because most values are read much more often than
 * they change. It costs the gas that decoding it did. Objects are made anew each time: a contract can
 * compare two of them.
 */
export function lastValue(type: AbiType): (found: string) => unknown {
  if (type.kind === "list" || type.kind === "record" || type.kind === "optional") {
    return (found) => (found === "" ? undefined : decode(type, found));
  }
  const last: { found: string; value: unknown; gas: number } = {
    found: "",
    value: undefined,
    gas: 0,
  };
  return (found) => {
    if (found === last.found) {
      charge(last.gas);
      return last.value;
    }
    if (found === "") return undefined;
    const before = gasLeft();
    const value = decode(type, found);
    if (found.length > VALUE_KEPT_MAX) return value;
    last.gas = before - gasLeft();
    last.value = value;
    last.found = found;
    return value;
  };
}

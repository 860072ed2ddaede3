/** Events of the registry, for those who watch contracts they rely on. */
import { hashItem } from "./contract-records.ts";
import { afterHead, argument, header, integerItem, MAJOR, textItem } from "./realm/cbor.ts";

const EVENT_HEAD = header(MAJOR.array, 3);
const REGISTRY_ITEM = integerItem(0n);

export interface RegistryEvent {
  readonly codeHash: string;
  readonly contract: bigint;
  readonly version?: bigint;
  readonly earliest?: bigint;
  readonly expires?: bigint;
}

/** A list of one event. */
export function registryEvent(topic: string, event: RegistryEvent): string {
  const { codeHash, contract, version, earliest, expires } = event;
  const integers = Object.entries({ contract, version, earliest, expires }).flatMap(
    ([name, value]) => (value === undefined ? [] : [textItem(name) + integerItem(value)]),
  );
  // A key of canonical CBOR stands before all that are longer, and among equals by its bytes.
  const fields = [...integers, textItem("codeHash") + hashItem(codeHash)].sort();
  const data = header(MAJOR.map, fields.length) + fields.join("");
  return header(MAJOR.array, 1) + EVENT_HEAD + REGISTRY_ITEM + textItem(topic) + data;
}

/** One list of the items of both. */
export function joinLists(first: string, second: string): string {
  const count = argument(first, 0) + argument(second, 0);
  return header(MAJOR.array, count) + itemsOf(first) + itemsOf(second);
}

/** CBOR of an array of these items. */
export function listOf(...items: readonly string[]): string {
  return header(MAJOR.array, items.length) + items.join("");
}

function itemsOf(list: string): string {
  return list.slice(afterHead(list, 0));
}

/** What a commit changed, as those who watch rights want to know it. */
import type { LedgerChange } from "../access/right-watch.ts";
import { toHex } from "../lib/bytes.ts";
import type { CborValue } from "../lib/cbor.ts";
import type { Applied } from "../runtime/applied.ts";

/** System contract 2 tells of device keys that were taken from their account. */
const DEVICES = 2n;
const NUMBER_BYTES = 8;

export function ledgerChange(ledgers: readonly Applied[]): LedgerChange {
  const contracts = new Set<number>();
  for (const { key } of ledgers.flatMap(({ writes }) => writes)) {
    contracts.add(Number(new DataView(key.buffer, key.byteOffset, NUMBER_BYTES).getBigUint64(0)));
  }
  const isAboutDevices = contracts.has(Number(DEVICES));
  return { contracts, removedDevices: isAboutDevices ? ledgers.flatMap(removedDevices) : [] };
}

function removedDevices({ receipts }: Applied): readonly string[] {
  return receipts
    .filter(({ ok }) => ok)
    .flatMap(({ events }) => events)
    .filter(({ contract, topic }) => contract === DEVICES && topic === "removed")
    .flatMap(({ data }) => keyOf(data));
}

function keyOf(data: CborValue): readonly string[] {
  const key = data instanceof Map ? data.get("key") : undefined;
  if (key instanceof Uint8Array) return [toHex(key)];
  return typeof key === "string" ? [key] : [];
}

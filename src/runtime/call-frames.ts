/** The frames of one call: the contract that was called, the one it called, and so on. */
import type { Code, CodeMethod } from "./contract-code.ts";
import type { ContractRecord } from "./contract-records.ts";

export interface Frame {
  readonly record: ContractRecord;
  readonly code: Code;
  readonly self: string;
  readonly caller: string;
  /** Writes and effects fail with `VIEW_WRITES`. */
  readonly isView: boolean;
  /** By asset: what came with this call. */
  readonly paid: ReadonlyMap<string, bigint>;
  /** Where the journal of state stood before this frame. */
  readonly mark: number;
  /** Keys of its own that the contract wrote. */
  readonly keys: Set<string>;
  /** Events and payments as CBOR items. */
  readonly events: string[];
  readonly pays: string[];
  /** Transfers and locks taken in this frame. */
  readonly taken: string[];
  eventBytes: number;
}

export type FrameParts = Omit<Frame, "keys" | "events" | "pays" | "taken" | "eventBytes">;

export function openFrame(parts: FrameParts): Frame {
  const { record, code, self, caller, isView, paid, mark } = parts;
  const effects = { keys: new Set<string>(), events: [], pays: [], taken: [], eventBytes: 0 };
  return { record, code, self, caller, isView, paid, mark, ...effects };
}

/** Keeps what a nested call did. */
export function mergeFrame(inner: Frame, outer: Frame): void {
  for (const key of inner.keys) outer.keys.add(key);
  outer.events.push(...inner.events);
  outer.pays.push(...inner.pays);
  outer.taken.push(...inner.taken);
  outer.eventBytes += inner.eventBytes;
}

/** True when the method takes a payment of this asset. */
export function isPayable({ payable }: CodeMethod, asset: string): boolean {
  return typeof payable === "boolean" ? payable : payable.includes(asset);
}

/** The frames of one call: the contract that was called, the one it called, and so on. */
import type { Code, CodeMethod } from "./contract-code.ts";
import type { ContractRecord } from "./contract-records.ts";
import type { KeySet } from "./key-set.ts";
import type { KnownContract } from "./ledger-scope.ts";

export interface Frame {
  readonly contract: KnownContract;
  readonly record: ContractRecord;
  readonly code: Code;
  readonly caller: string;
  /** Writes and effects fail with `VIEW_WRITES`. */
  readonly isView: boolean;
  /** By asset: what came with this call. */
  readonly paid: ReadonlyMap<string, bigint>;
  /** Where the journal of state stood before this frame. */
  readonly mark: number;
  /** Keys of its own that the contract wrote. */
  keys: KeySet | undefined;
  /** Events and payments as CBOR items, one after the other. */
  events: string;
  eventCount: number;
  eventBytes: number;
  pays: string;
  payCount: number;
  /** Transfers and locks taken in this frame. */
  taken: readonly string[];
}

export type FrameParts = Pick<
  Frame,
  "contract" | "record" | "code" | "caller" | "isView" | "paid" | "mark"
>;

const NOTHING: readonly string[] = [];

export function openFrame({
  contract,
  record,
  code,
  caller,
  isView,
  paid,
  mark,
}: FrameParts): Frame {
  return {
    contract,
    record,
    code,
    caller,
    isView,
    paid,
    mark,
    keys: undefined,
    events: "",
    eventCount: 0,
    eventBytes: 0,
    pays: "",
    payCount: 0,
    taken: NOTHING,
  };
}

/** Keeps what a nested call did. */
export function mergeFrame(inner: Frame, outer: Frame): void {
  outer.keys = union(outer.keys, inner.keys);
  outer.events += inner.events;
  outer.eventCount += inner.eventCount;
  outer.eventBytes += inner.eventBytes;
  outer.pays += inner.pays;
  outer.payCount += inner.payCount;
  if (inner.taken.length > 0) outer.taken = [...outer.taken, ...inner.taken];
}

/** The keys of both; the first set may grow. */
export function union(all: KeySet | undefined, more: KeySet | undefined): KeySet | undefined {
  if (all === undefined) return more;
  all.addAll(more);
  return all;
}

/** True when the method takes a payment of this asset. */
export function isPayable({ payable }: CodeMethod, asset: string): boolean {
  return typeof payable === "boolean" ? payable : payable.includes(asset);
}

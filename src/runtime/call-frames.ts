/** The frames of one call: the contract that was called, the one it called, and so on. */
import type { Abi, AbiMethod } from "../contracts/abi.ts";
import type { ContractEvent, Pay } from "./applied.ts";
import type { ContractRecord } from "./contract-records.ts";
import { Layer } from "./overlay.ts";

export interface Frame {
  readonly record: ContractRecord;
  readonly abi: Abi;
  readonly self: string;
  readonly caller: string;
  /** Writes and effects fail with `VIEW_WRITES`. */
  readonly isView: boolean;
  readonly layer: Layer;
  /** By asset: what came with this call. */
  readonly paid: ReadonlyMap<string, bigint>;
  /** Keys of its own that the contract wrote. */
  readonly keys: Set<string>;
  readonly events: ContractEvent[];
  readonly pays: Pay[];
  /** Transfers and locks taken in this frame. */
  readonly taken: string[];
  eventBytes: number;
  scans: number;
}

export type FrameParts = Pick<Frame, "record" | "abi" | "self" | "caller" | "isView" | "paid">;

export function openFrame(parts: FrameParts, below: Layer): Frame {
  return {
    ...parts,
    layer: new Layer(below),
    keys: new Set(),
    events: [],
    pays: [],
    taken: [],
    eventBytes: 0,
    scans: 0,
  };
}

/** Keeps what a nested call did. */
export function mergeFrame(inner: Frame, outer: Frame): void {
  inner.layer.mergeInto(outer.layer);
  for (const key of inner.keys) outer.keys.add(key);
  outer.events.push(...inner.events);
  outer.pays.push(...inner.pays);
  outer.taken.push(...inner.taken);
  outer.eventBytes += inner.eventBytes;
}

/** True when the method takes a payment of this asset. */
export function isPayable({ payable }: AbiMethod, asset: string): boolean {
  return typeof payable === "boolean" ? payable : payable.includes(asset);
}

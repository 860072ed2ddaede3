/** What tests of a contract give and get. Amounts are stroops, times are Unix seconds. */
import type { Predicate } from "../contracts/call.ts";
import type { Value } from "../contracts/value-codec.ts";

/** A method that takes and gives whatever its declaration says. */
interface AnyMethods {
  readonly [method: string]: (...args: readonly Value[]) => Value;
}

export type Untyped = AnyMethods;

/** Methods of a contract: `typeof import("./tip-jar.ts")`, or any. */
export type MethodName<Methods extends object> = Extract<keyof Methods, string>;

export type ArgsOf<Methods extends object, Name extends keyof Methods> = Methods[Name] extends (
  ...args: infer Args
) => unknown
  ? Readonly<Args>
  : never;

export type ResultOf<Methods extends object, Name extends keyof Methods> = Methods[Name] extends (
  ...args: never[]
) => infer Result
  ? Result
  : never;

export interface Payment {
  /** The contract's own address when left out. */
  readonly to?: string;
  /** Who calls, when left out. */
  readonly from?: string;
  /** XLM when left out. */
  readonly asset?: string;
  readonly amount: bigint;
}

/** A claimable balance made in the transaction. */
export interface TestLock {
  readonly asset: string;
  readonly amount: bigint;
  /** Who calls, when left out. */
  readonly from?: string;
  readonly claimants: readonly { readonly account: string; readonly predicate: Predicate }[];
}

/** What stands in the transaction beside the call. */
export interface Attached {
  /** Paid to the contract: an amount of XLM, or payments of any kind. */
  readonly pay?: bigint | Payment | readonly Payment[];
  readonly locks?: readonly TestLock[];
  readonly gas?: bigint;
}

export interface TestEvent {
  readonly contract: bigint;
  readonly topic: string;
  /** As it was emitted; `bytes` and `hash` are text. */
  readonly data: unknown;
}

export interface TestReceipt<Result = unknown> {
  readonly ok: boolean;
  /** Why it failed; empty when it did not. */
  readonly code: string;
  readonly result: Result;
  readonly gasUsed: bigint;
  readonly events: readonly TestEvent[];
  /** What the vault owes because of this call. */
  readonly payments: readonly {
    readonly to: string;
    readonly asset: string;
    readonly amount: bigint;
  }[];
  /** What goes back because the call failed. */
  readonly refunds: TestReceipt["payments"];
  readonly ledger: number;
  readonly txHash: string;
}

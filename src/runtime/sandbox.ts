/**
 * The ports of the sandbox: an isolate with two realms, and the contract process outside.
 *
 *   contract process   runs the isolate; knows code by its source; asks the node for state
 *   keeper             plain realm inside the isolate: ledgers, calls, money, state that is known
 *   guest              hardened realm inside the isolate: contract code and the kit, nothing else
 *
 * Between them pass text, numbers and integers, and no object. Bytes are byte text.
 */

/** What the guest may ask the keeper for, in the call that runs. Empty text is "none" or "done". */
export interface Keeper {
  read(key: string): string;
  write(key: string, value: string): string;
  scan(prefix: string, after: string, limit: number): string;
  emit(topic: string, data: string): string;
  pay(to: string, asset: string, amount: bigint): string;
  take(kind: string, index: number): string;
  paid(asset: string): bigint;
  balance(asset: string): bigint;
  facts(kind: string): string;
  sha256(bytes: string): string;
  verify(key: string, message: string, signature: string): string;
  /** Opens a nested call: 64 digits of the code hash, then the callee's own address. */
  enter(contract: string, method: string, asset: string, amount: bigint): string;
  leave(code: string): string;
  /** Ends the outermost call: its code, empty when it succeeded, and the gas that it used. */
  end(code: string, gasUsed: number): string;
}

/** What contract code learns of the call that runs it. */
export interface FrameFacts {
  readonly codeHash: string;
  readonly number: string;
  readonly self: string;
  readonly caller: string;
  readonly ledger: string;
  readonly time: string;
  /** 32 bytes. */
  readonly txHash: string;
}

/** Runs one method in the guest and gives its result; before that it tells how the call ended. */
export type RunGuest = (
  codeHash: string,
  number: string,
  self: string,
  caller: string,
  ledger: string,
  time: string,
  txHash: string,
  method: string,
  args: string,
  gas: number,
) => string;

/** What the keeper asks the contract process for. */
export interface ProcessPort {
  /** A value of committed state; empty when absent. */
  read(key: string, call: number): string;
  /** Rows of committed state: keys and values in turn, as a JSON array. */
  scan(prefix: string, after: string, limit: number): string;
  sha256(bytes: string): string;
  verify(key: string, message: string, signature: string): string;
  /** Judges source and installs what is admitted: a `Judgement` as JSON. */
  judge(source: string): string;
  /** The next piece of a ledger's outcome. */
  tell(piece: string): void;
  /** The call of the ledger that begins now, told when calls run one by one. */
  begin(call: number): void;
}

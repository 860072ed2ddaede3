/**
 * What the node asks the keeper for, as JSON: arrays of text and numbers, short and quick to read.
 *
 * Bytes are byte text; integers that pass 53 bits are decimal text. The node writes it (`wire.ts`),
 * the keeper reads it: both are ours, so nothing here is judged again.
 */

export interface LedgerRequest {
  readonly sequence: number;
  /** Seconds, as text. */
  readonly closeTime: string;
  readonly vault: string;
  /** Installed before the first call of the genesis ledger. */
  readonly systemContracts: readonly WireContract[];
  readonly calls: readonly WireCall[];
}

/** Source is text; arguments of `setup` are the CBOR of their array. */
export type WireContract = readonly [number: string, source: string, setupArgs: string];

export type WireCall = readonly [
  /** 32 bytes. */
  txHash: string,
  index: number,
  kind: "call" | "receive" | "malformed",
  contract: string,
  /** UTF-8, as byte text: a call may name what no method is called. */
  method: string,
  /** CBOR of the array of arguments. */
  args: string,
  caller: string,
  gasLimit: string,
  paid: readonly WirePayment[],
  transfers: readonly WireTransfer[],
  /** CBOR of the locks as contracts see them. */
  locks: string,
];

export type WirePayment = readonly [from: string, asset: string, amount: string];

export type WireTransfer = readonly [
  operation: number,
  from: string,
  to: string,
  asset: string,
  amount: string,
];

export interface ViewRequest {
  readonly sequence: number;
  readonly closeTime: string;
  readonly vault: string;
  readonly contract: string;
  readonly method: string;
  readonly args: string;
  readonly caller: string;
}

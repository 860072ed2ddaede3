/**
 * What the node asks the keeper for, as JSON.
 *
 * Bytes are byte text; integers are numbers where those are exact, decimal text beyond. The node writes
 * it (`wire.ts`), the keeper reads it: both are ours, so nothing here is judged again.
 */

export type WireInteger = number | string;

export interface LedgerRequest {
  readonly sequence: number;
  /** Seconds, as text. */
  readonly closeTime: string;
  readonly vault: string;
  /** Installed before the first call of the genesis ledger. */
  readonly systemContracts: readonly WireContract[];
  /** Every address that the calls name, once: they tell its place here. */
  readonly addresses: readonly string[];
  readonly calls: readonly WireRow[];
  /** Whether to tell what the calls touched of state. */
  readonly isNoted?: boolean;
}

/**
 * What the calls of one contract touched of state: its number, the gas they used, contracts by number,
 * and of the system's own entries keys that were only read, keys written, and prefixes scanned.
 */
export type WireFootprint = readonly [
  contract: string,
  gasUsed: number,
  contracts: readonly number[],
  read: readonly string[],
  written: readonly string[],
  scanned: readonly string[],
];

export interface WireContract {
  readonly number: string;
  readonly source: string;
  /** CBOR of the array of arguments of `setup`. */
  readonly setupArgs: string;
}

/** A call as it is sent: `WireCall` in the order of its fields, as lists, which are quicker to read. */
export type WireRow = readonly [
  txHash: string,
  index: number,
  kind: WireCall["kind"],
  contract: string,
  method: string,
  args: string,
  caller: number,
  gasLimit: WireInteger,
  paid: readonly number[],
  transfers: readonly WireTransferRow[],
  shown: number,
  locks: string,
];

export type WireTransferRow = readonly [
  operation: number,
  from: number,
  to: number,
  asset: string,
  amount: WireInteger,
];

/** The call at this place of the ledger. */
export function callAt({ calls, addresses }: LedgerRequest, place: number): WireCall | undefined {
  const row = calls[place];
  if (row === undefined) return undefined;
  return {
    txHash: row[0],
    index: row[1],
    kind: row[2],
    contract: row[3],
    method: row[4],
    args: row[5],
    caller: addresses[row[6]] ?? "",
    gasLimit: row[7],
    paid: row[8],
    transfers: transfersOf(row[9], addresses),
    shown: row[10],
    locks: row[11],
  };
}

/**
 * By their places: to take a list apart goes through an iterator, and this is done for every call. A list
 * that begins empty has room for many at its first item; most calls come with one.
 */
function transfersOf(
  rows: readonly WireTransferRow[],
  addresses: readonly string[],
): readonly WireTransfer[] {
  const first = rows[0];
  if (first !== undefined && rows.length === 1) return [transferOf(first, addresses)];
  const transfers: WireTransfer[] = [];
  for (let index = 0; index < rows.length; index += 1) {
    const row = rows[index];
    if (row !== undefined) transfers.push(transferOf(row, addresses));
  }
  return transfers;
}

function transferOf(row: WireTransferRow, addresses: readonly string[]): WireTransfer {
  const from = addresses[row[1]] ?? "";
  const to = addresses[row[2]] ?? "";
  return { operation: row[0], from, to, asset: row[3], amount: row[4] };
}

export interface WireCall {
  /** 32 bytes. */
  readonly txHash: string;
  readonly index: number;
  /** `skipped` is an exception of the protocol: it never runs. */
  readonly kind: "call" | "receive" | "malformed" | "skipped";
  readonly contract: string;
  /** UTF-8, as byte text: a call may name what no method is called. */
  readonly method: string;
  /** CBOR of the array of arguments. */
  readonly args: string;
  readonly caller: string;
  readonly gasLimit: WireInteger;
  /** Places among `transfers`. */
  readonly paid: readonly number[];
  readonly transfers: readonly WireTransfer[];
  /** How many of `transfers` contracts see, from the first. */
  readonly shown: number;
  /** CBOR of the locks as contracts see them. */
  readonly locks: string;
}

export interface WireTransfer {
  readonly operation: number;
  readonly from: string;
  readonly to: string;
  readonly asset: string;
  readonly amount: WireInteger;
}

export interface ViewRequest {
  readonly sequence: number;
  readonly closeTime: string;
  readonly vault: string;
  readonly contract: string;
  readonly method: string;
  readonly args: string;
  readonly caller: string;
}

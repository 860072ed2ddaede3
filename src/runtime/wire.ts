/**
 * What the node writes for the contract process, and reads from it: see `ledger-text.ts` and
 * `outcome-frame.ts`. Whatever comes from there is judged like any outside data.
 */
import type { Call, Lock } from "../contracts/call.ts";
import { type CborValue, decodeCbor, encodeCbor } from "../lib/cbor.ts";
import { toByteText } from "./byte-text.ts";
import { ByteWriter } from "./byte-writer.ts";
import type { LedgerHead, ViewRequest, WireContract } from "./requests.ts";
import { CALL_KINDS } from "./wire-numbers.ts";

/** Installed before the first call of the genesis ledger. */
export interface SystemContract {
  readonly number: bigint;
  readonly source: string;
  readonly setupArgs: readonly CborValue[];
}

export interface LedgerCalls {
  readonly sequence: number;
  readonly closeTime: bigint;
  readonly vault: string;
  readonly systemContracts: readonly SystemContract[];
  readonly calls: readonly Call[];
  /** Hashes of transactions whose calls are skipped. */
  readonly skipped?: ReadonlySet<string>;
  /** Whether the outcome tells what the calls touched of state. */
  readonly isNoted?: boolean;
}

/** An array without items, and no locks. */
const EMPTY_LIST = "\x80";

export function encodeLedger(ledger: LedgerCalls): Uint8Array {
  const { sequence, closeTime, vault, systemContracts, calls, isNoted = false, skipped } = ledger;
  const head: LedgerHead = {
    sequence,
    closeTime: closeTime.toString(),
    vault,
    systemContracts: systemContracts.map(wireContract),
    ...(isNoted ? { isNoted } : {}),
  };
  const names = new Map<string, number>();
  const rows = new ByteWriter();
  rows.number(calls.length);
  for (const call of calls) writeCall(call, rows, names, skipped?.has(call.txHash) === true);
  const whole = new ByteWriter();
  whole.text(inAscii(JSON.stringify(head)));
  whole.number(names.size);
  for (const name of names.keys()) whole.text(name);
  whole.raw(rows.written());
  return whole.written();
}

/** JSON may write any character as its number: what remains is one byte a character. */
function inAscii(json: string): string {
  return json.replace(/[^ -~]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}

function wireContract({ number, source, setupArgs }: SystemContract): WireContract {
  return { number: number.toString(), source, setupArgs: toByteText(encodeCbor(setupArgs)) };
}

/** `names` has those that were named before with their places, and is told of new ones. */
function writeCall(
  call: Call,
  rows: ByteWriter,
  names: Map<string, number>,
  isSkipped: boolean,
): void {
  const name = (text: string): void => {
    const known = names.get(text) ?? names.size;
    if (known === names.size) names.set(text, known);
    rows.number(known);
  };
  // The inbox hands on payments that are among the transfers; others are only paid, not shown.
  const hidden = call.paid.filter((payment) => !call.transfers.includes(payment));
  const transfers = hidden.length === 0 ? call.transfers : [...call.transfers, ...hidden];
  rows.hex(call.txHash);
  rows.number(call.index);
  rows.number(CALL_KINDS.indexOf(isSkipped ? "skipped" : call.kind));
  name(call.contract.toString());
  name(toByteText(Buffer.from(call.method)));
  name(call.caller);
  rows.integer(call.gasLimit);
  rows.text(listText(call.args));
  rows.text(listText(call.locks.map(lockToMap)));
  rows.number(transfers.length);
  for (const { operation, from, to, asset, amount } of transfers) {
    rows.number(operation);
    name(from);
    name(to);
    name(asset);
    rows.integer(amount);
  }
  rows.number(call.transfers.length);
  rows.number(call.paid.length);
  for (const payment of call.paid) rows.number(transfers.indexOf(payment));
}

function listText(items: readonly CborValue[]): string {
  return items.length === 0 ? EMPTY_LIST : toByteText(encodeCbor(items));
}

function lockToMap({ operation, ...lock }: Lock): CborValue {
  return plainToCbor({ ...lock, operation: BigInt(operation) });
}

/** Plain data as contracts will see it: objects become maps. */
function plainToCbor(value: unknown): CborValue {
  if (typeof value === "string" || typeof value === "bigint") return value;
  if (Array.isArray(value)) return value.map(plainToCbor);
  const fields = Object.entries(value ?? {});
  return new Map(fields.map(([name, item]): [string, CborValue] => [name, plainToCbor(item)]));
}

export interface ViewParts {
  readonly sequence: number;
  readonly closeTime: bigint;
  readonly vault: string;
  readonly contract: bigint;
  readonly method: string;
  readonly args: readonly CborValue[];
  readonly caller: string;
}

export function encodeView(parts: ViewParts): Uint8Array {
  const { sequence, closeTime, vault, contract, method, args, caller } = parts;
  const request: ViewRequest = {
    sequence,
    closeTime: closeTime.toString(),
    vault,
    contract: contract.toString(),
    method: toByteText(Buffer.from(method)),
    args: listText(args),
    caller,
  };
  return Buffer.from(JSON.stringify(request));
}

export interface ViewResult {
  readonly ok: boolean;
  readonly code: string;
  readonly result: CborValue;
  readonly gasUsed: bigint;
}

/** Code, gas and result, a line each. */
export function decodeViewResult(answer: Uint8Array): ViewResult {
  const first = answer.indexOf(LINE);
  const second = answer.indexOf(LINE, first + 1);
  const code = toByteText(answer.subarray(0, first));
  const gasUsed = BigInt(toByteText(answer.subarray(first + 1, second)));
  return { ok: code === "", code, gasUsed, result: decodeCbor(answer.subarray(second + 1)) };
}

const LINE = 10;

export interface ScanRequest {
  readonly prefix: string;
  readonly after: string;
  readonly limit: number;
}

export function encodeScan({ prefix, after, limit }: ScanRequest): Uint8Array {
  return Buffer.from(JSON.stringify([prefix, after, limit]));
}

export function decodeScan(encoded: Uint8Array): ScanRequest {
  const found: unknown = JSON.parse(Buffer.from(encoded).toString());
  const [prefix, after, limit] = Array.isArray(found) ? found : [];
  if (typeof prefix !== "string" || typeof after !== "string" || !Number.isSafeInteger(limit)) {
    throw new TypeError("a scan names a prefix, a key and a limit");
  }
  return { prefix, after, limit };
}

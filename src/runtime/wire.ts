/**
 * What the node writes for the contract process, and reads from it: see `requests.ts` and
 * `outcome-frame.ts`. Whatever comes from there is judged like any outside data.
 */
import type { Call, Lock } from "../contracts/call.ts";
import { type CborValue, decodeCbor, encodeCbor } from "../lib/cbor.ts";
import { toByteText } from "./byte-text.ts";
import type { LedgerRequest, ViewRequest, WireContract, WireInteger, WireRow } from "./requests.ts";

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
  const places = new Map<string, number>();
  const rows = calls.map((call) => wireRow(call, places, skipped?.has(call.txHash) === true));
  const request: LedgerRequest = {
    sequence,
    closeTime: closeTime.toString(),
    vault,
    systemContracts: systemContracts.map(wireContract),
    addresses: [...places.keys()],
    calls: rows,
    ...(isNoted ? { isNoted } : {}),
  };
  return Buffer.from(JSON.stringify(request));
}

function wireContract({ number, source, setupArgs }: SystemContract): WireContract {
  return { number: number.toString(), source, setupArgs: toByteText(encodeCbor(setupArgs)) };
}

/** `places` has the addresses that were named before, and is told of new ones. */
function wireRow(call: Call, places: Map<string, number>, isSkipped: boolean): WireRow {
  const { index, method, args, caller, locks } = call;
  const placeOf = (address: string): number => {
    const known = places.get(address);
    if (known !== undefined) return known;
    places.set(address, places.size);
    return places.size - 1;
  };
  // The inbox hands on payments that are among the transfers; others are only paid, not shown.
  const hidden = call.paid.filter((payment) => !call.transfers.includes(payment));
  const transfers = hidden.length === 0 ? call.transfers : [...call.transfers, ...hidden];
  return [
    Buffer.from(call.txHash, "hex").toString("latin1"),
    index,
    isSkipped ? "skipped" : call.kind,
    call.contract.toString(),
    toByteText(Buffer.from(method)),
    argsText(args),
    placeOf(caller),
    wireInteger(call.gasLimit),
    call.paid.map((payment) => transfers.indexOf(payment)),
    transfers.map(({ operation, from, to, asset, amount }) => {
      return [operation, placeOf(from), placeOf(to), asset, wireInteger(amount)];
    }),
    call.transfers.length,
    locks.length === 0 ? EMPTY_LIST : toByteText(encodeCbor(locks.map(lockToMap))),
  ];
}

function wireInteger(value: bigint): WireInteger {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value.toString();
}

function argsText(args: readonly CborValue[]): string {
  return args.length === 0 ? EMPTY_LIST : toByteText(encodeCbor(args));
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
    args: argsText(args),
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

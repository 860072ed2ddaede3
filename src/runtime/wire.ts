/**
 * Messages between the node and the contract process, in canonical CBOR.
 *
 * The node asks (`apply`, `simulate`, `view`, `drop`, `audit`); before it answers, the contract process may
 * ask back for state (`read`, `scan`). Whatever comes from there is judged like any outside data.
 */
import type { Call, Lock, Transfer } from "../contracts/call.ts";
import { type CborValue, decodeCbor, encodeCbor } from "../lib/cbor.ts";
import type { Receipt, Write } from "./applied.ts";
import { fromByteText, toByteText } from "./byte-text.ts";
import type { LedgerCalls, LedgerOutcome, SystemContract } from "./execute-ledger.ts";
import type { Row } from "./overlay.ts";
import { bytes, count, hexOf, integer, items, text } from "./read-cbor.ts";
import { decodeReceipt, encodeReceipt } from "./receipt-codec.ts";

type ApplyRequest = Omit<LedgerCalls, "calls"> & { readonly calls: readonly Call[] };

export function encodeApply(request: ApplyRequest): Uint8Array {
  const { sequence, closeTime, vault, systemContracts, calls } = request;
  const system = systemContracts.map(
    ({ number, source, setupArgs }): CborValue => [number, source, encodeCbor(setupArgs)],
  );
  return encodeCbor([BigInt(sequence), closeTime, vault, system, calls.map(callToCbor)]);
}

export function decodeApply(encoded: Uint8Array): LedgerCalls {
  const [sequence, closeTime, vault, system, calls] = items(decodeCbor(encoded), 5);
  return {
    sequence: count(sequence),
    closeTime: integer(closeTime),
    vault: text(vault),
    systemContracts: items(system).map(readSystemContract),
    calls: items(calls).map(callFromCbor),
  };
}

export interface LedgerResult {
  readonly receipts: readonly { readonly receipt: Receipt; readonly encoded: Uint8Array }[];
  readonly writes: readonly Write[];
  readonly genesisFault: string;
}

export function encodeOutcome({ receipts, writes, genesisFault }: LedgerOutcome): Uint8Array {
  const rows = writes.map(
    ([key, value]): CborValue => [
      fromByteText(key),
      value === undefined ? null : fromByteText(value),
    ],
  );
  return encodeCbor([receipts.map(encodeReceipt), rows, genesisFault]);
}

export function decodeOutcome(encoded: Uint8Array): LedgerResult {
  const [receipts, writes, genesisFault] = items(decodeCbor(encoded), 3);
  return {
    receipts: items(receipts).map((item) => ({
      receipt: decodeReceipt(bytes(item)),
      encoded: bytes(item),
    })),
    writes: items(writes).map((item) => {
      const [key, value] = items(item, 2);
      return { key: bytes(key), value: value === null ? undefined : bytes(value) };
    }),
    genesisFault: text(genesisFault),
  };
}

export interface ViewRequest {
  readonly sequence: number;
  readonly closeTime: bigint;
  readonly vault: string;
  readonly contract: bigint;
  readonly method: string;
  readonly args: readonly CborValue[];
  readonly caller: string;
}

export function encodeView(request: ViewRequest): Uint8Array {
  const { sequence, closeTime, vault, contract, method, args, caller } = request;
  const arguments_ = encodeCbor(args);
  return encodeCbor([BigInt(sequence), closeTime, vault, contract, method, arguments_, caller]);
}

export function decodeView(encoded: Uint8Array): ViewRequest {
  const [sequence, closeTime, vault, contract, method, args, caller] = items(
    decodeCbor(encoded),
    7,
  );
  return {
    sequence: count(sequence),
    closeTime: integer(closeTime),
    vault: text(vault),
    contract: integer(contract),
    method: text(method),
    args: items(decodeCbor(bytes(args))),
    caller: text(caller),
  };
}

export interface ViewResult {
  readonly ok: boolean;
  readonly code: string;
  readonly result: CborValue;
  readonly gasUsed: bigint;
}

export function encodeViewResult({ code, result, gasUsed }: Omit<ViewResult, "ok">): Uint8Array {
  return encodeCbor([code, encodeCbor(result), gasUsed]);
}

export function decodeViewResult(encoded: Uint8Array): ViewResult {
  const [code, result, gasUsed] = items(decodeCbor(encoded), 3);
  const outcome = { code: text(code), gasUsed: integer(gasUsed) };
  return { ...outcome, ok: outcome.code === "", result: decodeCbor(bytes(result)) };
}

export interface ScanRequest {
  readonly prefix: Uint8Array;
  readonly after: Uint8Array;
  readonly limit: number;
}

export function encodeScan(prefix: string, after: string, limit: number): Uint8Array {
  return encodeCbor([fromByteText(prefix), fromByteText(after), BigInt(limit)]);
}

export function decodeScan(encoded: Uint8Array): ScanRequest {
  const [prefix, after, limit] = items(decodeCbor(encoded), 3);
  return { prefix: bytes(prefix), after: bytes(after), limit: count(limit) };
}

export function encodeRows(rows: readonly { key: Uint8Array; value: Uint8Array }[]): Uint8Array {
  return encodeCbor(rows.map(({ key, value }) => [key, value]));
}

export function decodeRows(encoded: Uint8Array): readonly Row[] {
  return items(decodeCbor(encoded)).map((item) => {
    const [key, value] = items(item, 2);
    return [toByteText(bytes(key)), toByteText(bytes(value))];
  });
}

function readSystemContract(cbor: CborValue): SystemContract {
  const [number, source, setupArgs] = items(cbor, 3);
  return {
    number: integer(number),
    source: text(source),
    setupArgs: items(decodeCbor(bytes(setupArgs))),
  };
}

function callToCbor(call: Call): CborValue {
  return [
    Uint8Array.fromHex(call.txHash),
    BigInt(call.index),
    call.kind,
    call.contract,
    call.method,
    encodeCbor(call.args),
    call.caller,
    call.gasLimit,
    call.paid.map(transferToList),
    encodeCbor(call.transfers.map(transferToMap)),
    encodeCbor(call.locks.map(lockToMap)),
  ];
}

function callFromCbor(cbor: CborValue): LedgerCalls["calls"][number] {
  const fields = items(cbor, 11);
  const [txHash, index, kind, contract, method, args, caller, gasLimit, paid] = fields;
  return {
    txHash: hexOf(bytes(txHash)),
    index: count(index),
    kind: kindOf(text(kind)),
    contract: integer(contract),
    method: text(method),
    args: items(decodeCbor(bytes(args))),
    caller: text(caller),
    gasLimit: integer(gasLimit),
    paid: items(paid).map(transferFromList),
    // Contracts read these; the process hands them on unread.
    transfers: [],
    locks: [],
    facts: { transfers: toByteText(bytes(fields[9])), locks: toByteText(bytes(fields[10])) },
  };
}

function kindOf(kind: string): Call["kind"] {
  return kind === "call" || kind === "receive" ? kind : "malformed";
}

function transferToList({ operation, from, to, asset, amount }: Transfer): CborValue {
  return [BigInt(operation), from, to, asset, amount];
}

function transferFromList(cbor: CborValue): Transfer {
  const [operation, from, to, asset, amount] = items(cbor, 5);
  return {
    operation: count(operation),
    from: text(from),
    to: text(to),
    asset: text(asset),
    amount: integer(amount),
  };
}

function transferToMap({ operation, from, to, asset, amount }: Transfer): CborValue {
  return plainToCbor({ operation: BigInt(operation), from, to, asset, amount });
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

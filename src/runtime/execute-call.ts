/**
 * One call of a ledger: the attached payments, the code, and what remains of both as a receipt.
 *
 * A failed call leaves nothing but its receipt and the refunds of the payments that came with it.
 */
import type { Call } from "../contracts/call.ts";
import { type CborValue, encodeCbor } from "../lib/cbor.ts";
import { sha256Hex } from "../lib/hash.ts";
import type { Receipt, Refund } from "./applied.ts";
import { cborText, fromByteText } from "./byte-text.ts";
import { isPayable } from "./call-frames.ts";
import { contractRecord } from "./contract-records.ts";
import { credit, owe } from "./money.ts";
import { Layer } from "./overlay.ts";
import { callRegistry, REGISTRY } from "./registry.ts";
import { type CallContext, type CallResult, refused, runMethod } from "./run-method.ts";
import { gasLeft } from "./transaction-use.ts";

/** Applies one call to the ledger's state. */
export function executeCall(call: Call, context: CallContext): Receipt {
  const { ledger, use } = context;
  const kept = new Layer(ledger.state);
  const attempt = new Layer(kept);
  const gas = gasLeft(use, call.gasLimit);
  for (const { asset, amount } of call.paid) credit(attempt, call.contract, asset, amount);
  const outcome = route(call, context, attempt, gas);
  use.gas += outcome.gasUsed;
  const refunds = outcome.code === "" ? [] : refundsOf(call);
  if (outcome.code === "") attempt.mergeInto(kept);
  for (const { to, asset, amount } of refunds) owe(kept, to, asset, amount);
  kept.mergeInto(ledger.state);
  return receiptOf(call, { ...outcome, sequence: ledger.sequence, refunds, kept });
}

function route(call: Call, context: CallContext, state: Layer, gas: number): CallResult {
  if (call.kind === "malformed") return refused("CALLDATA_MALFORMED");
  if (call.contract === REGISTRY) return callRegistry(call, context, state, gas);
  const record = contractRecord(state, call.contract);
  if (record === undefined) return refused("CONTRACT_UNKNOWN");
  const abi = context.code.load(state, record.codeHash);
  const name = call.kind === "receive" ? "receive" : call.method;
  const method = abi.methods.get(name);
  if (method === undefined || name === "setup" || name === "migrate") {
    return refused(call.kind === "receive" ? "NOT_PAYABLE" : "METHOD_UNKNOWN");
  }
  if (call.paid.some(({ asset }) => !isPayable(method, asset))) return refused("NOT_PAYABLE");
  return runMethod(
    {
      contract: call.contract,
      method: name,
      args: cborText(call.args),
      caller: call.caller,
      paid: paidByAsset(call),
      gas,
      isView: method.view,
    },
    context,
    state,
  );
}

function paidByAsset({ paid }: Call): ReadonlyMap<string, bigint> {
  const sums = new Map<string, bigint>();
  for (const { asset, amount } of paid) sums.set(asset, (sums.get(asset) ?? 0n) + amount);
  return sums;
}

function refundsOf({ paid }: Call): readonly Refund[] {
  return paid.map(({ from, asset, amount }) => ({ to: from, asset, amount }));
}

type ReceiptParts = CallResult & {
  readonly sequence: number;
  readonly refunds: readonly Refund[];
  readonly kept: Layer;
};

function receiptOf(call: Call, parts: ReceiptParts): Receipt {
  const { sequence, codeHash, code, gasUsed, events, pays, refunds, result, kept } = parts;
  return {
    ledger: sequence,
    txHash: call.txHash,
    index: call.index,
    contract: call.contract,
    codeHash,
    method: call.method,
    caller: call.caller,
    argsHash: sha256Hex(encodeCbor(call.args)),
    ok: code === "",
    code,
    gasLimit: call.gasLimit,
    gasUsed: BigInt(gasUsed),
    writesHash: hashWrites(kept),
    events,
    effects: pays,
    refunds,
    result,
  };
}

/** SHA-256 of the CBOR array of `[key, value or null]`, ascending by key. */
function hashWrites(layer: Layer): string {
  const writes = layer.writes().map(([key, value]) => {
    const stored: CborValue = value === undefined ? null : fromByteText(value);
    return [fromByteText(key), stored];
  });
  return sha256Hex(encodeCbor(writes));
}

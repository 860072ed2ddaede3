/** Receipts, contracts and the chain in the form of the HTTP API. */
import type { ChainLinkJson, ReceiptJson } from "../client/schemas.ts";
import type { Abi } from "../contracts/abi.ts";
import { decodeValue } from "../contracts/value-codec.ts";
import { type JsonValue, jsonFromAnyCbor, jsonFromValue } from "../contracts/value-json.ts";
import type { CborValue } from "../lib/cbor.ts";
import { sha256Hex } from "../lib/hash.ts";
import type { Receipt } from "../runtime/applied.ts";
import { encodeReceipt } from "../runtime/receipt-codec.ts";
import type { ChainLink } from "../store/store.ts";

export function receiptJson(receipt: Receipt, abi: Abi | undefined): ReceiptJson {
  return {
    ledger: receipt.ledger,
    txHash: receipt.txHash,
    index: receipt.index,
    contract: receipt.contract.toString(),
    method: receipt.method,
    caller: receipt.caller,
    ok: receipt.ok,
    code: receipt.code,
    gasUsed: receipt.gasUsed.toString(),
    gasLimit: receipt.gasLimit.toString(),
    result: resultJson(receipt.method, receipt.result, abi),
    events: receipt.events.map(({ contract, topic, data }) => ({
      contract: contract.toString(),
      topic,
      data: jsonFromAnyCbor(data),
    })),
    pays: receipt.effects.map(({ contract, to, asset, amount }) => ({
      contract: contract.toString(),
      to,
      asset,
      amount: amount.toString(),
    })),
    refunds: receipt.refunds.map(({ to, asset, amount }) => ({
      to,
      asset,
      amount: amount.toString(),
    })),
    receiptHash: sha256Hex(encodeReceipt(receipt)),
  };
}

/** By the type that the method declares; as plain CBOR where there is none, as in a refusal. */
export function resultJson(method: string, result: CborValue, abi: Abi | undefined): JsonValue {
  const returns = abi?.methods.get(method)?.returns;
  const decoded = returns === undefined ? undefined : decodeValue(returns, result);
  return decoded?.ok === true ? jsonFromValue(decoded.value) : jsonFromAnyCbor(result);
}

export function chainLinkJson(link: ChainLink): ChainLinkJson {
  return { ...link, closeTime: Number(link.closeTime) };
}

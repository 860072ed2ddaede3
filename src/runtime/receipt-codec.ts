/**
 * Receipts as bytes: one layout, the bytes that are hashed, stored and compared.
 *
 * A receipt is the canonical CBOR array `[1, ledger, txHash, index, contract, codeHash, method,
 * caller, argsHash, ok, code, gasLimit, gasUsed, writesHash, events, effects, refunds, result]`.
 *
 * Range   Hashes are byte strings of 32 bytes; an empty `codeHash` is the empty byte string. Ledger
 *         and index fit 32 bits, contracts and gas 64, amounts are 1 to 2^63 - 1 stroops.
 * Errors  `CBOR_INVALID` for bytes that are not a receipt in exactly this layout.
 * Source  `docs/spec/receipts.md`.
 */
import { fromHex, toHex } from "../lib/bytes.ts";
import { type CborValue, decodeCbor, encodeCbor } from "../lib/cbor.ts";
import { AceError } from "../lib/errors.ts";
import { invariant } from "../lib/invariant.ts";
import { STROOPS_MAX } from "../lib/money.ts";
import type { ContractEvent, Pay, Receipt, Refund } from "./applied.ts";
import { addressBytes } from "./realm/address.ts";

const RECEIPT_VERSION = 1n;
const FIELDS = 18;
const HASH_BYTES = 32;
/** After the head of the array and the layout's number. */
const LEDGER_AT = 2;
const HASH_HEAD_BYTES = 2;
const UINT32_MAX = 2n ** 32n - 1n;
const UINT64_MAX = 2n ** 64n - 1n;

export function encodeReceipt(receipt: Receipt): Uint8Array {
  return encodeCbor([
    RECEIPT_VERSION,
    BigInt(receipt.ledger),
    hashBytes(receipt.txHash),
    BigInt(receipt.index),
    receipt.contract,
    receipt.codeHash === "" ? new Uint8Array(0) : hashBytes(receipt.codeHash),
    receipt.method,
    receipt.caller,
    hashBytes(receipt.argsHash),
    receipt.ok,
    receipt.code,
    receipt.gasLimit,
    receipt.gasUsed,
    hashBytes(receipt.writesHash),
    receipt.events.map(({ contract, topic, data }) => [contract, topic, data]),
    receipt.effects.map(({ contract, to, asset, amount }) => [contract, to, asset, amount]),
    receipt.refunds.map(({ to, asset, amount }) => [to, asset, amount]),
    receipt.result,
  ]);
}

export function decodeReceipt(bytes: Uint8Array): Receipt {
  const fields = readRow(decodeCbor(bytes), FIELDS, "receipt");
  const [version, ledger, txHash, index, contract, codeHash, method, caller, argsHash] = fields;
  const [ok, code, gasLimit, gasUsed, writesHash, events, effects, refunds, result] =
    fields.slice(9);
  if (version !== RECEIPT_VERSION) throw misfit("version");
  if (typeof ok !== "boolean" || ok !== (code === "")) throw misfit("ok");
  if (result === undefined) throw misfit("result");
  return {
    ledger: Number(readInteger(ledger, "ledger", { max: UINT32_MAX })),
    txHash: readHash(txHash, "txHash"),
    index: Number(readInteger(index, "index", { max: UINT32_MAX })),
    contract: readInteger(contract, "contract"),
    codeHash: isEmptyBytes(codeHash) ? "" : readHash(codeHash, "codeHash"),
    method: readText(method, "method"),
    caller: readAddress(caller, "caller"),
    argsHash: readHash(argsHash, "argsHash"),
    ok,
    code: readText(code, "code"),
    gasLimit: readInteger(gasLimit, "gasLimit"),
    gasUsed: readInteger(gasUsed, "gasUsed"),
    writesHash: readHash(writesHash, "writesHash"),
    events: readList(events, "events").map(readEvent),
    effects: readList(effects, "effects").map(readPay),
    refunds: readList(refunds, "refunds").map(readRefund),
    result,
  };
}

/** The transaction of an encoded receipt: it stands behind the layout and the ledger's number. */
export function txHashOf(encoded: Uint8Array): string {
  return toHex(txHashBytes(encoded));
}

/** The same as a view of its 32 bytes. */
export function txHashBytes(encoded: Uint8Array): Uint8Array {
  const short = (encoded[LEDGER_AT] ?? 0) & 31;
  const start = LEDGER_AT + 1 + (short < 24 ? 0 : 1 << (short - 24)) + HASH_HEAD_BYTES;
  return encoded.subarray(start, start + HASH_BYTES);
}

function readEvent(item: CborValue): ContractEvent {
  const [contract, topic, data] = readRow(item, 3, "events");
  if (data === undefined) throw misfit("events");
  return {
    contract: readInteger(contract, "events.contract"),
    topic: readText(topic, "events.topic"),
    data,
  };
}

function readPay(item: CborValue): Pay {
  const [contract, ...rest] = readRow(item, 4, "effects");
  return { contract: readInteger(contract, "effects.contract"), ...readRefund(rest) };
}

function readRefund(item: CborValue): Refund {
  const [to, asset, amount] = readRow(item, 3, "refunds");
  return {
    to: readAddress(to, "to"),
    asset: readText(asset, "asset"),
    amount: readInteger(amount, "amount", { min: 1n, max: STROOPS_MAX }),
  };
}

function hashBytes(hex: string): Uint8Array {
  const bytes = fromHex(hex);
  invariant(bytes?.length === HASH_BYTES, `a receipt holds hashes of 32 bytes, not "${hex}"`);
  return bytes;
}

function readRow(value: CborValue, length: number, name: string): readonly CborValue[] {
  const row = readList(value, name);
  if (row.length !== length) throw misfit(name);
  return row;
}

function readList(value: CborValue | undefined, name: string): readonly CborValue[] {
  if (!isList(value)) throw misfit(name);
  return value;
}

function isList(value: CborValue | undefined): value is readonly CborValue[] {
  return Array.isArray(value);
}

function readHash(value: CborValue | undefined, name: string): string {
  if (!(value instanceof Uint8Array) || value.length !== HASH_BYTES) throw misfit(name);
  return toHex(value);
}

function isEmptyBytes(value: CborValue | undefined): boolean {
  return value instanceof Uint8Array && value.length === 0;
}

function readText(value: CborValue | undefined, name: string): string {
  if (typeof value !== "string") throw misfit(name);
  return value;
}

function readAddress(value: CborValue | undefined, name: string): string {
  const text = readText(value, name);
  if (addressBytes(text) === undefined) throw misfit(name);
  return text;
}

function readInteger(
  value: CborValue | undefined,
  name: string,
  { min = 0n, max = UINT64_MAX }: { readonly min?: bigint; readonly max?: bigint } = {},
): bigint {
  if (typeof value !== "bigint" || value < min || value > max) throw misfit(name);
  return value;
}

function misfit(name: string): AceError {
  return new AceError("CBOR_INVALID", `the bytes are not a receipt: its ${name} does not fit`);
}

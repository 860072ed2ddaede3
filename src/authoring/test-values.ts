/** Values between a test and the ledger, by the types that the contract declares. */
import type { AbiMethod } from "../contracts/abi.ts";
import { decodeValue, encodeArgs, type Value } from "../contracts/value-codec.ts";
import { toHex } from "../lib/bytes.ts";
import type { CborValue } from "../lib/cbor.ts";
import { AceError } from "../lib/errors.ts";
import { invariant } from "../lib/invariant.ts";
import type { Receipt } from "../runtime/applied.ts";
import type { BuiltContract } from "./build-contract.ts";
import type { TestReceipt } from "./test-types.ts";

export function methodOf({ abi }: BuiltContract, name: string): AbiMethod {
  const method = abi.methods.get(name);
  if (method !== undefined) return method;
  const names = [...abi.methods.keys()].join(", ");
  throw new AceError("METHOD_UNKNOWN", `${abi.name} has no "${name}"; it has ${names}`);
}

export function encoded(
  name: string,
  { args }: AbiMethod,
  values: readonly unknown[],
): readonly CborValue[] {
  const coded = encodeArgs(args, values);
  if (coded.ok) return coded.value;
  const what = `${name}: ${coded.path} should be ${coded.expected}`;
  throw new AceError("ARGUMENT_INVALID", what);
}

export function resultOf({ returns }: Pick<AbiMethod, "returns">, cbor: CborValue): Value {
  if (returns === undefined) return undefined;
  const decoded = decodeValue(returns, cbor);
  invariant(decoded.ok, "a result is what its method declares");
  return decoded.value;
}

export function testReceipt(receipt: Receipt, method?: AbiMethod): TestReceipt {
  const { ok, code, gasUsed, effects, refunds, events, ledger, txHash, result } = receipt;
  return {
    ok,
    code,
    result: ok && method !== undefined ? resultOf(method, result) : undefined,
    gasUsed,
    events: events.map((event) => ({ ...event, data: plain(event.data) })),
    payments: effects.map(({ to, asset, amount }) => ({ to, asset, amount })),
    refunds,
    ledger,
    txHash,
  };
}

/** Nothing but the code is known of a view that fails. */
export function failedView(code: string): TestReceipt {
  const nothing = { events: [], payments: [], refunds: [], ledger: 0, txHash: "" };
  return { ok: false, code, result: undefined, gasUsed: 0n, ...nothing };
}

/** Data of no declared type. */
function plain(cbor: CborValue): unknown {
  if (cbor === null) return undefined;
  if (typeof cbor !== "object") return cbor;
  if (cbor instanceof Uint8Array) return toHex(cbor);
  if (cbor instanceof Map) {
    return Object.fromEntries(
      [...cbor].map(([name, item]: [string, CborValue]) => [name, plain(item)]),
    );
  }
  return [...cbor.values()].map(plain);
}

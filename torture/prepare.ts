/** From a script to the calls of two ledgers: one that deploys it, one that calls it. */

import { decodeAbi } from "../src/contracts/abi.ts";
import type { Call, Transfer } from "../src/contracts/call.ts";
import type { CborValue } from "../src/lib/cbor.ts";
import { AceError } from "../src/lib/errors.ts";
import { sha256, sha256Hex } from "../src/lib/hash.ts";
import { muxedAddress } from "../src/lib/strkey.ts";
import { admitSource } from "../src/runtime/admit.ts";
import type { Receipt } from "../src/runtime/applied.ts";
import { fromByteText } from "../src/runtime/byte-text.ts";
import { contractRecord, FIRST_CONTRACT } from "../src/runtime/contract-records.ts";
import { limits } from "../src/runtime/limits.ts";
import { abiKey } from "../src/runtime/system-keys.ts";
import { withLiteral } from "./literal.ts";
import { accountOf, type Rows, vault } from "./rig.ts";
import type { Script } from "./script.ts";
import { type Arguments, argumentsFor, naturalArguments } from "./values.ts";

export type Outcome = "ok" | "refused" | "failed" | "node-fault";

export interface Verdict {
  readonly outcome: Outcome;
  readonly code: string;
  readonly gas: bigint;
}

export interface Prepared {
  readonly kind: "prepared";
  readonly script: Script;
  readonly method: string;
  readonly args: Arguments;
  /** Of the other contracts, and last of the script's own. */
  readonly sources: readonly string[];
}

/** What no ledger can carry is refused before anything runs. */
export interface Refused {
  readonly kind: "refused";
  readonly script: Script;
  readonly verdict: Verdict;
}

/** @param first Number that the first contract of the script gets. */
export function prepare(script: Script, first = FIRST_CONTRACT): Prepared | Refused {
  const { source, method, others, pays } = script;
  const numbers = others.map((_, index) => first + BigInt(index));
  const args = argumentsOf(script, numbers);
  if (args === undefined) return refuse(script, "ARGUMENT_INVALID");
  const own = withLiteral(source, method, args.types, pays.length > 0);
  const besides = others.map((other) => withLiteral(other.source, "", [], false).source);
  const sources = [...besides, own.source];
  for (const one of sources) {
    const code = unsendable(one);
    if (code !== undefined) return refuse(script, code);
  }
  return { kind: "prepared", script, method: own.method, args, sources };
}

function argumentsOf(script: Script, numbers: readonly bigint[]): Arguments | undefined {
  try {
    const found = naturalArguments(script.args, numbers);
    argumentsFor(found.types, found);
    return found;
  } catch (error) {
    if (error instanceof AceError) return undefined;
    throw error;
  }
}

/** The registry takes well-formed UTF-8 of 1 to 65,536 bytes: admission would refuse the rest at once. */
function unsendable(source: string): string | undefined {
  const bytes = Buffer.byteLength(source);
  if (source.isWellFormed() && bytes > 0 && bytes <= limits.sourceBytesMax) return undefined;
  const admission = admitSource(source);
  return admission.ok ? undefined : admission.refusals[0]?.code;
}

function refuse(script: Script, code: string): Refused {
  return { kind: "refused", script, verdict: { outcome: "refused", code, gas: 0n } };
}

/** Puts and deploys the contracts of a script. `label` tells its transactions from all others. */
export function deployCalls({ sources }: Prepared, label: string): readonly Call[] {
  return sources.flatMap((source, index) => {
    const bytes = new TextEncoder().encode(source);
    const hash = sha256(bytes);
    return [
      registryCall(`${label} put ${index}`, "put", [hash, 0n, bytes]),
      registryCall(`${label} deploy ${index}`, "deploy", [hash, []]),
    ];
  });
}

/** What became of the deployments; undefined when all of them succeeded. */
export function deployVerdict(receipts: readonly Receipt[]): Verdict | undefined {
  const failed = receipts.find(({ ok }) => !ok);
  if (failed === undefined) return undefined;
  const { code, gasUsed, result } = failed;
  if (code !== "CODE_REFUSED") return { outcome: "failed", code, gas: gasUsed };
  const [first] = Array.isArray(result) ? result : [];
  const named: unknown = first instanceof Map ? first.get("code") : undefined;
  return { outcome: "refused", code: typeof named === "string" ? named : code, gas: 0n };
}

/** The script's call of its contract, on the state that its deployment left. */
export function scriptCall(
  { script, method, args }: Prepared,
  contract: bigint,
  rows: Rows,
  label: string,
): Call {
  const transfers = script.pays.map(({ asset, amount }, operation): Transfer => {
    const to = muxedAddress(vault, contract);
    return { operation, from: accountOf("caller"), to, asset, amount };
  });
  return {
    ...plainCall(label),
    contract,
    method,
    args: argumentsFor(typesOf(rows, contract, method) ?? args.types, args),
    gasLimit: BigInt(script.gasLimit),
    paid: transfers,
    transfers,
  };
}

export function callVerdict({ ok, code, gasUsed }: Receipt): Verdict {
  return { outcome: ok ? "ok" : "failed", code, gas: gasUsed };
}

function typesOf(rows: Rows, contract: bigint, method: string) {
  const record = contractRecord(rows, contract);
  const abi = record === undefined ? undefined : rows.get(abiKey(record.codeHash));
  if (abi === undefined) return undefined;
  return decodeAbi(fromByteText(abi)).methods.get(method)?.args;
}

function registryCall(label: string, method: string, args: readonly CborValue[]): Call {
  const gasLimit = BigInt(limits.gasCallMax);
  return { ...plainCall(label), contract: 0n, method, args, gasLimit };
}

function plainCall(label: string) {
  return {
    txHash: sha256Hex(Buffer.from(label)),
    index: 0,
    kind: "call",
    caller: accountOf("caller"),
    paid: [],
    transfers: [],
    locks: [],
  } as const;
}

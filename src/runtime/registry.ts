/**
 * The registry, contract number 0: puts code on the ledger, makes contracts of it, and changes theirs.
 *
 * put(hash, offset, bytes)   keeps a part of a source, in the caller's own area
 * publish(hash)              admits the caller's complete source, so that everybody can read it
 * deploy(hash, args)         the same, makes a contract of it and runs `setup(...args)`
 * announce, cancel, upgrade  see `registry-upgrade.ts`
 *
 * Errors  Those of `registry-source.ts` and `registry-upgrade.ts`, and what `setup` says.
 */
import { FIRST_CONTRACT, FIRST_VERSION, storeContract, takeNumber } from "./contract-records.ts";
import { header, integerItem, MAJOR, NULL, readItems } from "./realm/cbor.ts";
import { keepCode, putPart, readHash, takeSource } from "./registry-source.ts";
import { announce, cancel, upgrade } from "./registry-upgrade.ts";
import type { WireCall } from "./requests.ts";
import { type CallContext, type CallResult, refused, runMethod } from "./run-method.ts";

export const REGISTRY = 0n;

const NO_ARGUMENTS = header(MAJOR.array, 0);

export function callRegistry(call: WireCall, context: CallContext, gas: number): CallResult {
  const { kind, method, paid } = call;
  if (paid.length > 0 || kind === "receive") return refused("NOT_PAYABLE");
  switch (method) {
    case "put":
      return putPart(call, context, gas);
    case "publish":
      return publish(call, context, gas);
    case "deploy":
      return deploy(call, context, gas);
    case "announce":
      return announce(call, context, gas);
    case "cancel":
      return cancel(call, context, gas);
    case "upgrade":
      return upgrade(call, context, gas);
    default:
      return refused("METHOD_UNKNOWN");
  }
}

interface Installation {
  readonly source: string;
  readonly number: bigint;
  readonly caller: string;
  /** CBOR of the array of arguments of `setup`. */
  readonly args: string;
  readonly gas: number;
}

/** Makes a contract of admitted source under this number, and runs its `setup`. */
export function install(parts: Installation, context: CallContext): CallResult {
  const { source, number, caller, args, gas } = parts;
  const { state } = context.ledger;
  const payer = number < FIRST_CONTRACT ? undefined : { account: caller, contracts: 1 };
  const kept = keepCode(source, context, 0, payer);
  if (!kept.ok) return kept.outcome;
  const { codeHash, methods } = kept.code;
  storeContract(state, { number, codeHash, owner: caller, version: FIRST_VERSION });
  if (!methods.has("setup")) {
    const outcome = refused(args === NO_ARGUMENTS ? "" : "ARGS_INVALID");
    return { ...outcome, codeHash, result: integerItem(number) };
  }
  const contract = context.ledger.contract(String(number));
  const setup = { contract, method: "setup", args, caller, gas };
  const outcome = runMethod({ ...setup, paid: new Map(), isView: false }, context);
  return { ...outcome, result: outcome.code === "" ? integerItem(number) : NULL };
}

function deploy({ args, caller }: WireCall, context: CallContext, gas: number): CallResult {
  const [hashPart = "", setupArgs = "", more] = readItems(args) ?? [];
  const codeHash = readHash(hashPart);
  if (codeHash === undefined || readItems(setupArgs) === undefined || more !== undefined) {
    return refused("ARGS_INVALID");
  }
  const found = takeSource(codeHash, caller, context, gas);
  if (!found.ok) return found.outcome;
  const { source, cost } = found;
  const number = takeNumber(context.ledger.state);
  const installation = { source, number, caller, args: setupArgs, gas: gas - cost };
  const outcome = install(installation, context);
  return { ...outcome, gasUsed: outcome.gasUsed + cost };
}

function publish({ args, caller }: WireCall, context: CallContext, gas: number): CallResult {
  const [hashPart = "", more] = readItems(args) ?? [];
  const codeHash = readHash(hashPart);
  if (codeHash === undefined || more !== undefined) return refused("ARGS_INVALID");
  const found = takeSource(codeHash, caller, context, gas);
  if (!found.ok) return found.outcome;
  const kept = keepCode(found.source, context, found.cost, { account: caller, contracts: 0 });
  return kept.ok ? { ...refused("", found.cost), codeHash } : kept.outcome;
}

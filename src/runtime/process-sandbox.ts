/**
 * The sandbox in isolated-vm: one isolate, in it the keeper and one hardened realm, every contract a
 * factory inside that.
 *
 * The guest holds no object of isolated-vm: the keeper's functions are reached through names that start
 * with `$`, which contracts cannot write, and all that crosses is text and numbers.
 *
 * Errors  Whatever the engine throws: the process that owns the sandbox must then be replaced.
 */
import { readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { fileURLToPath } from "node:url";
import { setFlagsFromString } from "node:v8";
import ivm from "isolated-vm";
import { type Abi, type AbiField, type AbiType, encodeAbi } from "../contracts/abi.ts";
import { type Admission, codeHashOf } from "./admit.ts";
import { toByteText } from "./byte-text.ts";
import type { Judgement } from "./contract-code.ts";
import type { Keeper, ProcessPort } from "./sandbox.ts";

/** A second fence: gas and limits keep the calls of a ledger far below it. */
const ISOLATE_MEMORY_MB = 1_024;
/**
 * Room for new objects. Nearly all that a ledger makes is of no use when it ends, but as long as it runs
 * each collection copies what its calls came with and what they gave: so there should be few of them.
 */
const YOUNG_MB = { min: 8, max: 8 } as const;
/** What the engine takes without being told. */
const DEFAULT_MB = { min: 0, max: 0 } as const;

const QUESTIONS = [
  "read",
  "write",
  "scan",
  "emit",
  "pay",
  "take",
  "paid",
  "balance",
  "facts",
  "sha256",
  "verify",
  "enter",
  "leave",
  "end",
] as const satisfies readonly (keyof Keeper)[];

export type SandboxParts = Omit<ProcessPort, "judge" | "tell"> & {
  readonly admit: (source: string) => Admission;
};

/** Requests are those of `requests.ts`; answers are what the keeper says. */
export interface ProcessSandbox {
  /** The outcome, in pieces. */
  apply(ledger: string, isOneByOne: boolean): readonly string[];
  simulate(ledger: string): readonly string[];
  view(view: string): string;
  /** Keys and values in turn, as JSON; an empty value is absent. */
  warm(rows: string): void;
  forget(): void;
  /** A list of keys as JSON. */
  forgetKeys(keys: string): void;
  /** Every object that a contract can reach, one path a line. */
  audit(): string;
  /** Bytes of heap in use: installed code stays until the sandbox is closed. */
  heapBytes(): number;
  close(): void;
}

export function openSandbox(parts: SandboxParts): ProcessSandbox {
  const isolate = openIsolate();
  const guest = isolate.createContextSync();
  let pieces: string[] = [];
  const tell = (piece: string): void => {
    pieces.push(piece);
  };
  const keeper = openKeeper(isolate, { ...parts, tell }, (codeHash, code, abi) => {
    const methods = JSON.stringify(JSON.stringify(methodsOf(abi)));
    guest.evalSync(`$install("${codeHash}",${code},${methods})`);
  });
  openGuest(isolate, guest, keeper);
  const named = (name: string) => {
    const reference = keeper.evalSync(name, { reference: true });
    return (...values: (string | boolean)[]): string =>
      String(reference.applySync(undefined, values));
  };
  keeper.global.setSync("$run", guest.evalSync("$run", { reference: true }).derefInto());
  keeper.evalSync("$open($run)");
  const inPieces = (ask: (...values: (string | boolean)[]) => string) => {
    return (...values: (string | boolean)[]): readonly string[] => {
      pieces = [];
      ask(...values);
      return pieces;
    };
  };
  return {
    apply: inPieces(named("$apply")),
    simulate: inPieces(named("$simulate")),
    view: named("$view"),
    warm: named("$warm"),
    forget: named("$forget"),
    forgetKeys: named("$forgetKeys"),
    audit: () => String(guest.evalSync("$audit()")),
    heapBytes: () => isolate.getHeapStatisticsSync().used_heap_size,
    close: () => isolate.dispose(),
  };
}

/** Helpers cost more than they carry away: a ledger leaves little, and other processes want the cores. */
function openIsolate(): ivm.Isolate {
  setFlagsFromString("--no-parallel-scavenge");
  setYoung(YOUNG_MB);
  const isolate = new ivm.Isolate({ memoryLimit: ISOLATE_MEMORY_MB });
  setYoung(DEFAULT_MB);
  return isolate;
}

/** For isolates that are made from now on. */
function setYoung({ min, max }: { readonly min: number; readonly max: number }): void {
  setFlagsFromString(`--min-semi-space-size=${min}`);
  setFlagsFromString(`--max-semi-space-size=${max}`);
}

type Install = (codeHash: string, code: string, abi: Abi) => void;

function openKeeper(
  isolate: ivm.Isolate,
  parts: SandboxParts & Pick<ProcessPort, "tell">,
  install: Install,
): ivm.Context {
  const context = isolate.createContextSync();
  const { admit, read, scan, sha256, verify, tell, begin } = parts;
  const judged = new Map<string, string>();
  const judge = (source: string): string => {
    const hash = codeHashOf(source);
    const known = judged.get(hash);
    if (known !== undefined) return known;
    const judgement = judgementOf(admit(source), install);
    const answer = JSON.stringify(judgement);
    // What is refused is judged again: only code that runs is worth its memory.
    if (judgement.ok) judged.set(hash, answer);
    return answer;
  };
  const members: string[] = [];
  for (const [name, answer] of Object.entries({ read, scan, sha256, verify, tell, begin, judge })) {
    context.global.setSync(`$port_${name}`, new ivm.Callback(answer));
    members.push(`${name}:globalThis.$port_${name}`);
  }
  context.evalSync(`const $port={${members.join(",")}};`);
  evaluate(isolate, context, "./keeper");
  return context;
}

/** What is admitted can run from now on. */
function judgementOf(admission: Admission, install: Install): Judgement {
  if (!admission.ok) {
    const refusals = admission.refusals.map(({ code, line, column }) => ({ code, line, column }));
    return { ok: false, refusals };
  }
  const { codeHash, code, abi } = admission;
  install(codeHash, code, abi);
  const methods = [...abi.methods].map(
    ([name, { view, payable }]) => [name, { view, payable }] as const,
  );
  const { storageBytes } = abi;
  return { ok: true, codeHash, abi: toByteText(encodeAbi(abi)), storageBytes, methods };
}

function openGuest(isolate: ivm.Isolate, guest: ivm.Context, keeper: ivm.Context): void {
  for (const name of QUESTIONS) {
    const answer = keeper.evalSync(`$answers.${name}`, { reference: true });
    guest.global.setSync(`$host_${name}`, answer.derefInto());
  }
  const members = QUESTIONS.map((name) => `${name}:globalThis.$host_${name}`).join(",");
  guest.evalSync(`let $g=Infinity,$d=0;const $host={${members}};`);
  evaluate(isolate, guest, "./realm/main");
  const names: unknown = guest.evalSync("$names.join()");
  const constants = String(names)
    .split(",")
    .map((name) => `${name}=globalThis.${name}`);
  guest.evalSync(`const ${constants.join(",")};globalThis.$harden();`);
}

/** Modules are read as text: the same files that the type checker reads. */
function evaluate(isolate: ivm.Isolate, context: ivm.Context, entry: string): void {
  const { $rules: rules } = globalThis;
  if (rules !== undefined) context.evalSync(`globalThis.$rules=${JSON.stringify(rules)};`);
  const modules = new Map<string, ivm.Module>();
  const addresses = new Map<ivm.Module, string>();
  const load = (url: string): ivm.Module => {
    const known = modules.get(url);
    if (known !== undefined) return known;
    const module = isolate.compileModuleSync(scriptOf(url), { filename: url });
    modules.set(url, module);
    addresses.set(module, url);
    return module;
  };
  const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
  const main = load(new URL(`${entry}.${extension}`, import.meta.url).href);
  main.instantiateSync(context, (specifier, referrer) =>
    load(new URL(specifier, addresses.get(referrer) ?? import.meta.url).href),
  );
  main.evaluateSync();
}

/** By address: a sandbox that is opened anew reads nothing again. */
const scripts = new Map<string, string>();

function scriptOf(url: string): string {
  const known = scripts.get(url);
  if (known !== undefined) return known;
  const text = readFileSync(fileURLToPath(url), "utf8");
  const script = url.endsWith(".ts") ? stripTypeScriptTypes(text) : text;
  scripts.set(url, script);
  return script;
}

/** The types that the realm needs, fields in the order in which CBOR has them. */
function methodsOf(abi: Abi): Readonly<Record<string, unknown>> {
  const methods = [...abi.methods].map(([name, { args, returns }]) => [
    name,
    { args: args.map(inCborOrder), returns: returns && inCborOrder(returns) },
  ]);
  return Object.fromEntries(methods);
}

function inCborOrder(type: AbiType): AbiType {
  switch (type.kind) {
    case "list":
      return { ...type, item: inCborOrder(type.item) };
    case "optional":
      return { ...type, type: inCborOrder(type.type) };
    case "record": {
      const fields = type.fields.map(([name, field]): AbiField => [name, inCborOrder(field)]);
      return { ...type, fields: fields.toSorted(byEncodedName) };
    }
    default:
      return type;
  }
}

/** Canonical CBOR sorts keys by their encoding: shorter names first, then by bytes. */
function byEncodedName([left]: AbiField, [right]: AbiField): number {
  return left.length - right.length || (left < right ? -1 : 1);
}

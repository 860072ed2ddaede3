/**
 * The sandbox in isolated-vm: one isolate, one hardened realm, every contract a factory inside it.
 *
 * The guest holds no object of isolated-vm: the host's functions are reached through names that start
 * with `$`, which contracts cannot write, and all that crosses is text and numbers.
 *
 * Errors  Whatever the engine throws: the process that owns the sandbox must then be replaced.
 */
import { readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { fileURLToPath } from "node:url";
import ivm from "isolated-vm";
import type { Abi, AbiField, AbiType } from "../contracts/abi.ts";
import type { Outcome, Sandbox, SandboxHost } from "./sandbox.ts";

/** A second fence: gas and limits keep the calls of a ledger far below it. */
const ISOLATE_MEMORY_MB = 1_024;

const HOST_FUNCTIONS = [
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
] as const satisfies readonly (keyof SandboxHost)[];

export interface ProcessSandbox extends Sandbox {
  /** Every object that a contract can reach, one path a line. */
  audit(): string;
  /** Bytes of heap in use: installed code stays until the sandbox is closed. */
  heapBytes(): number;
  close(): void;
}

export function openSandbox(): ProcessSandbox {
  const isolate = new ivm.Isolate({ memoryLimit: ISOLATE_MEMORY_MB });
  const context = isolate.createContextSync();
  const bridge = new HostBridge();
  for (const name of HOST_FUNCTIONS) {
    const answer = (...values: unknown[]): string => bridge.answer(name, values);
    context.global.setSync(`$host_${name}`, new ivm.Callback(answer));
  }
  const members = HOST_FUNCTIONS.map((name) => `${name}:globalThis.$host_${name}`).join(",");
  context.evalSync(`let $g=Infinity,$d=0;const $host={__proto__:null,${members}};`);
  evaluateRealm(isolate, context);
  const names: unknown = context.evalSync("$names.join()");
  const constants = String(names)
    .split(",")
    .map((name) => `${name}=globalThis.${name}`);
  context.evalSync(`const ${constants.join(",")};globalThis.$harden();`);
  const run = context.evalSync("$run", { reference: true });
  return {
    install(codeHash, code, abi) {
      const methods = JSON.stringify(JSON.stringify(methodsOf(abi)));
      context.evalSync(`$install("${codeHash}",${code},${methods})`);
    },
    run({ facts, method, args, gas }, host) {
      const values = [JSON.stringify(facts), method, args, gas];
      const answer: unknown = bridge.during(host, () => run.applySync(undefined, values));
      return readOutcome(String(answer));
    },
    audit: () => String(context.evalSync("$audit()")),
    heapBytes: () => isolate.getHeapStatisticsSync().used_heap_size,
    close: () => isolate.dispose(),
  };
}

/** Lets the guest ask the host of the call that runs; an exception there never enters the guest. */
class HostBridge {
  #host: SandboxHost | undefined;
  #failure: unknown;

  answer(name: (typeof HOST_FUNCTIONS)[number], values: readonly unknown[]): string {
    if (this.#host === undefined || this.#failure !== undefined) return "";
    try {
      return Reflect.apply(this.#host[name], this.#host, values);
    } catch (error) {
      this.#failure = error;
      return "";
    }
  }

  during<T>(host: SandboxHost, work: () => T): T {
    this.#host = host;
    this.#failure = undefined;
    try {
      const result = work();
      if (this.#failure !== undefined) throw this.#failure;
      return result;
    } finally {
      this.#host = undefined;
    }
  }
}

/** Realm modules are read as text: the same files that the type checker reads. */
function evaluateRealm(isolate: ivm.Isolate, context: ivm.Context): void {
  const modules = new Map<string, ivm.Module>();
  const addresses = new Map<ivm.Module, string>();
  const load = (url: string): ivm.Module => {
    const known = modules.get(url);
    if (known !== undefined) return known;
    const text = readFileSync(fileURLToPath(url), "utf8");
    const script = url.endsWith(".ts") ? stripTypeScriptTypes(text) : text;
    const module = isolate.compileModuleSync(script, { filename: url });
    modules.set(url, module);
    addresses.set(module, url);
    return module;
  };
  const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
  const main = load(new URL(`./realm/main.${extension}`, import.meta.url).href);
  main.instantiateSync(context, (specifier, referrer) =>
    load(new URL(specifier, addresses.get(referrer) ?? import.meta.url).href),
  );
  main.evaluateSync();
}

/** First line the code, then the gas used, then the result; a `!` in front tells of a fault. */
function readOutcome(answer: string): Outcome {
  const first = answer.indexOf("\n");
  const second = answer.indexOf("\n", first + 1);
  if (answer.startsWith("!") || second < 0) throw new Error(`the sandbox failed: ${answer}`);
  const gasUsed = Number(answer.slice(first + 1, second));
  return { code: answer.slice(0, first), gasUsed, result: answer.slice(second + 1) };
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

/** Contracts whose code changes: a till in its versions, and the calls of the registry around it. */
import { toHex } from "../../src/lib/bytes.ts";
import { sha256 } from "../../src/lib/hash.ts";
import { codeHashOf } from "../../src/runtime/admit.ts";
import type { Receipt } from "../../src/runtime/applied.ts";
import { accountOf, network, RuntimeKit } from "./runtime-kit.ts";

export const DAY_S = 86_400n;
export const owner = accountOf("owner");
export const stranger = accountOf("stranger");

export interface Version {
  readonly upgrade?: string;
  readonly step?: string;
  /** Body of `migrate(from)`. */
  readonly migrate?: string;
  readonly add?: string;
  readonly get?: string;
  readonly implements?: string;
}

export const OWNER = 'upgrade: "owner",';
export const every = (days: number): string => `upgrade: { by: "owner", delayDays: ${days} },`;

/** A till in one of its versions. */
export function till(version: Version): string {
  const { upgrade = "", step = "1n", migrate, implements: interfaces = "" } = version;
  const {
    add = "args: [int], returns: int, payable: true",
    get = "args: [], returns: int, view: true",
  } = version;
  const migration = migrate === undefined ? "" : "migrate: { args: [int] },";
  const getter = get === "" ? "" : `get: { ${get} },`;
  return `import { contract, state, ctx, int, text, emit, fail, XLM, call, pay } from "ace-node/contract";
contract({ name: "till", ${upgrade} implements: [${interfaces}],
  methods: { ${migration} ${getter} add: { ${add} }, more: { args: [] } } });
const n = state.value("n", int); const rows = state.map("row", int, int);
export function add(by) { n.set((n.get() ?? 0n) + by * ${step}); emit("added", { by }); return n.get(); }
export function more() {}
${get === "" ? "" : "export function get() { return n.get() ?? 0n; }"}
${migrate === undefined ? "" : `export function migrate(from) { ${migrate} }`}`;
}

/** In the DAO's place: lets everybody pass what they like, and enacts it once. */
const consenting = `import { contract, state, ctx, int, hash, account, fail } from "ace-node/contract";
contract({ name: "dao", methods: { setup: { args: [] }, pass: { args: [int, int, hash] }, enact: { args: [int, int, hash] }, done: { args: [int], returns: int, view: true } } });
const passed = state.map("passed", int, { contract: int, code: hash, done: int });
export function setup() {}
export function done(id) { return passed.get(id)?.done ?? 0n; }
export function pass(id, contract, code) { passed.set(id, { contract, code, done: 0n }); }
export function enact(id, contract, code) {
  const found = passed.get(id);
  if (found === undefined || found.done > 0n) fail("DAO_NOT_QUEUED");
  if (ctx.caller === "${owner}") fail("DAO_BY_REGISTRY");
  if (found.contract !== contract || found.code !== code) fail("DAO_OTHER_ACTION");
  passed.set(id, { contract, code, done: 1n });
}`;

export class Upgrades implements AsyncDisposable {
  readonly kit: RuntimeKit;

  private constructor(kit: RuntimeKit) {
    this.kit = kit;
  }

  static async open(): Promise<Upgrades> {
    const kit = await RuntimeKit.open({
      network: { ...network, systemContracts: { "1": codeHashOf(consenting) } },
      systemContracts: [{ number: 1n, source: consenting, setupArgs: [] }],
    });
    await kit.close();
    return new Upgrades(kit);
  }

  registry(method: string, args: readonly (bigint | Uint8Array)[], caller = owner) {
    return this.kit.one({ method, args, caller, gasLimit: 5_000_000n });
  }

  /** Puts the source on the ledger, in the caller's own area: its hash. */
  async put(source: string, caller = owner): Promise<Uint8Array> {
    const hash = hashOf(source);
    await this.registry("put", [hash, 0n, new TextEncoder().encode(source)], caller);
    return hash;
  }

  async announce(contract: bigint, source: string): Promise<Receipt> {
    return await this.registry("announce", [contract, await this.put(source)]);
  }

  upgrade(contract: bigint, source: string, caller = owner): Promise<Receipt> {
    return this.registry("upgrade", [contract, hashOf(source)], caller);
  }

  /** What the till's `get` answers. */
  async view(contract: bigint): Promise<unknown> {
    return (await this.kit.runtime.view({ contract, method: "get", args: [] })).result;
  }

  get rows(): unknown {
    return this.kit.state.rows.map(({ key, value }) => [toHex(key), toHex(value)]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kit[Symbol.asyncDispose]();
  }
}

export function hashOf(source: string): Uint8Array {
  return Uint8Array.from(sha256(new TextEncoder().encode(source)));
}

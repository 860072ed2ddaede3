/** A runtime without system contracts over state in memory: calls in, receipts out, commits in between. */
import type { Call, Transfer } from "../../src/contracts/call.ts";
import type { ServiceNetwork } from "../../src/contracts/service-network.ts";
import { compareBytes, toHex } from "../../src/lib/bytes.ts";
import type { CborValue } from "../../src/lib/cbor.ts";
import { silentEvents } from "../../src/lib/events.ts";
import { sha256, sha256Hex } from "../../src/lib/hash.ts";
import { invariant } from "../../src/lib/invariant.ts";
import { accountFromBytes } from "../../src/lib/strkey.ts";
import type {
  Applied,
  Receipt,
  StateEntry,
  StateReader,
  Write,
} from "../../src/runtime/applied.ts";
import { openRuntime } from "../../src/runtime/runtime.ts";
import type { Runtime, RuntimeOptions } from "../../src/runtime/runtime-types.ts";

const GENESIS = 50;
const START_S = 1_800_000_000n;

export const accountOf = (name: string): string => accountFromBytes(sha256(Buffer.from(name)));
export const vault = accountOf("vault");

export const network: ServiceNetwork = {
  name: "runtime",
  passphrase: "Ace Runtime Test",
  vault,
  genesisLedger: GENESIS,
  genesisHash: "00".repeat(32),
  protocolVersion: 1,
  assets: [],
  governanceAsset: `ACE:${vault}`,
  signers: [{ account: vault, key: "11".repeat(32) }],
  threshold: 1,
  issuers: [{ account: vault, key: "11".repeat(32) }],
  systemContracts: {},
  settings: {},
};

export class MemoryState implements StateReader {
  #rows: StateEntry[] = [];
  #onRead: (() => void) | undefined;

  /** Does this at the next read: in the middle of whatever asks. */
  onceRead(action: () => void): void {
    this.#onRead = action;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    const action = this.#onRead;
    this.#onRead = undefined;
    action?.();
    return this.#rows.find((row) => compareBytes(row.key, key) === 0)?.value;
  }

  scan(prefix: Uint8Array, after: Uint8Array | undefined, limit: number): readonly StateEntry[] {
    const start = toHex(prefix);
    return this.#rows
      .filter(({ key }) => toHex(key).startsWith(start))
      .filter(({ key }) => after === undefined || compareBytes(key, after) > 0)
      .slice(0, limit);
  }

  commit(writes: readonly Write[]): void {
    const rows = new Map(this.#rows.map((row) => [toHex(row.key), row]));
    for (const { key, value } of writes) {
      if (value === undefined) rows.delete(toHex(key));
      else rows.set(toHex(key), { key, value });
    }
    this.#rows = [...rows.values()].sort((left, right) => compareBytes(left.key, right.key));
  }

  get rows(): readonly StateEntry[] {
    return this.#rows;
  }
}

type CallParts = Partial<Call> & { readonly pays?: readonly (readonly [string, bigint])[] };

export class RuntimeKit implements AsyncDisposable {
  readonly runtime: Runtime;
  readonly state: MemoryState;
  sequence = GENESIS;
  #transactions = 0;
  #waitedS = 0n;

  private constructor(runtime: Runtime, state: MemoryState) {
    this.runtime = runtime;
    this.state = state;
  }

  static async open(options: Partial<RuntimeOptions> = {}): Promise<RuntimeKit> {
    const state = new MemoryState();
    const common = { network, systemContracts: [], state, tip: undefined, events: silentEvents };
    return new RuntimeKit(await openRuntime({ ...common, ...options }), state);
  }

  /** A call of its own transaction; `pays` are [asset, amount] to the contract, by the caller. */
  call({ pays = [], ...parts }: CallParts): Call {
    this.#transactions += 1;
    const caller = parts.caller ?? accountOf("caller");
    const paid = pays.map(
      ([asset, amount], operation): Transfer => ({
        operation,
        from: caller,
        to: vault,
        asset,
        amount,
      }),
    );
    return {
      txHash: sha256Hex(Buffer.from(`transaction ${this.#transactions}`)),
      index: 0,
      kind: "call",
      contract: 0n,
      method: "receive",
      args: [],
      caller,
      gasLimit: 1_000_000n,
      paid,
      transfers: paid,
      locks: [],
      ...parts,
    };
  }

  /** Of the next ledger. */
  get closeTime(): bigint {
    return START_S + 5n * BigInt(this.sequence - GENESIS) + this.#waitedS;
  }

  /** Ledgers that come close so many seconds later. */
  wait(seconds: bigint): void {
    this.#waitedS += seconds;
  }

  /** Applies one ledger without committing it. */
  apply(calls: readonly Call[]): Promise<Applied> {
    const { sequence } = this;
    const headerHash = sha256Hex(Buffer.from(`ledger ${sequence}`));
    const { closeTime } = this;
    return this.runtime.apply({ sequence, closeTime, headerHash, calls });
  }

  async close(...calls: readonly Call[]): Promise<Applied> {
    const applied = await this.apply(calls);
    this.state.commit(applied.writes);
    this.runtime.committed(applied.sequence);
    this.sequence += 1;
    return applied;
  }

  async one(parts: CallParts): Promise<Receipt> {
    const { receipts } = await this.close(this.call(parts));
    const [receipt] = receipts;
    invariant(receipt !== undefined, "one call, one receipt");
    return receipt;
  }

  /** The two calls that put code on the ledger. */
  deployCalls(source: string, args: readonly CborValue[] = [], caller?: string): readonly Call[] {
    const bytes = new TextEncoder().encode(source);
    const hash = sha256(bytes);
    const who = caller === undefined ? {} : { caller };
    const gasLimit = 5_000_000n;
    return [
      this.call({ method: "put", args: [hash, 0n, bytes], gasLimit, ...who }),
      this.call({ method: "deploy", args: [hash, args], gasLimit, ...who }),
    ];
  }

  async deploy(source: string, args: readonly CborValue[] = [], caller?: string): Promise<bigint> {
    const { receipts } = await this.close(...this.deployCalls(source, args, caller));
    const result = receipts[1]?.result;
    invariant(typeof result === "bigint", `deployed: ${receipts[1]?.code}`);
    return result;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.runtime[Symbol.asyncDispose]();
  }
}

/** A contract with these methods; `abi` is the text of the literal's `methods`. */
export function contractText(abi: string, body: string): string {
  return `import { contract, state, ctx, int, bool, text, account, asset, hash, bytes, list, record, optional, oneOf, XLM, pay, emit, call, fail, take, sha256, verify } from "ace-node/contract";
contract({ name: "test", methods: { ${abi} } });
${body}`;
}

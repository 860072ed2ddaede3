/**
 * `ace-node/contract-testing`: contracts under test, in the real runtime over a network in memory.
 *
 *     const network = await TestNetwork.open(import.meta);
 *     const [owner, fan] = [network.account("owner"), network.account("fan")];
 *     const jar = await network.deploy("tip-jar.ts", { from: owner, args: [100n] });
 *     await jar.as(fan).call("tip", [], { pay: 150n });
 *     expect(await jar.view("given", [fan])).toBe(150n);
 *
 * Every call is a transaction in a ledger of its own, five seconds after the last. Values are those of
 * the contract: bigint, text, boolean, arrays, plain objects, and undefined for an absent optional.
 *
 * Units   Amounts are stroops, times Unix seconds.
 * Errors  A call that the contract refuses throws a `ContractFailure` with its code. `CODE_REFUSED`,
 *         `ARGUMENT_INVALID`, `METHOD_UNKNOWN`, `NODE_VERSION_WRONG`.
 */
import "./pinned-node.ts";
import { dirname, isAbsolute, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { AbiMethod } from "../contracts/abi.ts";
import { encodeCall } from "../contracts/calldata-frame.ts";
import type { InboxTransaction } from "../contracts/inbox.ts";
import type { Value } from "../contracts/value-codec.ts";
import type { CborValue } from "../lib/cbor.ts";
import { sha256, sha256Hex } from "../lib/hash.ts";
import { invariant } from "../lib/invariant.ts";
import { muxedAddress } from "../lib/strkey.ts";
import type { Receipt } from "../runtime/applied.ts";
import { type BuiltContract, buildContract } from "./build-contract.ts";
import { ContractFailure } from "./contract-failure.ts";
import { GasNotes } from "./gas-notes.ts";
import { type Sent, TestContract } from "./test-contract.ts";
import { accountOf, TestLedger, vault } from "./test-ledger.ts";
import type { Attached, Payment, TestReceipt, Untyped } from "./test-types.ts";
import { encoded, testReceipt } from "./test-values.ts";

export type { ContractFailure } from "./contract-failure.ts";
export type { TestCaller, TestContract } from "./test-contract.ts";
export type { Attached, Payment, TestEvent, TestLock, TestReceipt } from "./test-types.ts";

const CHUNK_BYTES = 6_000;
const REGISTRY = 0n;
const DEPLOY_GAS = 5_000_000n;

export interface Deployment {
  /** Who deploys it, and is `ctx.caller` in `setup`. */
  readonly from: string;
  /** What `setup` takes. */
  readonly args?: readonly Value[];
}

export class TestNetwork implements AsyncDisposable {
  readonly #ledger: TestLedger;
  readonly #folder: string;
  readonly #gas = new GasNotes();
  #transactions = 0;

  private constructor(ledger: TestLedger, folder: string) {
    this.#ledger = ledger;
    this.#folder = folder;
  }

  /** @param test `import.meta` of the test: contracts are found beside it. */
  static async open(test: object = {}): Promise<TestNetwork> {
    const url = "url" in test && typeof test.url === "string" ? test.url : undefined;
    const folder = url === undefined ? "." : dirname(fileURLToPath(url));
    return new TestNetwork(await TestLedger.open(), folder);
  }

  /** The G… account of this name, with all the money that it needs. */
  account(name: string): string {
    return accountOf(name);
  }

  /** Close time of the last ledger. */
  get time(): bigint {
    return this.#ledger.timeS;
  }

  /** Number of the last ledger. */
  get ledger(): bigint {
    return BigInt(this.#ledger.sequence - 1);
  }

  /** Lets time pass: in one step, or by empty ledgers of five seconds. */
  async advance(by: { readonly seconds: bigint } | { readonly ledgers: number }): Promise<void> {
    if ("seconds" in by) this.#ledger.wait(by.seconds - (this.#ledger.nextTimeS - this.time));
    const ledgers = "ledgers" in by ? by.ledgers : 1;
    for (let closed = 0; closed < ledgers; closed += 1) await this.#ledger.close([]);
  }

  /**
   * Builds the contract, puts its code on the ledger and runs `setup`. Say what its methods are, and
   * calls are checked: `deploy<typeof import("./tip-jar.ts")>(…)`.
   *
   * @param file Its path beside the test; from the current folder when `open` was given no test.
   */
  async deploy<Methods extends object = Untyped>(
    file: string,
    { from, args = [] }: Deployment,
  ): Promise<TestContract<Methods>> {
    const built = buildContract(isAbsolute(file) ? file : join(this.#folder, file));
    const setup = encoded("setup", built.abi.methods.get("setup") ?? NO_SETUP, args);
    const bytes = Buffer.from(built.source);
    const hash = sha256(bytes);
    for (let offset = 0; offset < bytes.length; offset += CHUNK_BYTES) {
      const chunk = Uint8Array.from(bytes.subarray(offset, offset + CHUNK_BYTES));
      const put = { method: "put", args: [hash, BigInt(offset), chunk] };
      await this.#registry(from, put, built);
    }
    const receipt = await this.#registry(from, { method: "deploy", args: [hash, setup] }, built);
    const { result } = receipt;
    invariant(typeof result === "bigint", "a deployment answers with a number");
    return new TestContract<Methods>(built, result, {
      send: (transaction) => this.#send(built, transaction),
      view: (method, values) => this.#view(result, method, values),
    });
  }

  /** Ends its processes. */
  async close(): Promise<void> {
    this.#gas.save();
    await this.#ledger[Symbol.asyncDispose]();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #registry(
    from: string,
    call: { readonly method: string; readonly args: readonly CborValue[] },
    built: BuiltContract,
  ): Promise<Receipt> {
    const chunks = [encodeCall({ contract: REGISTRY, gas: DEPLOY_GAS, ...call })];
    const [receipt] = await this.#ledger.close([{ ...this.#empty(from), chunks }]);
    invariant(receipt !== undefined, "the registry answers");
    const method = call.method === "deploy" ? "setup" : call.method;
    if (!receipt.ok) throw new ContractFailure({ built, method, receipt: testReceipt(receipt) });
    if (method === "setup") this.#note(built, method, receipt);
    return receipt;
  }

  async #send(built: BuiltContract, sent: Sent): Promise<TestReceipt> {
    const { from, to, method, args, attached } = sent;
    const types = built.abi.methods.get(method);
    const call = { contract: to, method, args, ...(attached.gas && { gas: attached.gas }) };
    const [receipt] = await this.#ledger.close([
      {
        ...this.#transaction(from, to, attached),
        chunks: sent.isPlain ? [] : [encodeCall(call)],
      },
    ]);
    invariant(receipt !== undefined, "a transaction that pays or calls has a receipt");
    const read = testReceipt(receipt, types);
    if (!receipt.ok) throw new ContractFailure({ built, method, receipt: read });
    this.#note(built, method, receipt);
    return read;
  }

  #note({ abi }: BuiltContract, method: string, { gasUsed }: Receipt): void {
    this.#gas.add({ contract: abi.name, method, gas: Number(gasUsed) });
  }

  async #view(number: bigint, method: string, args: readonly CborValue[]) {
    return this.#ledger.runtime.view({ contract: number, method, args });
  }

  #transaction(from: string, contract: bigint, { pay, locks = [] }: Attached): InboxTransaction {
    const payments = paymentsOf(pay);
    const empty = this.#empty(from);
    return {
      ...empty,
      transfers: payments.map((payment, operation) => ({
        operation,
        from: payment.from ?? from,
        to: payment.to ?? muxedAddress(vault, contract),
        asset: payment.asset ?? "XLM",
        amount: payment.amount,
      })),
      locks: locks.map((lock, index) => ({
        from,
        ...lock,
        operation: payments.length + index,
        id: sha256Hex(Buffer.from(`${empty.hash} ${index}`)),
      })),
    };
  }

  #empty(source: string): InboxTransaction {
    this.#transactions += 1;
    const hash = sha256Hex(Buffer.from(`transaction ${this.#transactions}`));
    return { hash, source, chunks: [], transfers: [], locks: [] };
  }
}

/** Waits for a call that must fail with this code, and gives its receipt. */
export async function expectFail(code: string, call: Promise<unknown>): Promise<TestReceipt> {
  const failure: unknown = await call.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (failure === undefined) throw new Error(`expected ${code}, but the call succeeded`);
  if (!(failure instanceof ContractFailure)) throw failure;
  if (failure.code === code) return failure.receipt;
  throw new Error(`expected ${code}, but ${failure.message}`, { cause: failure });
}

const NO_SETUP: AbiMethod = { args: [], view: false, payable: false };

function paymentsOf(pay: Attached["pay"]): readonly Payment[] {
  if (pay === undefined) return [];
  if (typeof pay === "bigint") return [{ amount: pay }];
  return "amount" in pay ? [pay] : pay;
}

/**
 * Contracts in the real runtime over state in memory: transactions in, receipts out.
 *
 * Each `send` is one ledger of one transaction, read by the inbox rule as a node would read it.
 */
import { expect } from "vitest";
import { buildContract } from "../../src/authoring/build-contract.ts";
import { MemoryState } from "../../src/authoring/memory-state.ts";
import type { Abi } from "../../src/contracts/abi.ts";
import type { Lock, Transfer } from "../../src/contracts/call.ts";
import { encodeCall } from "../../src/contracts/calldata-frame.ts";
import { callsOf, type InboxTransaction } from "../../src/contracts/inbox.ts";
import { parseServiceNetwork, type ServiceNetwork } from "../../src/contracts/service-network.ts";
import { developmentSettings } from "../../src/contracts/settings.ts";
import { systemContracts } from "../../src/contracts/system-contracts.ts";
import {
  argsFromJson,
  type JsonValue,
  jsonFromAnyCbor,
  jsonFromCbor,
} from "../../src/contracts/value-json.ts";
import type { CborValue } from "../../src/lib/cbor.ts";
import { silentEvents } from "../../src/lib/events.ts";
import { sha256, sha256Hex } from "../../src/lib/hash.ts";
import { invariant } from "../../src/lib/invariant.ts";
import { accountFromBytes, muxedAddress } from "../../src/lib/strkey.ts";
import { admitSource } from "../../src/runtime/admit.ts";
import type { Applied, Receipt } from "../../src/runtime/applied.ts";
import { openRuntime } from "../../src/runtime/runtime.ts";
import type { Runtime, RuntimeOptions } from "../../src/runtime/runtime-types.ts";

const GENESIS = 100;
const START_S = 1_800_000_000n;
const LEDGER_S = 5n;
const CHUNK_BYTES = 6_000;

/** A G… account of its own for each name. */
export function accountOf(name: string): string {
  return accountFromBytes(sha256(Buffer.from(name)));
}

export const vault = accountOf("vault");
export const governanceAsset = `ACE:${accountOf("issuer")}`;

/** Plain JavaScript of a contract, as `ace contract build` makes it. */
const sourceOf = (path: string): string => buildContract(path).source;

export const exampleSource = (name: string): string =>
  sourceOf(`contracts-examples/${name}/${name}.ts`);

export interface Send {
  readonly from: string;
  /** Left out: the transaction only pays. */
  readonly call?: {
    readonly contract: bigint;
    readonly method: string;
    readonly args?: readonly unknown[];
    readonly gas?: bigint;
  };
  /** `to` is an address, or the number of a contract. */
  readonly pays?: readonly {
    readonly to: string | bigint;
    readonly amount: bigint;
    readonly asset?: string;
    readonly from?: string;
  }[];
  readonly locks?: readonly Omit<Lock, "operation" | "id">[];
}

export class Sandbox implements AsyncDisposable {
  readonly #runtime: Runtime;
  readonly #state: MemoryState;
  #sequence = GENESIS;
  #timeS = START_S;
  #stepS = LEDGER_S;
  #transactions = 0;

  private constructor(runtime: Runtime, state: MemoryState) {
    this.#runtime = runtime;
    this.#state = state;
  }

  static async open(
    settings: Readonly<Record<string, number>> = {},
    options: Partial<RuntimeOptions> = {},
  ): Promise<Sandbox> {
    const network = testNetwork({ ...developmentSettings, ...settings });
    const state = new MemoryState();
    const runtime = await openRuntime({
      network,
      systemContracts: systemContracts.map(({ number, file, setupArgs }) => ({
        number,
        source: sourceOf(`assets/system/${file}`),
        setupArgs: setupArgs(network),
      })),
      state,
      tip: undefined,
      events: silentEvents,
      ...options,
    });
    const sandbox = new Sandbox(runtime, state);
    await sandbox.close([]);
    return sandbox;
  }

  get timeS(): bigint {
    return this.#timeS;
  }

  get sequence(): number {
    return this.#sequence;
  }

  /** The next ledger closes this much later than the last one. */
  advance(seconds: bigint): void {
    this.#stepS = seconds;
  }

  /** The next ledger closes at this second. */
  advanceTo(timeS: bigint): void {
    this.#stepS = timeS - this.#timeS;
  }

  /** Closes one ledger with these transactions. */
  async close(sends: readonly Send[]): Promise<Applied> {
    const transactions: InboxTransaction[] = [];
    for (const send of sends) transactions.push(await this.#transaction(send));
    return this.#apply(transactions);
  }

  /** One ledger with one transaction; the receipt of its first call. */
  async send(send: Send): Promise<Receipt> {
    const { receipts } = await this.close([send]);
    const [receipt] = receipts;
    invariant(receipt !== undefined, "a transaction of the test makes a call");
    return receipt;
  }

  /** Like `send`, and gives the result; a refused call fails the test with its code. */
  async done(send: Send): Promise<JsonValue> {
    const receipt = await this.send(send);
    expect(receipt.code).toBe("");
    return jsonFromAnyCbor(receipt.result);
  }

  /** Like `send`, and gives the code of the refusal; empty when there is none. */
  async code(send: Send): Promise<string> {
    return (await this.send(send)).code;
  }

  /** Puts the code on the ledger and runs `setup` with these arguments in JSON. */
  async deploy(source: string, from: string, args: readonly unknown[]): Promise<bigint> {
    const admitted = admitSource(source);
    if (!admitted.ok) throw new Error(JSON.stringify(admitted.refusals));
    const setup = argsFromJson(admitted.abi.methods.get("setup")?.args ?? [], args);
    const bytes = Buffer.from(source);
    const hash = sha256(bytes);
    for (let offset = 0; offset < bytes.length; offset += CHUNK_BYTES) {
      const chunk = Uint8Array.from(bytes.subarray(offset, offset + CHUNK_BYTES));
      await this.#registry(from, "put", [hash, BigInt(offset), chunk]);
    }
    const receipt = await this.#registry(from, "deploy", [hash, setup]);
    invariant(typeof receipt.result === "bigint", "a deployment answers with a number");
    return receipt.result;
  }

  /** The code with which this deployment is refused. */
  async refusedDeploy(source: string, from: string, args: readonly unknown[]): Promise<string> {
    try {
      await this.deploy(source, from, args);
      return "";
    } catch (error) {
      if (error instanceof DeployError) return error.code;
      throw error;
    }
  }

  async view(contract: bigint, method: string, args: readonly unknown[] = []): Promise<JsonValue> {
    const types = await this.#method(contract, method);
    const answer = await this.#runtime.view({
      contract,
      method,
      args: argsFromJson(types.args, args),
    });
    expect(answer.code).toBe("");
    return types.returns === undefined ? null : jsonFromCbor(types.returns, answer.result);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#runtime[Symbol.asyncDispose]();
  }

  async #registry(from: string, method: string, args: readonly CborValue[]): Promise<Receipt> {
    const chunks = [encodeCall({ contract: 0n, method, args, gas: 5_000_000n })];
    const { receipts } = await this.#apply([{ ...this.#empty(from), chunks }]);
    const [receipt] = receipts;
    invariant(receipt !== undefined, "the registry answers");
    if (!receipt.ok) throw new DeployError(receipt.code, jsonFromAnyCbor(receipt.result));
    return receipt;
  }

  async #apply(transactions: readonly InboxTransaction[]): Promise<Applied> {
    this.#timeS += this.#stepS;
    this.#stepS = LEDGER_S;
    const applied = await this.#runtime.apply({
      sequence: this.#sequence,
      closeTime: this.#timeS,
      headerHash: sha256Hex(Buffer.from(`ledger ${this.#sequence}`)),
      calls: transactions.flatMap((transaction) => callsOf(transaction, { vault })),
    });
    this.#state.commit(applied.writes);
    this.#runtime.committed(applied.sequence);
    this.#sequence += 1;
    return applied;
  }

  async #transaction({ from, call, pays = [], locks = [] }: Send): Promise<InboxTransaction> {
    const transfers = pays.map(
      ({ to, amount, asset = "XLM", from: payer = from }, operation): Transfer => ({
        operation,
        from: payer,
        to: typeof to === "bigint" ? muxedAddress(vault, to) : to,
        asset,
        amount,
      }),
    );
    const numbered = locks.map(
      (lock, index): Lock => ({
        ...lock,
        operation: transfers.length + index,
        id: sha256Hex(Buffer.from(`lock ${this.#transactions}.${index}`)),
      }),
    );
    return {
      ...this.#empty(from),
      transfers,
      locks: numbered,
      chunks: call === undefined ? [] : [await this.#payload(call)],
    };
  }

  async #payload({ contract, method, args = [], gas }: NonNullable<Send["call"]>) {
    const types = await this.#method(contract, method);
    const encoded = argsFromJson(types.args, args);
    return encodeCall({ contract, method, args: encoded, ...(gas === undefined ? {} : { gas }) });
  }

  #empty(source: string): InboxTransaction {
    this.#transactions += 1;
    const hash = sha256Hex(Buffer.from(`transaction ${this.#transactions}`));
    return { hash, source, chunks: [], transfers: [], locks: [] };
  }

  async #method(contract: bigint, method: string) {
    const abi: Abi | undefined = await this.#runtime.abi(contract);
    const found = abi?.methods.get(method);
    invariant(found !== undefined, `contract ${contract} has the method ${method}`);
    return found;
  }
}

class DeployError extends Error {
  readonly code: string;

  constructor(code: string, result: JsonValue) {
    super(`${code} ${JSON.stringify(result)}`);
    this.code = code;
  }
}

function testNetwork(settings: Readonly<Record<string, number>>): ServiceNetwork {
  const signer = { account: accountOf("signer"), key: "11".repeat(32) };
  return parseServiceNetwork({
    name: "test",
    passphrase: "Ace Test Network",
    vault,
    genesisLedger: GENESIS,
    genesisHash: sha256Hex(Buffer.from(`ledger ${GENESIS}`)),
    protocolVersion: 1,
    assets: [governanceAsset],
    governanceAsset,
    signers: [signer],
    threshold: 1,
    issuers: [signer],
    systemContracts: Object.fromEntries(
      systemContracts.map(({ number, file }) => [
        `${number}`,
        sha256Hex(Buffer.from(sourceOf(`assets/system/${file}`))),
      ]),
    ),
    settings,
  });
}

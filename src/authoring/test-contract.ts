/** A deployed contract in the hands of a test: acted on as an account, and looked into. */
import type { CborValue } from "../lib/cbor.ts";
import { muxedAddress } from "../lib/strkey.ts";
import type { BuiltContract } from "./build-contract.ts";
import { ContractFailure } from "./contract-failure.ts";
import { vault } from "./test-ledger.ts";
import type { ArgsOf, Attached, MethodName, ResultOf, TestReceipt, Untyped } from "./test-types.ts";
import { encoded, failedView, methodOf, resultOf } from "./test-values.ts";

export interface Sent {
  readonly from: string;
  readonly to: bigint;
  readonly method: string;
  readonly args: readonly CborValue[];
  readonly attached: Attached;
  /** A payment without a call. */
  readonly isPlain: boolean;
}

export interface ContractPort {
  readonly send: (sent: Sent) => Promise<TestReceipt>;
  readonly view: (
    method: string,
    args: readonly CborValue[],
  ) => Promise<{ readonly code: string; readonly result: CborValue; readonly gasUsed?: bigint }>;
}

export class TestContract<Methods extends object = Untyped> {
  readonly number: bigint;
  /** Where plain payments go. */
  readonly address: string;
  readonly name: string;
  readonly #built: BuiltContract;
  readonly #network: ContractPort;

  constructor(built: BuiltContract, number: bigint, network: ContractPort) {
    this.#built = built;
    this.#network = network;
    this.number = number;
    this.address = muxedAddress(vault, number);
    this.name = built.abi.name;
  }

  /** Acts as this account. */
  as(account: string): TestCaller<Methods> {
    return new TestCaller<Methods>(this.#built, {
      send: (sent) => this.#network.send({ ...sent, to: this.number, from: account }),
    });
  }

  /** What a view answers. */
  view<Name extends MethodName<Methods>>(
    method: Name,
    args?: ArgsOf<Methods, Name>,
  ): Promise<ResultOf<Methods, Name>>;
  async view(method: string, args: readonly unknown[] = []): Promise<unknown> {
    const types = methodOf(this.#built, method);
    const answer = await this.#network.view(method, encoded(method, types, args));
    if (answer.code === "") return resultOf(types, answer.result);
    const receipt = failedView(answer.code);
    throw new ContractFailure({ built: this.#built, method, receipt });
  }
}

type Bare = Omit<Sent, "from" | "to">;

export class TestCaller<Methods extends object = Untyped> {
  readonly #built: BuiltContract;
  readonly #port: { readonly send: (sent: Bare) => Promise<TestReceipt> };

  constructor(built: BuiltContract, port: { readonly send: (sent: Bare) => Promise<TestReceipt> }) {
    this.#built = built;
    this.#port = port;
  }

  /** Calls a method in a transaction, and gives its receipt. */
  call<Name extends MethodName<Methods>>(
    method: Name,
    args?: ArgsOf<Methods, Name>,
    attached?: Attached,
  ): Promise<TestReceipt<ResultOf<Methods, Name>>>;
  async call(
    method: string,
    args: readonly unknown[] = [],
    attached: Attached = {},
  ): Promise<TestReceipt<unknown>> {
    const given = encoded(method, methodOf(this.#built, method), args);
    return this.#port.send({ method, args: given, attached, isPlain: false });
  }

  /** A plain payment to the contract's address: runs `receive`. */
  pay(amount: bigint, asset = "XLM"): Promise<TestReceipt> {
    const attached = { pay: { amount, asset } };
    return this.#port.send({ method: "receive", args: [], attached, isPlain: true });
  }
}

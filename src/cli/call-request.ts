/** A call of a contract's method, read from the words and flags of a command line. */
import type { xdr } from "@stellar/stellar-sdk";
import { callOperations, type Payment, paymentOperation } from "../client/build.ts";
import { argsToJson } from "../contracts/value-json.ts";
import { AceError } from "../lib/errors.ts";
import { formatAmount, parseAmount } from "../lib/money.ts";
import { limits } from "../runtime/limits.ts";
import { resolveAsset } from "./commands/account.ts";
import { type ContractInfo, contractInfo, methodOf, readArguments } from "./contract-info.ts";
import type { Flags } from "./flags.ts";
import type { Session } from "./session.ts";

export interface MethodWords {
  readonly number: string;
  readonly method: string;
  readonly args: readonly string[];
}

export interface CallRequest {
  readonly contract: ContractInfo;
  readonly operations: readonly xdr.Operation[];
  /** What it does, for a person. */
  readonly effect: readonly string[];
}

export async function readCallRequest(
  { node, network }: Pick<Session, "node" | "network">,
  { number, method, args }: MethodWords,
  flags: Flags,
): Promise<CallRequest> {
  const contract = await contractInfo(node, number);
  const known = methodOf(contract, method);
  if (known.view) {
    throw new AceError("USAGE", `"${method}" is a view: ace contract view ${number} ${method}`);
  }
  const encoded = readArguments(method, known, args);
  const gas = flags.whole("gas", { min: 1, max: limits.gasCallMax });
  const payments = paymentsOf(contract, flags, network.assets);
  const request = { contract: contract.id, method, args: encoded };
  const call = gas === undefined ? request : { ...request, gas: BigInt(gas) };
  const words = JSON.stringify(argsToJson(known.args, encoded));
  return {
    contract,
    operations: [...callOperations(call), ...payments.map(paymentOperation)],
    effect: [
      `call ${contract.name} (${number}) ${method} ${words}`,
      ...payments.map(({ amount, asset }) => `pay ${formatAmount(amount)} ${asset} with it`),
    ],
  };
}

function paymentsOf(
  { address }: ContractInfo,
  flags: Flags,
  assets: readonly string[],
): readonly Payment[] {
  const amount = flags.text("pay");
  if (amount === undefined) return [];
  const asset = resolveAsset(flags.text("asset") ?? "XLM", assets);
  return [{ to: address, asset, amount: parseAmount(amount) }];
}

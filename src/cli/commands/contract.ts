import type { Command } from "commander";
import { callOperations, paymentOperation } from "../../client/build.ts";
import { argsToJson } from "../../contracts/value-json.ts";
import { AceError } from "../../lib/errors.ts";
import { formatAmount, parseAmount } from "../../lib/money.ts";
import { registerAuthoring } from "../authoring.ts";
import type { Context } from "../context.ts";
import { contractInfo, methodOf, readArguments, signatureOf } from "../contract-info.ts";
import { deployContract } from "../deploy-contract.ts";
import type { Flags } from "../flags.ts";
import { examples } from "../help.ts";
import { refusalWords } from "../refusal-words.ts";
import type { Run } from "../run.ts";
import { openSession, sendCall } from "../session.ts";
import { resolveAsset } from "./account.ts";
import { receiptLines } from "./tx.ts";

/** `ace contract`: from an empty folder to a contract that answers on the ledger. */
export function register(noun: Command, run: Run): void {
  registerAuthoring(noun, run);
  examples(
    noun
      .command("deploy <file> [args...]")
      .description("puts the code on the ledger, runs setup, and tells number and address"),
    'ace contract deploy split.ts \'[{"to":"G…","ppm":1000000}]\' --as owner',
  ).action(run((context, [file = "", ...args]) => deployContract(context, file, args)));
  examples(
    noun.command("inspect <number>").description("name, owner, address and methods of a contract"),
    "ace contract inspect 257",
  ).action(run((context, [number = ""]) => inspect(context, number)));
  examples(
    noun
      .command("call <number> <method> [args...]")
      .description("simulates, asks, sends the call and waits for its receipt")
      .option("--pay <amount>", "attach a payment to the contract")
      .option("--asset <asset>", "asset of the payment", "XLM")
      .option("--gas <limit>", "gas limit of the call"),
    'ace contract call 257 buy \'{"maxPrice":"50000000"}\' --pay 5 --as viewer',
  ).action(
    run((context, [number = "", method = "", ...args], flags) =>
      callMethod(context, { number, method, args }, flags),
    ),
  );
  examples(
    noun
      .command("view <number> <method> [args...]")
      .description("asks a view; needs no key and no transaction"),
    "ace contract view 257 offer",
  ).action(
    run((context, [number = "", method = "", ...args]) => view(context, { number, method, args })),
  );
}

interface MethodWords {
  readonly number: string;
  readonly method: string;
  readonly args: readonly string[];
}

async function inspect(context: Context, number: string): Promise<unknown> {
  const contract = await contractInfo(openSession(context).node, number);
  const { output } = context;
  output.table([
    ["contract", contract.number],
    ["name", contract.name],
    ["owner", contract.owner],
    ["pay to", contract.address],
    ["code", contract.codeHash],
    ["implements", contract.implements.join(", ")],
    ["upgrade", "never"],
  ]);
  for (const [name, method] of contract.types.methods)
    output.line(`  ${signatureOf(name, method)}`);
  const { abi: _, id: __, types: ___, ...json } = contract;
  return json;
}

async function callMethod(
  context: Context,
  { number, method, args }: MethodWords,
  flags: Flags,
): Promise<unknown> {
  const session = openSession(context);
  const contract = await contractInfo(session.node, number);
  const { args: types, view: isView } = methodOf(contract, method);
  if (isView)
    throw new AceError("USAGE", `"${method}" is a view: ace contract view ${number} ${method}`);
  const encoded = readArguments(method, methodOf(contract, method), args);
  const gas = flags.whole("gas", { min: 1, max: 5_000_000 });
  const amount = flags.text("pay");
  const payments =
    amount === undefined
      ? []
      : [
          {
            to: contract.address,
            asset: resolveAsset(flags.text("asset") ?? "XLM", session.network.assets),
            amount: parseAmount(amount),
          },
        ];
  const request = { contract: contract.id, method, args: encoded };
  const operations = [
    ...callOperations(gas === undefined ? request : { ...request, gas: BigInt(gas) }),
    ...payments.map(paymentOperation),
  ];
  const effect = [
    `call ${contract.name} (${number}) ${method} ${JSON.stringify(argsToJson(types, encoded))}`,
    ...payments.map((payment) => `pay ${formatAmount(payment.amount)} ${payment.asset} with it`),
  ];
  const sent = await sendCall(context, session, operations, effect);
  for (const receipt of sent.receipts) {
    for (const line of receiptLines(receipt)) context.output.line(line);
  }
  return sent;
}

async function view(context: Context, { number, method, args }: MethodWords): Promise<unknown> {
  const { node } = openSession(context);
  const contract = await contractInfo(node, number);
  const { args: types } = methodOf(contract, method);
  const json = argsToJson(types, readArguments(method, methodOf(contract, method), args));
  const answer = await node.view(contract.id, method, json);
  if (!answer.ok) {
    const why = refusalWords(answer.code);
    throw new AceError("CALL_FAILED", `contract ${number} refuses "${method}": ${why}`);
  }
  for (const line of JSON.stringify(answer.result, undefined, 2).split("\n")) {
    context.output.line(line);
  }
  return answer;
}

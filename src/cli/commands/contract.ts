import type { Command } from "commander";
import { argsToJson } from "../../contracts/value-json.ts";
import { AceError } from "../../lib/errors.ts";
import { registerAuthoring } from "../authoring.ts";
import { type MethodWords, readCallRequest } from "../call-request.ts";
import type { Context } from "../context.ts";
import { contractInfo, methodOf, readArguments } from "../contract-info.ts";
import { deployContract } from "../deploy-contract.ts";
import type { Flags } from "../flags.ts";
import { examples } from "../help.ts";
import { inspectContract } from "../inspect-contract.ts";
import { refusalWords } from "../refusal-words.ts";
import type { Run } from "../run.ts";
import { openSession, sendCall } from "../session.ts";
import { simulateContract } from "../simulate-contract.ts";
import { upgradeContract } from "../upgrade-contract.ts";
import { verifyContract } from "../verify-contract.ts";
import { receiptLines } from "./tx.ts";

/** `ace contract`: from an empty folder to a contract that answers on the ledger. */
export function register(noun: Command, run: Run): void {
  registerAuthoring(noun, run);
  registerCode(noun, run);
  registerCalls(noun, run);
}

function registerCode(noun: Command, run: Run): void {
  examples(
    noun
      .command("deploy <file> [args...]")
      .description("puts the code on the ledger, runs setup, and tells number and address"),
    'ace contract deploy split.ts \'[{"to":"G…","ppm":1000000}]\' --as owner',
  ).action(run((context, [file = "", ...args]) => deployContract(context, file, args)));
  examples(
    noun
      .command("inspect <number|file>")
      .description("methods, owner, upgrade policy, what it holds, gas by method"),
    "ace contract inspect 257",
    "ace contract inspect my-licence/licence.ts",
  ).action(run((context, [subject = ""]) => inspectContract(context, subject)));
  examples(
    noun
      .command("verify <number>")
      .description("rebuilds a source, and says whether the contract runs exactly that")
      .requiredOption("--source <file|folder>", "the source to rebuild"),
    "ace contract verify 257 --source my-licence/licence.ts",
  ).action(run((context, [number = ""], flags) => verifyContract(context, number, flags)));
  examples(
    noun
      .command("upgrade <number> [file]")
      .description("the next step to new code: announce, then change; or propose, then execute")
      .option("--status", "who may change the code, and what is announced")
      .option("--cancel", "take an announcement back")
      .option("--title <text>", "one line that says why, for a vote"),
    "ace contract upgrade 257 my-licence/licence.ts --as owner",
    "ace contract upgrade 257 --as owner",
    "ace contract upgrade 257 --status",
  ).action(run((context, args, flags) => upgradeContract(context, args, flags)));
}

function registerCalls(noun: Command, run: Run): void {
  examples(
    noun
      .command("simulate <number> <method> [args...]")
      .description("what a call would do: receipt, changes of state, gas; nothing is sent")
      .option("--pay <amount>", "attach a payment to the contract")
      .option("--asset <asset>", "asset of the payment", "XLM")
      .option("--gas <limit>", "gas limit of the call"),
    'ace contract simulate 257 buy \'{"maxPrice":"50000000"}\' --pay 5 --as viewer',
  ).action(
    run((context, [number = "", method = "", ...args], flags) =>
      simulateContract(context, { number, method, args }, flags),
    ),
  );
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

async function callMethod(context: Context, words: MethodWords, flags: Flags): Promise<unknown> {
  const session = openSession(context);
  const { operations, effect } = await readCallRequest(session, words, flags);
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

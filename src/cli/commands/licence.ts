import type { Command } from "commander";
import { z } from "zod";
import { callOperations, type Payment, paymentOperation } from "../../client/build.ts";
import { parseArguments } from "../../contracts/value-json.ts";
import { AceError } from "../../lib/errors.ts";
import { formatAmount, parseAmount } from "../../lib/money.ts";
import type { Context } from "../context.ts";
import { type ContractInfo, contractInfo, methodOf } from "../contract-info.ts";
import type { Flags } from "../flags.ts";
import { examples } from "../help.ts";
import { identityAccount } from "../identity.ts";
import type { Run } from "../run.ts";
import { openSession, type Session, sendCall } from "../session.ts";
import { upgradeLines } from "../upgrade-words.ts";

const whole = z.string().regex(/^\d+$/);
const Quote = z.object({
  asset: z.string(),
  price: whole,
  credit: whole,
  until: whole,
  direct: z.array(z.object({ to: z.string(), amount: whole })),
});
type Quote = z.infer<typeof Quote>;

const Rights = z.object({ until: whole, bought: whole, paid: whole, renewals: whole }).nullable();

/** `ace licence`: what is sold, buying it, and what you own. */
export function register(noun: Command, run: Run): void {
  examples(
    noun
      .command("quote <contract>")
      .description("what the licence costs now, who is paid, and how long it lasts"),
    "ace licence quote 257 --as viewer",
  ).action(run((context, [number = ""]) => quote(context, number)));
  examples(
    noun
      .command("buy <contract>")
      .description("buys or renews; pays the recipients directly where the contract allows it")
      .option("--for <account>", "the account that gets the licence (default: you)")
      .option("--max <amount>", "the most you pay (default: what the quote says)")
      .option("--via <way>", "direct or vault", "direct"),
    "ace licence buy 257 --as viewer",
    "ace licence buy 257 --via vault --max 5",
  ).action(run((context, [number = ""], flags) => buy(context, number, flags)));
  examples(
    noun.command("show <contract> [account]").description("what this account holds of a licence"),
    "ace licence show 257 --as viewer",
  ).action(run((context, [number = "", account]) => show(context, number, account)));
}

async function quote(context: Context, number: string): Promise<unknown> {
  const session = openSession(context);
  const account = await identityAccount(context);
  const contract = await contractInfo(session.node, number);
  const found = await readQuote(session, contract, account);
  for (const line of quoteLines(found)) context.output.line(line);
  return found;
}

async function buy(context: Context, number: string, flags: Flags): Promise<unknown> {
  const session = openSession(context);
  const account = await identityAccount(context);
  const contract = await contractInfo(session.node, number);
  const found = await readQuote(session, contract, account);
  const max = flags.text("max");
  const maxPrice = max === undefined ? BigInt(found.price) : parseAmount(max);
  if (BigInt(found.price) > maxPrice) {
    const costs = `${formatAmount(BigInt(found.price))} ${found.asset}`;
    const what = `licence ${number} costs ${costs}, your limit is ${max}; nothing was sent`;
    throw new AceError("CALL_FAILED", what);
  }
  const isDirect = flags.text("via") !== "vault" && (await canPayDirectly(context, session, found));
  const payments = isDirect ? directPayments(found) : vaultPayments(found, contract);
  const to = flags.text("for") ?? null;
  const args = parseArguments(methodOf(contract, "buy").args, [
    JSON.stringify({ to, maxPrice: maxPrice.toString(), direct: isDirect }),
  ]);
  const operations = [
    ...callOperations({ contract: contract.id, method: "buy", args }),
    ...payments.map(paymentOperation),
  ];
  const effect = [
    `buy licence ${number} "${contract.name}"`,
    ...payments.map(paymentLine),
    ...upgradeLines(contract),
  ];
  const sent = await sendCall(context, session, operations, effect);
  const until = String(sent.receipts[0]?.result);
  context.output.line(`licence ${number} is yours ${untilText(until)}`, "good");
  return { ...sent, direct: isDirect, payments, until };
}

async function show(context: Context, number: string, address: string | undefined) {
  const { node } = openSession(context);
  const account = address ?? (await identityAccount(context));
  const contract = await contractInfo(node, number);
  const { result } = await node.view(contract.id, "rights", [account]);
  const rights = Rights.parse(result);
  context.output.line(
    rights === null
      ? `${account} holds no licence ${number}`
      : `${account} holds licence ${number} ${untilText(rights.until)}, ${rights.renewals} renewals`,
  );
  return { account, contract: number, rights };
}

async function readQuote(
  { node }: Session,
  contract: ContractInfo,
  account: string,
): Promise<Quote> {
  if (!contract.implements.includes("licence/1")) {
    throw new AceError("METHOD_UNKNOWN", `contract ${contract.number} sells no licences`);
  }
  const answer = await node.view(contract.id, "quote", [account]);
  const parsed = Quote.safeParse(answer.result);
  if (answer.ok && parsed.success) return parsed.data;
  throw new AceError("CALL_FAILED", `contract ${contract.number} gave no quote: ${answer.code}`);
}

/** Money paid directly cannot come back, so each recipient must be able to take it. */
async function canPayDirectly(
  { output }: Context,
  { stellar }: Session,
  { direct, asset }: Quote,
): Promise<boolean> {
  if (direct.length === 0) return false;
  if (asset !== "XLM" || direct.some(({ amount }) => amount === "0")) return false;
  for (const { to } of direct) {
    if ((await stellar.balance(to)) === undefined) {
      output.note(`${to} cannot be paid directly: it is not on Stellar yet; paying by the vault`);
      return false;
    }
  }
  return true;
}

function directPayments({ direct, asset }: Quote): readonly Payment[] {
  return direct.map(({ to, amount }) => ({ to, asset, amount: BigInt(amount) }));
}

function vaultPayments(
  { price, credit, asset }: Quote,
  contract: ContractInfo,
): readonly Payment[] {
  const amount = BigInt(price) - BigInt(credit);
  return amount > 0n ? [{ to: contract.address, asset, amount }] : [];
}

function quoteLines({ asset, price, credit, until, direct }: Quote): readonly string[] {
  return [
    `price    ${formatAmount(BigInt(price))} ${asset}   your credit ${formatAmount(BigInt(credit))}`,
    `lasts    ${untilText(until)}`,
    ...direct.map(({ to, amount }) => `paid to  ${formatAmount(BigInt(amount))} ${to}`),
  ];
}

function paymentLine({ to, amount, asset }: Payment): string {
  return `pay ${formatAmount(amount)} ${asset} to ${to}`;
}

function untilText(seconds: string): string {
  if (seconds === "0") return "for ever";
  return `until ${new Date(Number(seconds) * 1_000).toISOString()}`;
}

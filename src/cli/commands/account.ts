import type { Command } from "commander";
import { paymentOperation, trustOperation } from "../../client/build.ts";
import { AceError } from "../../lib/errors.ts";
import { formatAmount, parseAmount } from "../../lib/money.ts";
import { splitAddress } from "../../lib/strkey.ts";
import type { Context } from "../context.ts";
import { examples } from "../help.ts";
import { identityAccount } from "../identity.ts";
import type { Run } from "../run.ts";
import { openSession, sendCall, sendPlain } from "../session.ts";
import { receiptLines } from "./tx.ts";

/** `ace account`: what an account holds and is owed; ordinary Stellar payments and trustlines. */
export function register(noun: Command, run: Run): void {
  examples(
    noun
      .command("show [address]")
      .description("what the account holds on Stellar, and what contracts owe it"),
    "ace account show --as owner",
  ).action(run((context, [address]) => show(context, address)));
  examples(
    noun
      .command("pay <address> <amount> [asset]")
      .description(
        "an ordinary payment; to a contract's M-address it buys the contract's plain offer",
      ),
    "ace account pay MDKV…QXYI 5 XLM --as viewer",
  ).action(run((context, [to = "", amount = "", asset]) => payTo(context, { to, amount, asset })));
  examples(
    noun
      .command("trust <asset>")
      .description("opens a trustline, so that the account can hold an issued asset"),
    "ace account trust ACE --as alice",
  ).action(run((context, [asset = ""]) => trust(context, asset)));
}

async function show(context: Context, address: string | undefined): Promise<unknown> {
  const session = openSession(context);
  const account = address ?? (await identityAccount(context));
  const balance = await session.stellar.balance(splitAddress(account).account);
  if (balance === undefined) {
    throw new AceError("ACCOUNT_MISSING", `account ${account} does not exist on this network`);
  }
  const owed = await session.node.payables(account);
  context.output.table([
    ["account", account],
    ["holds", `${formatAmount(balance)} XLM`],
    ...owed.items.map((item) => ["owed", `${formatAmount(BigInt(item.amount))} ${item.asset}`]),
  ]);
  return { account, balance, owed: owed.items };
}

async function payTo(
  context: Context,
  { to, amount, asset }: { to: string; amount: string; asset: string | undefined },
): Promise<unknown> {
  const session = openSession(context);
  const payment = {
    to,
    asset: resolveAsset(asset ?? "XLM", session.network.assets),
    amount: parseAmount(amount),
  };
  const operations = [paymentOperation(payment)];
  const effect = [`pay ${formatAmount(payment.amount)} ${payment.asset} to ${to}`];
  const { account, id } = splitAddress(to);
  if (account !== session.network.vault || id === undefined) {
    const sent = await sendPlain(context, session, operations, effect);
    context.output.line(`paid ${formatAmount(payment.amount)} ${payment.asset}`, "good");
    return sent;
  }
  const sent = await sendCall(context, session, operations, effect);
  for (const receipt of sent.receipts) {
    for (const line of receiptLines(receipt)) context.output.line(line);
  }
  return sent;
}

async function trust(context: Context, text: string): Promise<unknown> {
  const session = openSession(context);
  const asset = resolveAsset(text, session.network.assets);
  const effect = [`trust ${asset}`];
  const sent = await sendPlain(context, session, [trustOperation(asset)], effect);
  context.output.line(`${sent.account} can hold ${asset}`, "good");
  return { asset, ...sent };
}

/** `ACE` is enough where the network knows one asset of that code. */
export function resolveAsset(text: string, known: readonly string[]): string {
  if (text.includes(":") || text === "XLM") return text;
  const matches = known.filter((asset) => asset.startsWith(`${text}:`));
  const [only] = matches;
  if (matches.length === 1 && only !== undefined) return only;
  throw new AceError(
    "ASSET_INVALID",
    `this network knows ${matches.length} assets named "${text}"`,
  );
}

import type { Command } from "commander";
import type { ReceiptJson } from "../../client/schemas.ts";
import { AceError } from "../../lib/errors.ts";
import { formatAmount } from "../../lib/money.ts";
import type { Context } from "../context.ts";
import { examples } from "../help.ts";
import type { Run } from "../run.ts";
import { openSession } from "../session.ts";

const HASH = /^[0-9a-f]{64}$/;

/** `ace tx`: what a transaction did here. */
export function register(noun: Command, run: Run): void {
  examples(
    noun
      .command("show <hash>")
      .description("the receipts of a transaction's calls: result, events, payouts, refunds"),
    "ace tx show 9f31…c2",
  ).action(run((context, [hash = ""]) => show(context, hash)));
}

async function show(context: Context, hash: string): Promise<unknown> {
  if (!HASH.test(hash)) throw new AceError("USAGE", `"${hash}" is not a transaction hash`);
  const { tip, receipts } = await openSession(context).node.receipts(hash);
  if (receipts.length === 0) {
    throw new AceError("NOT_FOUND", `no call of transaction ${hash} up to ledger ${tip}`);
  }
  for (const receipt of receipts)
    for (const line of receiptLines(receipt)) context.output.line(line);
  return { tip, receipts };
}

export function receiptLines(receipt: ReceiptJson): readonly string[] {
  const { contract, method, ledger, ok, code, gasUsed } = receipt;
  const outcome = ok ? "ok" : `failed: ${code}`;
  return [
    `contract ${contract} ${method}   ${outcome}   ledger ${ledger}, ${gasUsed} gas`,
    `  result   ${JSON.stringify(receipt.result)}`,
    ...receipt.events.map((event) => `  event    ${event.topic} ${JSON.stringify(event.data)}`),
    ...receipt.pays.map((pay) => `  owes     ${amountOf(pay)} to ${pay.to}`),
    ...receipt.refunds.map((refund) => `  refund   ${amountOf(refund)} to ${refund.to}`),
  ];
}

function amountOf({ amount, asset }: { readonly amount: string; readonly asset: string }): string {
  return `${formatAmount(BigInt(amount))} ${asset}`;
}

/**
 * `ace contract simulate`: what a call would do if it closed now, computed as the node would apply it:
 * the receipt, what it owes and emits, what changes in state, and the gas. Nothing is signed or sent.
 */
import type { ChangeJson, SimulationJson } from "../client/schemas.ts";
import { formatAmount } from "../lib/money.ts";
import { limits } from "../runtime/limits.ts";
import { type MethodWords, readCallRequest } from "./call-request.ts";
import { receiptLines } from "./commands/tx.ts";
import type { Context } from "./context.ts";
import type { Flags } from "./flags.ts";
import { identityAccount } from "./identity.ts";
import { refusalWords } from "./refusal-words.ts";
import { openSession } from "./session.ts";

/** State may move before the call is sent: one that is given so much more than it used still ends. */
const GAS_MARGIN_PERCENT = 120n;
const KEY_SHOWN = 40;

export async function simulateContract(
  context: Context,
  words: MethodWords,
  flags: Flags,
): Promise<unknown> {
  const session = openSession(context);
  const { operations, effect } = await readCallRequest(session, words, flags);
  const account = await identityAccount(context);
  const simulated = await session.client.simulate(account, operations);
  const { output } = context;
  for (const line of [...effect, `from ${account}, after ledger ${simulated.ledger}`]) {
    output.note(line);
  }
  for (const receipt of simulated.receipts) {
    for (const line of receiptLines(receipt)) output.line(line);
    if (!receipt.ok) output.line(`  because  ${refusalWords(receipt.code)}`, "warn");
  }
  for (const change of simulated.changes.filter(isSeen)) {
    output.line(`  writes   ${changeText(change)}`);
  }
  const gasLimit = gasLimitFor(simulated);
  output.line(`gas limit to declare: ${gasLimit} (what it used and a fifth more)`);
  const { ledger, receipts, changes } = simulated;
  return { ledger, account, receipts, changes, gasLimit };
}

/** What the call used, with a margin, within what a call may use. */
function gasLimitFor({ receipts }: Pick<SimulationJson, "receipts">): bigint {
  const used = receipts.reduce((sum, { gasUsed }) => sum + BigInt(gasUsed), 0n);
  const wanted = (used * GAS_MARGIN_PERCENT) / 100n;
  const most = BigInt(limits.gasCallMax);
  return wanted < most ? wanted : most;
}

/** What came and went again within the call is written, and changes nothing that a person would look for. */
function isSeen({ name, before, after }: ChangeJson): boolean {
  return valueText(name, before) !== valueText(name, after);
}

/** Such as `contract 257 tips[01ab…]: "5" -> "7"`. */
function changeText({ contract, name, key, before, after }: ChangeJson): string {
  const owner = contract === "0" ? "network" : `contract ${contract}`;
  const at = key === "" ? "" : `[${key.length > KEY_SHOWN ? `${key.slice(0, KEY_SHOWN)}…` : key}]`;
  return `${owner} ${name}${at}: ${valueText(name, before)} -> ${valueText(name, after)}`;
}

function valueText(name: string, value: unknown): string {
  if (value === undefined) return "nothing";
  const isAmount = (name === "balance" || name === "owed") && typeof value === "string";
  return isAmount ? formatAmount(BigInt(value)) : JSON.stringify(value);
}

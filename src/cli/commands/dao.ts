import type { Command } from "commander";
import { lockOperation } from "../../client/build.ts";
import { AceError } from "../../lib/errors.ts";
import { formatAmount, parseAmount } from "../../lib/money.ts";
import type { Context } from "../context.ts";
import { daoOperations } from "../dao-operations.ts";
import {
  actionText,
  type ProposalJson,
  proposalLines,
  readProposal,
  readProposals,
} from "../dao-proposal.ts";
import { executeUpgrade } from "../dao-upgrade.ts";
import { parseDuration } from "../duration.ts";
import type { Flags } from "../flags.ts";
import { examples } from "../help.ts";
import { identityAccount } from "../identity.ts";
import { warnOfTwoIssuers } from "../issuer-count.ts";
import type { Run } from "../run.ts";
import { openSession, sendCall } from "../session.ts";

const DAO = "1";
const ISSUER = /^(issuer\.(?:add|remove))=(G[A-Z2-7]{55}):([0-9a-f]{64})(?::(\d{1,6}))?$/;
const ASSIGNMENT = /^([a-z]+\.[a-zA-Z]+)=(\d{1,15})$/;

/** `ace dao`: lock power, propose a setting, vote, and let what passed take effect. */
export function register(noun: Command, run: Run): void {
  examples(
    noun
      .command("lock <amount>")
      .description("locks governance asset to yourself: it stays yours, and votes until it opens")
      .option("--for <duration>", "how long, such as 30d, 12h or 600s", "30d"),
    "ace dao lock 1000 --for 90d --as alice",
  ).action(run((context, [amount = ""], flags) => lock(context, amount, flags)));
  examples(
    noun
      .command("propose <change>")
      .description(
        "proposes to change one setting, or who signs access tokens: issuer.add=ACCOUNT:KEY, issuer.remove=ACCOUNT:KEY:LEDGERS; the vote opens after a delay",
      )
      .summary("proposes to change one setting, or who signs access tokens")
      .requiredOption("--title <text>", "one line that says why"),
    'ace dao propose token.lifeS=45 --title "Shorter tokens" --as alice',
    'ace dao propose issuer.add=GABC…WXYZ:5b1c…90 --title "A second issuer" --as alice',
  ).action(run((context, [change = ""], flags) => propose(context, change, flags)));
  examples(
    noun
      .command("vote <proposal> <choice>")
      .description("yes, no or abstain; may be changed until the vote ends"),
    "ace dao vote 14 yes --as bob",
  ).action(run((context, [id = "", choice = ""]) => vote(context, id, choice)));
  examples(
    noun
      .command("execute <proposal>")
      .description("makes a passed proposal take effect, after its timelock; anyone may"),
    "ace dao execute 14 --as bob",
  ).action(run((context, [id = ""]) => execute(context, id)));
  examples(
    noun
      .command("show <proposal>")
      .description("what a proposal does, where it stands, and how the votes are"),
    "ace dao show 14",
  ).action(run((context, [id = ""]) => show(context, id)));
  examples(noun.command("list").description("the newest proposals"), "ace dao list").action(
    run((context) => list(context)),
  );
  examples(
    noun.command("settings").description("every setting with its value in force and its bounds"),
    "ace dao settings",
  ).action(run((context) => settings(context)));
}

async function lock(context: Context, text: string, flags: Flags): Promise<unknown> {
  const session = openSession(context);
  const amount = parseAmount(text);
  const seconds = parseDuration(flags.text("for") ?? "30d");
  const account = await identityAccount(context);
  const { closeTimeS } = await session.stellar.latestLedger();
  const until = BigInt(closeTimeS) + seconds;
  const asset = session.network.governanceAsset;
  const operations = [
    lockOperation(account, asset, amount, until),
    ...(await daoOperations(session, "lock", [until.toString()])),
  ];
  const opens = new Date(Number(until) * 1_000).toISOString();
  const effect = [
    `lock ${formatAmount(amount)} ${asset} to yourself`,
    `claimable again at ${opens}`,
  ];
  const sent = await sendCall(context, session, operations, effect);
  context.output.line(`locked until ${opens}: ${formatAmount(amount)} power`, "good");
  return { ...sent, until };
}

async function propose(context: Context, change: string, flags: Flags): Promise<unknown> {
  const action = issuerAction(change) ?? settingAction(change);
  const session = openSession(context);
  await warnOfTwoIssuers(context, session, action);
  const words = [flags.text("title") ?? "", JSON.stringify(action)];
  const operations = await daoOperations(session, "propose", words);
  const sent = await sendCall(context, session, operations, [`propose to ${actionText(action)}`]);
  const id = String(sent.receipts[0]?.result);
  const proposal = await readProposal(session.node, id);
  printProposal(context, proposal);
  return { ...sent, proposal };
}

function settingAction(change: string): ProposalJson["action"] {
  const [, name, value] = ASSIGNMENT.exec(change) ?? [];
  if (name !== undefined && value !== undefined) return { kind: "param.set", name, value };
  throw new AceError("USAGE", `"${change}" is not setting=value, such as token.lifeS=45`);
}

/** `issuer.add=ACCOUNT:KEY`, or `issuer.remove=ACCOUNT:KEY:LEDGERS`. */
function issuerAction(change: string): ProposalJson["action"] | undefined {
  const [, kind, name, code, value = "0"] = ISSUER.exec(change) ?? [];
  if (kind === undefined || name === undefined || code === undefined) return undefined;
  return { kind, name, value, code };
}

async function vote(context: Context, id: string, choice: string): Promise<unknown> {
  const session = openSession(context);
  const proposal = await readProposal(session.node, id);
  await warnOfTwoIssuers(context, session, proposal.action);
  const operations = await daoOperations(session, "vote", [id, choice]);
  const effect = [`vote ${choice} on proposal ${id}:`, actionText(proposal.action)];
  const sent = await sendCall(context, session, operations, effect);
  const weight = BigInt(String(sent.receipts[0]?.result));
  context.output.line(`voted ${choice} with ${formatAmount(weight)} power`, "good");
  return { ...sent, weight };
}

async function execute(context: Context, id: string): Promise<unknown> {
  const session = openSession(context);
  const proposal = await readProposal(session.node, id);
  const { action } = proposal;
  if (action.kind === "contract.upgrade") return await executeUpgrade(context, session, proposal);
  await warnOfTwoIssuers(context, session, action);
  const operations = await daoOperations(session, "execute", [id]);
  const effect = [`execute proposal ${id}: ${actionText(action)}`];
  const sent = await sendCall(context, session, operations, effect);
  const fromLedger = Number(String(sent.receipts[0]?.result));
  const done =
    action.kind === "param.set" ? `${action.name} = ${action.value}` : actionText(action);
  context.output.line(`${done} from ledger ${fromLedger}`, "good");
  return { ...sent, fromLedger };
}

async function show(context: Context, id: string): Promise<unknown> {
  const proposal = await readProposal(openSession(context).node, id);
  printProposal(context, proposal);
  return proposal;
}

async function list(context: Context): Promise<unknown> {
  const items = await readProposals(openSession(context).node);
  const rows = items.map(({ id, state, title, action }) => [id, state, actionText(action), title]);
  context.output.table(rows, ["id", "state", "change", "title"]);
  return { items };
}

async function settings(context: Context): Promise<unknown> {
  const { result } = await openSession(context).node.view(BigInt(DAO), "settings", []);
  const rows = Array.isArray(result) ? result : [];
  context.output.table(
    rows.map(({ name, value, min, max }: Record<string, unknown>) => [
      String(name),
      String(value),
      `${String(min)} to ${String(max)}`,
    ]),
    ["setting", "in force", "bounds"],
  );
  return { items: rows };
}

function printProposal({ output }: Context, proposal: ProposalJson): void {
  for (const line of proposalLines(proposal)) output.line(line);
}

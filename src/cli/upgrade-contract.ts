/**
 * `ace contract upgrade`: the next step that the contract's own policy allows. An owner announces, and
 * when the time has come changes the code; under the DAO a vote is proposed, and executed once passed.
 */
import { type BuiltContract, buildContract } from "../authoring/build-contract.ts";
import { AceError } from "../lib/errors.ts";
import { confirm } from "./confirm.ts";
import type { Context } from "./context.ts";
import { type ContractInfo, contractInfo } from "./contract-info.ts";
import { upgradeByVote } from "./dao-upgrade.ts";
import type { Flags } from "./flags.ts";
import { identityAccount } from "./identity.ts";
import { costLines, planUpload, upload } from "./publish-code.ts";
import { announceCall, cancelCall, upgradeCall } from "./registry-calls.ts";
import { openSession, type Session, sendCall } from "./session.ts";
import { timeText, upgradeLines } from "./upgrade-words.ts";

const DAY_S = 86_400;

export async function upgradeContract(
  context: Context,
  [number = "", file]: readonly string[],
  flags: Flags,
): Promise<unknown> {
  const session = openSession(context);
  const contract = await contractInfo(session.node, number);
  const { upgrade } = contract;
  if (flags.isOn("status")) return tellStatus(context, contract);
  if (upgrade.policy === "none") {
    const message = `contract ${number} says in its source that its code never changes`;
    throw new AceError("CALL_FAILED", `${message} (UPGRADE_NEVER)`);
  }
  if (flags.isOn("cancel")) return await cancel(context, session, contract);
  const built = file === undefined ? undefined : buildContract(file);
  if (upgrade.policy === "dao") {
    return await upgradeByVote(context, session, contract, built, flags.text("title"));
  }
  const { announced } = upgrade;
  if (built !== undefined && announced?.codeHash !== built.codeHash) {
    return await announce(context, session, contract, built);
  }
  if (announced === undefined) {
    const message = `no change of contract ${number} is announced; name the file of its new code`;
    throw new AceError("USAGE", message);
  }
  return await activate(context, session, contract, announced);
}

function tellStatus({ output }: Context, contract: ContractInfo): unknown {
  for (const line of upgradeLines(contract)) output.line(line);
  const { number, version, codeHash, upgrade, former } = contract;
  output.table([
    ["version", version],
    ["code", codeHash],
  ]);
  return { number, version, codeHash, upgrade, former };
}

async function announce(
  context: Context,
  session: Session,
  contract: ContractInfo,
  built: BuiltContract,
): Promise<unknown> {
  const account = await identityAccount(context);
  const { codeHash } = built;
  const { number, upgrade } = contract;
  const call = announceCall(contract.id, codeHash);
  const plan = await planUpload(session.node, account, built);
  const days = (upgrade.delayS ?? 0) / DAY_S;
  const effect = [
    `announce code ${codeHash} for contract ${number} "${contract.name}"`,
    `it may take effect ${days} days from now; whoever uses the contract sees this until then`,
    ...(upgrade.announced === undefined
      ? []
      : [`the announcement of ${upgrade.announced.codeHash} is void from now on`]),
  ];
  await confirm(context, [...effect, ...costLines(plan, call.length), `from ${account}`]);
  const transactions = await upload(context, session, plan);
  const sent = await sendCall(context, session, call, effect, {
    isAgreed: true,
    unless: "its code is on the ledger, but nothing is announced",
  });
  const after = await contractInfo(session.node, number);
  for (const line of upgradeLines(after)) context.output.line(line, "good");
  context.output.note(`then: ace contract upgrade ${number}`);
  return { number, codeHash, upgrade: after.upgrade, transactions, ...sent };
}

async function activate(
  context: Context,
  session: Session,
  contract: ContractInfo,
  { codeHash, earliest }: NonNullable<ContractInfo["upgrade"]["announced"]>,
): Promise<unknown> {
  const { number, version } = contract;
  const { closeTimeS } = await session.stellar.latestLedger();
  if (closeTimeS < earliest) {
    const message = `code ${codeHash} is announced, and may take effect from ${timeText(earliest)}`;
    throw new AceError("CALL_FAILED", `${message} (UPGRADE_TOO_EARLY)`);
  }
  const effect = [
    `change the code of contract ${number} "${contract.name}" to ${codeHash}`,
    `its state, its money and its address stay; version ${version} becomes ${BigInt(version) + 1n}`,
  ];
  const sent = await sendCall(context, session, upgradeCall(contract.id, codeHash), effect);
  context.output.line(`contract ${number} runs code ${codeHash}`, "good");
  return { number, codeHash, ...sent };
}

async function cancel(
  context: Context,
  session: Session,
  contract: ContractInfo,
): Promise<unknown> {
  const { number, upgrade } = contract;
  const what = upgrade.announced?.codeHash ?? "none";
  const effect = [`take back the announcement of code ${what} for contract ${number}`];
  const sent = await sendCall(context, session, cancelCall(contract.id), effect);
  context.output.line(`no change of contract ${number} is announced any more`, "good");
  return { number, ...sent };
}

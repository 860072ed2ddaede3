/** Changing a contract's code by a vote: code and proposal first, the change once it has passed. */

import type { BuiltContract } from "../authoring/build-contract.ts";
import { confirm } from "./confirm.ts";
import type { Context } from "./context.ts";
import type { ContractInfo } from "./contract-info.ts";
import { daoOperations } from "./dao-operations.ts";
import { type ProposalJson, proposalLines, readProposals } from "./dao-proposal.ts";
import { identityAccount } from "./identity.ts";
import { costLines, planUpload, upload } from "./publish-code.ts";
import { publishCall, upgradeCall } from "./registry-calls.ts";
import { type Session, sendCall } from "./session.ts";

const LIVE: ReadonlySet<string> = new Set(["delay", "voting", "passed", "queued"]);

/** Proposals to change this contract that may still come to pass, newest first. */
export async function liveProposals(
  { node }: Pick<Session, "node">,
  contract: bigint,
): Promise<readonly ProposalJson[]> {
  const all = await readProposals(node);
  return all.filter(({ action, state }) => {
    const isThis = action.kind === "contract.upgrade" && BigInt(action.value) === contract;
    return isThis && LIVE.has(state);
  });
}

/** Proposes the code, or executes the vote that has passed for it, or tells how it stands. */
export async function upgradeByVote(
  context: Context,
  session: Session,
  contract: ContractInfo,
  built: BuiltContract | undefined,
  title: string | undefined,
): Promise<unknown> {
  const live = await liveProposals(session, contract.id);
  const wanted = live.filter(({ action }) => built === undefined || action.code === built.codeHash);
  const queued = wanted.find(({ state }) => state === "queued");
  if (queued !== undefined) return await executeUpgrade(context, session, queued);
  if (built === undefined || wanted.length > 0) {
    for (const proposal of wanted) {
      for (const line of proposalLines(proposal)) context.output.line(line);
    }
    if (wanted.length === 0) context.output.line("no vote is under way to change its code");
    return { proposals: wanted };
  }
  return await propose(context, session, contract, built, title);
}

/** The vote and the change of code, both or neither. */
export async function executeUpgrade(
  context: Context,
  session: Session,
  { id, action }: ProposalJson,
): Promise<unknown> {
  const codeHash = action.code ?? "";
  const call = upgradeCall(BigInt(action.value), codeHash, BigInt(id));
  const effect = [`change the code of contract ${action.value} to ${codeHash}, by proposal ${id}`];
  const sent = await sendCall(context, session, call, effect);
  context.output.line(`contract ${action.value} runs code ${codeHash}`, "good");
  return sent;
}

async function propose(
  context: Context,
  session: Session,
  contract: ContractInfo,
  { abi, ...built }: BuiltContract,
  title = `New code for contract ${contract.number}`,
): Promise<unknown> {
  const account = await identityAccount(context);
  const { codeHash } = built;
  const plan = await planUpload(session.node, account, { ...built, abi });
  const action = { kind: "contract.upgrade", name: "", value: contract.number, code: codeHash };
  const call = await daoOperations(session, "propose", [title, JSON.stringify(action)]);
  const publishing = publishCall(codeHash);
  const effect = [`propose to change the code of contract ${contract.number} to ${codeHash}`];
  const cost = costLines(plan, publishing.length + call.length);
  await confirm(context, [...effect, ...cost, `from ${account}`]);
  const agreed = { isAgreed: true };
  if (!plan.isPublished) {
    await upload(context, session, plan);
    const words = [`publish code ${codeHash}, so that everybody can read it`];
    await sendCall(context, session, publishing, words, agreed);
  }
  const sent = await sendCall(context, session, call, effect, agreed);
  const id = String(sent.receipts[0]?.result);
  context.output.line(`proposal ${id}: \`ace dao show ${id}\``, "good");
  return { ...sent, proposal: id, codeHash };
}

/** A DAO proposal as the CLI shows it: what it does first, then where it stands, then its title. */
import { z } from "zod";
import type { NodeClient } from "../client/http.ts";
import { AceError } from "../lib/errors.ts";
import { formatAmount } from "../lib/money.ts";

const DAO = 1n;
const whole = z.string().regex(/^\d+$/);

const ProposalJson = z.object({
  id: whole,
  proposer: z.string(),
  title: z.string(),
  action: z.object({
    kind: z.string(),
    name: z.string(),
    value: whole,
    code: z.string().nullish(),
  }),
  state: z.string(),
  opens: whole,
  ends: whole,
  eta: whole,
  graceEnds: whole,
  yes: whole,
  no: whole,
  abstain: whole,
  total: whole,
  quorum: whole,
  passBps: whole,
});
export type ProposalJson = z.infer<typeof ProposalJson>;

export async function readProposal(node: NodeClient, id: string): Promise<ProposalJson> {
  if (!/^\d{1,10}$/.test(id)) throw new AceError("USAGE", `"${id}" is not a proposal number`);
  const { result } = await node.view(DAO, "proposal", [id]);
  const parsed = ProposalJson.safeParse(result);
  if (parsed.success) return parsed.data;
  throw new AceError("NOT_FOUND", `there is no proposal ${id}`);
}

export async function readProposals(node: NodeClient): Promise<readonly ProposalJson[]> {
  const { result } = await node.view(DAO, "proposals", []);
  return z.array(ProposalJson).parse(result);
}

export function proposalLines(proposal: ProposalJson): readonly string[] {
  const { id, state, action, title, proposer } = proposal;
  return [
    `proposal ${id}   ${state}`,
    `  does     ${actionText(action)}`,
    `  opens    ${timeText(proposal.opens)}   ends ${timeText(proposal.ends)}`,
    `  execute  from ${timeText(proposal.eta)} to ${timeText(proposal.graceEnds)}`,
    `  votes    yes ${power(proposal.yes)}   no ${power(proposal.no)}   abstain ${power(proposal.abstain)}`,
    `  rule     at least ${power(proposal.quorum)} of ${power(proposal.total)} must vote, more than ${Number(proposal.passBps) / 100} % of yes and no`,
    `  title    ${title}`,
    `  by       ${proposer}`,
  ];
}

/** What it does, before anything that its proposer says about it. */
export function actionText({ kind, name, value, code }: ProposalJson["action"]): string {
  switch (kind) {
    case "contract.upgrade":
      return `change the code of contract ${value} to ${code}`;
    case "issuer.add":
      return `let ${name} sign access tokens with key ${code}`;
    case "issuer.remove":
      return value === "0"
        ? `end every access token of ${name} under key ${code}, at once`
        : `let ${name} sign no access tokens with key ${code}, after ${value} ledgers`;
    default:
      return `set ${name} to ${value}`;
  }
}

function power(stroops: string): string {
  return formatAmount(BigInt(stroops));
}

function timeText(seconds: string): string {
  return new Date(Number(seconds) * 1_000).toISOString().replace(".000Z", "Z");
}

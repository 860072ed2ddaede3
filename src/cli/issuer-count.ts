/**
 * How many issuers a vote leaves: two are worse than one or three, and whoever votes should know.
 *
 * More than half of two is both. So neither can say alone who the issuers are, and when one is lost,
 * whoever follows no ledger hears of no change any more.
 */
import { z } from "zod";
import type { NodeClient } from "../client/http.ts";
import type { ProposalJson } from "./dao-proposal.ts";
import type { Output } from "./output.ts";

const DAO = 1n;
const OPEN_END = "0";

const IssuerRows = z.array(
  z.object({ account: z.string(), key: z.string(), toLedger: z.string() }),
);
type IssuerRow = z.infer<typeof IssuerRows>[number];

interface FoundingIssuer {
  readonly account: string;
  readonly key: string;
}

interface Asked {
  readonly network: { readonly issuers: readonly FoundingIssuer[] };
  readonly node: Pick<NodeClient, "view">;
}

type Action = Pick<ProposalJson["action"], "kind" | "name" | "code">;

/** Accounts that have a key without an end, once this action is taken. */
export function issuersAfter(
  founding: readonly FoundingIssuer[],
  voted: readonly IssuerRow[],
  { kind, name, code }: Action,
): ReadonlySet<string> {
  const keys = new Map(founding.map(({ account, key }) => [key, account]));
  for (const { account, key, toLedger } of voted) {
    if (toLedger === OPEN_END) keys.set(key, account);
    else keys.delete(key);
  }
  if (kind === "issuer.add") keys.set(code ?? "", name);
  if (kind === "issuer.remove") keys.delete(code ?? "");
  return new Set(keys.values());
}

/** Says so before the vote that would leave two; nothing for any other action. */
export async function warnOfTwoIssuers(
  { output }: { readonly output: Pick<Output, "warn" | "line"> },
  { network, node }: Asked,
  action: Action,
): Promise<void> {
  if (action.kind !== "issuer.add" && action.kind !== "issuer.remove") return;
  const voted = IssuerRows.safeParse((await node.view(DAO, "issuers", [])).result);
  if (!voted.success) return;
  const left = issuersAfter(network.issuers, voted.data, action).size;
  if (left === 2) {
    output.warn(
      "this leaves two issuers: both must then sign every change of who the issuers are,",
    );
    output.warn(
      "and when one is lost none can be signed. One or three are sounder: propose a third",
    );
  }
  if (left === 0) output.warn("this leaves no issuer: nobody gives access tokens any more");
  if (left > 1 && action.kind === "issuer.add") {
    output.line(
      "their nodes count plays together: start each with --issuer-node URL of all others",
    );
  }
}

/** Who the issuers are by now, for a process that asks once and keeps nothing. */
import { IssuerRoll } from "../access/issuer-roll.ts";
import { type IssuerEntry, thumbprint } from "../access/issuer-set.ts";
import type { NodeClient } from "../client/http.ts";
import { networkId, type ServiceNetwork } from "../contracts/service-network.ts";
import { stillSigned } from "./issuer-watch.ts";
import { networkPrefix } from "./policy.ts";

/** Those of network.json where no node answers. */
export async function askIssuers(
  network: ServiceNetwork,
  nodes: readonly Pick<NodeClient, "issuers">[],
): Promise<readonly IssuerEntry[]> {
  const net = networkPrefix(networkId(network));
  const roll = new IssuerRoll({ net, founding: network.issuers });
  const asked = await Promise.allSettled(nodes.map((node) => node.issuers(0)));
  roll.hear(asked.flatMap((page) => (page.status === "fulfilled" ? page.value.words : [])));
  return signingNow(roll);
}

/** Those whose tokens count. */
export function signingNow(roll: IssuerRoll): readonly IssuerEntry[] {
  const ended = new Set(roll.ended);
  return stillSigned(roll.entries, roll.ledger).filter(({ key }) => !ended.has(thumbprint(key)));
}

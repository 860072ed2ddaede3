/**
 * Who the issuers are by now, for a process that asks once and keeps nothing.
 *
 * Units   Milliseconds.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { IssuerRoll } from "../access/issuer-roll.ts";
import { type IssuerEntry, thumbprint } from "../access/issuer-set.ts";
import type { SignedWord } from "../access/issuer-word.ts";
import type { NodeClient } from "../client/http.ts";
import { networkId, type ServiceNetwork } from "../contracts/service-network.ts";
import { stillSigned } from "./issuer-watch.ts";
import { networkPrefix } from "./policy.ts";

/** Once one has answered, the others are waited for so long: a node that hangs holds up no sign-in. */
const OTHERS_MS = 2_000;

/** Those of network.json where no node answers. */
export async function askIssuers(
  network: ServiceNetwork,
  nodes: readonly Pick<NodeClient, "issuers">[],
): Promise<readonly IssuerEntry[]> {
  const net = networkPrefix(networkId(network));
  const roll = new IssuerRoll({ net, founding: network.issuers });
  const heard: SignedWord[] = [];
  const asked = nodes.map(async (node) => heard.push(...(await node.issuers(0)).words));
  const done = new AbortController();
  const { signal } = done;
  const first = Promise.any(asked).then(() => sleep(OTHERS_MS, undefined, { signal }));
  await Promise.race([Promise.allSettled(asked), first.catch(() => Promise.allSettled(asked))]);
  done.abort();
  roll.hear(heard);
  return signingNow(roll);
}

/** Those whose tokens count. */
export function signingNow(roll: IssuerRoll): readonly IssuerEntry[] {
  const ended = new Set(roll.ended);
  return stillSigned(roll.entries, roll.ledger).filter(({ key }) => !ended.has(thumbprint(key)));
}

/**
 * Asks issuers' nodes who the issuers are, again and again: for verifiers that follow no ledger, and for
 * nodes that pass it on.
 *
 * Each word is believed for its signature, and a change for the votes behind it, not for where it came
 * from. What is refused is told, once for as long as a node goes on with it.
 *
 * Units   Milliseconds where the name says so; Unix seconds.
 * Range   A look every `POLL_MS`, after faults up to every `POLL_MS_MAX`.
 */
import type { Heard } from "../access/issuer-roll.ts";
import type { NodeClient } from "../client/http.ts";
import type { Events } from "../lib/events.ts";
import type { KeptRoll } from "./issuer-file.ts";
import { poll } from "./polling.ts";

export interface IssuerFeedParts {
  readonly node: Pick<NodeClient, "url" | "issuers">;
  readonly kept: KeptRoll;
  /** After each look. */
  readonly onHeard: () => void;
  readonly events: Events;
}

const POLL_MS = 5_000;
const POLL_MS_MAX = 60_000;
/** Why a word was not taken, as it is told. */
const TOLD = { forged: "access.issuers_forged", older: "access.issuers_older" } as const;

/** Resolves when `signal` aborts. Never rejects. */
export async function followIssuers(parts: IssuerFeedParts, signal: AbortSignal): Promise<void> {
  const { node, events } = parts;
  const terms = { node, everyMs: POLL_MS, everyMsMax: POLL_MS_MAX, events };
  let told = "";
  const ask = async () => {
    told = await look(parts, told, signal);
  };
  await poll({ ...terms, unanswered: "access.issuers_unheard" }, ask, signal);
}

/** What it tells of, so that it is not told again. */
async function look(
  { node, kept, onHeard, events }: IssuerFeedParts,
  before: string,
  signal: AbortSignal,
): Promise<string> {
  const { roll, hear } = kept;
  const { words } = await node.issuers(roll.ledger);
  // Nothing is written any more for who has ended meanwhile.
  signal.throwIfAborted();
  const heard = hear(words);
  onHeard();
  const count = (verdict: Heard) => heard.filter((each) => each === verdict).length;
  const { pending } = roll;
  const now = JSON.stringify([count("forged"), count("older"), pending]);
  if (now === before) return now;
  for (const verdict of ["forged", "older"] as const) {
    const words = count(verdict);
    if (words > 0) events.warn(TOLD[verdict], { node: node.url, words });
  }
  if (pending !== undefined) events.warn("access.issuers_undersigned", { ...pending });
  return now;
}

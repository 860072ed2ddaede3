/**
 * `event_url`: tells a player at once that its session has ended, instead of letting it find out.
 *
 * A long poll. `{response: {name: "download_stopped", params: {reason}}}` comes when the session ends;
 * `{response: null}` when nothing has happened for `EVENT_POLL_MS`: ask again.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { EVENT_POLL_MS } from "./limits.ts";
import { type Exchange, replyJson } from "./player-exchange.ts";
import type { PlayerSession } from "./player-session.ts";

export async function sendEvent(
  session: PlayerSession,
  { response, gone }: Exchange,
  pollMs: number = EVENT_POLL_MS,
): Promise<void> {
  const nothing = sleep(pollMs, undefined, { signal: gone, ref: false });
  const reason = await Promise.race([session.ended, nothing.catch(() => undefined)]);
  const event = reason === undefined ? null : { name: "download_stopped", params: { reason } };
  if (!response.destroyed) replyJson(response, 200, { response: event, error: null });
}

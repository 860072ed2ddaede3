/** What the routes of the player API work with. */
import type { Events } from "../lib/events.ts";
import type { ContentName, Contents } from "./contents.ts";
import { PLAYER_BUFFER_MAX_BYTES, PLAYER_GONE_MS, PLAYER_LATE_MS } from "./limits.ts";
import type { NodeLimits } from "./node-limits.ts";
import type { PlayerGuard } from "./player-guard.ts";
import type { PlayerMeter } from "./player-meter.ts";
import type { PlayerSessions } from "./player-session.ts";

export interface Engine {
  readonly contents: Contents;
  readonly sessions: PlayerSessions;
  readonly guard: PlayerGuard;
  readonly events: Events;
  /** What `get_version` answers. */
  readonly version: string;
  /** What private methods ask for; anew with each start. */
  readonly apiToken: string;
  /** Where the licence of a content is sold; answered beside `LICENCE_MISSING`. */
  readonly offerUrl: ((name: ContentName) => string | undefined) | undefined;
  /** For how many seconds the token of a content is good; a newer one comes before. */
  readonly accessLeftS: ((contentId: string) => number | undefined) | undefined;
  /** Of all swarms of this process together. */
  readonly limits: NodeLimits | undefined;
  readonly patience: Patience;
  readonly meter: PlayerMeter;
  /** Prometheus text, when there is any. */
  readonly metrics: (() => Promise<string>) | undefined;
}

/** How long a live player may be too slow. */
export interface Patience {
  readonly bufferBytes: number;
  /** Full for so long, it goes on at the newest place. */
  readonly lateMs: number;
  /** Full for so long, it is closed. */
  readonly goneMs: number;
}

export const defaultPatience: Patience = {
  bufferBytes: PLAYER_BUFFER_MAX_BYTES,
  lateMs: PLAYER_LATE_MS,
  goneMs: PLAYER_GONE_MS,
};

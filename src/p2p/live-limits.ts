/**
 * Limits of live streams: of their pieces, and of what viewers may take from an HLS origin, and when.
 *
 * Units   Bytes and milliseconds as the name says.
 */

/** The first piece of what a player can begin with is closed sooner: with it a segment of HLS ends. */
export const LIVE_START_PIECE_MS = 40;

/** Pieces that one signed run places in a segment; longer segments take several runs. */
export const LIVE_RUN_PIECES_MAX = 128;
export const LIVE_RUN_PATH_MAX_BYTES = 512;
/** A run as it travels, signature included: it fits into one message. */
export const LIVE_RUN_MAX_BYTES = 4_000;
/** Runs that a node keeps. */
export const LIVE_RUNS_MAX = 1_024;
/** What a player comes to soon is left to peers this long, and all else this long. */
export const LIVE_ORIGIN_AFTER_MS = 500;
export const LIVE_ORIGIN_SPARE_MS = 5_000;
/** Requests to an origin at once, and how much each asks for. */
export const LIVE_ORIGIN_REQUESTS_MAX = 2;
export const LIVE_ORIGIN_REQUEST_BYTES = 1_048_576;
/** What has not come after this long is asked of peers, or later again. */
export const LIVE_ORIGIN_REQUEST_MS = 20_000;
/** Segments that an origin has no more; they are not asked for again. */
export const LIVE_ORIGIN_GONE_MAX = 64;
/** With `cdn-first` the pieces of so many segments come from the origin before peers are asked to wait for. */
export const LIVE_ORIGIN_FIRST_SEGMENTS = 2;
/** A piece that limits of rate hold up for longer is not given now: who asked is told to wait. */
export const LIVE_GIVE_MS = 200;
/** While there is no room, one in so many ticks is let in all the same, unless it would be given too late. */
export const LIVE_GIVE_TICKS = 20;
export const LIVE_GIVE_LATE_MS = 4_000;
/** Who let us wait for so many pieces, one after the other, may show by one block that it gives at all. */
export const LIVE_DOUBT_PIECES = 3;
/** A stream of which nothing comes, and nothing new is told, for this long is called silent. */
export const LIVE_SILENT_MS = 5_000;
/** A record is put into the DHT again after this long, and when no node took it. */
export const LIVE_ITEM_MS = 1_800_000;
export const LIVE_ITEM_RETRY_MS = 60_000;
/** How long it is looked for there. */
export const LIVE_ITEM_FIND_MS = 20_000;

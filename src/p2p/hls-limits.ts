/**
 * Limits of live HLS in parts: how long parts are, and how long and how often players may wait for them.
 *
 * Units   Milliseconds as the name says.
 * Source  draft-pantos-hls-rfc8216bis: 4.4.3.7 and 4.4.3.8 (target and hold-back), 4.4.4.9 (duration of a
 *         part), 6.2.5.2 (how far ahead may be asked, and for how long is waited).
 */

/** Segments of a stream whose places to begin at are further apart are cut between them. */
export const HLS_TARGET_S_MAX = 12;
/** No part lasts longer; only one that a frame would not fit into any more ends sooner. */
export const HLS_PART_MS = 400;
/** Each part but the last of a segment lasts at least this share of it. */
export const HLS_PART_SHARE_MIN = 0.85;
/** What a player stays behind the newest part: what a piece takes that has to be asked for a second time. */
export const HLS_PART_HOLD_BACK_MS = 1_200;
export const HLS_PART_HOLD_BACK_PARTS_MIN = 3;
/** Parts are listed of what lies within this many target durations of the end. */
export const HLS_PARTS_LISTED_TARGETS = 3;
/** Segments that may be asked for ahead of the newest whole one; and parts, in so much of their time. */
export const HLS_AHEAD_SEGMENTS_MAX = 2;
export const HLS_AHEAD_PARTS_MS = 3_000;
export const HLS_AHEAD_PARTS_MIN = 3;
/** A request waits for what is to come for this many target durations, and no longer than this. */
export const HLS_WAIT_TARGETS = 3;
export const HLS_WAIT_MS_MAX = 30_000;
/** Requests of one player that wait at once: one for the list and a few for parts. */
export const HLS_WAITING_MAX = 8;
/** Times that a frame says are believed when they are this close to the stream's own clock. */
export const HLS_CLOCK_SLACK_MS = 1_500;
/** A list that begins is shown when it is this close to what the stream has, or after so long. */
export const HLS_NEAR_MS = 1_000;
export const HLS_SETTLE_MS_MAX = 2_000;

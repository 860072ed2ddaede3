/**
 * Limits of the swarm's engine: picker, requests, choker, rates and places.
 *
 * Units   Bytes, blocks, pieces, milliseconds and seconds as the name says.
 */

/** Of what nobody watches, so much time's worth is asked for ahead. */
export const BULK_AHEAD_MS = 1_000;
export const DEPTH_MIN = 8;
export const DEPTH_MAX = 192;
/** Before the first second has shown what the peer can do. */
export const DEPTH_START = 32;
/** What a player waits for is asked for on top of what is under way. */
export const URGENT_DEPTH = 32;
export const URGENT_PIECES = 2;
export const AHEAD_BYTES = 8_388_608;
export const EDGE_BYTES = 524_288;
/** Pieces begun and not finished, in bytes: beyond it only urgent ones begin. */
export const PARTIAL_BYTES_MAX = 67_108_864;
/** What a player waits for is left to peers for this long before a supplier is asked. */
export const CDN_AFTER_MS = 700;
/** Peers that may ask us at once, and one more in turn. */
export const UPLOAD_SLOTS = 8;
export const RECHOKE_MS = 10_000;
export const OPTIMISTIC_MS = 30_000;
/** Seconds of what a player reads that are fetched before they are needed. */
export const BUFFER_S_DEFAULT = 10;
export const BUFFER_S_MIN = 2;
export const BUFFER_S_MAX = 120;
/** Never more than this ahead of a player, however fast it reads. */
export const AHEAD_BYTES_MAX = 67_108_864;
export const AHEAD_PIECES_MAX = 1_024;
/** A piece that a peer announced and refused to give is not asked of it again for this long. */
export const REFUSED_MS = 10_000;
/** Links that are gone whose names are remembered: a piece may turn out bad later. */
export const GONE_NAMES_MAX = 512;
/** Pieces looked at in one pick, from the rarest on; the next pick goes on behind them. */
export const REST_SCAN_MAX = 2_048;
/** An urgent request is asked of a second peer when its patience is over: never before, never after. */
export const PATIENCE_MS_MIN = 150;
export const PATIENCE_MS_MAX = 1_000;
/** Round trips shorter than this are not told apart: the event loop is coarser. */
export const RTT_MS_MIN = 50;
/** A silent peer is snubbing us after this long, or four round trips. */
export const SNUB_MS_MIN = 2_000;
/** What it was asked for is left to others for this long before it is asked for anything. */
export const SNUB_REST_MS = 500;
export const BAN_MS_MAX = 86_400_000;
/** Of the evidence against a peer, what is kept with its ban. */
export const EVIDENCE_FIELDS_MAX = 16;
export const EVIDENCE_MAX_CHARS = 256;
/** A log of bans that grew longer is written anew; and how often it is looked at. */
export const BAN_FILE_MAX_BYTES = 16_777_216;
export const BAN_READ_MAX_BYTES = 2 * BAN_FILE_MAX_BYTES;
export const BAN_LOOK_MS = 2_000;
/** Bad pieces whose blocks are remembered until a good one shows who lied. */
export const SUSPECT_PIECES_MAX = 64;
/** Peers of one neighbourhood: whoever owns one is not to own a swarm. */
export const PEERS_PER_NET24 = 4;
export const PEERS_PER_NET16 = 12;
/** What a rate limit lets through at once, in milliseconds of its rate. */
export const RATE_BURST_MS = 500;
/** Of a limit, what live streams may take ahead of films that wait for their turn. */
export const AHEAD_SHARE = 7 / 8;
/** Tokens with a cap of their own whose limits a node remembers. */
export const TOKEN_RATES_MAX = 10_000;
/** Peers of all swarms of a node together, and those that each swarm may have in any case. */
export const NODE_PEERS_MAX = 400;
export const SWARM_PEERS_MIN = 4;
/** Answers of our own web seed to one token at once: they share its cap, and none is to starve. */
export const WEB_SERVED_PER_TOKEN_MAX = 8;
/** Sent in one go under the smallest cap. */
export const WEB_PORTION_BYTES_MIN = 1_024;
/** Two nodes may dial each other at once; later than this, the second wire is one too many. */
export const DOUBLE_MS = 2_000;

/** Errors of swarms, the gate and the player. */
export const p2pCatalogue = {
  GATE_REQUIRED: { status: 403, exit: 4, hint: "This content is only served to licence holders." },
  GATE_PROOF_BAD: { status: 403, exit: 4, hint: "The peer did not prove its key." },
  GATE_ORDER: { status: 403, exit: 4, hint: "The peer broke the order of the gate's messages." },
  GATE_MALFORMED: { status: 403, exit: 4, hint: "The peer sent a broken gate message." },
  GATE_SELF: {
    status: 403,
    exit: 4,
    hint: "The peer showed our own key: two engines of one home do not serve each other.",
  },
  GATE_TIMEOUT: { status: 403, exit: 4, hint: "The peer did not open the gate in time." },
  SERVER_UNKNOWN: {
    status: 403,
    exit: 4,
    hint: "The peer is not one of the nodes that the content record lists.",
  },
  CONTENT_NOT_FOUND: {
    status: 404,
    exit: 3,
    hint: "No such content here. `ace content list` shows what this node knows.",
  },
  CONTENT_INVALID: {
    status: 422,
    exit: 2,
    hint: "The record or torrent is broken. Publish again.",
  },
  MAGNET_INVALID: {
    status: 400,
    exit: 2,
    hint: "It reads magnet:?xt=urn:btih:<40 hexadecimal characters>; in a shell put it in quotes.",
  },
  CONTENT_UNREACHABLE: {
    status: 504,
    exit: 6,
    hint: "No peer serves this content now. Check that its seeding node runs.",
  },
  STORE_FULL: { status: 507, exit: 6, hint: "Free disk space; the download goes on by itself." },
  FILE_UNREADABLE: { status: 400, exit: 2, hint: "Check the path and its permissions." },
  ENGINE_UNREACHABLE: {
    status: 502,
    exit: 6,
    hint: "Start one with `ace stream get <content>`, or name another with --engine.",
  },
  PLAYER_SESSION_OVER: {
    status: 404,
    exit: 3,
    hint: "Ask `/ace/getstream` for a new session; one ends 30 seconds after its last request.",
  },
  FFMPEG_MISSING: {
    status: 500,
    exit: 1,
    hint: "Install ffmpeg, or publish with `--encrypt file`, which takes the film as it is.",
  },
  LIVE_EQUIVOCATION: {
    status: 409,
    exit: 4,
    hint: "The broadcaster is not to be trusted; the log holds the proof.",
  },
  LIVE_SOURCE_RUNNING: {
    status: 409,
    exit: 6,
    hint: "Stop it first, or give this stream another name: one stream has one source.",
  },
  MEDIA_INVALID: {
    status: 422,
    exit: 2,
    hint: "Send MPEG-TS: `ffmpeg -i INPUT -c copy -f mpegts -`.",
  },
  URL_REFUSED: {
    status: 403,
    exit: 2,
    hint: "Use https and a public host; a host of your own can be trusted with `--trust-host`.",
  },
  PLAYLIST_LATE: {
    status: 503,
    exit: 6,
    hint: "Ask again shortly; without `_HLS_msn` the list comes at once, as it is.",
  },
  RANGE_INVALID: { status: 416, exit: 2, hint: "Ask for a range inside the file." },
  REQUEST_INVALID: { status: 400, exit: 2, hint: "The player API reference is in docs/player.md." },
} as const;

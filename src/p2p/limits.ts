/**
 * Limits of the room: every bound on what a peer, a player or a torrent may cost us.
 *
 * Units   Bytes, blocks, milliseconds and seconds as the name says.
 */

/** Larger frames close the wire. Above a 16 KiB block there is only the bitfield: 262,144 holds 2 million pieces. */
export const FRAME_MAX_BYTES = 262_144;
export const BLOCK_MAX_BYTES = 16_384;
/** What a wire keeps for messages that come in parts; a longer one is let go when it has been read. */
export const HELD_FRAME_BYTES = 32_768;
/** All that is read from dialled peers passes through one buffer of this size. */
export const READ_BUFFER_BYTES = 262_144;
/** Requests that one peer may have waiting with us. */
export const PEER_REQUESTS_MAX = 256;
/** Requests while choked: two full pipelines may still be under way when a choke arrives. */
export const CHOKED_REQUESTS_MAX = 2 * PEER_REQUESTS_MAX;
/** Blocks that nobody asked for; a few arrive late after a cancel. */
export const UNREQUESTED_BLOCKS_MAX = 512;
/** Bytes written to one peer that its socket has not taken yet. */
export const SEND_QUEUE_MAX_BYTES = 4_194_304;
/** Times a peer may say anew which pieces it has, all at once; once is the rule. */
export const PIECE_SETS_MAX = 4;
/** Pieces that a peer may announce though it had announced them before. */
export const REPEATED_HAVES_MAX = 1_024;
export const EXTENSION_HANDSHAKE_MAX_BYTES = 16_384;
export const GATE_MESSAGE_MAX_BYTES = 4_096;
export const TOKEN_MAX_BYTES = 2_048;
/** Gate messages of one peer in a minute: a handshake takes two, a renewal one. */
export const GATE_MESSAGES_PER_MINUTE = 20;
export const GATE_PROOF_S = 5;
export const GATE_OPEN_S = 15;
/** Between a refusal and the closing of the wire, so that the reason arrives. */
export const FAREWELL_MS = 1_000;
export const HANDSHAKE_MS = 5_000;
export const DIAL_MS = 5_000;
export const WIRE_IDLE_MS = 120_000;

export const PEERS_MAX = 60;
export const GATED_PEERS_MAX = 40;
export const LISTENER_SOCKETS_MAX = 400;
/** Connections of one address: this many at once, then this many a second. */
export const ADDRESS_BURST_MAX = 60;
export const ADDRESS_PER_S = 20;
export const ADDRESSES_MAX = 10_000;
export const DIAL_MAX = 8;
/** Addresses kept for one swarm. */
export const CANDIDATES_MAX = 500;
export const REDIAL_MS_MIN = 1_000;
export const REDIAL_MS_MAX = 60_000;
export const BAN_MS = 600_000;
export const BANS_MAX = 10_000;

export const TICK_MS = 250;
/** A disk that was full is tried again after this long. */
export const STORE_RETRY_MS = 5_000;
/** Whole pieces kept in memory for peers and players that ask for the same one, those of all contents
 * of a process together. Eight peers that ask for three pieces each are to find all of them. */
export const CACHED_BYTES_MAX = 67_108_864;
/** Memory of pieces that nobody needs, kept to be used again. */
export const FREE_PIECES_BYTES_MAX = 33_554_432;
/** A read that no piece has reached for this long fails. */
export const STALL_MS = 30_000;
/** Denials in a row after which readers are told. */
export const DENIALS_TO_FAIL = 2;
export const READERS_MAX = 64;

export const TORRENT_MAX_BYTES = 10_000_000;
export const BENCODE_DEPTH_MAX = 16;
export const PIECES_MAX = 400_000;
export const PIECE_LENGTH_MIN = 16_384;
export const PIECE_LENGTH_MAX = 16_777_216;
export const PIECE_LENGTH_DEFAULT = 262_144;
export const FILES_MAX = 10_000;
/** Files of one torrent that stay open. */
export const FILES_KEPT_MAX = 16;
export const FILE_NAME_MAX_BYTES = 255;

export const TRACKER_ANSWER_MAX_BYTES = 65_536;
export const TRACKER_MS = 10_000;
/** What is written down of a question that the node's own tracker refused. */
export const TRACKER_REASON_MAX_CHARS = 120;
export const TRACKERS_MAX = 8;
export const ANNOUNCE_MS_MIN = 60_000;
export const ANNOUNCE_MS_MAX = 1_800_000;
/** While there is no peer at all, ask again after this long, doubling up to `ANNOUNCE_MS_MIN`. */
export const ANNOUNCE_ALONE_MS = 3_000;

export const PLAYER_SESSIONS_MAX = 32;
export const PLAYER_URL_MAX_CHARS = 4_096;
export const SESSION_IDLE_MS = 30_000;
export const CONTENT_SESSIONS_MAX = 16;

/** Signatures at the gate: of one address this many a second after a burst, of all this many a turn. */
export const PROOFS_PER_S = 10;
export const PROOFS_BURST_MAX = 30;
/** A proof that would have to wait longer is refused. */
export const PROOF_WAIT_MS_MAX = 2_500;
export const VERIFIES_PER_TURN = 20;
export const VERIFIES_WAITING_MAX = 1_000;

// Finding peers and keeping pieces.
export const WEB_SEEDS_MAX = 8;
/** Peers of one message of the exchange of peers, and the pace of these messages. */
export const PEX_PEERS_MAX = 50;
export const PEX_MS = 60_000;
/** A peer that sends them faster than this is not listened to. */
export const PEX_MS_MIN = 45_000;
export const PEX_MESSAGE_MAX_BYTES = 4_096;
export const METADATA_MAX_BYTES = 10_000_000;
export const METADATA_PIECE_BYTES = 16_384;
/** Pieces of the info dictionary that one peer may ask for: twice over is plenty. */
export const METADATA_SERVED_FACTOR = 2;
/** Peers that an info dictionary is fetched from at once. */
export const METADATA_PEERS_MAX = 4;
export const METADATA_PEER_MS = 20_000;
export const METADATA_REQUESTS_MAX = 4;
/** Peers of a gated swarm all say so: for one that does not, so long is waited. */
export const METADATA_GATED_MS = 3_000;
export const METADATA_TRIES_MAX = 3;
export const METADATA_RETRY_MS = 1_000;
export const MAGNET_MAX_CHARS = 8_192;
export const MAGNET_PEERS_MAX = 64;
/** Nodes, items and peers that the DHT remembers for others, and for how long. */
export const DHT_VALUES_MAX = 1_000;
export const DHT_PEERS_MAX = 10_000;
export const DHT_TABLES_MAX = 1_000;
export const DHT_PEER_AGE_MS = 1_800_000;
export const DHT_MESSAGE_MAX_BYTES = 2_048;
export const DHT_VALUE_MAX_BYTES = 1_000;
/** Messages of one address: this many at once, then this many a second. */
export const DHT_BURST_MAX = 100;
export const DHT_PER_S = 25;
/** Peers of one lookup that are taken; an attacker may answer with any number. */
export const DHT_LOOKUP_PEERS_MAX = 500;
export const DHT_FIND_MS = 900_000;
/** While a swarm has no peer, the DHT is asked again this soon. */
export const DHT_ALONE_MS = 30_000;
/** Local discovery: how often a swarm is named, and how many messages a second are heard. */
export const LSD_MS = 300_000;
export const LSD_MESSAGE_MAX_BYTES = 1_400;
export const LSD_PER_S = 20;
export const LSD_INFOHASHES_MAX = 16;
/** Pieces that are verified again at the start, chosen at random, though a record vouches for them. */
export const RESUME_SAMPLE = 16;
/** Marks of new pieces are written together: after this long, or this many. */
export const RESUME_BATCH_MS = 2_000;
export const RESUME_BATCH_PIECES = 64;
/** A file may have changed this much later than the record of a session that was killed says. */
export const RESUME_GRACE_MS = 10_000;
export const RESUME_RECORD_MAX_BYTES = 16_777_216;
/** A store with a cap must hold more than what is fetched ahead of a player, or it would fetch in circles. */
export const STORE_CAP_MIN_BYTES = 134_217_728;
/** A piece that the disk has lost is fetched again this often; then the disk is at fault. */
export const LOST_PIECE_TRIES_MAX = 8;
/** Pieces kept in memory for players while the disk is full. */
export const SPILL_BYTES_MAX = 67_108_864;

/** Output to players: see player-*.ts and hls-*.ts. */
/** Bytes written to one player that its socket has not taken yet. */
export const PLAYER_BUFFER_MAX_BYTES = 8_388_608;
/** A live player that stays full this long goes on at the newest place it can begin at. */
export const PLAYER_LATE_MS = 5_000;
/** A live player that stays full this long is closed. */
export const PLAYER_GONE_MS = 30_000;
/** What a player that begins stays behind the head of a live stream. */
export const LIVE_BEHIND_MS = 1_000;
/** How far back the first HLS list reaches: enough for a player to begin with a full list. */
export const HLS_BEHIND_MS = 8_000;
export const HLS_SEGMENT_MS_MIN = 1_000;
/** A segment that finds no place to end in this many bytes ends before it has more. */
export const HLS_SEGMENT_MAX_BYTES = 33_554_432;
/** Segments in the list: more of short ones, so that it lasts `HLS_LISTED_TARGETS` target durations. */
export const HLS_LISTED = 6;
export const HLS_LISTED_MAX = 48;
export const HLS_LISTED_TARGETS = 3;
/** Segments kept for a player that is a little late: as many again as are listed. */
export const HLS_KEPT_SHARE = 2;
/** A player that asks for what happened is answered after this long if nothing has. */
export const EVENT_POLL_MS = 25_000;
export const PLAYER_BODY_MAX_BYTES = 65_536;
/** Connections of players at once, and of those what one address of another machine may take. */
export const PLAYER_CONNECTIONS_MAX = 256;
export const PLAYER_ADDRESS_CONNECTIONS_MAX = 64;

/** Encrypted content. */
export const PLAYLIST_MAX_BYTES = 2_097_152;
export const SEGMENT_S_MAX = 60;
/** A segment of a package is cut at the next place a player can begin after this. */
export const SEGMENT_S = 4;
export const SEGMENT_MAX_BYTES = 67_108_864;

// Live streams.

/** 348 packets of 188 bytes. */
export const LIVE_PIECE_MAX_BYTES = 65_424;
/** A piece is closed after this much of the stream's clock, or a thin stream would be late. */
export const LIVE_PIECE_MS = 200;
/** Places to begin at in a stream without pictures. */
export const AUDIO_RAP_MS = 1_000;
/** Bytes of a stream in which no player could begin yet; beyond it the source is refused. */
export const RAP_WAIT_MAX_BYTES = 67_108_864;
/** Further than this the clock of a stream jumps, it does not run. */
export const PCR_JUMP_MS = 10_000;
export const INGEST_MAX_KBPS = 50_000;
export const TS_SECTION_MAX_BYTES = 1_024;
export const INGEST_CHUNK_BYTES = 65_536;
/** An input that failed is tried again after this long. */
export const INGEST_RETRY_MS = 1_000;
/** Of an HLS origin. */
export const ORIGIN_LIST_MAX_BYTES = 1_048_576;
export const HLS_ORIGIN_SEGMENT_MAX_BYTES = 67_108_864;
export const ORIGIN_RELOAD_MS_MIN = 250;
export const ORIGIN_RELOAD_MS_MAX = 10_000;
/** Pieces that a node keeps and serves. */
export const LIVE_WINDOW_PIECES = 512;
export const LIVE_WINDOW_MAX_PIECES = 8_192;
/** Of those, this many in memory; older ones on disk. */
export const LIVE_MEMORY_PIECES = 2_048;
export const LIVE_HEADS_PER_BATCH = 16;
/** Signatures that a source makes in a second, at most: more heads than this go together. */
export const LIVE_BATCHES_PER_S = 20;
/** Heads that one peer may send in a second, and at once when it has just come. */
export const LIVE_HEADS_PER_S = 200;
export const LIVE_HEADS_BURST = 1_024;
export const LIVE_MESSAGE_MAX_BYTES = 4_096;
/** Heads that a newcomer gets unasked, and per question for older ones. */
export const LIVE_JOIN_HEADS = 64;
/** Questions for older heads that a peer may ask in a row before the next second. */
export const LIVE_OLDER_PER_S = 16;
export const LIVE_FAN = 1;
/** What only some peers were told of, all are told of after this. */
export const LIVE_LAG_MS = 450;
/** A peer that passed on nothing this often within `LIVE_FAN_STRIKE_MS` is not chosen for as long. */
export const LIVE_FAN_STRIKES = 3;
export const LIVE_FAN_STRIKE_MS = 30_000;
export const LIVE_REJECT_MS = 50;
export const LIVE_ANSWER_MS = 350;
/** A piece that only one peer has is waited for this long. */
export const LIVE_ANSWER_MAX_MS = 4_000;
/** Pieces asked of one peer at once. */
export const LIVE_REQUESTS_MAX = 8;
/** Pieces announced, asked for and not given, one after the other: the peer withholds them. */
export const LIVE_WITHHELD_MAX = 6;
/** A peer of a running stream that says nothing for this long is asked and told last. */
export const LIVE_QUIET_MS = 1_000;
export const LIVE_BUFFER_MS = 1_000;
export const LIVE_TICK_MS = 50;
/** Peers that a node of a live stream dials by itself; more may come. */
export const LIVE_DIAL_PEERS = 12;
/** A source writes down its place this often, and after a crash goes on this far behind it. */
export const LIVE_COUNTER_PIECES = 100;
export const LIVE_COUNTER_GAP = 200;
/** Pieces of one key, counted in numbers. */
export const LIVE_KEY_EPOCH_PIECES = 256;
/** A viewer asks for the next key when so few pieces are left under this one. */
export const LIVE_KEY_AHEAD_PIECES = 40;
export const LIVE_RECORD_MAX_BYTES = 16_384;
export const LIVE_NAME_MAX_BYTES = 64;

/** Fetched at once when a session begins, before its player reads: scripts wait until it is here. */
export const PREBUFFER_BYTES = 1_048_576;

/** Web seeds: requests at once to one server, and how much each asks for. */
export const WEB_SEED_REQUESTS_MAX = 2;
export const WEB_SEED_REQUEST_BLOCKS = 128;
export const WEB_FIRST_BYTE_MS = 5_000;
export const WEB_STALL_MS = 10_000;
export const WEB_REDIRECTS_MAX = 3;
/** A server that failed is asked again after this long, then twice as long each time. */
export const WEB_RETRY_MS_MIN = 500;
export const WEB_RETRY_MS_MAX = 60_000;
/** Connections to our own web seed, and of those what one address of another machine may take. */
export const WEB_CONNECTIONS_MAX = 512;
export const WEB_ADDRESS_CONNECTIONS_MAX = 32;
/** What a caller may take to say what it wants, to players and to the web seed, and how long that is. */
export const HTTP_HEADERS_MS = 5_000;
export const HTTP_REQUEST_MS = 20_000;
export const HTTP_CHECK_MS = 1_000;
export const HTTP_HEADER_MAX_BYTES = 16_384;
/** Answers of our own web seed that are under way at once. */
export const WEB_SERVED_MAX = 64;
/** Requests of one address to it: this many at once, then this many a second. */
export const WEB_REQUESTS_BURST = 200;
export const WEB_REQUESTS_PER_S = 50;

/** What strangers name: trackers and peers. */
/** Below it lie the well-known services: a peer that somebody else named is not dialled there. */
export const NAMED_PORT_MIN = 1_024;
/** Frames of a tracker over WebSocket: this many at once, then this many a second. */
export const TRACKER_FRAMES_BURST = 64;
export const TRACKER_FRAMES_PER_S = 8;
export const TRACKER_HEADER_MAX_BYTES = 16_384;
/** A tracker that was told goodbye and does not hang up is left after this. */
export const TRACKER_FAREWELL_MS = 1_000;

/**
 * Content records: what a publisher signs about one content, so that anybody may pass it on.
 *
 * Units   `length` is bytes; keys are 64 hexadecimal characters; `contract` is a contract number.
 * Range   A record is at most `RECORD_MAX_BYTES` of canonical CBOR.
 * Errors  `CONTENT_INVALID` for a record that is malformed, unsigned, or not about this torrent.
 * Source  The signed bytes are "ace-content-v1" and the record in canonical CBOR;
 *         test/vectors/p2p/content-record.json holds an example.
 */
import { z } from "zod";
import { fromHex, toHex } from "../lib/bytes.ts";
import { isSignedBy } from "../lib/ed25519.ts";
import { AceError } from "../lib/errors.ts";
import { accountBytes, isAccount } from "../lib/strkey.ts";
import { FILE_NAME_MAX_BYTES, TORRENT_MAX_BYTES, TRACKERS_MAX } from "./limits.ts";
import {
  addressText,
  hexText,
  recordFields,
  signatureText,
  signedRecord,
} from "./record-fields.ts";
import { readTorrent, type Torrent } from "./torrent.ts";

const RECORD_MAX_BYTES = 2 * TORRENT_MAX_BYTES;
const TAG = new TextEncoder().encode("ace-content-v1");

const url = addressText("https?|udp|wss?", "the address of a tracker");

/** How the bytes of the torrent are encrypted; the keys themselves are released to licence holders. */
const EncryptionSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    /** One file, AES-256-CTR. */
    kind: z.literal("file"),
    nonce: hexText(16),
    keyCheck: hexText(64),
  }),
  z.strictObject({
    /** An HLS package, AES-128-CBC for each segment. */
    kind: z.literal("hls"),
    /** The playlist among the torrent's files. */
    playlist: z.string().min(1).max(FILE_NAME_MAX_BYTES),
    keyCheck: hexText(64),
  }),
]);
export type Encryption = Readonly<z.infer<typeof EncryptionSchema>>;

const ContentRecordSchema = z.strictObject({
  ...recordFields,
  /** `btih:` and the infohash: what a token's audience says. */
  swarm: z.string().regex(/^btih:[0-9a-f]{40}$/),
  infohash: hexText(40),
  length: z.int().positive(),
  mime: z.string().regex(/^[a-z]+\/[a-z0-9.+-]{1,100}$/),
  trackers: z.array(url).max(TRACKERS_MAX).readonly(),
  publisher: z.string().refine(isAccount, "is not a Stellar account (G…)"),
  /** Ways by which members of a gated swarm may find one another, beside the trackers above. */
  discovery: z
    .array(z.enum(["dht", "pex", "lsd", "metadata"]))
    .max(4)
    .readonly()
    .optional(),
  /** Absent when the bytes of the torrent are the film itself. */
  encryption: EncryptionSchema.optional(),
  /** "open": anybody may carry the ciphertext. Absent is "licensed": the swarm itself is gated. */
  seed: z.enum(["open", "licensed"]).optional(),
  /** The torrent itself in base64, so that no other file is needed. */
  torrent: z.base64().max(RECORD_MAX_BYTES).optional(),
});

const SignedContentRecordSchema = z.strictObject({
  record: ContentRecordSchema,
  /** Ed25519 by the publisher's account key. */
  signature: signatureText,
});

export type ContentRecord = Readonly<z.infer<typeof ContentRecordSchema>>;
export type SignedContentRecord = Readonly<z.infer<typeof SignedContentRecordSchema>>;

/** The publisher's Stellar key, wherever it is kept. */
export interface RecordSigner {
  sign(message: Uint8Array): Promise<Uint8Array> | Uint8Array;
}

/** Everything of a record that the torrent decides. */
export function describeTorrent(torrent: Torrent) {
  const { contentId, infohash, length } = torrent;
  return { contentId, infohash, length, swarm: `btih:${infohash}` };
}

export async function signContentRecord(
  record: ContentRecord,
  signer: RecordSigner,
): Promise<SignedContentRecord> {
  const parsed = ContentRecordSchema.safeParse(record);
  if (!parsed.success) throw invalid(z.prettifyError(parsed.error));
  const signature = await signer.sign(recordMessage(parsed.data));
  return readContentRecord({ record: parsed.data, signature: toHex(signature) });
}

/** Reads a record out of anybody's JSON: its shape, its signature, and that it agrees with itself. */
export function readContentRecord(document: unknown): SignedContentRecord {
  const parsed = SignedContentRecordSchema.safeParse(document);
  if (!parsed.success) throw invalid(z.prettifyError(parsed.error));
  const { record, signature } = parsed.data;
  const key = accountBytes(record.publisher);
  if (!isSignedBy(key, recordMessage(record), fromHex(signature) ?? new Uint8Array())) {
    throw invalid("it is not signed by its publisher");
  }
  if (record.swarm !== `btih:${record.infohash}`) throw invalid("its swarm is not its infohash");
  if ((record.contract === "") !== (record.access === "public")) {
    throw invalid("a gated content names a contract, a public one none");
  }
  if (record.encryption !== undefined && record.access === "public") {
    throw invalid("a public content has nobody to release its keys to");
  }
  if (record.seed !== undefined && record.encryption === undefined) {
    throw invalid("only what is encrypted may be carried by anybody");
  }
  if (record.torrent !== undefined) checkTorrent(record, torrentOf(record.torrent));
  return parsed.data;
}

/** Whether peers must show a token. The ciphertext of an open seed is for anybody; its key is not. */
export function isSwarmGated({ access, seed }: Pick<ContentRecord, "access" | "seed">): boolean {
  return access === "gated" && seed !== "open";
}

/**
 * The torrent inside a record, or the one found elsewhere in `bytes`, checked to be what the record
 * describes.
 */
export function recordTorrent(record: ContentRecord, bytes?: Uint8Array): Torrent {
  if (bytes !== undefined) return checkTorrent(record, readTorrent(bytes));
  if (record.torrent === undefined) throw invalid("it carries no torrent");
  return checkTorrent(record, torrentOf(record.torrent));
}

/** SHA-1 alone would let a collision pass for the content; the content id is SHA-256. */
function checkTorrent(record: ContentRecord, torrent: Torrent): Torrent {
  const { contentId, infohash, length } = torrent;
  if (infohash !== record.infohash) throw invalid(`the torrent is ${infohash}`);
  if (contentId !== record.contentId) throw invalid(`the torrent's content id is ${contentId}`);
  if (length !== record.length) throw invalid(`the torrent has ${length} bytes`);
  checkFiles(record.encryption, torrent);
  return torrent;
}

function checkFiles(encryption: Encryption | undefined, { files }: Torrent): void {
  if (encryption?.kind === "file" && files.length !== 1) throw invalid("one file has one nonce");
  if (encryption?.kind !== "hls") return;
  const isThere = files.some(({ path }) => path === encryption.playlist);
  if (!isThere) throw invalid(`the torrent holds no ${encryption.playlist}`);
}

/** What the publisher signs. */
export function recordMessage(record: ContentRecord): Uint8Array {
  return signedRecord(TAG, record);
}

function torrentOf(base64: string): Torrent {
  return readTorrent(Uint8Array.from(Buffer.from(base64, "base64")));
}

function invalid(what: string): AceError {
  return new AceError("CONTENT_INVALID", `the content record is refused: ${what}`);
}

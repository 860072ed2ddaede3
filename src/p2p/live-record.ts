/**
 * Live records: what a broadcaster signs about its stream, so that anybody may pass it on: what it is
 * called, who may watch, and where its first peers are.
 *
 * Units   Keys are 64 hexadecimal characters; `contract` is a contract number; Unix seconds.
 * Range   At most `LIVE_RECORD_MAX_BYTES` of canonical CBOR. Of two records the later one counts.
 * Errors  `CONTENT_INVALID` for a record that is malformed, unsigned, or does not agree with itself.
 * Source  docs/spec/live.md; test/vectors/p2p/live.json holds an example.
 */
import { z } from "zod";
import { fromHex, toHex } from "../lib/bytes.ts";
import { isSignedBy } from "../lib/ed25519.ts";
import { AceError } from "../lib/errors.ts";
import type { DeviceKey } from "./ed25519.ts";
import { LIVE_NAME_MAX_BYTES, LIVE_RECORD_MAX_BYTES, TRACKERS_MAX } from "./limits.ts";
import { describeLive, type LiveDescriptor, liveAudience } from "./live-descriptor.ts";
import {
  addressText,
  hexText,
  recordFields,
  signatureText,
  signedRecord,
} from "./record-fields.ts";

const TAG = new TextEncoder().encode("ace-live-record-v1");

const url = addressText("https?", "an http address");

const LiveRecordSchema = z.strictObject({
  ...recordFields,
  kind: z.literal("live"),
  /** Ed25519 key that signs this record and every head. */
  broadcaster: hexText(64),
  name: z.string().max(LIVE_NAME_MAX_BYTES),
  streamId: hexText(40),
  /** `acelive:` and the stream id: what a token's audience says. */
  swarm: z.string().regex(/^acelive:[0-9a-f]{40}$/),
  mime: z.literal("video/mp2t"),
  trackers: z.array(url).max(TRACKERS_MAX).readonly(),
  /** Folder of an HLS origin that holds the pieces, too; its address ends in `/`. */
  origin: url.regex(/\/$/, "is not the address of a folder").optional(),
  /** Absent when pieces travel as they are. */
  encryption: z.strictObject({ kind: z.literal("live") }).optional(),
});

const SignedLiveRecordSchema = z.strictObject({
  record: LiveRecordSchema,
  /** Ed25519 by the broadcaster's key. */
  signature: signatureText,
});

export type LiveRecord = Readonly<z.infer<typeof LiveRecordSchema>>;
export type SignedLiveRecord = Readonly<z.infer<typeof SignedLiveRecordSchema>>;

/** Everything of a record that the stream's name and key decide. */
export function recordOf({ broadcaster, name, contentId, streamId }: LiveDescriptor) {
  return {
    v: 1,
    kind: "live",
    broadcaster: toHex(broadcaster),
    name,
    contentId,
    streamId,
    swarm: liveAudience(streamId),
    mime: "video/mp2t",
  } as const;
}

export function signLiveRecord(record: LiveRecord, key: DeviceKey): SignedLiveRecord {
  const parsed = LiveRecordSchema.safeParse(record);
  if (!parsed.success) throw invalid(z.prettifyError(parsed.error));
  const signature = toHex(key.sign(liveRecordMessage(parsed.data)));
  return readLiveRecord({ record: parsed.data, signature });
}

/** True for what means to be a live record; whether it is one `readLiveRecord` says. */
export function isLiveDocument(document: unknown): boolean {
  const parsed = z.object({ record: z.object({ kind: z.literal("live") }) }).safeParse(document);
  return parsed.success;
}

/** Reads a record out of anybody's JSON: its shape, its signature, and that it agrees with itself. */
export function readLiveRecord(document: unknown): SignedLiveRecord {
  const parsed = SignedLiveRecordSchema.safeParse(document);
  if (!parsed.success) throw invalid(z.prettifyError(parsed.error));
  const { record, signature } = parsed.data;
  const message = liveRecordMessage(record);
  if (message.length > LIVE_RECORD_MAX_BYTES) throw invalid("it is too long");
  const { broadcaster, contentId, streamId } = liveDescriptorOf(record);
  if (!isSignedBy(broadcaster, message, fromHex(signature) ?? new Uint8Array())) {
    throw invalid("it is not signed by its broadcaster");
  }
  const isItself = record.contentId === contentId && record.streamId === streamId;
  if (!isItself || record.swarm !== liveAudience(streamId)) {
    throw invalid("its ids are not those of its key and name");
  }
  if ((record.contract === "") !== (record.access === "public")) {
    throw invalid("a gated stream names a contract, a public one none");
  }
  if (record.origin !== undefined && record.encryption !== undefined) {
    throw invalid("an origin holds the stream in the clear");
  }
  return parsed.data;
}

export function liveDescriptorOf({ broadcaster, name }: LiveRecord): LiveDescriptor {
  return describeLive(fromHex(broadcaster) ?? new Uint8Array(), name);
}

/** What the broadcaster signs. */
export function liveRecordMessage(record: LiveRecord): Uint8Array {
  return signedRecord(TAG, record);
}

function invalid(what: string): AceError {
  return new AceError("CONTENT_INVALID", `the live record is refused: ${what}`);
}

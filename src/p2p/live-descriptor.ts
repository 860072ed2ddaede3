/**
 * What a live stream is called for ever: made of the broadcaster's key and a name, and nothing that
 * changes.
 *
 * Range   A name is at most `LIVE_NAME_MAX_BYTES` of UTF-8. The stream id stands in place of an
 *         infohash; the content id is what licences name.
 * Errors  `CONTENT_INVALID` for a name that is too long.
 * Source  docs/spec/live.md.
 */
import { createHash } from "node:crypto";
import { concatBytes, toHex } from "../lib/bytes.ts";
import { KEY_BYTES } from "../lib/ed25519.ts";
import { AceError } from "../lib/errors.ts";
import { sha256Hex } from "../lib/hash.ts";
import { LIVE_NAME_MAX_BYTES } from "./limits.ts";

export interface LiveDescriptor {
  /** The broadcaster's Ed25519 key. */
  readonly broadcaster: Uint8Array;
  readonly name: string;
  /** 40 hexadecimal characters. */
  readonly streamId: string;
  /** 64 hexadecimal characters. */
  readonly contentId: string;
}

const TAG = new TextEncoder().encode("ace-live-v1");

export function describeLive(broadcaster: Uint8Array, name: string): LiveDescriptor {
  const text = new TextEncoder().encode(name);
  if (broadcaster.length !== KEY_BYTES || text.length > LIVE_NAME_MAX_BYTES) {
    throw new AceError(
      "CONTENT_INVALID",
      `a live stream is named by a key and at most ${LIVE_NAME_MAX_BYTES} bytes of text`,
    );
  }
  const bytes = concatBytes(TAG, broadcaster, text);
  // 20 bytes is what handshakes and trackers have room for; who relies on an id takes the other one.
  const streamId = toHex(createHash("sha1").update(bytes).digest());
  return { broadcaster, name, streamId, contentId: sha256Hex(bytes) };
}

/** What tokens call its swarm. */
export function liveAudience(streamId: string): string {
  return `acelive:${streamId}`;
}

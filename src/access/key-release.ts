/**
 * Release of content keys: to devices that prove a right now, wrapped so that only they can read them.
 *
 * Flow    token and proof → right → rate → epoch → key → wrapped to the X25519 key inside the proof.
 * Units   Unix milliseconds for when an epoch starts; a content id is 64 hexadecimal characters.
 * Range   `KEYS_PER_MINUTE` a device. The next epoch's key leaves `KEY_AHEAD_MS` before it starts, and
 *         only under a token that lives until then: who lost the right in an epoch has no later one.
 * Errors  What the proof is refused with; `LICENCE_MISSING` for a carrier; `RATE_LIMITED`;
 *         `KEY_EPOCH_INVALID`, `KEY_UNAVAILABLE`, `CONTENT_NOT_FOUND`.
 */
import type { Clock } from "../lib/clock.ts";
import { AceError } from "../lib/errors.ts";
import { type WrappedKey, wrapKey, X25519_KEY_BYTES } from "./key-wrap.ts";
import { Lru } from "./lru.ts";
import { decodeBase64url } from "./text-bytes.ts";

const KEYS_PER_MINUTE = 30;
const KEY_AHEAD_MS = 10_000;

const MINUTE_MS = 60_000;
const DEVICES_MAX = 10_000;

/** Keys as the owner's node keeps them. */
export interface KeptKeys {
  /** Undefined when no key of this content was ever brought here. */
  find(content: string, epoch: number): KeptEpoch | undefined;
}

export interface KeptEpoch {
  /** Undefined when it is of an epoch too old, or not yet made. */
  readonly key: Uint8Array | undefined;
  readonly startsAtMs: number;
  /** A later one was made, so this one has begun whatever the clock says. */
  readonly isFollowed: boolean;
}

/** Whoever a token and its proof show. */
export interface KeyHolder {
  readonly jti: string;
  readonly deviceKey: string;
  readonly role: string;
  readonly expiresAtS: number;
  /** From the signed proof: X25519, base64url. */
  readonly epk: string | undefined;
}

export interface KeyRequest {
  readonly content: string;
  readonly epoch: number;
}

export interface KeyReleaseOptions {
  readonly keys: KeptKeys;
  readonly clock: Clock;
}

export class KeyRelease {
  readonly #options: KeyReleaseOptions;
  readonly #asked = new Lru<{ count: number; readonly untilMs: number }>(DEVICES_MAX);

  constructor(options: KeyReleaseOptions) {
    this.#options = options;
  }

  /** @param holder Proven already, for this very content. */
  release({ content, epoch }: KeyRequest, holder: KeyHolder): WrappedKey {
    if (holder.role === "carrier") {
      throw new AceError("LICENCE_MISSING", "who only carries a content gets no key to it");
    }
    const to = decodeBase64url(holder.epk ?? "");
    if (to?.length !== X25519_KEY_BYTES) {
      throw new AceError("PROOF_INVALID", "the proof names no X25519 key to wrap the answer to");
    }
    this.#count(holder.deviceKey);
    const key = this.#keyOf(content, epoch, holder);
    return wrapKey(key, to, { content, epoch, jti: holder.jti });
  }

  #keyOf(content: string, epoch: number, holder: KeyHolder): Uint8Array {
    const kept = this.#options.keys.find(content, epoch);
    if (kept === undefined) {
      throw new AceError("KEY_UNAVAILABLE", `this node keeps no keys of ${content}`);
    }
    if (kept.key === undefined || !this.#mayLeave(kept, holder)) {
      throw new AceError("KEY_EPOCH_INVALID", `the key of epoch ${epoch} is not to be had now`);
    }
    return kept.key;
  }

  #mayLeave({ startsAtMs, isFollowed }: KeptEpoch, { expiresAtS }: KeyHolder): boolean {
    const nowMs = this.#options.clock.nowMs();
    if (isFollowed || startsAtMs <= nowMs) return true;
    return startsAtMs - nowMs <= KEY_AHEAD_MS && startsAtMs < expiresAtS * 1_000;
  }

  #count(device: string): void {
    const nowMs = this.#options.clock.nowMs();
    const before = this.#asked.get(device);
    if (before === undefined || before.untilMs <= nowMs) {
      this.#asked.set(device, { count: 1, untilMs: nowMs + MINUTE_MS });
      return;
    }
    before.count += 1;
    if (before.count <= KEYS_PER_MINUTE) return;
    throw new AceError("RATE_LIMITED", `a device gets ${KEYS_PER_MINUTE} keys a minute`);
  }
}

/**
 * The keys of a live stream at its source: made from one secret, and brought to the node that releases
 * them, each before it is needed.
 *
 * From a secret that is kept a source that was stopped goes on with the same keys; which piece has
 * which number is its counter's business.
 *
 * Units   Milliseconds.
 * Errors  None: a node that is out of reach is told to the operator and tried again with the next
 *         pieces. Until then viewers wait.
 * Source  RFC 5869; docs/spec/encryption.md.
 */
import { hkdfSync } from "node:crypto";
import { concatBytes, fromHex, toHex, uint32Bytes } from "../lib/bytes.ts";
import type { Clock } from "../lib/clock.ts";
import type { Events } from "../lib/events.ts";
import { keyEpochOf } from "../p2p/cipher-epochs.ts";
import { applyPieceKey, LIVE_KEY_BYTES } from "../p2p/cipher-live.ts";
import { LIVE_KEY_EPOCH_PIECES } from "../p2p/limits.ts";
import type { LiveCipher, PiecePlace } from "../p2p/live-swarm-port.ts";

export interface LiveKeyParts {
  /** 64 hexadecimal characters. */
  readonly contentId: string;
  /** 32 bytes, hexadecimal: kept by the source alone. */
  readonly secret: string;
  /** Takes it to the node that keeps the stream's keys. */
  readonly bring: (key: LiveKey) => Promise<unknown>;
  readonly events: Events;
  readonly clock: Clock;
}

export interface LiveKey {
  readonly epoch: number;
  readonly key: string;
  readonly startsInMs: number;
}

export interface LiveKeyRing {
  readonly cipher: LiveCipher;
  /** Resolves when all that was under way is brought or given up. */
  settled(): Promise<void>;
}

const INFO = new TextEncoder().encode("ace-live-key-v1");
const NO_SALT = new Uint8Array();
/** Until its pace is known, a stream is taken for one of five pieces a second. */
const PIECE_MS = 200;
/** What the node takes at most. */
const STARTS_IN_MS_MAX = 600_000;
/** Pieces after which a node that did not answer is tried again. */
const RETRY_PIECES = 16;

/** 16 bytes. */
function liveKeyOf(secret: string, contentId: string, epoch: number): Uint8Array {
  const info = concatBytes(INFO, fromHex(contentId) ?? NO_SALT, uint32Bytes(epoch));
  const bytes = fromHex(secret) ?? NO_SALT;
  return new Uint8Array(hkdfSync("sha256", bytes, NO_SALT, info, LIVE_KEY_BYTES));
}

export function liveKeyRing(parts: LiveKeyParts): LiveKeyRing {
  const ring = new Ring(parts);
  const apply: LiveCipher["open"] = async (place, bytes) =>
    applyPieceKey(ring.keyFor(place), place.seq, bytes);
  return {
    cipher: {
      seal: async (place, bytes) => {
        ring.turn(place);
        return await apply(place, bytes);
      },
      open: apply,
    },
    settled: () => ring.settled(),
  };
}

class Ring {
  readonly #parts: LiveKeyParts;
  readonly #keys = new Map<number, Uint8Array>();
  /** Epochs that the node has. */
  readonly #brought = new Set<number>();
  #bringing: Promise<void> = Promise.resolve();
  #isBringing = false;
  #triedEpoch: number | undefined;
  #first: { readonly place: PiecePlace; readonly atMs: number } | undefined;

  constructor(parts: LiveKeyParts) {
    this.#parts = parts;
  }

  keyFor(place: PiecePlace): Uint8Array {
    const epoch = keyEpochOf(place);
    const known = this.#keys.get(epoch);
    if (known !== undefined) return known;
    const { secret, contentId } = this.#parts;
    const key = liveKeyOf(secret, contentId, epoch);
    this.#keys.set(epoch, key);
    for (const old of this.#keys.keys()) if (old < epoch - 1) this.#keys.delete(old);
    return key;
  }

  /** Sees to it that the node has the key of now and the next. */
  turn(place: PiecePlace): void {
    this.#first ??= { place, atMs: this.#parts.clock.nowMs() };
    const epoch = keyEpochOf(place);
    const isDue = place.seq % RETRY_PIECES === 0 || epoch !== this.#triedEpoch;
    if (this.#isBringing || !isDue || this.#brought.has(epoch + 1)) return;
    this.#triedEpoch = epoch;
    for (const old of this.#brought) if (old < epoch) this.#brought.delete(old);
    this.#isBringing = true;
    this.#bringing = this.#bring(epoch, this.#startsInMs(place)).finally(() => {
      this.#isBringing = false;
    });
  }

  settled(): Promise<void> {
    return this.#bringing;
  }

  async #bring(epoch: number, nextInMs: number): Promise<void> {
    const { secret, contentId, bring, events } = this.#parts;
    const wanted = [
      { epoch, startsInMs: 0 },
      { epoch: epoch + 1, startsInMs: nextInMs },
    ];
    for (const each of wanted) {
      if (this.#brought.has(each.epoch)) continue;
      try {
        await bring({ ...each, key: toHex(liveKeyOf(secret, contentId, each.epoch)) });
        this.#brought.add(each.epoch);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        events.warn("keys.unbrought", { content: contentId, epoch: each.epoch, reason });
        return;
      }
    }
  }

  /** At the pace so far. */
  #startsInMs({ seq }: PiecePlace): number {
    const left = LIVE_KEY_EPOCH_PIECES - (seq % LIVE_KEY_EPOCH_PIECES);
    const first = this.#first;
    const pieces = seq - (first?.place.seq ?? seq);
    const passedMs = this.#parts.clock.nowMs() - (first?.atMs ?? 0);
    const pieceMs = pieces < RETRY_PIECES ? PIECE_MS : passedMs / pieces;
    return Math.min(STARTS_IN_MS_MAX, Math.max(0, Math.round(left * pieceMs)));
  }
}

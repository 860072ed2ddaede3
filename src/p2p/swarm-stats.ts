/**
 * What a swarm can say of itself.
 *
 * Units   Payload bytes: never protocol bytes. Speeds are bytes a second, smoothed.
 */
export interface SwarmStats {
  readonly peers: number;
  readonly pieces: number;
  readonly piecesHad: number;
  readonly bytesUp: number;
  /** From peers and suppliers together. */
  readonly bytesDown: number;
  readonly bytesDownBySource: Readonly<Record<"peer" | "webseed", number>>;
  readonly bytesUpPerS: number;
  readonly bytesDownPerS: number;
  /** Payload sent through gates that never opened. Any number but 0 is a fault of this software. */
  readonly ungatedBytesUp: number;
  /** How many peers our gate has let in, each once for every connection. */
  readonly admitted: number;
  /** How many wires were closed, by reason. */
  readonly closed: Readonly<Record<string, number>>;
  /** How many of our admissions peers refused, by code. */
  readonly denied: Readonly<Record<string, number>>;
  /** `none` when we hold no right and need none, `waiting` until a peer serves us. */
  readonly access: "none" | "waiting" | "granted" | "refused";
  /** The code of the last refusal, when `access` is `refused`. */
  readonly accessCode: string | undefined;
  readonly links: readonly LinkStats[];
  /** How long what is here lasts the player that has the least; undefined while nobody plays a film. */
  readonly bufferMs?: number | undefined;
}

export interface LinkStats {
  readonly address: string;
  readonly isAdmitted: boolean;
  readonly account: string | undefined;
  /** Unix seconds. */
  readonly admittedUntilS: number | undefined;
  readonly bytesUp: number;
  readonly bytesDown: number;
  readonly detail?: LinkDetail;
}

export interface LinkDetail {
  readonly isOutgoing: boolean;
  /** Names the token the peer was admitted with: `bytesUp` were sent under it. */
  readonly tokenId: string | undefined;
  readonly bytesUpPerS: number;
  readonly bytesDownPerS: number;
  /** How many pieces the peer has. */
  readonly pieces: number;
  readonly isChoking: boolean;
  readonly isPeerChoking: boolean;
  readonly isInterested: boolean;
  readonly isPeerInterested: boolean;
  /** It says nothing though it was asked. */
  readonly isSnubbing: boolean;
}

/** Counts by name, of a bounded number of names. */
export class Tally {
  readonly #counts = new Map<string, number>();

  add(name: string): void {
    const isKnown = this.#counts.has(name) || this.#counts.size < NAMES_MAX;
    const key = isKnown ? name : "OTHER";
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  }

  toRecord(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#counts);
  }
}

const NAMES_MAX = 64;

/** A speed that follows what is counted, with the noise of single blocks taken out. */
export class Speed {
  bytesPerS = 0;
  #lastBytes = 0;
  #lastMs: number;

  constructor(nowMs: number) {
    this.#lastMs = nowMs;
  }

  update(totalBytes: number, nowMs: number): void {
    const elapsedS = (nowMs - this.#lastMs) / 1_000;
    if (elapsedS <= 0) return;
    this.bytesPerS += ((totalBytes - this.#lastBytes) / elapsedS - this.bytesPerS) * 0.3;
    this.#lastBytes = totalBytes;
    this.#lastMs = nowMs;
  }
}

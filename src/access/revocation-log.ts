/**
 * The revocations of one issuer: kept before they leave, numbered, signed, and given to who asks.
 *
 * Flow    marks → signed list → on disk → in force here at once → `since` for nodes that poll.
 * Units   Unix seconds; `seq` counts the lists of this issuer.
 */

import { AceError } from "../lib/errors.ts";
import { privateKeyOf } from "./ed25519.ts";
import type { Revocation, RevocationSet } from "./revocation.ts";
import { ENTRIES_MAX, revocationsIn, type SignedDelta, signDelta } from "./revocation-delta.ts";

export interface KeptDelta extends SignedDelta {
  readonly seq: number;
  /** None of its entries matters after this. */
  readonly untilS: number;
}

/** Lists on disk, by their number. */
export interface DeltaStore {
  lastDelta(): number;
  keepDelta(delta: KeptDelta): void;
  /** In the order of their numbers, the first after `seq`. */
  deltasAfter(seq: number, limit: number): readonly KeptDelta[];
}

export interface RevocationLogOptions {
  readonly issuer: string;
  readonly kid: string;
  /** Seed of the token key. */
  readonly seed: string;
  readonly net: string;
  readonly store: DeltaStore;
  readonly set: RevocationSet;
}

export interface RevocationPage {
  /** What to ask for next time. */
  readonly next: number;
  readonly deltas: readonly SignedDelta[];
}

const PAGE_MAX = 64;

export class RevocationLog {
  readonly #options: RevocationLogOptions;

  constructor(options: RevocationLogOptions) {
    this.#options = options;
  }

  revoke(
    revocations: readonly Revocation[],
    at: { readonly ledger: number; readonly nowS: number },
  ) {
    const { issuer, kid, seed, net, store, set } = this.#options;
    const key = privateKeyOf(seed);
    if (key === undefined) throw new AceError("CONFIG_INVALID", "the token key is damaged");
    for (let start = 0; start < revocations.length; start += ENTRIES_MAX) {
      const some = revocations.slice(start, start + ENTRIES_MAX);
      const seq = store.lastDelta() + 1;
      const delta = { net, issuer, kid, seq, ledger: at.ledger, revocations: some };
      const untilS = Math.max(...some.map((entry) => entry.untilS));
      store.keepDelta({ seq, untilS, ...signDelta(delta, key) });
    }
    set.add(revocations, at.nowS, issuer);
  }

  /** What was taken back before a restart is in force again. */
  restore(nowS: number): void {
    const { issuer, store, set } = this.#options;
    let kept = store.deltasAfter(0, PAGE_MAX);
    for (let last = kept.at(-1); last !== undefined; last = kept.at(-1)) {
      set.add(
        kept.flatMap(({ body }) => revocationsIn(body)),
        nowS,
        issuer,
      );
      kept = store.deltasAfter(last.seq, PAGE_MAX);
    }
  }

  since(seq: number): RevocationPage {
    const kept = this.#options.store.deltasAfter(seq, PAGE_MAX);
    const next = kept.at(-1)?.seq ?? this.#options.store.lastDelta();
    return { next, deltas: kept.map(({ body, signature }) => ({ body, signature })) };
  }
}

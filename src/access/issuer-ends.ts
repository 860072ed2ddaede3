/**
 * Tells verifiers that follow no ledger which issuers' keys were ended: a list of revocations for each,
 * and again before it is forgotten, for whoever has a stolen key goes on signing with it.
 *
 * Units   Unix seconds.
 */
import type { IssuerBook } from "./issuer-book.ts";
import { revocationOf } from "./revocation.ts";
import type { RevocationLog } from "./revocation-log.ts";
import { TOKEN_LIFE_S_MAX } from "./token-rules.ts";

/** Often enough that one list is still in force when the next one comes. */
const TOLD_EVERY_S = TOKEN_LIFE_S_MAX / 3;

export class IssuerEnds {
  readonly #book: Pick<IssuerBook, "ended">;
  readonly #log: Pick<RevocationLog, "revoke">;
  #told: readonly string[] = [];
  #toldAtS = 0;

  constructor(book: Pick<IssuerBook, "ended">, log: Pick<RevocationLog, "revoke">) {
    this.#book = book;
    this.#log = log;
  }

  /** Asked with each ledger. */
  tell(at: { readonly ledger: number; readonly nowS: number }): void {
    const { ended } = this.#book;
    const isTold = ended.every((kid) => this.#told.includes(kid));
    if (isTold && (ended.length === 0 || at.nowS - this.#toldAtS < TOLD_EVERY_S)) return;
    const terms = { contract: "", untilS: at.nowS + TOKEN_LIFE_S_MAX };
    this.#log.revoke(
      ended.map((kid) => revocationOf("kid", kid, terms)),
      at,
    );
    this.#told = ended;
    this.#toldAtS = at.nowS;
  }
}

/**
 * What was sent under which token: payload alone, counted where a block leaves.
 *
 * A token's bytes are told in parts, each byte in exactly one: the first part when the token has ended and
 * its wires have had time to close, another for what was counted only then. Parts are numbered, so that
 * whoever adds them up knows one that he has.
 *
 * Units   Bytes of payload; Unix seconds.
 * Range   `TOKENS_MAX` at once; beyond it what was counted for the one that sent longest ago is told early.
 *         Numbers are remembered for the life of a token, for `TOLD_MAX` tokens.
 */
import { Lru } from "./lru.ts";

export interface TokenUse {
  readonly jti: string;
  readonly account: string;
  readonly deviceKey: string;
  /** Name of the swarm. */
  readonly aud: string;
  /** From 1; no number of a token is told twice. */
  readonly part: number;
  /** Of this part alone. */
  readonly bytes: number;
  readonly expiresAtS: number;
}

interface Sent {
  readonly grant: Pick<TokenUse, "jti" | "account" | "deviceKey" | "expiresAtS">;
  readonly aud: string;
  readonly bytes: number;
}

const TOKENS_MAX = 50_000;
const TOLD_MAX = 200_000;
/** A wire counts when it closes, and a web seed when it has sent: both a moment after the end. */
const SETTLE_S = 10;

export class UsageBook {
  readonly #uses = new Map<string, TokenUse>();
  /** The last part told of a token. */
  readonly #told = new Lru<number>(TOLD_MAX);
  readonly #onClosed: (use: TokenUse) => void;

  constructor(onClosed: (use: TokenUse) => void) {
    this.#onClosed = onClosed;
  }

  onPayload({ grant, aud, bytes }: Sent): void {
    const { jti, account, deviceKey, expiresAtS } = grant;
    // A server of the content is given to without a token.
    if (bytes <= 0 || jti === "") return;
    const before = this.#uses.get(jti);
    const part = before?.part ?? (this.#told.get(jti) ?? 0) + 1;
    const sum = (before?.bytes ?? 0) + bytes;
    this.#uses.delete(jti);
    this.#uses.set(jti, { jti, account, deviceKey, aud, part, bytes: sum, expiresAtS });
    if (this.#uses.size <= TOKENS_MAX) return;
    const oldest = this.#uses.values().next();
    if (oldest.done !== true) this.#close(oldest.value);
  }

  /** Counted and not told yet. */
  bytesOf(jti: string): number {
    return this.#uses.get(jti)?.bytes ?? 0;
  }

  /** Tells of tokens that have ended. */
  closeEnded(nowS: number): void {
    for (const use of [...this.#uses.values()]) {
      if (use.expiresAtS + SETTLE_S <= nowS) this.#close(use);
    }
  }

  /** Tells everything: nothing will be counted after this. */
  closeAll(): void {
    for (const use of [...this.#uses.values()]) this.#close(use);
  }

  #close(use: TokenUse): void {
    this.#uses.delete(use.jti);
    this.#told.set(use.jti, use.part);
    this.#onClosed(use);
  }
}

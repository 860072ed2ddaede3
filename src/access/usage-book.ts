/**
 * What was sent under which token: payload alone, counted where a block leaves.
 *
 * A token's count is closed when the token has ended, and told once; then it is forgotten.
 *
 * Units   Bytes of payload; Unix seconds.
 * Range   `TOKENS_MAX` at once; beyond it the oldest are told early.
 */
export interface TokenUse {
  readonly jti: string;
  readonly account: string;
  readonly deviceKey: string;
  /** Name of the swarm. */
  readonly aud: string;
  readonly bytes: number;
  readonly expiresAtS: number;
}

interface Sent {
  readonly grant: Pick<TokenUse, "jti" | "account" | "deviceKey" | "expiresAtS">;
  readonly aud: string;
  readonly bytes: number;
}

const TOKENS_MAX = 50_000;

export class UsageBook {
  readonly #uses = new Map<string, TokenUse>();
  readonly #onClosed: (use: TokenUse) => void;

  constructor(onClosed: (use: TokenUse) => void) {
    this.#onClosed = onClosed;
  }

  onPayload({ grant, aud, bytes }: Sent): void {
    const { jti, account, deviceKey, expiresAtS } = grant;
    const before = this.#uses.get(jti)?.bytes ?? 0;
    this.#uses.set(jti, { jti, account, deviceKey, aud, bytes: before + bytes, expiresAtS });
    if (this.#uses.size <= TOKENS_MAX) return;
    const oldest = this.#uses.values().next();
    if (oldest.done !== true) this.#close(oldest.value);
  }

  bytesOf(jti: string): number {
    return this.#uses.get(jti)?.bytes ?? 0;
  }

  /** Tells of tokens that have ended. */
  closeEnded(nowS: number): void {
    for (const use of [...this.#uses.values()]) if (use.expiresAtS <= nowS) this.#close(use);
  }

  #close(use: TokenUse): void {
    this.#uses.delete(use.jti);
    this.#onClosed(use);
  }
}

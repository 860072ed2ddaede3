/**
 * Watches the rights behind tokens that still live: what the ledger takes away ends at once.
 *
 * Flow    ledger applied → tokens of contracts that it changed → the contract is asked again → those
 *         without a right are revoked. A right may rest on other contracts too, so a few of the rest
 *         are asked with each ledger, in turn. A device that its owner removed loses all its tokens.
 * Range   `CHECKS_MAX` rights a ledger; what is left over comes with the next one.
 */
import type { Clock } from "../lib/clock.ts";
import { isAceError } from "../lib/errors.ts";
import type { Events } from "../lib/events.ts";
import { readEntitlement, type Views } from "./entitlement.ts";
import type { Head } from "./issue.ts";
import { type Revocation, revocationOf } from "./revocation.ts";
import { bytesOfHex, encodeBase64url } from "./text-bytes.ts";

/** A token that has left and has not ended. */
export interface LiveToken {
  readonly jti: string;
  readonly account: string;
  readonly contract: bigint;
  /** Content id; empty for a token of before this was kept. */
  readonly content: string;
  readonly deviceKey: string;
  readonly expiresAtS: number;
}

export interface RightWatchOptions {
  readonly views: Views;
  readonly head: () => Head | undefined;
  readonly live: (nowS: number) => readonly LiveToken[];
  readonly revoke: (revocations: readonly Revocation[], ledger: number) => void;
  readonly events: Events;
  readonly clock: Clock;
}

export interface LedgerChange {
  /** Contracts whose state it wrote. */
  readonly contracts: ReadonlySet<number>;
  /** Device keys that were taken from their account. */
  readonly removedDevices: readonly string[];
}

/** Of every code by which a contract refuses. */
const REFUSED_STATUS = 403;
const CHECKS_MAX = 500;
const OTHERS_MAX = 20;

export class RightWatch {
  readonly #options: RightWatchOptions;
  /** Contracts that changed and are not looked at yet. */
  readonly #changed = new Set<number>();
  #running: Promise<void> = Promise.resolve();
  #isWaiting = false;
  #turn = 0;

  constructor(options: RightWatchOptions) {
    this.#options = options;
  }

  /** Resolves when the rights that this ledger touched are looked at. Never rejects. */
  onLedger({ contracts, removedDevices }: LedgerChange): Promise<void> {
    this.#removeDevices(removedDevices);
    for (const contract of contracts) this.#changed.add(contract);
    if (this.#isWaiting) return this.#running;
    this.#isWaiting = true;
    this.#running = this.#running.then(async () => {
      this.#isWaiting = false;
      await this.#check().catch((error: unknown) => {
        const message = error instanceof Error ? error.message : String(error);
        this.#options.events.warn("access.watch_fault", { message });
      });
    });
    return this.#running;
  }

  async #check(): Promise<void> {
    const { live, head } = this.#options;
    const at = head();
    if (at === undefined) return;
    const rights = groupedByRight(live(this.#nowS()));
    const touched = rights.filter(({ contract }) => this.#changed.has(Number(contract)));
    const others = rights.filter(({ contract }) => !this.#changed.has(Number(contract)));
    const first = others.length === 0 ? 0 : this.#turn % others.length;
    this.#turn += OTHERS_MAX;
    const now = touched.slice(0, CHECKS_MAX);
    const later = new Set(touched.slice(CHECKS_MAX).map(({ contract }) => Number(contract)));
    for (const contract of this.#changed) if (!later.has(contract)) this.#changed.delete(contract);
    for (const right of [...now, ...others.slice(first, first + OTHERS_MAX)]) {
      if (await this.#hasEnded(right, at)) this.#revoke(right.tokens, at.sequence);
    }
  }

  /** A contract that fails has not taken anything away: only its own word does. */
  async #hasEnded({ contract, account, content, deviceKey, tokens }: Right, at: Head) {
    const asked = { contract, account, content, device: deviceKey, atS: at.closeTime };
    try {
      const { until } = await readEntitlement(this.#options.views, asked);
      return until > 0n && tokens.some(({ expiresAtS }) => BigInt(expiresAtS) > until);
    } catch (error) {
      return isAceError(error) && error.status === REFUSED_STATUS;
    }
  }

  #removeDevices(keys: readonly string[]): void {
    if (keys.length === 0) return;
    const removed = new Set(keys);
    const tokens = this.#options
      .live(this.#nowS())
      .filter(({ deviceKey }) => removed.has(deviceKey));
    const revocations = tokens.map(({ contract, deviceKey, expiresAtS }) =>
      revocationOf("cnf", encodeBase64url(bytesOfHex(deviceKey) ?? new Uint8Array()), {
        contract: contract.toString(),
        untilS: expiresAtS,
      }),
    );
    if (revocations.length > 0) this.#tell(revocations, this.#options.head()?.sequence ?? 0);
  }

  #revoke(tokens: readonly LiveToken[], ledger: number): void {
    const revocations = tokens.map(({ jti, contract, expiresAtS }) =>
      revocationOf("jti", jti, { contract: contract.toString(), untilS: expiresAtS }),
    );
    this.#tell(revocations, ledger);
  }

  #tell(revocations: readonly Revocation[], ledger: number): void {
    this.#options.revoke(revocations, ledger);
    this.#options.events.info("access.revoked", { tokens: revocations.length, ledger });
  }

  #nowS(): number {
    return Math.floor(this.#options.clock.nowMs() / 1_000);
  }
}

interface Right extends Omit<LiveToken, "jti" | "expiresAtS"> {
  readonly tokens: LiveToken[];
}

function groupedByRight(tokens: readonly LiveToken[]): readonly Right[] {
  const rights = new Map<string, Right>();
  for (const token of tokens) {
    const { contract, account, content, deviceKey } = token;
    if (content === "") continue;
    const id = `${contract} ${account} ${content} ${deviceKey}`;
    const known = rights.get(id);
    if (known !== undefined) known.tokens.push(token);
    else rights.set(id, { contract, account, content, deviceKey, tokens: [token] });
  }
  return [...rights.values()];
}

/**
 * The home's side of leases that several issuers give: it counts, ends what has to give way, and brings
 * together what was given while the issuers did not hear of each other.
 *
 * An issuer is believed about who asks and what the licence allows, as it is when it signs a token. What
 * it brings is held to the contract as it is read here. A lease begins when it was asked for: an ask that
 * is heard so late that its asker has gone on without us must not look newer than what was given instead.
 *
 * Range   No lease outlives the longest token and `LEASE_SPARE_S`, whoever says so.
 */
import type { Clock } from "../lib/clock.ts";
import { isAceError } from "../lib/errors.ts";
import type { Events } from "../lib/events.ts";
import {
  LEASE_SPARE_S,
  LEASES_MAX,
  type Lease,
  type LeaseDesk,
  type Leased,
  type LeaseTimes,
  type Play,
} from "./lease.ts";
import { type AskBody, type LeaseAnswer, PLAYING_MAX, rowOf } from "./lease-message.ts";
import { TOKEN_LIFE_S_MAX } from "./token-rules.ts";

export interface LeaseHostOptions {
  /** Our own issuer account. */
  readonly account: string;
  readonly desk: LeaseDesk;
  /** Takes back the tokens of these leases. */
  readonly end: (leases: readonly Lease[]) => void;
  /** Whether this issuer has said that the lease is ended. */
  readonly isEndedBy: (issuer: string, lease: Pick<Lease, "id" | "contract">) => boolean;
  /** How many may play at once by the contract; 0 is without limit. */
  readonly concurrentOf: (lease: Lease) => Promise<bigint>;
  readonly events: Events;
  readonly clock: Clock;
}

/** What an issuer has asked. */
export type ServedAsk = Pick<AskBody, "from" | "ask" | "atMs">;

const UNAVAILABLE_STATUS = 503;

export class LeaseHost {
  readonly #options: LeaseHostOptions;
  /** Told of each lease that is given or kept here. */
  readonly #onGiven: (lease: Lease) => void;

  constructor(options: LeaseHostOptions, onGiven: (lease: Lease) => void) {
    this.#options = options;
    this.#onGiven = onGiven;
  }

  /** Answers another issuer. */
  async serve(asked: ServedAsk): Promise<LeaseAnswer> {
    try {
      return await this.#answer(asked);
    } catch (error) {
      if (isAceError(error) && (error.code === "LEASE_FULL" || error.code === "LEASE_LOST")) {
        return { kind: "refused", code: error.code, message: error.message };
      }
      throw error;
    }
  }

  take(play: Play, times: LeaseTimes): Lease {
    return this.#settled(this.#options.desk.take(play, times)).lease;
  }

  renew(id: string, play: Play, times: LeaseTimes, leasedBy: string): Lease {
    return this.#renewed(id, play, times, leasedBy).lease;
  }

  stop(id: string, account: string): Lease | undefined {
    const stopped = this.#options.desk.stop(id, account);
    if (stopped !== undefined) this.#options.end([stopped]);
    return stopped;
  }

  async #answer({ from, ask, atMs }: ServedAsk): Promise<LeaseAnswer> {
    const nowS = this.#nowS();
    const askedAtS = Math.floor(atMs / 1_000);
    switch (ask.kind) {
      case "hello":
        return { kind: "hello" };
      case "take":
        return leasedAnswer(
          this.#settled(
            this.#options.desk.take(ask.play, { ...boundedTimes(ask.untilS, nowS), askedAtS }),
          ),
        );
      case "renew": {
        const times = { ...boundedTimes(ask.untilS, nowS), askedAtS };
        return leasedAnswer(this.#renewed(ask.id, ask.play, times, ask.leasedBy));
      }
      case "stop": {
        const stopped = this.stop(ask.id, ask.account);
        return { kind: "stopped", leases: stopped === undefined ? [] : [rowOf(stopped)] };
      }
      case "playing": {
        const leases = this.#options.desk.playing(ask.account, nowS).slice(0, PLAYING_MAX);
        return { kind: "playing", leases: leases.map(rowOf) };
      }
      case "merge":
        return { kind: "merged", ended: await this.#merge(from, ask.leases) };
    }
  }

  #renewed(id: string, play: Play, times: LeaseTimes, leasedBy: string): Leased {
    const { desk, account, isEndedBy } = this.#options;
    const isForeign = leasedBy !== account && !isEndedBy(account, { id, contract: play.contract });
    return this.#settled(desk.renew(id, play, times, isForeign));
  }

  #settled(leased: Leased): Leased {
    if (leased.evicted.length > 0) this.#options.end(leased.evicted);
    this.#onGiven(leased.lease);
    return leased;
  }

  /** Names of those that do not stand. */
  async #merge(from: string, brought: readonly Lease[]): Promise<string[]> {
    const { account, desk, isEndedBy, end, events } = this.#options;
    const isEnded = (lease: Lease) => isEndedBy(account, lease);
    const ended: Lease[] = brought.filter(isEnded);
    const open = brought.filter((lease) => !isEnded(lease));
    for (const rows of Map.groupBy(open, rightOf).values()) {
      const limit = await this.#limitOf(rows);
      const nowS = this.#nowS();
      const bounded = rows.map((lease) => ({
        ...lease,
        startedAtS: Math.min(lease.startedAtS, nowS),
        untilS: boundedTimes(lease.untilS, nowS).untilS,
      }));
      const lost = desk.merge(bounded, limit, nowS);
      if (lost.length > 0) end(lost);
      ended.push(...lost);
      // Whoever comes before us in the order may not have heard of them either.
      for (const lease of bounded)
        if (!lost.some(({ id }) => id === lease.id)) this.#onGiven(lease);
    }
    events.info("access.lease_merged", { from, leases: brought.length, ended: ended.length });
    const names = new Set(ended.map(({ id }) => id));
    return brought.map(({ id }) => id).filter((id) => names.has(id));
  }

  async #limitOf([lease]: readonly Lease[]): Promise<number> {
    if (lease === undefined) return LEASES_MAX;
    try {
      const concurrent = Number(await this.#options.concurrentOf(lease));
      return concurrent === 0 ? Number.POSITIVE_INFINITY : Math.min(concurrent, LEASES_MAX);
    } catch (error) {
      // Asked again, it may be there.
      if (!isAceError(error) || error.status === UNAVAILABLE_STATUS) throw error;
      // A right that is gone gives no new token, and whoever watches rights ends the old ones.
      return LEASES_MAX;
    }
  }

  #nowS(): number {
    return Math.floor(this.#options.clock.nowMs() / 1_000);
  }
}

function leasedAnswer({ lease, evicted }: Leased): LeaseAnswer {
  return { kind: "leased", lease: rowOf(lease), evicted: evicted.map(rowOf) };
}

function boundedTimes(untilS: number, nowS: number): LeaseTimes {
  return { nowS, untilS: Math.min(untilS, nowS + TOKEN_LIFE_S_MAX + LEASE_SPARE_S) };
}

function rightOf({ contract, account }: Lease): string {
  return `${contract} ${account}`;
}

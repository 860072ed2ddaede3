/**
 * Leases: who plays now, where a licence says how many may at once.
 *
 * A lease belongs to one device, one content and one right. A play takes one, a renewal keeps it, an
 * end frees it; what lapses is free by itself. When all are taken, the licence says what happens: the
 * oldest ends, or the newcomer is refused and told who plays. A lease that another issuer gave comes with
 * the token that names it, and is kept here from its first renewal here on: so a play goes on when its
 * issuer's node is down. What was given while two issuers did not hear of each other is brought together
 * by `merge`.
 *
 * Units   Unix seconds.
 * Range   `LEASES_MAX` of one right, whatever the licence says.
 * Errors  `LEASE_FULL`, naming the devices that play; `LEASE_LOST` for one that was taken away.
 */
import { randomBytes } from "node:crypto";
import { AceError } from "../lib/errors.ts";
import { encodeBase64url } from "./text-bytes.ts";

export interface Lease {
  readonly id: string;
  /** Number of the licence contract. */
  readonly contract: bigint;
  /** G… account. */
  readonly account: string;
  readonly deviceKey: string;
  /** Content id. */
  readonly content: string;
  readonly startedAtS: number;
  readonly untilS: number;
}

/** Leases on disk: what it was told survives a crash. */
export interface LeaseStore {
  /** Those of one right, oldest first, lapsed ones too. */
  leasesOf(contract: bigint, account: string): readonly Lease[];
  lease(id: string): Lease | undefined;
  leasesOfAccount(account: string): readonly Lease[];
  /** All that have not lapsed. */
  liveLeases(nowS: number): readonly Lease[];
  /** All of it, or nothing. */
  changeLeases(change: { readonly put: readonly Lease[]; readonly drop: readonly string[] }): void;
}

export interface Play {
  readonly contract: bigint;
  readonly account: string;
  readonly deviceKey: string;
  readonly content: string;
  /** Plays at once; more than 0. */
  readonly limit: bigint;
  readonly evict: "oldest" | "refuse";
}

type Right = Pick<Lease, "contract" | "account">;

export interface LeaseTimes {
  readonly nowS: number;
  readonly untilS: number;
  /** When it was asked for, where that was before; a lease that is new begins then. */
  readonly askedAtS?: number;
}

export interface Leased {
  readonly lease: Lease;
  /** What had to end for it. */
  readonly evicted: readonly Lease[];
}

export const LEASES_MAX = 64;
/** A lease outlives its token, so that a late renewal still finds it. */
export const LEASE_SPARE_S = 30;
const ID_BYTES = 12;

/** Counts plays, alone or together with others. */
export interface PlayCount {
  take(play: Play, times: LeaseTimes): Promise<Lease>;
  /** @param leasedBy Account of who signed the token that names the lease. */
  renew(id: string, play: Play, times: LeaseTimes, leasedBy: string): Promise<Lease>;
}

export class LeaseDesk {
  readonly #store: LeaseStore;

  constructor(store: LeaseStore) {
    this.#store = store;
  }

  /** A device that plays this content already keeps its lease. */
  take(play: Play, times: LeaseTimes): Leased {
    const live = this.#live(play, times.nowS);
    const own = live.find((lease) => isOf(lease, play));
    const others = live.filter((lease) => lease !== own);
    const excess = others.length + 1 - Math.min(Number(play.limit), LEASES_MAX);
    if (excess > 0 && play.evict === "refuse") throw full(play, others, times.nowS);
    const evicted = excess > 0 ? others.slice(0, excess) : [];
    return this.#put(own ?? newLease(play, times), evicted, times);
  }

  /**
   * Keeps what was taken. One that lapsed comes back only while there is room.
   *
   * @param isForeign Another issuer gave it: its token is good, and did not say that it was taken here.
   */
  renew(id: string, play: Play, times: LeaseTimes, isForeign = false): Leased {
    const kept = this.#store.lease(id) ?? (isForeign ? newLease(play, times, id) : undefined);
    const isSame =
      kept?.contract === play.contract && kept.account === play.account && isOf(kept, play);
    if (kept === undefined || !isSame) throw lost(id);
    const others = this.#live(play, times.nowS).filter((lease) => lease.id !== id);
    const excess = others.length + 1 - Math.min(Number(play.limit), LEASES_MAX);
    // Another lease of this very play means that it began anew meanwhile.
    if (excess > 0 || others.some((lease) => isOf(lease, play))) throw lost(id);
    return this.#put(kept, [], times);
  }

  /** Frees a lease of this account; undefined when it has none of that name. */
  stop(id: string, account: string): Lease | undefined {
    const lease = this.#store.lease(id);
    if (lease?.account !== account) return undefined;
    this.#store.changeLeases({ put: [], drop: [id] });
    return lease;
  }

  /**
   * Leases of one right that were given elsewhere come to those here: of each play the newest stands, and
   * of the plays the newest `limit`. Answers those that had to end, from either side. Of two of one play
   * and second the one stands that is brought: of the other its asker may never have heard.
   */
  merge(brought: readonly Lease[], limit: number, nowS: number): readonly Lease[] {
    const [first] = brought;
    if (first === undefined) return [];
    const all = new Map(this.#live(first, nowS).map((lease) => [lease.id, lease]));
    for (const lease of brought) {
      const kept = this.#store.lease(lease.id) ?? lease;
      if (!isSameRight(kept, first) || !isOf(lease, kept)) continue;
      const untilS = Math.max(kept.untilS, lease.untilS);
      if (nowS < untilS) all.set(lease.id, { ...kept, untilS });
    }
    const stand: Lease[] = [];
    const ended: Lease[] = [];
    const names = new Set(brought.map(({ id }) => id));
    const rank = ({ id, deviceKey, content }: Lease) =>
      `${deviceKey} ${content} ${names.has(id) ? 0 : 1} ${id}`;
    const newestFirst = (one: Lease, other: Lease) =>
      other.startedAtS - one.startedAtS || (rank(one) < rank(other) ? -1 : 1);
    for (const lease of [...all.values()].toSorted(newestFirst)) {
      const isLeft = stand.length < limit && !stand.some((newer) => isOf(newer, lease));
      (isLeft ? stand : ended).push(lease);
    }
    this.#store.changeLeases({ put: stand, drop: ended.map(({ id }) => id) });
    return ended;
  }

  /** Notes what another issuer gave, and counts: under no name that another play has here. */
  note(lease: Lease): void {
    const known = this.#store.lease(lease.id);
    const isOther = known !== undefined && !(isSameRight(known, lease) && isOf(known, lease));
    if (isOther) throw lost(lease.id);
    this.#store.changeLeases({ put: [lease], drop: [] });
  }

  /** Those of these names that are here. */
  known(ids: readonly string[]): readonly Lease[] {
    return ids.flatMap((id) => this.#store.lease(id) ?? []);
  }

  /** Those of these names that are known here, which they are no more from now on. */
  drop(ids: readonly string[]): readonly Lease[] {
    const dropped = this.known(ids);
    if (dropped.length > 0) this.#store.changeLeases({ put: [], drop: ids });
    return dropped;
  }

  /** The same, where they are leases of this right. */
  dropOf(right: Right, ids: readonly string[]): readonly Lease[] {
    const own = this.known(ids).filter((lease) => isSameRight(lease, right));
    return this.drop(own.map(({ id }) => id));
  }

  /** All that play now, of all accounts. */
  live(nowS: number): readonly Lease[] {
    return this.#store.liveLeases(nowS);
  }

  /** What an account plays now. */
  playing(account: string, nowS: number): readonly Lease[] {
    return this.#store.leasesOfAccount(account).filter(({ untilS }) => nowS < untilS);
  }

  #live({ contract, account }: Right, nowS: number): readonly Lease[] {
    return this.#store.leasesOf(contract, account).filter(({ untilS }) => nowS < untilS);
  }

  #put(lease: Lease, evicted: readonly Lease[], { untilS }: LeaseTimes): Leased {
    const kept = { ...lease, untilS: Math.max(lease.untilS, untilS) };
    this.#store.changeLeases({ put: [kept], drop: evicted.map(({ id }) => id) });
    return { lease: kept, evicted };
  }
}

function newLease(
  { contract, account, deviceKey, content }: Play,
  { nowS, untilS, askedAtS = nowS }: LeaseTimes,
  id = encodeBase64url(randomBytes(ID_BYTES)),
): Lease {
  const startedAtS = Math.min(nowS, askedAtS);
  return { id, contract, account, deviceKey, content, startedAtS, untilS };
}

function isOf({ deviceKey, content }: Lease, play: Pick<Lease, "deviceKey" | "content">): boolean {
  return deviceKey === play.deviceKey && content === play.content;
}

function isSameRight(one: Right, other: Right): boolean {
  return one.contract === other.contract && one.account === other.account;
}

function full({ contract, limit }: Play, others: readonly Lease[], nowS: number): AceError {
  const playing = others.map(
    ({ deviceKey, startedAtS }) => `${deviceKey} for ${nowS - startedAtS} s`,
  );
  const what = `licence ${contract} plays on ${limit} at once: ${playing.join(", ")}`;
  return new AceError("LEASE_FULL", what);
}

function lost(id: string): AceError {
  return new AceError("LEASE_LOST", `lease ${id} was ended or taken by another play`);
}

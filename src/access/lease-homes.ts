/**
 * Leases counted by several issuers together: each account has one home among them, and the others ask it.
 *
 * The home is the first that answers in the account's order of issuers (lease-home.ts). Where it does not,
 * the next one counts in its place, with what it knows; so while issuers do not hear of each other, each
 * side may let a limit of plays through. Before an issuer is home again it is brought what was given
 * meanwhile, and the newest plays stand. Who signs a token keeps a copy of its lease: nobody else can end
 * the token. So what a home ends is told in its list of revocations, and each issuer ends its own copies
 * of it. One that comes later in the order never ends what an earlier one counts, and a home that is
 * asked for one right ends none of another.
 *
 * Flow    take, renew, stop → home → here. `serve` is the home's side. `meet` before an issuer counts as
 *         one that answers, and again from time to time; `lose` when it does not.
 * Errors  `LEASE_FULL`, `LEASE_LOST`.
 */
import { AceError, isAceError } from "../lib/errors.ts";
import type { Lease, LeaseTimes, Play, PlayCount } from "./lease.ts";
import { homeOrder } from "./lease-home.ts";
import { LeaseHost, type LeaseHostOptions, type ServedAsk } from "./lease-host.ts";
import { type LeaseAnswer, type LeaseAsk, rowOf } from "./lease-message.ts";

export interface LeaseHomesOptions extends LeaseHostOptions {
  /** Accounts whose keys are in force, ours among them. */
  readonly issuers: () => readonly string[];
  /** Asks an issuer; throws when no answer comes in time, or none that is to be believed. */
  readonly ask: (issuer: string, ask: LeaseAsk) => Promise<LeaseAnswer>;
}

/** From so many on, those that have lapsed are looked for. */
const DUE_MIN = 10_000;
/** Few enough that their licences are read in a moment. */
const BROUGHT_MAX = 16;
/** Rows of one meeting; what is left waits for the next. */
const BROUGHT_IN_ALL_MAX = 65_536;

export class LeaseHomes implements PlayCount {
  readonly #options: LeaseHomesOptions;
  readonly #host: LeaseHost;
  /** Those that answer. */
  readonly #up = new Set<string>();
  /** Names of leases that their home may not know. */
  readonly #due = new Set<string>();
  #known = "";
  #forgetAt = DUE_MIN;

  constructor(options: LeaseHomesOptions) {
    this.#options = options;
    this.#host = new LeaseHost(options, ({ id, account }) => {
      if (this.#order(account)[0] !== options.account) this.#owe(id);
    });
  }

  async take(play: Play, times: LeaseTimes): Promise<Lease> {
    const ask: LeaseAsk = { kind: "take", play, untilS: times.untilS };
    const here = () => this.#host.take(play, times);
    const lease = await this.#leased(play, times, ask, here);
    if (!this.#isOver(lease)) return lease;
    // While its home was out of reach it gave way here, and no token of ours can name it any more.
    await this.stop(lease.id, play.account);
    return await this.#leased(play, times, ask, here);
  }

  async renew(id: string, play: Play, times: LeaseTimes, leasedBy: string): Promise<Lease> {
    const ask: LeaseAsk = { kind: "renew", id, play, untilS: times.untilS, leasedBy };
    if (this.#isOver({ id, contract: play.contract })) {
      await this.stop(id, play.account);
      throw new AceError("LEASE_LOST", `lease ${id} was ended here`);
    }
    return await this.#leased(play, times, ask, () => this.#host.renew(id, play, times, leasedBy));
  }

  /** Frees a lease of this account; undefined when it has none of that name. */
  async stop(id: string, account: string): Promise<Lease | undefined> {
    const answer = await this.#atHome(account, { kind: "stop", id, account });
    if (answer === undefined) return this.#host.stop(id, account);
    const copy = this.#host.stop(id, account);
    return answer.kind === "stopped" ? (answer.leases[0] ?? copy) : copy;
  }

  async playing(account: string, nowS: number): Promise<readonly Lease[]> {
    const answer = await this.#atHome(account, { kind: "playing", account });
    if (answer?.kind === "playing") return answer.leases;
    return this.#options.desk.playing(account, nowS);
  }

  /** Answers another issuer, as the home. */
  async serve(asked: ServedAsk): Promise<LeaseAnswer> {
    return await this.#host.serve(asked);
  }

  /** Accounts of issuers that answer. */
  get up(): readonly string[] {
    return [...this.#up];
  }

  /** Brings an issuer that answers what it may not know; only then it is home. */
  async meet(issuer: string): Promise<void> {
    this.#noteIssuers();
    const { account: own, issuers, events } = this.#options;
    if (issuer === own || !issuers().includes(issuer)) return;
    if (!this.#up.has(issuer)) this.#oweTo(issuer);
    let left = BROUGHT_IN_ALL_MAX;
    for (let due = this.#dueTo(issuer); due.length > 0 && left > 0; due = this.#dueTo(issuer)) {
      for (let at = 0; at < Math.min(due.length, left); at += BROUGHT_MAX) {
        await this.#bring(issuer, due.slice(at, at + BROUGHT_MAX));
      }
      left -= due.length;
    }
    if (this.#up.has(issuer)) return;
    this.#up.add(issuer);
    events.info("access.lease_issuer_up", { issuer, up: this.#up.size });
  }

  /** It did not answer: the next in order is home for its accounts. */
  lose(issuer: string, code: string): void {
    if (!this.#up.has(issuer)) return;
    this.#oweTo(issuer);
    this.#up.delete(issuer);
    this.#options.events.warn("access.lease_issuer_down", { issuer, code, up: this.#up.size });
  }

  /** Ends our copies of what homes have ended. */
  endWhatEnded(): void {
    const { account: own, isEndedBy } = this.#options;
    const ended = this.#live().filter((lease) => {
      const order = this.#order(lease.account);
      const before = order.slice(0, Math.max(0, order.indexOf(own)));
      return before.some((issuer) => isEndedBy(issuer, lease));
    });
    this.#endCopies(ended.map(({ id }) => id));
  }

  async #leased(play: Play, times: LeaseTimes, ask: LeaseAsk, here: () => Lease): Promise<Lease> {
    const answer = await this.#atHome(play.account, ask);
    if (answer === undefined) return here();
    if (answer.kind === "refused") {
      if (ask.kind === "renew" && answer.code === "LEASE_LOST") this.#endCopies([ask.id], play);
      throw new AceError(answer.code, answer.message);
    }
    if (answer.kind !== "leased") throw lostOf(ask);
    if (ask.kind === "renew" && answer.lease.id !== ask.id) throw lostOf(ask);
    const { contract, account, deviceKey, content } = play;
    const copy = { ...answer.lease, contract, account, deviceKey, content, untilS: times.untilS };
    this.#options.desk.note(copy);
    this.#endCopies(
      answer.evicted.map(({ id }) => id),
      play,
    );
    return copy;
  }

  #isOver(lease: Pick<Lease, "id" | "contract">): boolean {
    return this.#options.isEndedBy(this.#options.account, lease);
  }

  /** Undefined where we are home, or nobody before us in the order answers. */
  async #atHome(account: string, ask: LeaseAsk): Promise<LeaseAnswer | undefined> {
    const { account: own, issuers, events, clock } = this.#options;
    if (issuers().length < 2) return undefined;
    const order = this.#order(account);
    for (const issuer of order) {
      if (issuer === own) break;
      if (!this.#up.has(issuer)) continue;
      const askedAtMs = clock.nowMs();
      try {
        const answer = await this.#options.ask(issuer, ask);
        const tookMs = Math.round(clock.nowMs() - askedAtMs);
        events.info("access.lease_forwarded", { kind: ask.kind, account, home: issuer, tookMs });
        return answer;
      } catch (error) {
        this.lose(issuer, isAceError(error) ? error.code : "INTERNAL");
      }
    }
    const [home] = order;
    if (home !== own) events.info("access.lease_fallback", { kind: ask.kind, account, home });
    return undefined;
  }

  /** What it is home for it may not know, nor who comes after it. */
  #oweTo(issuer: string): void {
    for (const lease of this.#live()) {
      if (this.#homeOf(lease.account, issuer) === issuer) this.#due.add(lease.id);
    }
  }

  async #bring(issuer: string, ids: readonly string[]): Promise<void> {
    // Read anew: one that was stopped since is none to bring.
    const leases = this.#options.desk.known(ids);
    const answer = await this.#options.ask(issuer, { kind: "merge", leases: leases.map(rowOf) });
    if (answer.kind !== "merged") throw new AceError("LEASE_CALL_INVALID", "not what was asked");
    for (const id of ids) this.#due.delete(id);
    const ours = new Set(leases.map(({ id }) => id));
    this.#endCopies(answer.ended.filter((id) => ours.has(id)));
  }

  /** Names. All leases are looked at for it. */
  #dueTo(issuer: string): readonly string[] {
    if (this.#due.size === 0) return [];
    return this.#forgetLapsed()
      .filter(({ id, account }) => this.#due.has(id) && this.#homeOf(account, issuer) === issuer)
      .map(({ id }) => id);
  }

  /** A home that never answers must not make this grow. */
  #owe(id: string): void {
    this.#due.add(id);
    if (this.#due.size < this.#forgetAt) return;
    this.#forgetLapsed();
    this.#forgetAt = Math.max(DUE_MIN, 2 * this.#due.size);
  }

  #forgetLapsed(): readonly Lease[] {
    const live = this.#live();
    const names = new Set(live.map(({ id }) => id));
    for (const id of this.#due) if (!names.has(id)) this.#due.delete(id);
    return live;
  }

  /** After a start, and when votes change the issuers, homes are others. */
  #noteIssuers(): void {
    const issuers = this.#options.issuers();
    const known = issuers.toSorted().join();
    if (known === this.#known) return;
    this.#known = known;
    for (const issuer of this.#up) if (!issuers.includes(issuer)) this.#up.delete(issuer);
    for (const { id } of this.#live()) this.#due.add(id);
  }

  /** @param alsoUp Taken for one that answers. */
  #homeOf(account: string, alsoUp?: string): string | undefined {
    const { account: own } = this.#options;
    return this.#order(account).find(
      (issuer) => issuer === own || issuer === alsoUp || this.#up.has(issuer),
    );
  }

  #order(account: string): readonly string[] {
    return homeOrder(account, this.#options.issuers());
  }

  /** @param right Of which they are, where another's word is all that names them. */
  #endCopies(ids: readonly string[], right?: Play): void {
    const { desk } = this.#options;
    const dropped = right === undefined ? desk.drop(ids) : desk.dropOf(right, ids);
    if (dropped.length > 0) this.#options.end(dropped);
  }

  #live(): readonly Lease[] {
    return this.#options.desk.live(this.#nowS());
  }

  #nowS(): number {
    return Math.floor(this.#options.clock.nowMs() / 1_000);
  }
}

function lostOf(ask: LeaseAsk): AceError {
  return new AceError("LEASE_CALL_INVALID", `the home has not answered a ${ask.kind} with a lease`);
}

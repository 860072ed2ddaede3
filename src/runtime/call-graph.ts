/**
 * Which contracts belong together, learned from what their calls touched, and how the calls of a ledger
 * are shared out among workers by it. A guess: whether parts were apart is seen when they have run.
 *
 * Range   At most `CONTRACTS_MAX` contracts are known; beyond, learning begins anew.
 */
import type { Call } from "../contracts/call.ts";
import type { Edge, Footprint } from "./footprint.ts";

/** The calls that one worker is given: their places in the ledger, ascending. */
export interface Share {
  readonly worker: number;
  readonly places: readonly number[];
}

/** The registry has to do with every contract once, and belongs to none. */
const SYSTEM = 0;
const CONTRACTS_MAX = 100_000;
/** Of a call of a contract that is not known yet. */
const GAS_USUAL = 20_000;
/** How much of the past counts in what a call is expected to use. */
const GAS_MEMORY = 0.75;
/** A worker takes its own contracts until it has so much more than its even share. */
const UNEVEN_MAX = 1.2;
/** Ledgers that run whole after parts met again and again. */
const PAUSE_MAX = 64;

export class CallGraph {
  #above = new Map<number, number>();
  #homes = new Map<number, number>();
  #gas = new Map<number, number>();
  #pause = 0;
  #meetings = 0;

  /** One share when there is nothing to share out, or when sharing went wrong too often of late. */
  shares(calls: readonly Call[], workers: number): readonly Share[] {
    if (this.#homes.size > CONTRACTS_MAX || this.#above.size > CONTRACTS_MAX) this.#forget();
    const groups = this.#groups(calls);
    if (this.#pause > 0) {
      this.#pause -= 1;
      return [{ worker: 0, places: calls.map((_, place) => place) }];
    }
    return this.#deal(groups, workers);
  }

  /** What calls used, and whom they led to. */
  learn(calls: readonly Call[], footprints: readonly Footprint[], edges: readonly Edge[]): void {
    for (const [left, right] of edges) this.#unite(left, right);
    const counts = new Map<number, number>();
    for (const { contract } of calls) {
      const number = Number(contract);
      counts.set(number, (counts.get(number) ?? 0) + 1);
    }
    for (const { contract, gasUsed } of footprints) {
      const now = gasUsed / (counts.get(contract) ?? 1);
      const before = this.#gas.get(contract) ?? now;
      this.#gas.set(contract, before * GAS_MEMORY + now * (1 - GAS_MEMORY));
    }
  }

  /** A ledger ran in vain: whoever brings that about again and again must not cost twice each time. */
  met(edges: readonly Edge[]): void {
    for (const [left, right] of edges) {
      if (left !== SYSTEM && right !== SYSTEM) this.#unite(left, right);
    }
    this.#pause = Math.min(PAUSE_MAX, 2 ** this.#meetings) - 1;
    this.#meetings += 1;
  }

  wereApart(): void {
    this.#meetings = Math.max(0, this.#meetings - 1);
  }

  /** Calls that must run in one part: of contracts that belong together, or of one transaction. */
  #groups(calls: readonly Call[]): readonly Group[] {
    const here = new Map<number, number>();
    const topOf = (root: number): number => top(here, root);
    let before: Call | undefined;
    for (const call of calls) {
      const root = topOf(this.#root(Number(call.contract)));
      if (before?.txHash === call.txHash) {
        const other = topOf(this.#root(Number(before.contract)));
        if (other !== root) here.set(root, other);
      }
      before = call;
    }
    const groups = new Map<number, Group>();
    for (const [place, call] of calls.entries()) {
      const root = topOf(this.#root(Number(call.contract)));
      const group = groups.get(root) ?? { root, gas: 0, places: [] };
      groups.set(root, group);
      group.places.push(place);
      group.gas += this.#gas.get(Number(call.contract)) ?? GAS_USUAL;
    }
    return [...groups.values()];
  }

  /** The heaviest first, each to the worker that knows it, unless that one has its share already. */
  #deal(groups: readonly Group[], workers: number): readonly Share[] {
    const even = groups.reduce((sum, { gas }) => sum + gas, 0) / workers;
    const loads = Array.from({ length: workers }, () => ({ gas: 0, places: [] as number[] }));
    for (const { root, gas, places } of groups.toSorted((a, b) => b.gas - a.gas)) {
      const lightest = lightestOf(loads.map((load) => load.gas));
      const home = this.#homes.get(root) ?? lightest;
      const room = even * UNEVEN_MAX - (loads[home]?.gas ?? 0);
      const worker = home < workers && gas <= room ? home : lightest;
      this.#homes.set(root, worker);
      const load = loads[worker];
      if (load === undefined) continue;
      load.gas += gas;
      for (const place of places) load.places.push(place);
    }
    return loads
      .map(({ places }, worker): Share => ({ worker, places: places.sort((a, b) => a - b) }))
      .filter(({ places }) => places.length > 0);
  }

  #root(contract: number): number {
    return top(this.#above, contract);
  }

  #unite(left: number, right: number): void {
    const [above, below] = [this.#root(left), this.#root(right)];
    if (above !== below) this.#above.set(below, above);
  }

  #forget(): void {
    this.#above = new Map();
    this.#homes = new Map();
    this.#gas = new Map();
  }
}

interface Group {
  readonly root: number;
  gas: number;
  readonly places: number[];
}

/** Follows what stands above, and shortens the way for the next. */
function top(above: Map<number, number>, from: number): number {
  let root = from;
  for (let next = above.get(root); next !== undefined; next = above.get(root)) root = next;
  for (let at = from; at !== root; ) {
    const next = above.get(at) ?? root;
    above.set(at, root);
    at = next;
  }
  return root;
}

function lightestOf(gas: readonly number[]): number {
  return gas.indexOf(Math.min(...gas));
}

/**
 * A probe: a piece of contract code whose work is nearly all of one priced kind.
 *
 * `prices` names what it stands for, as the realm's own tables do: `Array.sort`, `Math.max`, `$add`,
 * `kit.emit`, `gas.stateRead`. The first probe of a name need not be the worst of it; any number may
 * follow, each with a title of its own.
 */
export interface Probe {
  readonly title: string;
  readonly prices: readonly string[];
  /** Declarations at the top of the module: they run in every call. */
  readonly top: string;
  /** Runs once a call, before the work, and is subtracted. */
  readonly before: string;
  /** Gas that `before` needs at most. */
  readonly beforeGas: number;
  /** The work: repeated until the gas of the call is spent, or `times` times where a limit stands. */
  readonly step: string;
  /** Zero: until the gas is spent. */
  readonly times: number;
  /** Written so often one after the other, so that the loop around it weighs little. */
  readonly copies: number;
  /** What the node pays for one step outside of the isolate: see `hostShares`. */
  readonly hostNs: number;
}

const COPIES = 8;

/**
 * What state costs outside of the isolate, at its dearest and on a quiet machine of two cores: every
 * read misses, asks over the pipe and finds its row in SQLite; every write is a row, its part of the
 * state root and of a flush. `npm run bench -- runtime` measures the root; 30 µs for a read that misses is
 * an estimate for a quiet machine: under load it took up to 190.
 */
export const hostShares = { readNs: 30_000, writeNs: 25_000, scanNs: 60_000 } as const;

export function probe(
  prices: string | readonly string[],
  step: string,
  rest: Partial<Probe> = {},
): Probe {
  const names = typeof prices === "string" ? prices.split(" ") : prices;
  const title = rest.title === undefined ? (names[0] ?? "") : `${names[0]}: ${rest.title}`;
  const plain = { top: "", before: "", beforeGas: 0, times: 0, copies: COPIES, hostNs: 0 };
  return { ...plain, ...rest, prices: names, step, title };
}

/** The contract of a probe. */
export function probeSource(item: Probe): string {
  const work = `{ ${item.step} }\n`.repeat(item.copies);
  const turns = item.times === 0 ? ";;" : `let turn_ = 0; turn_ < ${item.times}; turn_++`;
  const loop = `for (${turns}) { ${work} }`;
  return `${IMPORTS}
contract({ name: "probe", methods: { f: { args: [] } } });
${item.top}
export function f() { ${item.before}
${loop} }`;
}

const IMPORTS = `import { contract, state, ctx, int, bool, text, account, asset, hash, bytes, list, record,
  optional, oneOf, XLM, pay, emit, call, fail, take, sha256, verify } from "ace-node/contract";`;

/** What everything else is measured against: a loop as contracts have it, over a list of amounts. */
export const plainLoop: Probe = probe(
  ["plain loop"],
  "for (let i = 0; i < lines.length; i++) { if (lines[i].share > 5) total += lines[i].amount; }",
  {
    before: `let total = 0n; const lines = [];
for (let i = 0; i < 1000; i++) lines.push({ share: i, amount: 1000n });`,
    beforeGas: 100_000,
    copies: 1,
  },
);

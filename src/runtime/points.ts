/**
 * The points that a runtime may go on from: after the last committed ledger, and after each ledger that
 * was applied since.
 *
 * Errors  `STATE_ROOT_MISMATCH` for a state that is not the one that its ledger left.
 */
import { AceError } from "../lib/errors.ts";
import { invariant } from "../lib/invariant.ts";
import type { StateEntry, StateReader } from "./applied.ts";
import type { RuntimeOptions, RuntimeTip } from "./runtime-types.ts";
import { StateTree } from "./state-tree.ts";

/** The runtime after a ledger. */
export interface Point {
  /** Undefined before the genesis ledger. */
  readonly tip: RuntimeTip | undefined;
  readonly tree: StateTree;
}

/** Ledgers that may be applied before the first of them is committed. */
const POINTS_MAX = 320;

export class Points {
  readonly #options: RuntimeOptions;
  #points: readonly Point[];

  constructor(options: RuntimeOptions) {
    const started: Point = { tip: options.tip, tree: committedTree(options) };
    demandRoot(started);
    this.#options = options;
    this.#points = [started];
  }

  get committed(): Point {
    const [point] = this.#points;
    invariant(point !== undefined, "there is a point to start from");
    return point;
  }

  /** The point that this ledger follows: after a failed commit it is an earlier ledger again. */
  before(sequence: number): Point {
    const { genesisLedger } = this.#options.network;
    const point = this.#points.findLast(
      ({ tip }) => sequence === (tip?.sequence ?? genesisLedger - 1) + 1,
    );
    const last = this.#points.at(-1)?.tip?.sequence;
    invariant(point !== undefined, `ledger ${sequence} does not follow ${last}`);
    return point;
  }

  /** Points from an earlier attempt at this ledger, or later ones, are forgotten. */
  add(tip: RuntimeTip, tree: StateTree): void {
    const before = this.#points.filter((point) => (point.tip?.sequence ?? 0) < tip.sequence);
    this.#points = [...before, { tip, tree }].slice(-POINTS_MAX);
  }

  commit(sequence: number): void {
    this.#points = this.#points.filter(({ tip }) => (tip?.sequence ?? 0) >= sequence);
  }

  /** The committed state must be that of one of the points. */
  demandCommitted(): void {
    const tree = committedTree(this.#options);
    if (this.#points.some((point) => point.tree.root === tree.root)) return;
    demandRoot({ tip: this.committed.tip, tree });
  }
}

function demandRoot({ tip, tree }: Point): void {
  if (tip === undefined || tip.stateRoot === tree.root) return;
  const message = `state has root ${tree.root}, ledger ${tip.sequence} left ${tip.stateRoot}`;
  throw new AceError("STATE_ROOT_MISMATCH", message);
}

function committedTree({ tree, state }: RuntimeOptions): StateTree {
  return tree?.() ?? StateTree.from(rowsOf(state));
}

function* rowsOf(state: StateReader): Generator<StateEntry> {
  let after: Uint8Array | undefined;
  for (;;) {
    const rows = state.scan(new Uint8Array(), after, TREE_ROWS);
    yield* rows;
    after = rows.at(-1)?.key;
    if (rows.length < TREE_ROWS) return;
  }
}

const TREE_ROWS = 10_000;

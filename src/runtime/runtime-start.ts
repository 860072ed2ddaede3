/**
 * What a runtime starts from: the code that its network was founded with, and a state whose root is
 * that of the last committed ledger.
 *
 * Errors  `PROTOCOL_MISMATCH`, `STATE_ROOT_MISMATCH`.
 */
import { AceError } from "../lib/errors.ts";
import { codeHashOf } from "./admit.ts";
import type { StateEntry, StateReader } from "./applied.ts";
import type { RuntimeOptions, RuntimeTip } from "./runtime.ts";
import { StateTree } from "./state-tree.ts";

/** The sources handed in must be the ones that the network was founded with. */
export function demandCode({ network, systemContracts }: RuntimeOptions): void {
  const found = new Map(
    systemContracts.map(({ number, source }) => [number.toString(), codeHashOf(source)]),
  );
  const numbers = new Set([...found.keys(), ...Object.keys(network.systemContracts)]);
  for (const number of numbers) {
    const [wanted, have] = [network.systemContracts[number], found.get(number)];
    if (wanted !== undefined && wanted === have) continue;
    const message = `system contract ${number} is ${have ?? "missing"}, the network has ${wanted}`;
    throw new AceError("PROTOCOL_MISMATCH", message);
  }
}

/** The runtime after a ledger. */
export interface Point {
  readonly tip: RuntimeTip | undefined;
  readonly tree: StateTree;
}

export function demandRoot({ tip, tree }: Point): void {
  if (tip === undefined || tip.stateRoot === tree.root) return;
  const message = `state has root ${tree.root}, ledger ${tip.sequence} left ${tip.stateRoot}`;
  throw new AceError("STATE_ROOT_MISMATCH", message);
}

export function committedTree({ tree, state }: RuntimeOptions): StateTree {
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

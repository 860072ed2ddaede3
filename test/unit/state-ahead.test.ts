// Goal: commits do not drag the tree back from the ledgers that are applied already.
import { expect, it } from "vitest";
import type { Write } from "../../src/runtime/applied.ts";
import { DurableTree, type TreeDisk } from "../../src/runtime/state-durable.ts";
import type { TreePage } from "../../src/runtime/state-flat.ts";
import type { StateTree } from "../../src/runtime/state-tree.ts";

/** The tables in memory. */
function memoryDisk(): TreeDisk {
  const pages = new Map<number, TreePage>();
  let log: Uint8Array[] = [];
  return {
    pages: () => [...pages.values()].sort((left, right) => left.id - right.id),
    page: (id) => pages.get(id)?.body,
    putPage: (page) => pages.set(page.id, page),
    removePage: (id) => pages.delete(id),
    log: () => log,
    append: (_sequence, records) => log.push(records),
    clearLog: () => {
      log = [];
    },
  };
}

class Life {
  readonly tree: DurableTree;
  #tip = { sequence: 0, stateRoot: "00".repeat(32) };

  constructor() {
    this.tree = new DurableTree({ disk: memoryDisk(), tip: () => this.#tip });
  }

  commit(...ledgers: readonly { readonly root: string; readonly writes: readonly Write[] }[]) {
    const growths = ledgers.map(({ root: stateRoot, writes }) => {
      this.#tip = { sequence: this.#tip.sequence + 1, stateRoot };
      return [...this.tree.write({ ...this.#tip, writes })];
    });
    this.tree.finish();
    this.tree.settle();
    return growths;
  }
}

const one: readonly Write[] = [{ key: Uint8Array.of(1), value: Uint8Array.of(1) }];
const none: readonly Write[] = [{ key: Uint8Array.of(1), value: undefined }];

function after(tree: StateTree, writes: readonly Write[]): StateTree {
  const next = tree.clone();
  next.apply(writes);
  return next;
}

it("stays ahead while quiet ledgers are committed before a loud one", () => {
  const life = new Life();
  const quiet = { root: life.tree.committed.root, writes: [] };
  const { root } = after(life.tree.committed, one);
  const many = Array.from({ length: 200 }, () => quiet);
  life.commit(...many);
  expect(life.tree.isAtCommitted).toBe(false);
  expect(life.commit(...many, { root, writes: one }).at(-1)).toEqual([1]);
  expect(life.tree.isAtCommitted).toBe(true);
  expect(life.tree.committed.root).toBe(root);
});

it("counts growth for the writes that it is given, though others led to the same root", () => {
  const life = new Life();
  const absent: Write = { key: Uint8Array.of(0), value: undefined };
  const { root } = after(life.tree.committed, [...one, absent]);
  expect(life.commit({ root, writes: [absent, ...one] })).toEqual([[]]);
  expect(life.tree.committed.size).toBe(1);
});

it("commits a state that was there before, and was changed and changed back", () => {
  const life = new Life();
  const first = after(life.tree.committed, one);
  const second = after(first, none);
  const third = after(second, one);
  expect(life.commit({ root: first.root, writes: one })).toEqual([[1]]);
  expect(life.commit({ root: second.root, writes: none })).toEqual([[-1]]);
  expect(life.commit({ root: third.root, writes: one })).toEqual([[1]]);
  expect(third.root).toBe(first.root);
  expect(life.tree.committed.size).toBe(1);
});

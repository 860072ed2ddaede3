// Goal: whenever the process dies, pages and log give the root that the last ledger left, and so do
//       the rows.
// Method: a real store with limits so small that pages are flushed, dropped from memory and read again
//         all the time. The files are copied at every step of every commit, as a kill would leave them.
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import SqliteDatabase from "better-sqlite3";
import fc from "fast-check";
import { afterAll, expect, it } from "vitest";
import { compareBytes, toHex } from "../../src/lib/bytes.ts";
import type { EventFields } from "../../src/lib/events.ts";
import { silentEvents } from "../../src/lib/events.ts";
import { sha256, sha256Hex } from "../../src/lib/hash.ts";
import type { Applied, Write } from "../../src/runtime/applied.ts";
import { receiptsRoot } from "../../src/runtime/receipts-root.ts";
import { StateTree } from "../../src/runtime/state-tree.ts";
import { openStore, type Store } from "../../src/store/store.ts";

/** A row for each receipt, as the first version had them. */
const FIRST_RECEIPTS = `
  DROP TABLE receipts;
  DROP TABLE transactions;
  CREATE TABLE receipts(
    sequence INTEGER NOT NULL, position INTEGER NOT NULL, tx_hash TEXT NOT NULL, body BLOB NOT NULL,
    PRIMARY KEY(sequence, position)) WITHOUT ROWID;
  CREATE INDEX receipts_by_transaction ON receipts(tx_hash);
`;
const FIRST = 50;
const KEYS = 150;
const folder = mkdtempSync(join(tmpdir(), "ace-tree-"));
let folders = 0;
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function newFolder(): string {
  folders += 1;
  const dir = join(folder, String(folders));
  mkdirSync(dir);
  return dir;
}

const small = { logBytesMax: 64 * 60, entriesBytesMax: 3_000 };

function open(dir: string, treeLimits = small): Store {
  return openStore({ dir, networkId: "ab".repeat(32), treeLimits });
}

/** What happens to some keys in one ledger; undefined deletes. */
type Changes = ReadonlyMap<number, number | undefined>;

const changes: fc.Arbitrary<Changes> = fc
  .array(fc.tuple(fc.nat(KEYS - 1), fc.option(fc.nat(9), { nil: undefined })), {
    maxLength: 90,
    size: "max",
  })
  .map((writes) => new Map(writes));

function writesOf(ledger: Changes): readonly Write[] {
  return [...ledger]
    .map(([key, value]) => ({
      key: sha256(Buffer.from(`key ${key}`)).subarray(0, 9),
      value: value === undefined ? undefined : Buffer.from(`value ${value}`),
    }))
    .sort((left, right) => compareBytes(left.key, right.key));
}

function ledger(sequence: number, writes: readonly Write[], stateRoot: string): Applied {
  return {
    sequence,
    headerHash: sha256Hex(Buffer.from(`header ${sequence}`)),
    closeTime: 1n,
    writes,
    receipts: [],
    encodedReceipts: [],
    receiptsRoot: receiptsRoot([]),
    stateRoot,
    ledgerHash: sha256Hex(Buffer.from(`ledger ${sequence}`)),
  };
}

/** Opens the folder as after a crash and gives its last ledger, where everything agrees. */
function wholeTip(dir: string): number {
  using store = open(dir);
  const tip = store.tip();
  const rows = store.state.scan(new Uint8Array(), undefined, 1_000);
  const fromRows = StateTree.from(rows);
  const { root, size } = store.tree();
  expect(root).toBe(tip?.stateRoot ?? "00".repeat(32));
  expect([root, size]).toEqual([fromRows.root, fromRows.size]);
  for (const { key, value } of rows) {
    expect(toHex(store.tree().valueHash(key) ?? value)).toBe(sha256Hex(value));
  }
  return tip?.sequence ?? FIRST - 1;
}

function copyOf(dir: string): string {
  const copy = newFolder();
  for (const name of ["state.db", "state.db-wal"]) {
    if (existsSync(join(dir, name))) copyFileSync(join(dir, name), join(copy, name));
  }
  return copy;
}

/** The same data, and `look` before each time that any of it is used. */
function watched(applied: Applied, look: () => void): Applied {
  return new Proxy(applied, {
    get: (target, name, receiver) => {
      look();
      return Reflect.get(target, name, receiver);
    },
  });
}

it("is whole after a kill at any step of any commit", { timeout: 120_000 }, () => {
  fc.assert(
    fc.property(fc.array(changes, { minLength: 2, maxLength: 5 }), (ledgers) => {
      const dir = newFolder();
      using store = open(dir);
      const tree = StateTree.from([]);
      for (const [index, one] of ledgers.entries()) {
        const sequence = FIRST + index;
        const writes = writesOf(one);
        tree.apply(writes);
        const copies: string[] = [];
        const next = watched(ledger(sequence, writes, tree.root), () => copies.push(copyOf(dir)));
        store.commit(next);
        const tips = copies.map(wholeTip);
        expect(tips).toEqual(tips.toSorted());
        expect([sequence - 1, sequence]).toEqual(expect.arrayContaining(tips));
        expect(tips[0]).toBe(sequence - 1);
        expect(wholeTip(copyOf(dir))).toBe(sequence);
        for (const copy of copies) rmSync(copy, { recursive: true });
      }
    }),
    { numRuns: 4 },
  );
});

/** A node's store, and the root that it must have. */
class Life {
  readonly dir = newFolder();
  readonly #model = StateTree.from([]);
  #store = open(this.dir);
  #tree = this.#store.tree();
  sequence = FIRST;

  commit(ledgerChanges: Changes): void {
    const writes = writesOf(ledgerChanges);
    const next = this.#tree.clone();
    next.apply(writes);
    this.#model.apply(writes);
    this.#store.commit(ledger(this.sequence, writes, next.root));
    this.#tree = next;
    this.sequence += 1;
  }

  /** A transaction that breaks off at its last statement. */
  fail(ledgerChanges: Changes): void {
    const next = this.#tree.clone();
    next.apply(writesOf(ledgerChanges));
    const whole = ledger(this.sequence, writesOf(ledgerChanges), next.root);
    const broken = new Proxy(whole, {
      get: (target, name, receiver) =>
        name === "headerHash" ? null : Reflect.get(target, name, receiver),
    });
    expect(() => this.#store.commit(broken)).toThrow();
  }

  /** Fails first, and is committed as it is at the second try. */
  repeat(ledgerChanges: Changes): void {
    this.fail(ledgerChanges);
    this.commit(ledgerChanges);
  }

  /** Several ledgers, each applied on the one before it, in one transaction. */
  group(ledgerChanges: Changes): void {
    const parts = [ledgerChanges, new Map([[2, 2]]), new Map([...ledgerChanges].slice(0, 20))];
    const ledgers = parts.map((one, index) => {
      const writes = writesOf(one);
      this.#tree = this.#tree.clone();
      this.#tree.apply(writes);
      this.#model.apply(writes);
      return ledger(this.sequence + index, writes, this.#tree.root);
    });
    const ahead = this.#tree.clone();
    ahead.apply(writesOf(new Map([[3, 3]])));
    this.#store.commit(...ledgers);
    this.sequence += ledgers.length;
  }

  /** A ledger is applied, and then another one takes its place. */
  replace(ledgerChanges: Changes): void {
    this.#tree.clone().apply(writesOf(ledgerChanges));
    this.commit(new Map([[1, 1]]));
  }

  reopen(): void {
    this.close();
    this.#store = open(this.dir);
    this.#tree = this.#store.tree();
  }

  audit(): void {
    this.#store.auditState(7);
  }

  auditAll(): void {
    while (!this.#store.auditState(40).isEnd);
  }

  demandRoot(): void {
    expect(this.#store.tree().root).toBe(this.#model.root);
  }

  close(): void {
    this.#store[Symbol.dispose]();
  }
}

const STEPS = [
  "commit",
  "commit",
  "fail",
  "repeat",
  "replace",
  "group",
  "reopen",
  "audit",
] as const;
const step = fc.tuple(fc.constantFrom(...STEPS), changes);

it("keeps one root through failed commits, ledgers put aside, restarts and audits", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 25, size: "max" }), (steps) => {
      const life = new Life();
      for (const [kind, ledgerChanges] of steps) {
        life[kind](ledgerChanges);
        life.demandRoot();
      }
      life.auditAll();
      life.close();
      if (life.sequence > FIRST) expect(wholeTip(life.dir)).toBe(life.sequence - 1);
    }),
    { numRuns: 25 },
  );
});

it("keeps no page of a half of the tree that is deleted, in any portions", () => {
  const keys = [...Array(KEYS).keys()];
  const isLeft = (key: number): boolean => {
    const [write] = writesOf(new Map([[key, 1]]));
    return (sha256(write?.key ?? new Uint8Array())[0] ?? 0) < 128;
  };
  for (const portion of [7, KEYS]) {
    const life = new Life();
    life.commit(new Map(keys.map((key) => [key, key])));
    const left = keys.filter(isLeft);
    for (let at = 0; at < left.length; at += portion) {
      life.commit(new Map(left.slice(at, at + portion).map((key) => [key, undefined])));
    }
    // Enough writes beside them that what is left is flushed.
    for (const value of [1, 2]) {
      life.commit(new Map(keys.filter((key) => !isLeft(key)).map((key) => [key, value])));
    }
    life.close();
    expect(wholeTip(life.dir)).toBe(life.sequence - 1);
  }
});

it("gives pages, once and with a word, to a folder of the version before them", () => {
  const dir = newFolder();
  const writes = writesOf(new Map(Array.from({ length: KEYS }, (_, key) => [key, key])));
  const tree = StateTree.from([]);
  tree.apply(writes);
  {
    using store = open(dir);
    store.commit(ledger(FIRST, writes, tree.root));
  }
  const database = new SqliteDatabase(join(dir, "state.db"));
  database.exec(
    "DROP TABLE tree_page; DROP TABLE tree_log; DELETE FROM meta WHERE name = 'state_tree'",
  );
  database.exec(FIRST_RECEIPTS);
  database.pragma("user_version = 1");
  database.close();
  const told: [string, EventFields | undefined][] = [];
  const events = {
    ...silentEvents,
    info: (name: string, fields?: EventFields) => told.push([name, fields]),
  };
  for (const _ of [1, 2]) {
    using store = openStore({ dir, networkId: "ab".repeat(32), events });
    expect(store.tree().root).toBe(tree.root);
  }
  expect(told).toEqual([["state.tree_built", { entries: KEYS, ledger: FIRST }]]);
  expect(wholeTip(dir)).toBe(FIRST);
});

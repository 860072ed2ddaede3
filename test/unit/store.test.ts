// Goal: what the store acknowledges is there after a crash, all of it or none.
// Method: real SQLite files and real second processes; ledgers are made by hand.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import SqliteDatabase from "better-sqlite3";
import { afterAll, describe, expect, it } from "vitest";
import { isAceError } from "../../src/lib/errors.ts";
import { sha256, sha256Hex } from "../../src/lib/hash.ts";
import { accountFromBytes } from "../../src/lib/strkey.ts";
import type { Applied, Receipt, StateReader, Write } from "../../src/runtime/applied.ts";
import { encodeReceipt } from "../../src/runtime/receipt-codec.ts";
import { receiptsRoot } from "../../src/runtime/receipts-root.ts";
import { StateTree } from "../../src/runtime/state-tree.ts";
import { openContents } from "../../src/store/contents.ts";
import { openOutbox } from "../../src/store/outbox.ts";
import { openStore, type Store } from "../../src/store/store.ts";

const NETWORK = "ab".repeat(32);
const folder = mkdtempSync(join(tmpdir(), "ace-store-"));
let folders = 0;
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function newFolder(): string {
  folders += 1;
  return join(folder, String(folders));
}

function open(dir: string, pagesMax?: number): Store {
  return openStore({ dir, networkId: NETWORK, ...(pagesMax === undefined ? {} : { pagesMax }) });
}

const key = (...bytes: readonly number[]): Uint8Array => Uint8Array.from(bytes);

function receipt(ledger: number, name: string, index = 0): Receipt {
  return {
    ledger,
    txHash: sha256Hex(Buffer.from(name)),
    index,
    contract: 7n,
    codeHash: "",
    method: "receive",
    caller: accountFromBytes(sha256(Buffer.from("caller"))),
    argsHash: "22".repeat(32),
    ok: true,
    code: "",
    gasLimit: 10n,
    gasUsed: 1n,
    writesHash: "33".repeat(32),
    events: [],
    effects: [],
    refunds: [],
    result: null,
  };
}

interface Parts {
  readonly writes?: readonly Write[];
  readonly receipts?: readonly Receipt[];
  /** Writes of the ledgers before, which its state root is over as well. */
  readonly before?: readonly Write[];
}

function rootOf(writes: readonly Write[]): string {
  const tree = StateTree.from([]);
  for (const write of writes) tree.apply([write]);
  return tree.root;
}

function ledger(
  sequence: number,
  { writes = [], receipts = [], before = [] }: Parts = {},
): Applied {
  return {
    sequence,
    headerHash: sha256Hex(Buffer.from(`header ${sequence}`)),
    closeTime: BigInt(1_000 + sequence),
    writes,
    receipts,
    encodedReceipts: receipts.map(encodeReceipt),
    receiptsRoot: receiptsRoot(receipts.map((one) => sha256(encodeReceipt(one)))),
    stateRoot: rootOf([...before, ...writes]),
    ledgerHash: sha256Hex(Buffer.from(`ledger ${sequence}`)),
  };
}

function codeOf(work: () => unknown): string {
  try {
    work();
    return "none";
  } catch (error) {
    return isAceError(error) ? error.code : `uncoded: ${String(error)}`;
  }
}

function rowsOf(state: StateReader): ReturnType<StateReader["scan"]> {
  return state.scan(key(), undefined, 1_000_000);
}

describe("a ledger", () => {
  it("is one transaction: one that fails leaves nothing of itself", () => {
    using store = open(newFolder());
    const before = [{ key: key(1), value: key(1) }];
    store.commit(ledger(5, { writes: before }));
    const encodedReceipts = [encodeReceipt(receipt(6, "a")), Uint8Array.of()];
    const fail = (): never => {
      throw new Error("the second is lost");
    };
    Object.defineProperty(encodedReceipts, 1, { get: fail });
    const writes = [{ key: key(1), value: key(9) }];
    const half = { ...ledger(6, { writes, before }), encodedReceipts };
    expect(() => store.commit(half)).toThrow("the second is lost");
    expect(store.tip()?.sequence).toBe(5);
    expect(store.state.get(key(1))).toEqual(Buffer.of(1));
    expect(store.receiptsOf(receipt(6, "a").txHash)).toEqual([]);
    store.commit(ledger(6, { writes, before }));
    expect(store.state.get(key(1))).toEqual(Buffer.of(9));
    expect(() => store.commit(ledger(7, { writes }))).not.toThrow();
    const untrue = { ...ledger(8, { writes }), stateRoot: "44".repeat(32) };
    expect(codeOf(() => store.commit(untrue))).toBe("STATE_ROOT_MISMATCH");
    expect(store.tip()?.sequence).toBe(7);
  });

  it("is committed only after the one before it", () => {
    using store = open(newFolder());
    store.commit(ledger(5));
    for (const sequence of [4, 5, 7]) {
      expect(() => store.commit(ledger(sequence))).toThrow("in order");
    }
    store.commit(ledger(6));
    expect(store.tip()?.sequence).toBe(6);
  });

  it("is there again, with state, receipts and hashes, when the store is opened anew", () => {
    const dir = newFolder();
    const first = ledger(5, { writes: [{ key: key(1), value: key(2) }] });
    const second = ledger(6, {
      writes: [
        { key: key(1), value: undefined },
        { key: key(3), value: key() },
      ],
      receipts: [receipt(6, "a"), receipt(6, "a", 1), receipt(6, "b")],
      before: first.writes,
    });
    {
      using store = open(dir);
      expect(store.tip()).toBeUndefined();
      store.commit(first);
      store.commit(second);
    }
    using store = open(dir);
    const { writes: _, encodedReceipts: __, receipts, ...link } = second;
    expect(store.tip()).toEqual(link);
    expect(store.link(6)).toEqual(link);
    expect(store.link(5)?.ledgerHash).toBe(first.ledgerHash);
    expect([store.link(4), store.link(7)]).toEqual([undefined, undefined]);
    expect(rowsOf(store.state)).toEqual([{ key: Buffer.of(3), value: Buffer.of() }]);
    expect(store.receiptsOf(receipt(6, "a").txHash)).toEqual(receipts.slice(0, 2));
    expect(store.receiptsOf("00".repeat(32))).toEqual([]);
  });
});

it("feeds receipts in their order from any cursor, as many as asked for", () => {
  using store = open(newFolder());
  const [a, b, c, d] = [receipt(5, "a"), receipt(5, "b"), receipt(7, "c"), receipt(7, "d")];
  store.commit(ledger(5, { receipts: [a, b] }));
  store.commit(ledger(6));
  store.commit(ledger(7, { receipts: [c, d] }));
  const from = (sequence: number, position: number, limit = 10): readonly Receipt[] =>
    store.feed({ sequence, position }, limit).map((entry) => entry.receipt);
  expect(from(0, -1)).toEqual([a, b, c, d]);
  expect(from(0, -1, 3)).toEqual([a, b, c]);
  expect(from(5, 0)).toEqual([b, c, d]);
  expect(from(5, 1, 1)).toEqual([c]);
  expect(from(6, 0)).toEqual([c, d]);
  expect(from(7, 1)).toEqual([]);
  expect(store.feed({ sequence: 5, position: 1 }, 1)).toMatchObject([{ sequence: 7, position: 0 }]);
});

it("scans in the order of bytes, within a prefix, also where the prefix is 0xff or empty", () => {
  using store = open(newFolder());
  const keys = [[0], [1], [1, 0], [1, 255], [1, 255, 3], [2], [255], [255, 255], [255, 255, 255]];
  const writes = keys.toReversed().map((bytes) => ({ key: key(...bytes), value: key(7) }));
  const longest = new Uint8Array(128).fill(0xff);
  store.commit(ledger(5, { writes: [...writes, { key: longest, value: key(8) }] }));
  const scan = (prefix: readonly number[], after?: readonly number[], limit = 100) =>
    store.state
      .scan(key(...prefix), after === undefined ? undefined : key(...after), limit)
      .map((entry) => [...entry.key]);
  expect(scan([])).toEqual([...keys, [...longest]]);
  expect(scan([], [1, 255], 2)).toEqual([[1, 255, 3], [2]]);
  expect(scan([1])).toEqual([[1], [1, 0], [1, 255], [1, 255, 3]]);
  expect(scan([1], [1, 0], 1)).toEqual([[1, 255]]);
  expect(scan([1, 255])).toEqual([
    [1, 255],
    [1, 255, 3],
  ]);
  expect(scan([255])).toEqual([[255], [255, 255], [255, 255, 255], [...longest]]);
  expect(scan([255, 255], [255, 255])).toEqual([[255, 255, 255], [...longest]]);
  expect(scan([3])).toEqual([]);
});

describe("a data folder", () => {
  it("belongs to one process: the second one is refused while the first lives", async () => {
    const dir = newFolder();
    const child = await holder("store", dir);
    expect(codeOf(() => open(dir))).toBe("DB_LOCKED");
    await killed(child);
    using store = open(dir);
    expect(store.tip()?.sequence).toBe(5);
  });

  it("belongs to one service network", () => {
    const dir = newFolder();
    open(dir)[Symbol.dispose]();
    const other = { dir, networkId: "cd".repeat(32) };
    expect(codeOf(() => openStore(other))).toBe("NETWORK_MISMATCH");
    open(dir)[Symbol.dispose]();
  });

  it.each([0x7fff_ffff, 3])("of schema %i is left to the version that wrote it", (version) => {
    const dir = newFolder();
    open(dir)[Symbol.dispose]();
    const database = new SqliteDatabase(join(dir, "state.db"));
    database.pragma(`user_version = ${version}`);
    database.close();
    expect(codeOf(() => open(dir))).toBe("DB_SCHEMA_VERSION");
  });

  it("of the first schema is brought here with all its receipts", () => {
    const dir = newFolder();
    const receipts = [receipt(5, "a"), receipt(5, "a", 1), receipt(5, "b")];
    {
      using store = open(dir);
      store.commit(ledger(5, { receipts }));
      store.commit(ledger(6));
    }
    const database = new SqliteDatabase(join(dir, "state.db"));
    database.exec(`DROP TABLE receipts; DROP TABLE transactions;
      DROP TABLE tree_page; DROP TABLE tree_log; DELETE FROM meta WHERE name = 'state_tree';
      CREATE TABLE receipts(
        sequence INTEGER NOT NULL, position INTEGER NOT NULL, tx_hash TEXT NOT NULL, body BLOB NOT NULL,
        PRIMARY KEY(sequence, position)) WITHOUT ROWID;
      CREATE INDEX receipts_by_transaction ON receipts(tx_hash)`);
    const insert = database.prepare("INSERT INTO receipts VALUES (5, ?, ?, ?)");
    for (const [position, one] of receipts.entries()) {
      insert.run(position, one.txHash, encodeReceipt(one));
    }
    database.pragma("user_version = 1");
    database.close();
    using store = open(dir);
    expect(store.receiptsOf(receipt(5, "a").txHash)).toEqual(receipts.slice(0, 2));
    expect(store.receiptBytes(5)).toHaveLength(3);
    expect(() => store.audit(10)).not.toThrow();
  });

  it("of a database without our tables is called damaged", () => {
    const dir = newFolder();
    open(dir)[Symbol.dispose]();
    const database = new SqliteDatabase(join(dir, "state.db"));
    database.exec("DROP TABLE ledgers");
    database.close();
    expect(codeOf(() => open(dir))).toBe("DB_CORRUPT");
  });

  it("where a file is in the way is named, not stumbled over", () => {
    const dir = newFolder();
    writeFileSync(dir, "a file");
    expect(codeOf(() => open(dir))).toBe("FILE_UNREADABLE");
    expect(codeOf(() => open(join(dir, "deeper")))).toBe("FILE_UNREADABLE");
  });
});

it("reads on while the disk is full, and takes the same ledger once there is room", () => {
  const dir = newFolder();
  const small = ledger(5, { writes: [{ key: key(1), value: key(1) }] });
  const writes = Array.from({ length: 100 }, (_, index) => ({
    key: key(1, index),
    value: new Uint8Array(4_000).fill(index),
  }));
  const large = ledger(6, { writes, receipts: [receipt(6, "a")], before: small.writes });
  {
    using store = open(dir, 30);
    store.commit(small);
    expect(codeOf(() => store.commit(large))).toBe("DISK_FULL");
    expect(store.tip()?.sequence).toBe(5);
    expect(rowsOf(store.state)).toHaveLength(1);
    expect(store.receiptsOf(receipt(6, "a").txHash)).toEqual([]);
    expect(codeOf(() => store.commit(large))).toBe("DISK_FULL");
  }
  using store = open(dir);
  store.commit(large);
  expect(rowsOf(store.state)).toHaveLength(101);
  expect(store.receiptsOf(receipt(6, "a").txHash)).toHaveLength(1);
});

describe("the outbox", () => {
  it("lets a challenge be used once, also after it is opened anew", () => {
    const dir = newFolder();
    {
      using outbox = openOutbox(dir);
      expect(outbox.consume("a", 100)).toBe(true);
      expect(outbox.consume("a", 100)).toBe(false);
    }
    using outbox = openOutbox(dir);
    expect(outbox.wasClosedCleanly).toBe(true);
    expect(outbox.consume("a", 100)).toBe(false);
    expect(outbox.consume("b", 100)).toBe(true);
  });

  it("keeps what it took through SIGKILL, and says that the end was not clean", async () => {
    const dir = newFolder();
    const child = await holder("outbox", dir);
    expect(codeOf(() => openOutbox(dir))).toBe("DB_LOCKED");
    await killed(child);
    {
      using outbox = openOutbox(dir);
      expect(outbox.wasClosedCleanly).toBe(false);
      expect(outbox.consume("held", 100)).toBe(false);
    }
    using outbox = openOutbox(dir);
    expect(outbox.wasClosedCleanly).toBe(true);
  });

  it("forgets a challenge only when its time is over", () => {
    using outbox = openOutbox(newFolder());
    outbox.consume("a", 100);
    outbox.forget(100);
    expect(outbox.consume("a", 100)).toBe(false);
    outbox.forget(101);
    expect(outbox.consume("a", 200)).toBe(true);
  });

  it("of random bytes is refused, and its lock is let go", () => {
    const dir = newFolder();
    mkdirSync(dir);
    writeFileSync(join(dir, "outbox.db"), sha256(Buffer.from("noise")));
    expect(codeOf(() => openOutbox(dir))).toBe("DB_CORRUPT");
    rmSync(join(dir, "outbox.db"));
    openOutbox(dir)[Symbol.dispose]();
  });
});

it("keeps contents by content id and infohash over a restart", () => {
  const dir = newFolder();
  const content = { contentId: "c", infohash: "i", record: "{}", path: undefined };
  {
    using contents = openContents(dir);
    contents.put(content);
    contents.put({ ...content, path: "/file" });
  }
  using contents = openContents(dir);
  expect([contents.get("c"), contents.get("i")]).toEqual(
    [1, 2].map(() => ({ ...content, path: "/file" })),
  );
  expect(contents.get("x")).toBeUndefined();
  expect(contents.all()).toHaveLength(1);
});

/** A process of its own that opens the store or the outbox in `dir`, writes, and keeps it open. */
async function holder(what: "store" | "outbox", dir: string): Promise<ChildProcess> {
  const source = (name: string): string =>
    JSON.stringify(join(import.meta.dirname, "../../src/store", name));
  const code =
    what === "store"
      ? `import { openStore } from ${source("store.ts")};
         const store = openStore({ dir: ${JSON.stringify(dir)}, networkId: "${NETWORK}" });
         store.commit({ ...${JSON.stringify({ ...ledger(5), closeTime: 0 })}, closeTime: 1n });`
      : `import { openOutbox } from ${source("outbox.ts")};
         const outbox = openOutbox(${JSON.stringify(dir)});
         outbox.consume("held", 100);`;
  const child = spawn(
    process.execPath,
    ["--input-type=module", "--eval", `${code} console.log("held"); setInterval(() => {}, 1e6);`],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  await new Promise<void>((resolve, reject) => {
    child.stdout?.once("data", () => resolve());
    child.once("exit", () => reject(new Error("the child ended")));
  });
  return child;
}

async function killed(child: ChildProcess): Promise<void> {
  const exit = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await exit;
}

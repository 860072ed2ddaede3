// Goal: what is damaged on the disk is never handed on as if it were true.
// Method: a database that the real runtime filled from a devnet's history, hurt 200 times by seed and
//         then read in full: every row, every link, every receipt by both of its ways.
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import SqliteDatabase from "better-sqlite3";
import { afterAll, beforeAll, expect, it } from "vitest";
import { callsOf } from "../../src/contracts/inbox.ts";
import { networkId } from "../../src/contracts/service-network.ts";
import { scanLedger } from "../../src/ledger/scan.ts";
import { verifyLedger } from "../../src/ledger/verify-ledger.ts";
import { isAceError } from "../../src/lib/errors.ts";
import { silentEvents } from "../../src/lib/events.ts";
import { sha256 } from "../../src/lib/hash.ts";
import { systemSources } from "../../src/node/system-contracts.ts";
import type { Applied } from "../../src/runtime/applied.ts";
import { openRuntime } from "../../src/runtime/runtime.ts";
import type { Runtime, RuntimeOptions } from "../../src/runtime/runtime-types.ts";
import { StateTree } from "../../src/runtime/state-tree.ts";
import { openStore, type Store } from "../../src/store/store.ts";
import { makeHistory } from "../support/history.ts";

const DAMAGES = 200;
const PAGE_BYTES = 4_096;
const PAGE_HEAD_BYTES = 24;

const history = makeHistory(24);
const folder = mkdtempSync(join(tmpdir(), "ace-damage-"));
let folders = 0;
let whole: Buffer;
let truth: string;

beforeAll(async () => {
  const dir = join(folder, "whole");
  await fill(dir);
  whole = readFileSync(join(dir, "state.db"));
  truth = readAll(dir).text;
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A folder with this database in it. */
function folderWith(database: Uint8Array): string {
  folders += 1;
  const dir = join(folder, String(folders));
  mkdirSync(dir);
  writeFileSync(join(dir, "state.db"), database);
  return dir;
}

function changed(statement: string): string {
  const dir = folderWith(whole);
  const database = new SqliteDatabase(join(dir, "state.db"));
  database.exec(statement);
  database.close();
  return dir;
}

/** So small that the tree lies in pages and log, both. */
const treeLimits = { logBytesMax: 64 * 40, entriesBytesMax: 4_000 };

function open(dir: string): Store {
  return openStore({ dir, networkId: networkId(history.network), treeLimits });
}

function runtimeOver(store: Store, options: Partial<RuntimeOptions> = {}): Promise<Runtime> {
  return openRuntime({
    network: history.network,
    systemContracts: systemSources(history.network),
    state: store.state,
    tip: store.tip(),
    events: silentEvents,
    ...options,
  });
}

/** Follows the whole history with the real runtime. */
async function fill(dir: string): Promise<void> {
  const { network, first, last, meta } = history;
  const { passphrase, vault } = network;
  using store = open(dir);
  await using runtime = await runtimeOver(store, { tree: store.tree });
  for (let sequence = first; sequence <= last; sequence += 1) {
    const closed = scanLedger(verifyLedger(meta(sequence), { passphrase, sequence }), [vault]);
    const calls = closed.transactions.flatMap((transaction) => callsOf(transaction, { vault }));
    const { closeTime, hash: headerHash } = closed;
    store.commit(await runtime.apply({ sequence, closeTime, headerHash, calls }));
  }
}

/** Everything that anybody can read, and whether the state has the root that its ledger left. */
function readAll(dir: string): { readonly text: string; readonly holds: boolean } {
  using store = open(dir);
  const { state, feed, link, receiptsOf, tip } = store;
  const rows = state.scan(new Uint8Array(), undefined, 1_000_000);
  const count = history.last - history.first + 3;
  const links = Array.from({ length: count }, (_, index) => link(history.first - 1 + index));
  const fed = feed({ sequence: 0, position: -1 }, 1_000);
  const found = fed.map(({ receipt }) => receiptsOf(receipt.txHash));
  store.audit(1_000);
  const { root } = store.tree();
  while (!store.auditState(100).isEnd);
  const read = [rows, rows.map(({ key }) => state.get(key)), links, tip(), fed, found];
  const text = JSON.stringify(read, (_name, value) =>
    typeof value === "bigint" ? value.toString() : value,
  );
  return { text, holds: root === tip()?.stateRoot && root === StateTree.from(rows).root };
}

/** An empty ledger after the last. */
function nextLedger(store: Store): Applied {
  const none = { writes: [], receipts: [], encodedReceipts: [] };
  const roots = { stateRoot: store.tip()?.stateRoot ?? "", receiptsRoot: "00".repeat(32) };
  return {
    sequence: history.last + 1,
    closeTime: 1n,
    headerHash: "11".repeat(32),
    ...none,
    ...roots,
    ledgerHash: "22".repeat(32),
  };
}

/** Each seed flips one bit, or overwrites, clears or cuts off a part. */
function damagedBy(seed: number): Buffer {
  const noise = Buffer.from(sha256(Buffer.from(`damage ${seed}`)));
  const bytes = Buffer.from(whole);
  const at = noise.readUInt32BE(0) % bytes.length;
  const flip = (place: number): void => {
    bytes[place] = (bytes[place] ?? 0) ^ (1 << ((noise[9] ?? 0) % 8));
  };
  switch (seed % 8) {
    case 0:
      noise.copy(bytes, at);
      break;
    case 1:
      bytes.fill(0, at, at + (noise.readUInt32BE(4) % 600));
      break;
    case 2:
      return bytes.subarray(0, at);
    case 3:
      // The head and the first cell pointers of a page, where one bit moves most.
      flip(at - (at % PAGE_BYTES) + ((noise[8] ?? 0) % PAGE_HEAD_BYTES));
      break;
    default:
      flip(at);
  }
  return bytes;
}

function outcomeOf(dir: string): string {
  try {
    const { text, holds } = readAll(dir);
    if (!holds) return "STATE_ROOT_MISMATCH";
    return text === truth ? "harmless" : "silent";
  } catch (error) {
    return isAceError(error) ? error.code : `without a code: ${String(error)}`;
  }
}

it("is never silent: harmless, an error with a code, or a root that does not hold", () => {
  const counts: Record<string, number> = {};
  for (let seed = 0; seed < DAMAGES; seed += 1) {
    const dir = folderWith(damagedBy(seed));
    const outcome = outcomeOf(dir);
    counts[outcome] = (counts[outcome] ?? 0) + 1;
    expect(outcome, `seed ${seed}`).toMatch(
      /^(?:harmless|STATE_ROOT_MISMATCH|DB_CORRUPT|DB_SCHEMA_VERSION|NETWORK_MISMATCH)$/,
    );
    rmSync(dir, { recursive: true });
  }
  expect(counts["harmless"]).toBeGreaterThan(10);
  expect(counts["DB_CORRUPT"]).toBeGreaterThan(10);
  expect(counts["STATE_ROOT_MISMATCH"]).toBeGreaterThan(2);
});

it("of the rows is met before any ledger by a runtime that is given no tree", async () => {
  using store = open(changed("UPDATE state SET v = x'00' WHERE k = (SELECT max(k) FROM state)"));
  await expect(runtimeOver(store)).rejects.toMatchObject({ code: "STATE_ROOT_MISMATCH" });
});

it.each([
  [
    "a value",
    "UPDATE state SET v = x'00' WHERE k = (SELECT max(k) FROM state)",
    /entry \w+ of contract/,
  ],
  ["a row that is gone", "DELETE FROM state WHERE k = (SELECT max(k) FROM state)", /entries/],
  ["a row that nobody wrote", "INSERT INTO state VALUES (x'00', x'00')", /entry 00/],
])("of the state is named by its audit, and no ledger follows: %s", (_name, statement, named) => {
  using store = open(changed(statement));
  const audit = (): void => {
    while (!store.auditState(5).isEnd);
  };
  const fault = expect.objectContaining({
    code: "DB_CORRUPT",
    message: expect.stringMatching(named),
  });
  expect(audit).toThrow(fault);
  expect(() => store.commit(nextLedger(store))).toThrow(fault);
});

it.each([
  ["a page", "UPDATE tree_page SET body = zeroblob(length(body))"],
  [
    "a bit of a page",
    "UPDATE tree_page SET body = CAST(substr(body, 1, length(body) - 1) || x'5a' AS BLOB)",
  ],
  ["a page that is gone", "DELETE FROM tree_page; DELETE FROM tree_log"],
  ["a page at another place", "UPDATE tree_page SET id = id + 1"],
  ["a page at another depth", "UPDATE tree_page SET depth = depth + 1"],
  ["the log", "UPDATE tree_log SET records = zeroblob(64)"],
  [
    "a ledger of the log",
    "DELETE FROM tree_log WHERE sequence = (SELECT max(sequence) FROM tree_log)",
  ],
])("of the tree is met when it is read: %s", (_name, statement) => {
  using store = open(changed(statement));
  expect(() => store.tree()).toThrow(expect.objectContaining({ code: "STATE_ROOT_MISMATCH" }));
});

it.each([
  ["a ledger's hash", "UPDATE ledgers SET ledger_hash = upper(ledger_hash)"],
  ["a ledger that is gone", "DELETE FROM ledgers WHERE sequence % 5 = 0"],
  [
    "the first ledger, gone",
    "DELETE FROM ledgers WHERE sequence = (SELECT min(sequence) FROM ledgers)",
  ],
  ["a receipt", "UPDATE receipts SET bodies = x'00'"],
  ["receipts of another length", "UPDATE receipts SET bodies = x'ffffffff' || bodies"],
  ["receipts that are gone", "DELETE FROM receipts"],
  ["receipts under no transaction", "DELETE FROM transactions"],
])("is found by the audit, a few ledgers at a time: %s", (_name, statement) => {
  using store = open(changed(statement));
  const rounds = (): void => {
    for (let round = 0; round < 20; round += 1) store.audit(3);
  };
  expect(rounds).toThrow(expect.objectContaining({ code: "DB_CORRUPT" }));
});

it("of the log costs whole ledgers at most, and what is left holds", () => {
  const dir = folderWith(whole);
  using store = open(dir);
  store.commit(nextLedger(store));
  const copies = folderWith(whole);
  for (const name of ["state.db", "state.db-wal"]) {
    copyFileSync(join(dir, name), join(copies, name));
  }
  const log = readFileSync(join(copies, "state.db-wal"));
  log.fill(0x55, log.length / 2);
  writeFileSync(join(copies, "state.db-wal"), log);
  expect(readAll(copies)).toEqual({ text: truth, holds: true });
});

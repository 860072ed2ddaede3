// Commits ledger after ledger into the folder that is named, until it is killed. Limits are so small that
// pages are flushed, and dropped from memory, all the time. It says when it begins, and when it has committed.
import { sha256, sha256Hex } from "../../src/lib/hash.ts";
import type { Write } from "../../src/runtime/applied.ts";
import { receiptsRoot } from "../../src/runtime/receipts-root.ts";
import { openStore } from "../../src/store/store.ts";

const KEYS = 3_000;
const WRITES = 120;
const DELETED_OF = 5;

const [dir = "", run = ""] = process.argv.slice(2);
const treeLimits = { logBytesMax: 64 * 700, entriesBytesMax: 100_000 };
const store = openStore({ dir, networkId: "ab".repeat(32), treeLimits });

function writesOf(sequence: number): readonly Write[] {
  const writes = new Map<string, Write>();
  for (let index = 0; index < WRITES; index += 1) {
    const noise = Buffer.from(sha256(Buffer.from(`${run} ${sequence} ${index}`)));
    const key = sha256(Buffer.from(`key ${noise.readUInt32BE() % KEYS}`)).subarray(0, 20);
    const isDeleted = (noise[4] ?? 0) % DELETED_OF === 0;
    writes.set(Buffer.from(key).toString("hex"), { key, value: isDeleted ? undefined : noise });
  }
  return [...writes].sort(([left], [right]) => (left < right ? -1 : 1)).map(([, write]) => write);
}

process.stdout.write("begins\n");
for (let sequence = (store.tip()?.sequence ?? 0) + 1; ; sequence += 1) {
  const writes = writesOf(sequence);
  const tree = store.tree().clone();
  tree.apply(writes);
  const hash = sha256Hex(Buffer.from(`ledger ${sequence}`));
  store.commit({
    sequence,
    headerHash: hash,
    closeTime: 1n,
    writes,
    receipts: [],
    encodedReceipts: [],
    receiptsRoot: receiptsRoot([]),
    stateRoot: tree.root,
    ledgerHash: hash,
  });
  process.stdout.write("committed\n");
}

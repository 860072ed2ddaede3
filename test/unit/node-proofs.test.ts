// Goal: a proof is of the committed state whatever is applied ahead of it, and proofs cannot hold up
//       the ledgers.
// Method: a real store, whose tree is kept ahead as by a follower that catches up.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { verifyStateProof } from "../../src/access/verify.ts";
import { networkId } from "../../src/contracts/service-network.ts";
import { proofQueries } from "../../src/node/proof-queries.ts";
import { ledgerHash } from "../../src/runtime/ledger-hash.ts";
import { ProtocolSchedule } from "../../src/runtime/protocol-schedule.ts";
import { receiptsRoot } from "../../src/runtime/receipts-root.ts";
import { openStore } from "../../src/store/store.ts";
import { network } from "../support/runtime-kit.ts";

const folder = mkdtempSync(join(tmpdir(), "ace-node-proofs-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it("proves the committed state, seldom while ledgers come thick", { timeout: 30_000 }, async () => {
  const id = networkId(network);
  using store = openStore({ dir: folder, networkId: id });
  const sequence = network.genesisLedger;
  const key = Buffer.from("a key of the state");
  const writes = [{ key, value: Uint8Array.of(1) }];
  const tree = store.tree().clone();
  tree.apply(writes);
  const [protocolHash = ""] = new ProtocolSchedule({ network }).hashesAt(sequence);
  const roots = { receiptsRoot: receiptsRoot([]), stateRoot: tree.root };
  const ledger = { sequence, headerHash: "ab".repeat(32), closeTime: 1n, ...roots };
  const hash = ledgerHash({ previous: id, sequence, protocolHash, ...roots });
  store.commit({ ...ledger, writes, receipts: [], encodedReceipts: [], ledgerHash: hash });
  const { proveState } = proofQueries({ network, store });

  const goAhead = (): void => {
    const ahead = tree.clone();
    ahead.apply([{ key, value: Uint8Array.of(2) }]);
    expect(store.isTreeAhead()).toBe(true);
  };
  const proves = async (): Promise<void> => {
    const claim = await proveState(key);
    expect(claim).toMatchObject({ ledgerHash: hash, value: "01" });
    expect(await verifyStateProof(claim)).toBe(true);
  };
  expect(store.isTreeAhead()).toBe(false);
  await proves();
  goAhead();
  await proves();
  expect(store.isTreeAhead()).toBe(false);
  await proves();
  goAhead();
  await expect(proveState(key)).rejects.toMatchObject({ code: "NODE_BEHIND" });
  expect(store.isTreeAhead()).toBe(true);
});

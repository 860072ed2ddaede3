// Goal: what the devnet writes is what Stellar would have written, as far as hashes can tell.
// Method: a busy history, re-hashed here with the SDK alone, then given to the follower's verifier.
import { hash } from "node:crypto";
import { Asset, Claimant, Keypair, Operation, xdr } from "@stellar/stellar-sdk/base";
import { describe, expect, it } from "vitest";
import { createDevnet, type Devnet } from "../../src/devnet/devnet.ts";
import { nextHeader } from "../../src/devnet/header.ts";
import { verifyLedger } from "../../src/ledger/verify-ledger.ts";
import { type Bench, createBench, keypair, PASSPHRASE } from "../devnet-kit.ts";

const names = ["alice", "bob", "carol", "dave", "erin"];

/** Seven ledgers: empty, funding, crowded, failing, fee-bumping ones. */
function play(seed = "test"): Bench {
  const net = createDevnet({ passphrase: PASSPHRASE, seed, closeTime: 1_000n });
  const bench = createBench(net);
  const [alice, bob] = [keypair("alice"), keypair("bob")];
  bench.fund(...names);
  for (const name of names) {
    bench.send(
      { from: keypair(name) },
      Operation.manageData({ name: "ace:1", value: `hello from ${name}` }),
      Operation.payment({ destination: alice.publicKey(), asset: Asset.native(), amount: "7" }),
    );
  }
  net.close({ closeTime: 2_000n });
  bench.run(
    { from: bob },
    Operation.changeTrust({ asset: new Asset("USD", alice.publicKey()) }),
    Operation.createClaimableBalance({
      asset: Asset.native(),
      amount: "3",
      claimants: [new Claimant(alice.publicKey())],
    }),
  );
  bench.run(
    { from: bob },
    Operation.payment({ destination: alice.publicKey(), asset: Asset.native(), amount: "99999" }),
  );
  net.close({ closeTime: 0n });
  return bench;
}

const sha = (...parts: readonly Uint8Array[]): string =>
  hash("sha256", Buffer.concat(parts), "hex");
const hex = (bytes: xdr.Hash): string => Buffer.from(bytes.toBytes()).toString("hex");

function metasOf(of: Devnet): readonly xdr.LedgerCloseMetaV2[] {
  return Array.from({ length: of.latest.sequence }, (_, index) => {
    const meta = xdr.LedgerCloseMeta.fromXdr(of.ledger(index + 1)?.meta ?? new Uint8Array());
    if (meta.type !== "v2") throw new Error(meta.type);
    return meta.v2;
  });
}

const { net } = play();
const metas = metasOf(net);

it("every closed ledger is named by the hash of its header and names the one before", () => {
  let previous = "00".repeat(32);
  for (const { ledgerHeader } of metas) {
    expect(hex(ledgerHeader.hash)).toBe(sha(ledgerHeader.header.toXdr()));
    expect(hex(ledgerHeader.header.previousLedgerHash)).toBe(previous);
    previous = hex(ledgerHeader.hash);
  }
  expect(previous).toBe(net.latest.hash);
});

it("every closed ledger commits to its transaction set and its results", () => {
  for (const { ledgerHeader, txSet, txProcessing } of metas) {
    const { header } = ledgerHeader;
    const results = txProcessing.map(({ result }) => result);
    expect(hex(header.scpValue.txSetHash)).toBe(sha(txSet.toXdr()));
    expect(hex(txSet.v1TxSet.previousLedgerHash)).toBe(hex(header.previousLedgerHash));
    expect(hex(header.txSetResultHash)).toBe(
      sha(new xdr.TransactionResultSet({ results }).toXdr()),
    );
  }
});

it("every closed ledger has the form of an empty set since protocol 23 when it is empty", () => {
  const empty = metas.filter(({ txProcessing }) => txProcessing.length === 0);
  expect(empty).toHaveLength(2);
  const form = Buffer.from([2, 0, 0, 1, 0, 0].flatMap((value) => [0, 0, 0, value]));
  for (const { ledgerHeader, txSet } of empty) {
    const previous = ledgerHeader.header.previousLedgerHash.toBytes();
    const version = Buffer.from([0, 0, 0, 1]);
    expect(Buffer.from(txSet.toXdr())).toEqual(Buffer.concat([version, previous, form]));
  }
});

it("every closed ledger applies in the order of envelope hash and set hash mixed", () => {
  const crowded = metas[2];
  if (crowded === undefined) throw new Error("no third ledger");
  const setHash = Buffer.from(sha(crowded.txSet.toXdr()), "hex");
  const phase = crowded.txSet.v1TxSet.phases[0];
  if (phase?.type !== "v0Components") throw new Error("no classic phase");
  const envelopes = phase.v0Components.flatMap((each) => each.txsMaybeDiscountedFee.txs);
  const fullHashes = envelopes.map((envelope) => sha(envelope.toXdr()));
  expect(fullHashes).toEqual(fullHashes.toSorted());
  const sources = envelopes
    .map((envelope) => ({
      place: Buffer.from(sha(envelope.toXdr()), "hex").map(
        (byte, index) => byte ^ (setHash[index] ?? 0),
      ),
      envelope: envelope.toXdr("base64"),
    }))
    .sort((left, right) => Buffer.compare(left.place, right.place))
    .map(({ envelope }) => envelope);
  const applied = net.ledger(3)?.transactions.map(({ envelope }) => base64(envelope));
  expect(applied).toEqual(sources);
  expect(applied).not.toEqual(envelopes.map((envelope) => envelope.toXdr("base64")));
  expect(applied).toHaveLength(names.length);
});

it("every closed ledger is signed by the devnet's validator", () => {
  for (const { ledgerHeader } of metas) {
    const { txSetHash, closeTime, ext } = ledgerHeader.header.scpValue;
    if (ext.type !== "stellarValueSigned") throw new Error(ext.type);
    const message = Buffer.alloc(76);
    message.set(hash("sha256", PASSPHRASE, "buffer"));
    message.writeInt32BE(4, 32);
    message.set(txSetHash.toBytes(), 36);
    message.writeBigUInt64BE(closeTime, 68);
    const { nodeId, signature } = ext.lcValueSignature;
    const validator = new Keypair({ type: "ed25519", publicKey: nodeId.ed25519.toBytes() });
    expect(validator.verify(message, signature.toBytes())).toBe(true);
  }
});

it("every closed ledger adds its fees to the pool and makes no coins", () => {
  let pool = 0n;
  for (const { ledgerHeader, txProcessing } of metas) {
    for (const { result } of txProcessing) pool += result.result.feeCharged;
    expect(ledgerHeader.header.feePool).toBe(pool);
    expect(ledgerHeader.header.totalCoins).toBe(10n ** 18n);
  }
  expect(pool).toBe(500n + 5n * 200n + 200n + 100n);
});

it("every closed ledger is the same after decoding and encoding again", () => {
  for (const [index, meta] of metas.entries()) {
    const again = xdr.LedgerCloseMeta.v2(meta).toXdr();
    expect(base64(again)).toBe(base64(net.ledger(index + 1)?.meta ?? new Uint8Array()));
  }
});

it("every closed ledger is believed by the follower's verifier", () => {
  let previous = { hash: "00".repeat(32), feePool: 0n };
  for (let sequence = 1; sequence <= net.latest.sequence; sequence += 1) {
    const closed = net.ledger(sequence);
    const verified = verifyLedger(closed?.meta ?? new Uint8Array(), {
      passphrase: PASSPHRASE,
      sequence,
      previousHash: previous.hash,
      previousFeePool: previous.feePool,
    });
    expect(verified.hash).toBe(closed?.hash);
    expect(verified.transactions.map((each) => each.hash)).toEqual(
      closed?.transactions.map((each) => each.hash),
    );
    previous = verified;
  }
});

it("every closed ledger tells in its metadata how entries became what they are now", () => {
  const known = new Map<string, string>();
  const changes = metas.flatMap(({ txProcessing }) => [
    ...txProcessing.flatMap(({ feeProcessing }) => feeProcessing),
    ...txProcessing.flatMap(({ txApplyProcessing }) => {
      if (txApplyProcessing.type !== "v4") throw new Error(txApplyProcessing.type);
      const { txChangesBefore, operations } = txApplyProcessing.v4;
      return [...txChangesBefore, ...operations.flatMap((each) => each.changes)];
    }),
  ]);
  for (const change of changes) {
    const text = change.value.toXdr("base64");
    switch (change.type) {
      case "ledgerEntryState": {
        const before = known.get(keyOf(change.state));
        expect(before ?? text).toBe(text);
        break;
      }
      case "ledgerEntryCreated":
        known.set(keyOf(change.created), text);
        break;
      case "ledgerEntryUpdated":
        known.set(keyOf(change.updated), text);
        break;
      default:
        throw new Error(change.type);
    }
  }
  expect([...known.values()].sort()).toEqual(
    [...net.entries].map((entry) => entry.toXdr("base64")).sort(),
  );
});

describe("the same submissions", () => {
  it("give the same ledgers, hash for hash", () => {
    expect(play().net.latest.hash).toBe(play().net.latest.hash);
  });

  it("give other ledgers under another seed, because another validator signs them", () => {
    expect(play("other").net.latest.hash).not.toBe(play().net.latest.hash);
  });
});

it("the skip list holds the state hash of every fiftieth ledger, and older ones further on", () => {
  const list = ["a", "b", "c", "d"].map((text) => new xdr.Hash(sha(Buffer.from(text))));
  const after = (ledgerSeq: number): readonly string[] => {
    const previous = new xdr.LedgerHeader({ ...net.latest.header, ledgerSeq, skipList: list });
    const fields = {
      value: previous.scpValue,
      resultHash: Buffer.alloc(32),
      stateHash: Buffer.alloc(32, 7),
      fees: 0n,
      lastId: 0n,
    };
    const tip = { header: previous, hash: Buffer.alloc(32) };
    return nextHeader(tip, fields).skipList.map(hex);
  };
  const [a, b, c, d] = list.map(hex);
  const state = "07".repeat(32);
  expect(after(48)).toEqual([a, b, c, d]);
  expect(after(49)).toEqual([state, b, c, d]);
  expect(after(4_999)).toEqual([state, b, c, d]);
  expect(after(5_049)).toEqual([state, a, c, d]);
  expect(after(55_049)).toEqual([state, a, b, d]);
  expect(after(555_049)).toEqual([state, a, b, c]);
});

function keyOf({ data }: xdr.LedgerEntry): string {
  switch (data.type) {
    case "account":
      return `account ${data.account.accountId.toXdr("hex")}`;
    case "trustline":
      return `line ${data.trustLine.accountId.toXdr("hex")} ${data.trustLine.asset.toXdr("hex")}`;
    case "data":
      return `data ${data.data.accountId.toXdr("hex")} ${data.data.dataName}`;
    case "claimableBalance":
      return `balance ${data.claimableBalance.balanceId.toXdr("hex")}`;
    default:
      throw new Error(data.type);
  }
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}

// Goal: the order in which a ledger applies its transactions follows from its set alone.
// Method: it is computed for real ledgers of each kind of set and held against the order of their
//         results, which the header authenticates.
import { Keypair, Operation, xdr } from "@stellar/stellar-sdk/base";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { applyOrder, sequentialOrder } from "../../src/ledger/apply-order.ts";
import { readCloseMeta, readLedger } from "../../src/ledger/close-meta.ts";
import { checkApplyOrder } from "../../src/ledger/join-results.ts";
import { indexGeneralizedSet } from "../../src/ledger/ledger-index.ts";
import type { RawLedger } from "../../src/ledger/ledger-source.ts";
import { Spans, viewOf } from "../../src/ledger/spans.ts";
import { verifyLedger, verifyRaw } from "../../src/ledger/verify-ledger.ts";
import { sha256 } from "../../src/lib/hash.ts";
import {
  GENESIS,
  makeLedger,
  makeTransaction,
  PASSPHRASE,
  stored,
  succeeded,
} from "../fixtures/made-ledger.ts";
import { ledgersOf, miniLake, PUBNET, PUBNET_OBJECT, TESTNET } from "../fixtures/stellar-data.ts";
import { testnetArchive } from "../fixtures/testnet-archive.ts";

const closeMeta = (bytes: Uint8Array): RawLedger => ({ kind: "closeMeta", sequence: 0, bytes });

describe("the order that real ledgers were applied in", () => {
  it.each<readonly [string, string, readonly RawLedger[], number]>([
    ["two sequential phases, pubnet", PUBNET, ledgersOf(PUBNET_OBJECT).map(closeMeta), 163],
    ["two sequential phases, testnet", TESTNET, testnetArchive(), 784],
    ["a lake of protocol 20", TESTNET, miniLake().map(closeMeta), 17],
    [
      "stages and clusters, protocol 26",
      "load test network",
      ledgersOf("load/v26-FFFFD8BF--10048.xdr.zst").map(closeMeta),
      258,
    ],
    [
      "stages and clusters, protocol 27",
      "Apply Load",
      ledgersOf("load/v27-FFFFD8BF--10048.xdr.zst").map(closeMeta),
      492,
    ],
  ])("is the computed one: %s", (_what, passphrase, ledgers, transactions) => {
    const verified = ledgers.map((raw) => verifyRaw(raw, { passphrase, grade: "audit" }));
    expect(verified.reduce((sum, { transactionCount }) => sum + transactionCount, 0)).toBe(
      transactions,
    );
  });

  it("depends on the set's hash, so that nobody can choose a place", () => {
    const parts = readLedger(closeMeta(ledgersOf(PUBNET_OBJECT)[0] ?? new Uint8Array()));
    const value = { ...parts.header.value, setHash: sha256(parts.header.value.setHash) };
    const check = checkApplyOrder({ ...parts, header: { ...parts.header, value } }, PUBNET);
    expect(check.expected).not.toBe(check.got);
  });
});

describe("a parallel phase", () => {
  const setHash = sha256(new Uint8Array([1]));
  const envelopes = Array.from({ length: 9 }, (_, index) => {
    const sender = Keypair.fromRawEd25519Seed(new Uint8Array(32).fill(index + 1));
    const note = Operation.manageData({ name: "note", value: String(index) });
    return makeTransaction(sender, [note]).toEnvelope();
  });
  const place = (envelope: xdr.TransactionEnvelope): string =>
    sha256(envelope.toXdr())
      .map((byte, index) => byte ^ (setHash[index] ?? 0))
      .toHex();
  const sorted = envelopes.toSorted((left, right) => (place(left) < place(right) ? -1 : 1));
  const pick = (...ranks: readonly number[]) => ranks.flatMap((rank) => sorted[rank] ?? []);

  it("sorts each cluster, keeps the clusters of a stage, and goes by the first of each stage", () => {
    const [late, early] = [
      [pick(8, 4), pick(1)],
      [pick(7, 3, 5), pick(0, 2), pick(6)],
    ];
    const order = [3, 5, 7, 0, 2, 6, 4, 8, 1];
    expect(orderOf([late, early], setHash)).toEqual(pick(...order).map(place));
    expect(orderOf([early, late], setHash)).toEqual(pick(...order).map(place));
  });

  function orderOf(stages: xdr.TransactionEnvelope[][][], hash: Uint8Array): readonly string[] {
    const parallel = new xdr.ParallelTxsComponent({ baseFee: 100n, executionStages: stages });
    const content = new xdr.TransactionSetV1({
      previousLedgerHash: new Uint8Array(32),
      phases: [
        xdr.TransactionPhase.v0Components([]),
        xdr.TransactionPhase.parallelTxsComponent(parallel),
      ],
    });
    const bytes = xdr.GeneralizedTransactionSet.v1TxSet(content).toXdr();
    const { kind, envelopes: offsets, runs } = indexGeneralizedSet(viewOf(bytes), 0);
    const spans = new Spans(bytes, offsets);
    const set = { kind, previousHash: new Uint8Array(32), bytes, envelopes: spans, runs };
    return applyOrder(set, hash).map((index) =>
      place(xdr.TransactionEnvelope.fromXdr(spans.at(index))),
    );
  }
});

describe("results in another order than the set prescribes", () => {
  const transactions = [1, 2, 3].map((seed) => {
    const sender = Keypair.fromRawEd25519Seed(new Uint8Array(32).fill(seed));
    const note = Operation.manageData({ name: "note", value: String(seed) });
    return succeeded(makeTransaction(sender, [note]), [stored]);
  });
  const orders = [
    [0, 1, 2],
    [0, 2, 1],
    [1, 0, 2],
    [1, 2, 0],
    [2, 0, 1],
    [2, 1, 0],
  ].map((order) =>
    makeLedger(
      GENESIS,
      order.flatMap((index) => transactions[index] ?? []),
    ),
  );

  it("are found by an audit, which names the first transaction out of place", () => {
    const checks = orders.map(({ bytes }) => checkApplyOrder(readCloseMeta(bytes), PASSPHRASE));
    // One set for each order of sending: one of six orders of results is right for each of them.
    const wrong = checks.find(({ expected, got }) => expected !== got);
    expect(transactions.map(({ hash }) => hash)).toContain(wrong?.expected);
    expect(transactions.map(({ hash }) => hash)).toContain(wrong?.got);
    const refused = orders.find((_, index) => checks[index] === wrong);
    const bytes = refused?.bytes ?? new Uint8Array();
    expect(() => verifyLedger(bytes, { passphrase: PASSPHRASE, grade: "audit" })).toThrow(
      `ledger 101: the transaction at the first place where the apply order differs should be ${wrong?.expected}`,
    );
    expect(verifyLedger(bytes, { passphrase: PASSPHRASE }).transactionCount).toBe(3);
  });
});

it("never applies a later transaction of an account before an earlier one", () => {
  const item = fc.record({ account: fc.nat({ max: 4 }), number: fc.nat({ max: 1_000 }) });
  const set = fc.uniqueArray(item, { selector: ({ account, number }) => `${account} ${number}` });
  fc.assert(
    fc.property(set, fc.uint8Array({ minLength: 32, maxLength: 32 }), (items, setHash) => {
      const placed = items.map(({ account, number }) => ({
        sourceKey: String(account),
        sequenceNumber: BigInt(number),
        envelopeHash: sha256(new Uint8Array([account, number >> 8, number & 255])),
      }));
      const order = sequentialOrder(placed, setHash);
      expect(new Set(order)).toEqual(new Set(placed));
      const last = new Map<string, bigint>();
      for (const { sourceKey, sequenceNumber } of order) {
        expect(sequenceNumber).toBeGreaterThan(last.get(sourceKey) ?? -1n);
        last.set(sourceKey, sequenceNumber);
      }
      // However the set was written down, the order is the same.
      expect(sequentialOrder(placed.toReversed(), setHash)).toEqual(order);
    }),
    { numRuns: 50 },
  );
});

// Goal: a ledger of Stellar's real networks is believed exactly when every hash in it holds.
import { Keypair, Operation, xdr } from "@stellar/stellar-sdk/base";
import { describe, expect, it } from "vitest";
import { readCloseMeta } from "../../src/ledger/close-meta.ts";
import { emptySetHash } from "../../src/ledger/tx-set-hash.ts";
import { checkLedger, verifyLedger } from "../../src/ledger/verify-ledger.ts";
import { concatBytes, toHex } from "../../src/lib/bytes.ts";
import { AceError } from "../../src/lib/errors.ts";
import { sha256, sha256Hex } from "../../src/lib/hash.ts";
import {
  GENESIS,
  type MadeOptions,
  type MadeTransaction,
  makeChain,
  makeLedger,
  makeTransaction,
  PASSPHRASE,
  stored,
  succeeded,
} from "../fixtures/made-ledger.ts";
import {
  DOCTORED_STREAM,
  EMPTY_VALUE_STREAM,
  ledgersOf,
  miniLake,
  PUBNET,
  PUBNET_OBJECT,
  rpcHeaders,
  TESTNET,
} from "../fixtures/stellar-data.ts";

const [pubnet = new Uint8Array()] = ledgersOf(PUBNET_OBJECT);

function failure(action: () => unknown): { code: string; message: string } {
  try {
    action();
  } catch (error) {
    if (error instanceof AceError) return { code: error.code, message: error.message };
    throw error;
  }
  return { code: "none", message: "nothing failed" };
}

describe("real ledgers", () => {
  it("believes pubnet ledger 53312000 with its 163 transactions", () => {
    const ledger = verifyLedger(pubnet, { passphrase: PUBNET, sequence: 53_312_000 });
    expect(ledger.transactions).toHaveLength(163);
    expect(ledger.protocolVersion).toBe(21);
    expect(new Set(ledger.transactions.map(({ hash }) => hash)).size).toBe(163);
  });

  it("follows the hash chain through testnet ledgers 997 to 999", () => {
    let previousHash: string | undefined;
    let transactions = 0;
    for (const raw of miniLake()) {
      const ledger = verifyLedger(raw, { passphrase: TESTNET, previousHash });
      previousHash = ledger.hash;
      transactions += ledger.transactions.length;
    }
    expect(transactions).toBe(17);
  });

  it("hashes 50 mainnet headers and chains 49 of them", () => {
    const hashes = rpcHeaders().map(({ entry }) => {
      const { header, hash } = xdr.LedgerHeaderHistoryEntry.fromXdr(entry);
      expect(sha256Hex(header.toXdr())).toBe(toHex(hash.toBytes()));
      return { hash: toHex(hash.toBytes()), previous: toHex(header.previousLedgerHash.toBytes()) };
    });
    const linked = hashes.filter(({ previous }, index) => previous === hashes[index - 1]?.hash);
    expect([hashes.length, linked.length]).toEqual([50, 49]);
  });

  it("believes a ledger whose value is the empty one of CAP-83", () => {
    const [raw = new Uint8Array()] = ledgersOf(EMPTY_VALUE_STREAM);
    const ledger = verifyLedger(raw, { passphrase: "(V) (;,,;) (V)", sequence: 5 });
    expect(ledger.protocolVersion).toBe(28);
    expect(ledger.transactions).toEqual([]);
  });

  it("refuses two of the three doctored ledgers, and names the hash", () => {
    const messages = ledgersOf(DOCTORED_STREAM).map((raw) => {
      const { code, message } = failure(() => verifyLedger(raw, { passphrase: PASSPHRASE }));
      return `${code} ${message}`;
    });
    expect(messages[0]).toBe("none nothing failed");
    expect(messages[1]).toMatch(/^LEDGER_HASH_MISMATCH ledger 85: the transaction set hash should/);
    expect(messages[2]).toMatch(/^LEDGER_HASH_MISMATCH ledger 88: the transaction set hash should/);
  });
});

describe("the link to the ledger before", () => {
  const [first = makeLedger(GENESIS), second = makeLedger(GENESIS)] = makeChain(2);

  it("refuses a ledger that follows another one, and names both hashes", () => {
    const wrong = "00".repeat(32);
    const { code, message } = failure(() =>
      verifyLedger(second.bytes, { passphrase: PASSPHRASE, previousHash: wrong }),
    );
    expect(code).toBe("LEDGER_HASH_MISMATCH");
    expect(message).toContain("ledger 102: the previous header hash should be");
    expect(message).toContain(wrong);
    expect(message).toContain(first.hash);
  });

  it("refuses a ledger of another number", () => {
    const action = () => verifyLedger(second.bytes, { passphrase: PASSPHRASE, sequence: 101 });
    expect(failure(action).code).toBe("LEDGER_MALFORMED");
  });

  it("counts the fees into the fee pool", () => {
    const meta = readCloseMeta(second.bytes);
    const poolOf = (previousFeePool: bigint) =>
      checkLedger(meta, { previousFeePool }).find(({ name }) => name === "feePool");
    expect(poolOf(first.feePool)).toEqual({ name: "feePool", expected: "0", got: "0" });
    expect(poolOf(7n)).toEqual({ name: "feePool", expected: "7", got: "0" });
  });

  it("does not count them before protocol 22, where refunds changed the pool in other ways", () => {
    const [raw = new Uint8Array()] = miniLake();
    const checks = checkLedger(readCloseMeta(raw), { previousFeePool: 1n });
    expect(checks.map(({ name }) => name)).toEqual([
      "header",
      "transactionSet",
      "setPrevious",
      "results",
    ]);
  });
});

describe("transactions and their results", () => {
  it("refuses to join them under another network's passphrase", () => {
    const { code, message } = failure(() => verifyLedger(pubnet, { passphrase: TESTNET }));
    expect(code).toBe("LEDGER_HASH_MISMATCH");
    expect(message).toContain("no result for transaction");
  });

  it.each([
    ["left out", (pairs: Pairs) => pairs.slice(1)],
    ["told twice", (pairs: Pairs) => [...pairs, ...pairs.slice(0, 1)]],
    ["in another order", (pairs: Pairs) => pairs.toReversed()],
  ])("refuses results %s", (_what, change) => {
    const action = () => verifyLedger(withPairs(pubnet, change), { passphrase: PUBNET });
    const { code, message } = failure(action);
    expect(code).toBe("LEDGER_HASH_MISMATCH");
    expect(message).toContain("the result hash should be");
  });
});

describe("the set without transactions", () => {
  const hash = sha256(new Uint8Array([1]));

  it("has the hash of the ledger before as its only content up to protocol 19", () => {
    expect(emptySetHash({ hash, protocolVersion: 19 })).toBe(sha256Hex(hash));
  });

  it("is what an empty ledger of protocol 23 names", () => {
    const { header } = readCloseMeta(makeLedger(GENESIS).bytes);
    const previous = { hash: Uint8Array.fromHex(GENESIS.hash), protocolVersion: 23 };
    expect(toHex(header.value.setHash)).toBe(emptySetHash(previous));
  });

  it("still has the old form in the ledger that raises the protocol", () => {
    // Testnet ledger 10: protocol 0 before it, 22 after it.
    const before = "41c972e239fe42abad1a6f3e23bee2bb145b0c79f1a5622f7d22d04ef5cbf49c";
    const named = "e51ed9bed582bf95453438a5f7f215f71b72b80560bea5a4b85fb8d0f69ca8ed";
    const previous = { hash: Uint8Array.fromHex(before), protocolVersion: 0 };
    expect(emptySetHash(previous)).toBe(named);
  });

  it("has two sequential phases from protocol 20 to 22", () => {
    const { v0Components } = xdr.TransactionPhase;
    const set = new xdr.TransactionSetV1({
      previousLedgerHash: hash,
      phases: [v0Components([]), v0Components([])],
    });
    const bytes = xdr.GeneralizedTransactionSet.v1TxSet(set).toXdr();
    for (const protocolVersion of [20, 22]) {
      expect(emptySetHash({ hash, protocolVersion })).toBe(sha256Hex(bytes));
    }
  });
});

describe("a header that its own hash vouches for", () => {
  const sender = Keypair.fromRawEd25519Seed(sha256(new Uint8Array([8])));
  const note = Operation.manageData({ name: "note", value: "new" });
  const transaction = succeeded(makeTransaction(sender, [note]), [stored]);
  const refused = (options: MadeOptions) =>
    failure(() =>
      verifyLedger(makeLedger(GENESIS, [transaction], options).bytes, { passphrase: PASSPHRASE }),
    );

  it("cannot leave a transaction of its set without a result", () => {
    const { code, message } = refused({ isWithoutResults: true });
    expect(code).toBe("LEDGER_HASH_MISMATCH");
    expect(message).toBe("ledger 101: 0 results for 1 transactions");
  });

  it("cannot name a set made for another ledger", () => {
    const { message } = refused({ setPrevious: sha256(new Uint8Array()) });
    expect(message).toContain("previous header hash inside the transaction set should be abab");
  });

  it("cannot bring transactions under the empty value of CAP-83", () => {
    const { message } = refused({ isEmptyValue: true });
    expect(message).toContain("the transaction set hash should be 0000");
  });
});

describe("a ledger of the time before generalized sets", () => {
  const sender = Keypair.fromRawEd25519Seed(sha256(new Uint8Array([7])));
  const transaction = succeeded(
    makeTransaction(sender, [Operation.manageData({ name: "note", value: "old" })]),
    [stored],
  );

  it("has a set hash over the ledger before and the envelopes, without a count", () => {
    const { transactions } = verifyLedger(legacyLedger(transaction), { passphrase: PASSPHRASE });
    expect(transactions.map(({ hash }) => hash)).toEqual([transaction.hash]);
  });

  it("is refused when its set is another", () => {
    const raw = legacyLedger(transaction);
    const at = Buffer.from(raw).indexOf("old");
    raw[at] = 0x4f;
    const { message } = failure(() => verifyLedger(raw, { passphrase: PASSPHRASE }));
    expect(message).toContain("the transaction set hash should be");
  });
});

describe("what this version cannot read", () => {
  it("stops at a protocol that the SDK does not know", () => {
    const raw = Uint8Array.from(makeLedger(GENESIS).bytes);
    // Version 1, extension 0, the claimed hash: then the header's protocol.
    new DataView(raw.buffer).setUint32(4 + 4 + 32, 29);
    expect(failure(() => verifyLedger(raw, { passphrase: PASSPHRASE }))).toEqual({
      code: "LEDGER_PROTOCOL_UNKNOWN",
      message: "a ledger of protocol 29; this version reads up to 28",
    });
  });

  it("stops at a LedgerCloseMeta of a version to come", () => {
    const raw = Uint8Array.from(pubnet);
    raw[3] = 3;
    const action = () => verifyLedger(raw, { passphrase: PUBNET });
    expect(failure(action).code).toBe("LEDGER_PROTOCOL_UNKNOWN");
  });

  it.each([
    ["nothing", new Uint8Array()],
    ["a ledger cut short", pubnet.subarray(0, 9_000)],
    ["a ledger with bytes after it", new Uint8Array([...pubnet.subarray(0), 0, 0, 0, 0])],
  ])("calls %s malformed", (_what, raw) => {
    const action = () => verifyLedger(raw, { passphrase: PUBNET });
    expect(failure(action).code).toBe("LEDGER_MALFORMED");
  });
});

/** Built from a modern one: version 0 metadata, protocol 8, a set without phases. */
function legacyLedger(transaction: MadeTransaction): Uint8Array {
  const modern = xdr.LedgerCloseMeta.fromXdr(makeLedger(GENESIS, [transaction]).bytes);
  if (modern.type !== "v1") throw new Error("made ledgers are of version 1");
  const { header, ext } = modern.v1.ledgerHeader;
  const previous = Uint8Array.fromHex(GENESIS.hash);
  const txSetHash = sha256(concatBytes(previous, transaction.envelope.toXdr()));
  const { closeTime, upgrades } = header.scpValue;
  const scpValue = new xdr.StellarValue({
    txSetHash,
    closeTime,
    upgrades,
    ext: header.scpValue.ext,
  });
  const old = new xdr.LedgerHeader({ ...header, ledgerVersion: 8, scpValue });
  const meta = new xdr.LedgerCloseMetaV0({
    ledgerHeader: new xdr.LedgerHeaderHistoryEntry({ hash: sha256(old.toXdr()), header: old, ext }),
    txSet: new xdr.TransactionSet({ previousLedgerHash: previous, txs: [transaction.envelope] }),
    txProcessing: modern.v1.txProcessing,
    upgradesProcessing: [],
    scpInfo: [],
  });
  return xdr.LedgerCloseMeta.v0(meta).toXdr();
}

type Pairs = readonly xdr.TransactionResultMeta[];

/** The same ledger with other results, as a source without the header's consent would send it. */
function withPairs(raw: Uint8Array, change: (pairs: Pairs) => Pairs): Uint8Array {
  const meta = xdr.LedgerCloseMeta.fromXdr(raw);
  if (meta.type !== "v1") throw new Error("the pubnet object is of version 1");
  const body = new xdr.LedgerCloseMetaV1({
    ...meta.v1,
    txProcessing: [...change(meta.v1.txProcessing)],
  });
  return xdr.LedgerCloseMeta.v1(body).toXdr();
}

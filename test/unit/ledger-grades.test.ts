// Goal: each grade of verification refuses what it promises to refuse, and pays for no more.
import { Keypair, Operation, xdr } from "@stellar/stellar-sdk/base";
import { describe, expect, it } from "vitest";
import type { ArchivedLedger } from "../../src/ledger/ledger-source.ts";
import { checkValueSignature } from "../../src/ledger/value-signature.ts";
import {
  type VerificationGrade,
  type VerifiedLedger,
  verifyLedger,
  verifyRaw,
} from "../../src/ledger/verify-ledger.ts";
import { isAceError } from "../../src/lib/errors.ts";
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

const name = new TextEncoder().encode("ace:1");
const key = (seed: number): Keypair => Keypair.fromRawEd25519Seed(new Uint8Array(32).fill(seed));
const noted = (seed: number, entry: string, value: string) =>
  succeeded(makeTransaction(key(seed), [Operation.manageData({ name: entry, value })]), [stored]);

function outcome(action: () => unknown): string {
  try {
    action();
    return "believed";
  } catch (error) {
    if (isAceError(error)) return error.message;
    throw error;
  }
}

describe("a ledger whose results are false", () => {
  const honest = makeLedger(GENESIS, [noted(1, "note", "hello")]);
  const called = makeLedger(GENESIS, [noted(1, "ace:1", "hello"), noted(2, "note", "x")]);
  const at = (bytes: Uint8Array, grade: VerificationGrade) =>
    outcome(() => verifyLedger(bytes, { passphrase: PASSPHRASE, grade }).find([name]));

  it("is believed in catching up while it has nothing to do with us", () => {
    expect(at(withFee(honest.bytes), "catchUp")).toBe("believed");
    expect(at(withFee(honest.bytes), "full")).toContain("the result hash should be");
    expect(at(withFee(honest.bytes), "audit")).toContain("the result hash should be");
  });

  it("is refused in catching up as soon as it has", () => {
    expect(at(called.bytes, "catchUp")).toBe("believed");
    expect(at(withFee(called.bytes), "catchUp")).toContain("the result hash should be");
  });

  it("is refused at every grade when an archive sends it", () => {
    const ledger = testnetArchive().find(({ set }) => set !== undefined);
    if (ledger?.results === undefined) throw new Error("the fixture has full ledgers");
    const results = Uint8Array.from(ledger.results);
    // After the ledger's number, the count and the transaction's hash comes the fee.
    results[4 + 4 + 32 + 7] = 1;
    const raw: ArchivedLedger = { ...ledger, results };
    for (const grade of ["catchUp", "full", "audit"] as const) {
      const message = outcome(() => verifyRaw(raw, { passphrase: TESTNET, grade }));
      expect(message).toContain("the result hash should be");
    }
  });
});

describe("looking for transactions", () => {
  const made = [3, 4, 5, 6].map((seed) => noted(seed, seed % 2 ? "ace:1" : "note", `${seed}`));
  const ledger = verifyLedger(makeLedger(GENESIS, made).bytes, { passphrase: PASSPHRASE });

  it("finds those that hold the bytes, in the order they were applied", () => {
    expect(ledger.find([name]).map(({ hash }) => hash)).toEqual([made[0]?.hash, made[2]?.hash]);
    const keys = [6, 3].map((seed) => Uint8Array.from(key(seed).rawPublicKey()));
    expect(ledger.find(keys).map(({ hash }) => hash)).toEqual([made[0]?.hash, made[3]?.hash]);
  });

  it("takes no bytes for a transaction's that lie across two, or ahead of all", () => {
    const [first] = ledger.transactions;
    const start = Buffer.from(ledger.setBytes).indexOf(first?.envelope ?? name);
    const end = start + (first?.envelope.length ?? 0);
    expect(ledger.find([ledger.setBytes.slice(end - 6, end + 6)])).toEqual([]);
    expect(ledger.find([ledger.setBytes.slice(0, 40)])).toEqual([]);
    expect(ledger.find([ledger.setBytes.slice(end - 6, end)]).map(({ hash }) => hash)).toContain(
      first?.hash,
    );
  });

  it("gives each the result that is filed under its hash", () => {
    const [raw = new Uint8Array()] = ledgersOf(PUBNET_OBJECT);
    const pubnet = verifyLedger(raw, { passphrase: PUBNET });
    const one = pubnet.transactions[77];
    const [, second] = pubnet.find([
      one?.envelope ?? name,
      pubnet.transactions[78]?.envelope ?? name,
    ]);
    expect(second).toEqual(pubnet.transactions[78]);
    expect(pubnet.transactions).toHaveLength(pubnet.transactionCount);
  });
});

describe("the signature of a ledger's value", () => {
  const lake = miniLake().map((raw) => verifyLedger(raw, { passphrase: TESTNET }));
  const signed = ({ setHash, closeTime, valueSignature }: VerifiedLedger) => ({
    setHash,
    closeTime,
    signature: valueSignature,
  });

  it("holds on real ledgers, under their own passphrase only", () => {
    for (const ledger of lake) {
      expect(checkValueSignature(signed(ledger), TESTNET)).toBe(true);
      expect(checkValueSignature(signed(ledger), PUBNET)).toBe(false);
    }
  });

  it("covers the set and the close time", () => {
    const [ledger] = lake;
    if (ledger === undefined) throw new Error("the lake has ledgers");
    const value = signed(ledger);
    const [later, otherSet] = [{ closeTime: 1n }, { setHash: new Uint8Array(32) }];
    expect(checkValueSignature({ ...value, ...later }, TESTNET)).toBe(false);
    expect(checkValueSignature({ ...value, ...otherSet }, TESTNET)).toBe(false);
  });

  it("does not hold where there is none, or a broken one", () => {
    const made = verifyLedger(makeLedger(GENESIS).bytes, { passphrase: PASSPHRASE });
    expect(checkValueSignature(signed(made), PASSPHRASE)).toBe(false);
    const signature = { signer: new Uint8Array(32), signature: new Uint8Array(3) };
    expect(checkValueSignature({ ...signed(made), signature }, PASSPHRASE)).toBe(false);
  });
});

/** The same ledger, but its first transaction paid another fee: under no hash but that of the results. */
function withFee(bytes: Uint8Array): Uint8Array {
  const meta = xdr.LedgerCloseMeta.fromXdr(bytes);
  if (meta.type !== "v1") throw new Error("made ledgers are of version 1");
  const [first, ...rest] = meta.v1.txProcessing;
  if (first === undefined) throw new Error("it has transactions");
  const result = new xdr.TransactionResult({ ...first.result.result, feeCharged: 7n });
  const pair = new xdr.TransactionResultPair({ ...first.result, result });
  const changed = new xdr.TransactionResultMeta({ ...first, result: pair });
  const body = new xdr.LedgerCloseMetaV1({ ...meta.v1, txProcessing: [changed, ...rest] });
  return xdr.LedgerCloseMeta.v1(body).toXdr();
}

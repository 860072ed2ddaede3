// Goal: what a history archive holds of a ledger is believed exactly when every hash in it holds.
import { describe, expect, it } from "vitest";
import type { ArchivedLedger } from "../../src/ledger/ledger-source.ts";
import { type VerifiedLedger, verifyRaw } from "../../src/ledger/verify-ledger.ts";
import { AceError } from "../../src/lib/errors.ts";
import { TESTNET } from "../fixtures/stellar-data.ts";
import { testnetArchive } from "../fixtures/testnet-archive.ts";

const ledgers = testnetArchive();
const verified = chain();
const [full = ledgers[0]] = ledgers.filter(({ set }) => set !== undefined);
const [empty = ledgers[0]] = ledgers.filter(({ set, sequence }) => sequence > 10 && !set);

function chain(): readonly VerifiedLedger[] {
  const done: VerifiedLedger[] = [];
  for (const raw of ledgers) done.push(verifyAfter(raw, done.at(-1)));
  return done;
}

function verifyAfter(raw: ArchivedLedger, before: VerifiedLedger | undefined): VerifiedLedger {
  return verifyRaw(raw, {
    passphrase: TESTNET,
    sequence: raw.sequence,
    previousHash: before?.hash,
    previousFeePool: before?.feePool,
    previousProtocol: before?.protocolVersion,
  });
}

function refusal(change: Partial<ArchivedLedger>, ledger = full): string {
  try {
    if (ledger === undefined) return "the fixture is empty";
    verifyAfter({ ...ledger, ...change }, verified[ledger.sequence - 2]);
    return "believed";
  } catch (error) {
    if (error instanceof AceError) return `${error.code} ${error.message}`;
    throw error;
  }
}

describe("the public testnet's archive", () => {
  it("holds from its very first ledger on, full and empty ledgers alike", () => {
    expect(verified).toHaveLength(511);
    expect(verified.reduce((sum, { transactions }) => sum + transactions.length, 0)).toBe(784);
    expect(ledgers.filter(({ set }) => set === undefined)).toHaveLength(126);
  });

  it("tells who nominated the value, and where validators voted an upgrade", () => {
    expect(verified.filter(({ valueSignature }) => valueSignature === undefined)).toHaveLength(1);
    expect(verified.filter(({ hasUpgrades }) => hasUpgrades).map((it) => it.sequence)).toContain(
      10,
    );
  });
});

describe("an archive that lies", () => {
  it("cannot hide a full ledger as an empty one", () => {
    expect(refusal({ set: undefined, results: undefined })).toMatch(
      /^LEDGER_HASH_MISMATCH ledger \d+: the transaction set hash should be/,
    );
  });

  it("cannot leave out the results alone", () => {
    expect(refusal({ results: undefined })).toContain("the result hash should be");
  });

  it("cannot give an empty ledger the transactions of another", () => {
    expect(refusal({ set: full?.set, results: full?.results }, empty)).toMatch(
      /^LEDGER_MALFORMED ledger \d+ comes with the transaction set of \d+/,
    );
    expect(refusal({ results: full?.results }, empty)).toContain("comes with the results of");
  });

  it("cannot pass an empty set of one protocol for that of another", () => {
    if (empty === undefined) throw new Error("the fixture has empty ledgers");
    const before = verified[empty.sequence - 2];
    const expectation = { passphrase: TESTNET, previousProtocol: 19, previousHash: before?.hash };
    expect(() => verifyRaw(empty, expectation)).toThrow("the transaction set hash should be");
    // Where the protocol before is not known, the form that fits is taken.
    expect(verifyRaw(empty, { passphrase: TESTNET }).transactions).toEqual([]);
  });
});

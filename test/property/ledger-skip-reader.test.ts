// Goal: the skip reader takes and refuses exactly what the SDK's decoder takes and refuses.
// Method: ledgers of every protocol at hand are changed at random, from a seed: bits, words that are
//         likely counts or kinds, lengths. Both read each, and must agree on whether it is a ledger.
//         `LEDGER_DATA=FOLDER` walks every SEP-54 object and stream below that folder as well.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Account, Contract, Keypair, TransactionBuilder, xdr } from "@stellar/stellar-sdk/base";
import { describe, expect, it } from "vitest";
import { readLedgerObject } from "../../src/ledger/ledger-object.ts";
import {
  skipLedgerCloseMeta,
  skipLedgerCloseMetaBatch,
  skipLedgerHeaderHistoryEntry,
  skipScpHistoryEntry,
  skipTransactionEnvelope,
  skipTransactionHistoryEntry,
  skipTransactionHistoryResultEntry,
} from "../../src/ledger/skip-reader.gen.ts";
import { viewOf } from "../../src/ledger/spans.ts";
import { verifyRaw } from "../../src/ledger/verify-ledger.ts";
import { concatBytes, uint32Bytes } from "../../src/lib/bytes.ts";
import {
  DOCTORED_STREAM,
  EMPTY_VALUE_STREAM,
  ledgersOf,
  miniLake,
  rpcHeaders,
  TESTNET,
} from "../fixtures/stellar-data.ts";
import { testnetArchive, testnetConsensus } from "../fixtures/testnet-archive.ts";
import { mutated, seededRandom } from "../support/mutation.ts";

interface Schema {
  decode(bytes: Uint8Array, options: { readonly maxDepth: number }): unknown;
}
interface Reader {
  readonly skip: (view: DataView, offset: number) => number;
  readonly schema: Schema;
}

const MUTATIONS = 1_500;
const SMALL_BYTES = 40_000;

const lake = miniLake();
const archive = testnetArchive().slice(100, 160);
const envelopes = lake.flatMap((raw) =>
  verifyLedgerTransactions(raw).map(({ envelope }) => envelope),
);
const cases: readonly (readonly [string, Reader, readonly Uint8Array[]])[] = [
  [
    "LedgerCloseMeta",
    { skip: skipLedgerCloseMeta, schema: xdr.LedgerCloseMeta.schema },
    [...lake, ...ledgersOf(DOCTORED_STREAM), ...ledgersOf(EMPTY_VALUE_STREAM)],
  ],
  [
    "LedgerCloseMetaBatch",
    { skip: skipLedgerCloseMetaBatch, schema: xdr.LedgerCloseMetaBatch.schema },
    [concatBytes(uint32Bytes(997), uint32Bytes(999), uint32Bytes(3), ...lake)],
  ],
  [
    "LedgerHeaderHistoryEntry",
    { skip: skipLedgerHeaderHistoryEntry, schema: xdr.LedgerHeaderHistoryEntry.schema },
    [...rpcHeaders().map(({ entry }) => entry), ...archive.map(({ header }) => header)],
  ],
  [
    "TransactionHistoryEntry",
    { skip: skipTransactionHistoryEntry, schema: xdr.TransactionHistoryEntry.schema },
    archive.flatMap(({ set }) => set ?? []),
  ],
  [
    "TransactionHistoryResultEntry",
    { skip: skipTransactionHistoryResultEntry, schema: xdr.TransactionHistoryResultEntry.schema },
    archive.flatMap(({ results }) => results ?? []),
  ],
  [
    "TransactionEnvelope",
    { skip: skipTransactionEnvelope, schema: xdr.TransactionEnvelope.schema },
    envelopes,
  ],
  [
    "ScpHistoryEntry",
    { skip: skipScpHistoryEntry, schema: xdr.ScpHistoryEntry.schema },
    testnetConsensus().slice(0, 40),
  ],
];

function verifyLedgerTransactions(raw: Uint8Array) {
  const ledger = { kind: "closeMeta", sequence: 0, bytes: raw } as const;
  return verifyRaw(ledger, { passphrase: TESTNET }).transactions;
}

describe.each(cases)("%s", (name, { skip, schema }, samples) => {
  const small = samples.filter(({ length }) => length < SMALL_BYTES);

  it("is walked over to its last byte, wherever it begins", () => {
    expect(samples.length).toBeGreaterThan(0);
    for (const raw of samples) {
      const moved = new Uint8Array(raw.length + 7);
      moved.set(raw, 7);
      expect(skip(viewOf(raw), 0)).toBe(raw.length);
      expect(skip(viewOf(moved), 7)).toBe(moved.length);
    }
  });

  it(`is refused when changed where the SDK refuses it too, ${MUTATIONS} times`, () => {
    const random = seededRandom(name.length);
    let accepted = 0;
    for (let round = 0; round < MUTATIONS; round += 1) {
      const raw = mutated(small[random(small.length)] ?? new Uint8Array(), random);
      const ours = walks(skip, raw);
      if (ours !== decodes(schema, raw)) {
        expect.fail(`round ${round}: ours says ${ours} to ${raw.toHex().slice(0, 400)}`);
      }
      if (ours) accepted += 1;
    }
    // Both verdicts are met, or nothing was compared.
    expect(accepted).toBeGreaterThan(MUTATIONS / 50);
    expect(accepted).toBeLessThan(MUTATIONS);
  });
});

it("refuses values nested as deeply as the SDK refuses them", () => {
  const deepest = (isRead: (raw: Uint8Array) => boolean): number => {
    let depth = 100;
    while (isRead(nested(depth + 1))) depth += 1;
    return depth;
  };
  const schema = xdr.TransactionEnvelope.schema;
  const sdk = deepest((raw) => decodes(schema, raw));
  expect(deepest((raw) => walks(skipTransactionEnvelope, raw))).toBe(sdk);
});

/** An invocation whose one argument is a list in a list in a list. */
function nested(depth: number): Uint8Array {
  const key = Keypair.fromRawEd25519Seed(new Uint8Array(32));
  let argument: xdr.ScVal = xdr.ScVal.scvVoid();
  for (let level = 0; level < depth; level += 1) argument = xdr.ScVal.scvVec([argument]);
  const contract = new Contract("CAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAD2KM");
  const builder = new TransactionBuilder(new Account(key.publicKey(), "1"), {
    fee: "100",
    networkPassphrase: TESTNET,
  });
  const transaction = builder.addOperation(contract.call("f", argument)).setTimeout(0).build();
  return transaction.toEnvelope().toXdr();
}

describe.runIf(process.env["LEDGER_DATA"])("the data of LEDGER_DATA", () => {
  const folder = process.env["LEDGER_DATA"] ?? "";
  const files = folder === "" ? [] : readdirSync(folder, { recursive: true, encoding: "utf8" });
  it.each(files.filter((name) => /\.xdr(\.zstd?)?$/.test(name)))("walks %s", (name) => {
    for (const raw of readLedgerObject(readFileSync(join(folder, name)))) {
      expect(skipLedgerCloseMeta(viewOf(raw), 0)).toBe(raw.length);
    }
  });
});

function walks(skip: Reader["skip"], raw: Uint8Array): boolean {
  try {
    return skip(viewOf(raw), 0) === raw.length;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

function decodes(schema: Schema, raw: Uint8Array): boolean {
  try {
    schema.decode(raw, { maxDepth: 400 });
    return true;
  } catch {
    return false;
  }
}

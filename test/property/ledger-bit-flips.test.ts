// Goal: no single bit of what a ledger's hashes cover can be changed unnoticed.
// Method: every bit of a real ledger's header, set and results is flipped, one at a time. Where they lie
//         is found by encoding them with the SDK, not by the index under test. A flip among metadata,
//         which no hash covers, must leave what is believed untouched, or be malformed: there one bit
//         of each byte is flipped.
import { xdr } from "@stellar/stellar-sdk/base";
import { describe, expect, it } from "vitest";
import { type VerifiedLedger, verifyLedger } from "../../src/ledger/verify-ledger.ts";
import { isAceError } from "../../src/lib/errors.ts";
import { EMPTY_VALUE_STREAM, ledgersOf, miniLake, TESTNET } from "../fixtures/stellar-data.ts";

type Region = "header" | "set" | "results" | "metadata";

const named: Readonly<Record<Region, RegExp>> = {
  header: /the header hash should be/,
  // Under the empty value no hash covers the set, but it still names the ledger before.
  set: /the (transaction set hash|previous header hash inside the transaction set) should be/,
  results: /the result hash should be/,
  metadata: /^$/,
};

/** The real ledgers that are small enough to have each of their bits flipped. */
const [, , smallest = new Uint8Array()] = miniLake();
const [emptyValue = new Uint8Array()] = ledgersOf(EMPTY_VALUE_STREAM);

describe.each([
  ["testnet ledger 999", smallest, TESTNET],
  ["the ledger of CAP-83", emptyValue, "(V) (;,,;) (V)"],
])("%s", (_what, raw, passphrase) => {
  const believed = outcome(raw, passphrase);
  const regions = regionsOf(raw);

  it.each(["header", "set", "results", "metadata"] as const)(
    "has no bit of its %s that can be flipped unnoticed",
    (region) => {
      const wrong = flips(raw, (offset) => regions[offset] === region, region === "metadata")
        .map(({ bytes, offset }) => ({ offset, found: outcome(bytes, passphrase) }))
        .filter(({ found }) => !isRight(region, found, believed))
        .map(({ offset, found }) => `byte ${offset}: ${found}`);
      expect([...wrong.take(5)]).toEqual([]);
    },
  );

  it("consists of all that", () => {
    expect(new Set(regions)).toContain("header");
    expect(regions).toHaveLength(raw.length);
  });
});

/** The ledger with one bit flipped, once for each bit of the bytes asked for, or once for each byte. */
function* flips(raw: Uint8Array, isAsked: (offset: number) => boolean, isOneOfByte: boolean) {
  for (let place = 0; place < raw.length * 8; place += 1) {
    const [offset, bit] = [place >> 3, place & 7];
    if (!isAsked(offset) || (isOneOfByte && bit !== offset % 8)) continue;
    const bytes = Uint8Array.from(raw);
    bytes[offset] = (bytes[offset] ?? 0) ^ (1 << bit);
    yield { bytes, offset };
  }
}

function isRight(region: Region, found: string, believed: string): boolean {
  if (/^LEDGER_(MALFORMED|PROTOCOL_UNKNOWN) /.test(found)) return true;
  if (region === "metadata") return found === believed;
  return found.startsWith("LEDGER_HASH_MISMATCH ") && named[region].test(found);
}

/** All that is believed of a ledger, as text; or the refusal. */
function outcome(raw: Uint8Array, passphrase: string): string {
  try {
    return facts(verifyLedger(raw, { passphrase }));
  } catch (error) {
    if (isAceError(error)) return `${error.code} ${error.message}`;
    throw error;
  }
}

function facts(ledger: VerifiedLedger): string {
  const transactions = ledger.transactions.map(
    ({ hash, envelope, result }) => `${hash} ${envelope.toHex()} ${result.toHex()}`,
  );
  const { sequence, hash, headerBytes, setBytes } = ledger;
  return [sequence, hash, headerBytes.toHex(), setBytes.toHex(), ...transactions].join(" ");
}

/** What each byte of the ledger belongs to. */
function regionsOf(raw: Uint8Array): readonly Region[] {
  const meta = xdr.LedgerCloseMeta.fromXdr(raw);
  const body = meta.type === "v0" ? meta.v0 : meta.type === "v1" ? meta.v1 : meta.v2;
  const regions = Array.from<unknown, Region>(raw, () => "metadata");
  const parts: readonly (readonly [Region, Uint8Array])[] = [
    ["header", body.ledgerHeader.toXdr()],
    ["set", body.txSet.toXdr()],
    ...body.txProcessing.map(({ result }) => ["results", result.toXdr()] as const),
  ];
  let from = 0;
  for (const [region, bytes] of parts) {
    const start = Buffer.from(raw).indexOf(bytes, from);
    expect(start).toBeGreaterThanOrEqual(from);
    regions.fill(region, start, start + bytes.length);
    from = start + bytes.length;
  }
  return regions;
}

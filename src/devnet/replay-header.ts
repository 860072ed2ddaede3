/**
 * What a replay keeps of ledger headers: the rules in force, and the fee pool. Nothing of it is the
 * archive's but the upgrades that its validators agreed on.
 *
 * Errors  `LEDGER_MALFORMED` for an upgrade that does not decode.
 */
import { xdr } from "@stellar/stellar-sdk/base";
import { AceError } from "../lib/errors.ts";
import { TOTAL_COINS } from "./header.ts";
import { upgraded } from "./upgrades.ts";

/** The rules of protocol 0 and the reserve of 2014: what every public network began with. */
const GENESIS = { ledgerVersion: 0, baseFee: 100, baseReserve: 100_000_000, maxTxSetSize: 100 };
const HASH_BYTES = 32;
/** Upgrades that concern contracts alone. */
const CONTRACT_UPGRADES: readonly string[] = [
  "ledgerUpgradeConfig",
  "ledgerUpgradeMaxSorobanTxSetSize",
];

/** Upgrades come last: a ledger's transactions go by the rules of the ledger before. */
export function nextHeader(
  previous: xdr.LedgerHeader,
  { ledgerSeq, scpValue }: xdr.LedgerHeader,
  fees: bigint,
): xdr.LedgerHeader {
  return scpValue.upgrades
    .map(readUpgrade)
    .filter(({ type }) => !CONTRACT_UPGRADES.includes(type))
    .reduce(
      upgraded,
      new xdr.LedgerHeader({ ...previous, ledgerSeq, feePool: previous.feePool + fees }),
    );
}

export function genesisHeader(): xdr.LedgerHeader {
  const none = new Uint8Array(HASH_BYTES);
  return new xdr.LedgerHeader({
    ...GENESIS,
    previousLedgerHash: none,
    scpValue: new xdr.StellarValue({
      txSetHash: none,
      closeTime: 0n,
      upgrades: [],
      ext: xdr.StellarValueExt.stellarValueBasic(),
    }),
    txSetResultHash: none,
    bucketListHash: none,
    ledgerSeq: 1,
    totalCoins: TOTAL_COINS,
    feePool: 0n,
    inflationSeq: 0,
    idPool: 0n,
    skipList: [none, none, none, none],
    ext: xdr.LedgerHeaderExt.v0(),
  });
}

function readUpgrade(upgrade: xdr.UpgradeType): xdr.LedgerUpgrade {
  try {
    return xdr.LedgerUpgrade.fromXdr(upgrade.toBytes());
  } catch (cause) {
    throw new AceError("LEDGER_MALFORMED", "an upgrade does not decode", { cause });
  }
}

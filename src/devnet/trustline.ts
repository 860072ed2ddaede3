/**
 * Trustlines: their flags, what they may spend and receive, and their nested extensions.
 *
 * Units   Stroops.
 * Source  Stellar-ledger-entries.x (TrustLineEntry); stellar-core, TransactionUtils.cpp.
 */
import { xdr } from "@stellar/stellar-sdk/base";
import type { LedgerState } from "./state.ts";

export const AUTHORIZED = 1;
/** Offers stay and pool shares too, but nothing moves. */
export const MAINTAINS_LIABILITIES = 2;
export const LINE_CLAWBACK_ENABLED = 4;

type TrustlineFields = ConstructorParameters<typeof xdr.TrustLineEntry>[0];

export interface TrustlineExtension {
  readonly liabilities: xdr.Liabilities;
  /** How many pool-share lines of this account rest on this line. */
  readonly liquidityPoolUseCount: number;
}

const NO_LIABILITIES = new xdr.Liabilities({ buying: 0n, selling: 0n });

export function isAuthorized({ flags }: xdr.TrustLineEntry): boolean {
  return (flags & AUTHORIZED) !== 0;
}

export function maintainsLiabilities(flags: number): boolean {
  return (flags & (AUTHORIZED | MAINTAINS_LIABILITIES)) !== 0;
}

export function lineExtensionOf({ ext }: xdr.TrustLineEntry): TrustlineExtension {
  if (ext.type !== "v1") return { liabilities: NO_LIABILITIES, liquidityPoolUseCount: 0 };
  const { liabilities, ext: inner } = ext.v1;
  const liquidityPoolUseCount = inner.type === "v2" ? inner.v2.liquidityPoolUseCount : 0;
  return { liabilities, liquidityPoolUseCount };
}

export function availableOnLine(line: xdr.TrustLineEntry): bigint {
  return line.balance - lineExtensionOf(line).liabilities.selling;
}

export function receivableOnLine(line: xdr.TrustLineEntry): bigint {
  return line.limit - line.balance - lineExtensionOf(line).liabilities.buying;
}

/** The line with `amount` more, or less; undefined when it cannot. Authorization is not asked. */
export function addToLine(
  line: xdr.TrustLineEntry,
  amount: bigint,
): xdr.TrustLineEntry | undefined {
  const isPossible =
    amount < 0n ? availableOnLine(line) >= -amount : receivableOnLine(line) >= amount;
  return isPossible ? changeLine(line, { balance: line.balance + amount }) : undefined;
}

export function changeLine(
  line: xdr.TrustLineEntry,
  changes: Partial<TrustlineFields>,
): xdr.TrustLineEntry {
  return new xdr.TrustLineEntry({ ...line, ...changes });
}

/** A line has no more extensions than its changes asked for, and one once there stays. */
export function extendLine(
  line: xdr.TrustLineEntry,
  changes: Partial<TrustlineExtension>,
): xdr.TrustLineEntry {
  const wanted = { ...lineExtensionOf(line), ...changes };
  const hasPoolCount = line.ext.type === "v1" && line.ext.v1.ext.type === "v2";
  const v2 = new xdr.TrustLineEntryExtensionV2({
    liquidityPoolUseCount: wanted.liquidityPoolUseCount,
    ext: xdr.TrustLineEntryExtensionV2Ext.v0(),
  });
  const v1 = new xdr.TrustLineEntryV1({
    liabilities: wanted.liabilities,
    ext:
      hasPoolCount || changes.liquidityPoolUseCount !== undefined
        ? xdr.TrustLineEntryV1Ext.v2(v2)
        : xdr.TrustLineEntryV1Ext.v0(),
  });
  return changeLine(line, { ext: xdr.TrustLineEntryExt.v1(v1) });
}

export function writeLine(state: LedgerState, line: xdr.TrustLineEntry): void {
  state.write(xdr.LedgerEntryData.trustline(line));
}

/**
 * Accounts: a new one, a changed one, and the counters that XDR keeps in nested extensions.
 *
 * Source  Stellar-ledger-entries.x (AccountEntry and its extensions v1 to v3).
 */
import { xdr } from "@stellar/stellar-sdk/base";
import type { LedgerState } from "./state.ts";

type AccountFields = ConstructorParameters<typeof xdr.AccountEntry>[0];

export interface AccountExtension {
  readonly liabilities: xdr.Liabilities;
  readonly numSponsored: number;
  readonly numSponsoring: number;
  /** One for each signer, once the account has this extension. */
  readonly signerSponsors: readonly (xdr.PublicKey | null)[];
  /** The ledger and time of the last change of the sequence number; undefined before any. */
  readonly sequenceChange: { readonly ledger: number; readonly time: bigint } | undefined;
}

const SEQUENCE_SHIFT = 32n;
const NO_LIABILITIES = new xdr.Liabilities({ buying: 0n, selling: 0n });
const MASTER_ONLY = Uint8Array.of(1, 0, 0, 0);

/** A new account's sequence number: it can never meet one of an earlier account of this key. */
export function startingSequence(ledgerSequence: number): bigint {
  return BigInt(ledgerSequence) << SEQUENCE_SHIFT;
}

export function newAccount(
  accountId: xdr.PublicKey,
  balance: bigint,
  seqNum: bigint,
): xdr.AccountEntry {
  return new xdr.AccountEntry({
    accountId,
    balance,
    seqNum,
    numSubEntries: 0,
    inflationDest: null,
    flags: 0,
    homeDomain: "",
    thresholds: MASTER_ONLY,
    signers: [],
    ext: xdr.AccountEntryExt.v0(),
  });
}

export function changeAccount(
  account: xdr.AccountEntry,
  changes: Partial<AccountFields>,
): xdr.AccountEntry {
  return new xdr.AccountEntry({ ...account, ...changes });
}

export function writeAccount(state: LedgerState, account: xdr.AccountEntry): void {
  state.write(xdr.LedgerEntryData.account(account));
}

export function extensionOf(account: xdr.AccountEntry): AccountExtension {
  const v1 = account.ext.type === "v1" ? account.ext.v1 : undefined;
  const v2 = v1?.ext.type === "v2" ? v1.ext.v2 : undefined;
  const v3 = v2?.ext.type === "v3" ? v2.ext.v3 : undefined;
  return {
    liabilities: v1?.liabilities ?? NO_LIABILITIES,
    numSponsored: v2?.numSponsored ?? 0,
    numSponsoring: v2?.numSponsoring ?? 0,
    signerSponsors: v2?.signerSponsoringIDs ?? account.signers.map(() => null),
    sequenceChange: v3 === undefined ? undefined : { ledger: v3.seqLedger, time: v3.seqTime },
  };
}

/**
 * Extensions nest, and an account has no more of them than its changes asked for so far. One once
 * there stays: stellar-core never takes it away again.
 */
export function extendAccount(
  account: xdr.AccountEntry,
  changes: Partial<AccountExtension>,
): xdr.AccountEntry {
  const depth = Math.max(depthOf(account), ...depthsAskedFor(changes));
  const wanted = { ...extensionOf(account), ...changes };
  const v2 = (): xdr.AccountEntryExtensionV2 =>
    new xdr.AccountEntryExtensionV2({
      numSponsored: wanted.numSponsored,
      numSponsoring: wanted.numSponsoring,
      signerSponsoringIDs: [...wanted.signerSponsors],
      ext: sequenceExtension(wanted.sequenceChange),
    });
  const v1 = new xdr.AccountEntryExtensionV1({
    liabilities: wanted.liabilities,
    ext: depth > 1 ? xdr.AccountEntryExtensionV1Ext.v2(v2()) : xdr.AccountEntryExtensionV1Ext.v0(),
  });
  return changeAccount(account, { ext: xdr.AccountEntryExt.v1(v1) });
}

/** Writes a new sequence number, and when that was: preconditions ask for it (CAP-21). */
export function sequenceAccount(
  state: LedgerState,
  account: xdr.AccountEntry,
  seqNum: bigint,
  { sequence: ledger, closeTime: time }: { readonly sequence: number; readonly closeTime: bigint },
): void {
  const sequenced = changeAccount(account, { seqNum });
  writeAccount(state, extendAccount(sequenced, { sequenceChange: { ledger, time } }));
}

/** Signers in the ledger's order, and beside each its sponsor where the account keeps them. */
export function withSigners(
  account: xdr.AccountEntry,
  signers: xdr.Signer[],
  signerSponsors: readonly (xdr.PublicKey | null)[],
): xdr.AccountEntry {
  const changed = changeAccount(account, { signers });
  const keepsSponsors = account.ext.type === "v1" && account.ext.v1.ext.type === "v2";
  return keepsSponsors ? extendAccount(changed, { signerSponsors }) : changed;
}

function depthOf({ ext }: xdr.AccountEntry): number {
  if (ext.type !== "v1") return 0;
  return ext.v1.ext.type === "v2" ? 2 : 1;
}

function depthsAskedFor(changes: Partial<AccountExtension>): readonly number[] {
  return Object.keys(changes).map((name) => (name === "liabilities" ? 1 : 2));
}

function sequenceExtension(
  change: AccountExtension["sequenceChange"],
): xdr.AccountEntryExtensionV2Ext {
  if (change === undefined) return xdr.AccountEntryExtensionV2Ext.v0();
  return xdr.AccountEntryExtensionV2Ext.v3(
    new xdr.AccountEntryExtensionV3({
      ext: xdr.ExtensionPoint.v0(),
      seqLedger: change.ledger,
      seqTime: change.time,
    }),
  );
}

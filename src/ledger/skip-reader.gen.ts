/**
 * Skip functions: each walks over one XDR value without building it and answers where it ends.
 *
 * Made by `npm run generate` from the SDK's schemas; never changed by hand.
 *
 * Range   Nested at most `DEPTH_MAX`, counted as the SDK counts.
 * Errors  `RangeError` naming the offset, for whatever the SDK's decoder would refuse.
 */
const DEPTH_MAX = 400;

function refuse(o: number, what: string): never {
  throw new RangeError(`XDR at byte ${o}: ${what}`);
}

function tooDeep(o: number): never {
  refuse(o, "nested too deeply");
}

function unknown(v: DataView, o: number, type: string): never {
  refuse(o, `${type} knows no ${v.getInt32(o)}`);
}

function within(v: DataView, o: number): number {
  if (o > v.byteLength) refuse(v.byteLength, "the value is cut off");
  return o;
}

function flag(v: DataView, o: number): number {
  const value = v.getUint32(o);
  if (value > 1) refuse(o, "a flag is neither 0 nor 1");
  return value;
}

function range(v: DataView, o: number, first: number, last: number, type: string): void {
  const value = v.getInt32(o);
  if (value < first || value > last) unknown(v, o, type);
}

/** Elements of an array whose size varies; each has at least one byte. */
function count(v: DataView, o: number, max: number): number {
  const length = v.getUint32(o);
  if (length > max || length > v.byteLength - o) refuse(o, "an array is too long");
  return length;
}

/** An array whose elements are all of `size` bytes. */
function items(v: DataView, o: number, max: number, size: number): number {
  const length = v.getUint32(o);
  if (length > max || length * size > v.byteLength - o - 4) refuse(o, "an array is too long");
  return o + 4 + length * size;
}

function bytes(v: DataView, o: number, max: number): number {
  const length = v.getUint32(o);
  if (length > max || length > v.byteLength - o - 4) refuse(o, "bytes are too long");
  const end = o + 4 + length;
  const over = length & 3;
  if (over === 0) return end;
  const padded = end + 4 - over;
  // The last word holds what is over, then zeros.
  if ((v.getUint32(padded - 4) << (over * 8)) !== 0) refuse(o, "padding is not zero");
  return padded;
}

export function skipExtensionPoint(v: DataView, offset: number): number {
  let o = offset;
  o = overExtensionPoint(v, o);
  return within(v, o);
}

export function skipFeeBumpTransaction(v: DataView, offset: number): number {
  const d = 0;
  let o = offset;
  o = overFeeBumpTransaction(v, o, d);
  return within(v, o);
}

export function skipLedgerCloseMeta(v: DataView, offset: number): number {
  const d = 0;
  let o = offset;
  o = overLedgerCloseMeta(v, o, d);
  return within(v, o);
}

export function skipLedgerCloseMetaBatch(v: DataView, offset: number): number {
  const d = 0;
  let o = offset;
  o = overLedgerCloseMetaBatch(v, o, d);
  return within(v, o);
}

export function skipLedgerCloseMetaExt(v: DataView, offset: number): number {
  let o = offset;
  o = overLedgerCloseMetaExt(v, o);
  return within(v, o);
}

export function skipLedgerHeader(v: DataView, offset: number): number {
  let o = offset;
  o = overLedgerHeader(v, o);
  return within(v, o);
}

export function skipLedgerHeaderHistoryEntry(v: DataView, offset: number): number {
  let o = offset;
  o = overLedgerHeaderHistoryEntry(v, o);
  return within(v, o);
}

export function skipLedgerHeaderHistoryEntryExt(v: DataView, offset: number): number {
  let o = offset;
  o = overLedgerHeaderHistoryEntryExt(v, o);
  return within(v, o);
}

export function skipScpEnvelope(v: DataView, offset: number): number {
  let o = offset;
  o = overScpEnvelope(v, o);
  return within(v, o);
}

export function skipScpHistoryEntry(v: DataView, offset: number): number {
  const d = 0;
  let o = offset;
  o = overScpHistoryEntry(v, o, d);
  return within(v, o);
}

export function skipScpQuorumSet(v: DataView, offset: number): number {
  const d = 0;
  let o = offset;
  o = overScpQuorumSet(v, o, d);
  return within(v, o);
}

export function skipScpStatement(v: DataView, offset: number): number {
  let o = offset;
  o = overScpStatement(v, o);
  return within(v, o);
}

export function skipStellarValue(v: DataView, offset: number): number {
  let o = offset;
  o = overStellarValue(v, o);
  return within(v, o);
}

export function skipTransaction(v: DataView, offset: number): number {
  const d = 0;
  let o = offset;
  o = overTransaction(v, o, d);
  return within(v, o);
}

export function skipTransactionEnvelope(v: DataView, offset: number): number {
  const d = 0;
  let o = offset;
  o = overTransactionEnvelope(v, o, d);
  return within(v, o);
}

export function skipTransactionHistoryEntry(v: DataView, offset: number): number {
  const d = 0;
  let o = offset;
  o = overTransactionHistoryEntry(v, o, d);
  return within(v, o);
}

export function skipTransactionHistoryResultEntry(v: DataView, offset: number): number {
  let o = offset;
  o = overTransactionHistoryResultEntry(v, o);
  return within(v, o);
}

export function skipTransactionHistoryResultEntryExt(v: DataView, offset: number): number {
  let o = offset;
  o = overTransactionHistoryResultEntryExt(v, o);
  return within(v, o);
}

export function skipTransactionResultPair(v: DataView, offset: number): number {
  let o = offset;
  o = overTransactionResultPair(v, o);
  return within(v, o);
}

export function skipTransactionV0(v: DataView, offset: number): number {
  const d = 0;
  let o = offset;
  o = overTransactionV0(v, o, d);
  return within(v, o);
}

export function skipLedgerCloseMetaV0FromUpgradesProcessing(v: DataView, offset: number): number {
  const d = 0;
  let o = offset;
  for (let n = count(v, o, 4294967295), i = (o += 4, 0); i < n; i += 1) {
    o = overUpgradeEntryMeta(v, o, d + 2);
  }
  for (let n = count(v, o, 4294967295), i = (o += 4, 0); i < n; i += 1) {
    o = overScpHistoryEntry(v, o, d + 2);
  }
  return within(v, o);
}

export function skipLedgerCloseMetaV1FromUpgradesProcessing(v: DataView, offset: number): number {
  const d = 0;
  let o = offset;
  for (let n = count(v, o, 4294967295), i = (o += 4, 0); i < n; i += 1) {
    o = overUpgradeEntryMeta(v, o, d + 2);
  }
  for (let n = count(v, o, 4294967295), i = (o += 4, 0); i < n; i += 1) {
    o = overScpHistoryEntry(v, o, d + 2);
  }
  o += 8;
  for (let n = count(v, o, 4294967295), i = (o += 4, 0); i < n; i += 1) {
    o = overLedgerKey(v, o, d + 2);
  }
  for (let n = count(v, o, 4294967295), i = (o += 4, 0); i < n; i += 1) {
    o = overLedgerEntry(v, o, d + 2);
  }
  return within(v, o);
}

export function skipLedgerCloseMetaV2FromUpgradesProcessing(v: DataView, offset: number): number {
  const d = 0;
  let o = offset;
  for (let n = count(v, o, 4294967295), i = (o += 4, 0); i < n; i += 1) {
    o = overUpgradeEntryMeta(v, o, d + 2);
  }
  for (let n = count(v, o, 4294967295), i = (o += 4, 0); i < n; i += 1) {
    o = overScpHistoryEntry(v, o, d + 2);
  }
  o += 8;
  for (let n = count(v, o, 4294967295), i = (o += 4, 0); i < n; i += 1) {
    o = overLedgerKey(v, o, d + 2);
  }
  return within(v, o);
}

export function skipTransactionResultMetaFromFeeProcessing(v: DataView, offset: number): number {
  const d = 0;
  let o = offset;
  for (let n = count(v, o, 4294967295), i = (o += 4, 0); i < n; i += 1) {
    o = overLedgerEntryChange(v, o, d + 2);
  }
  o = overTransactionMeta(v, o, d + 1);
  return within(v, o);
}

export function skipTransactionResultMetaV1FromFeeProcessing(v: DataView, offset: number): number {
  const d = 0;
  let o = offset;
  for (let n = count(v, o, 4294967295), i = (o += 4, 0); i < n; i += 1) {
    o = overLedgerEntryChange(v, o, d + 2);
  }
  o = overTransactionMeta(v, o, d + 1);
  for (let n = count(v, o, 4294967295), i = (o += 4, 0); i < n; i += 1) {
    o = overLedgerEntryChange(v, o, d + 2);
  }
  return within(v, o);
}

function overAccountEntry(v: DataView, o: number): number {
  o = overPublicKey(v, o);
  o += 20;
  if (flag(v, o) === 0) o += 4;
  else {
    o += 4;
    o = overPublicKey(v, o);
  }
  o += 4;
  o = bytes(v, o, 32);
  o += 4;
  for (let n = count(v, o, 20), i = (o += 4, 0); i < n; i += 1) {
    o = overSigner(v, o);
  }
  o = overAccountEntryExt(v, o);
  return o;
}

function overAccountEntryExt(v: DataView, o: number): number {
  switch (v.getInt32(o)) {
    case 0:
      o += 4;
      return o;
    case 1:
      o += 4;
      o = overAccountEntryExtensionV1(v, o);
      return o;
    default:
      unknown(v, o, "AccountEntryExt");
  }
  return o;
}

function overAccountEntryExtensionV1(v: DataView, o: number): number {
  o += 16;
  o = overAccountEntryExtensionV1Ext(v, o);
  return o;
}

function overAccountEntryExtensionV1Ext(v: DataView, o: number): number {
  switch (v.getInt32(o)) {
    case 0:
      o += 4;
      return o;
    case 2:
      o += 4;
      o = overAccountEntryExtensionV2(v, o);
      return o;
    default:
      unknown(v, o, "AccountEntryExtensionV1Ext");
  }
  return o;
}

function overAccountEntryExtensionV2(v: DataView, o: number): number {
  o += 8;
  for (let n = count(v, o, 20), i = (o += 4, 0); i < n; i += 1) {
    if (flag(v, o) === 0) o += 4;
    else {
      o += 4;
      o = overPublicKey(v, o);
    }
  }
  o = overAccountEntryExtensionV2Ext(v, o);
  return o;
}

function overAccountEntryExtensionV2Ext(v: DataView, o: number): number {
  switch (v.getInt32(o)) {
    case 0:
      o += 4;
      return o;
    case 3:
      o += 4;
      o = overAccountEntryExtensionV3(v, o);
      return o;
    default:
      unknown(v, o, "AccountEntryExtensionV2Ext");
  }
  return o;
}

function overAccountEntryExtensionV3(v: DataView, o: number): number {
  o = overExtensionPoint(v, o);
  o += 12;
  return o;
}

function overAccountMergeResult(v: DataView, o: number): number {
  switch (v.getInt32(o)) {
    case 0:
      o += 4;
      o += 8;
      return o;
    case -1:
    case -2:
    case -3:
    case -4:
    case -5:
    case -6:
    case -7:
      o += 4;
      return o;
    default:
      unknown(v, o, "AccountMergeResult");
  }
  return o;
}

function overAllowTrustOp(v: DataView, o: number): number {
  o = overPublicKey(v, o);
  o = overAssetCode(v, o);
  o += 4;
  return o;
}

function overAllowTrustResult(v: DataView, o: number): number {
  switch (v.getInt32(o)) {
    case 0:
    case -1:
    case -2:
    case -3:
    case -4:
    case -5:
    case -6:
      o += 4;
      return o;
    default:
      unknown(v, o, "AllowTrustResult");
  }
  return o;
}

function overAlphaNum12(v: DataView, o: number): number {
  o += 12;
  o = overPublicKey(v, o);
  return o;
}

function overAlphaNum4(v: DataView, o: number): number {
  o += 4;
  o = overPublicKey(v, o);
  return o;
}

function overAsset(v: DataView, o: number): number {
  switch (v.getInt32(o)) {
    case 0:
      o += 4;
      return o;
    case 1:
      o += 4;
      o = overAlphaNum4(v, o);
      return o;
    case 2:
      o += 4;
      o = overAlphaNum12(v, o);
      return o;
    default:
      unknown(v, o, "Asset");
  }
  return o;
}

function overAssetCode(v: DataView, o: number): number {
  switch (v.getInt32(o)) {
    case 1:
      o += 4;
      o += 4;
      return o;
    case 2:
      o += 4;
      o += 12;
      return o;
    default:
      unknown(v, o, "AssetCode");
  }
  return o;
}

function overBeginSponsoringFutureReservesOp(v: DataView, o: number): number {
  o = overPublicKey(v, o);
  return o;
}

function overBeginSponsoringFutureReservesResult(v: DataView, o: number): number {
  switch (v.getInt32(o)) {
    case 0:
    case -1:
    case -2:
    case -3:
      o += 4;
      return o;
    default:
      unknown(v, o, "BeginSponsoringFutureReservesResult");
  }
  return o;
}

function overBumpSequenceResult(v: DataView, o: number): number {
  switch (v.getInt32(o)) {
    case 0:
    case -1:
      o += 4;
      return o;
    default:
      unknown(v, o, "BumpSequenceResult");
  }
  return o;
}

function overChangeTrustAsset(v: DataView, o: number): number {
  switch (v.getInt32(o)) {
    case 0:
      o += 4;
      return o;
    case 1:
      o += 4;
      o = overAlphaNum4(v, o);
      return o;
    case 2:
      o += 4;
      o = overAlphaNum12(v, o);
      return o;
    case 3:
      o += 4;
      o = overLiquidityPoolParameters(v, o);
      return o;
    default:
      unknown(v, o, "ChangeTrustAsset");
  }
  return o;
}

function overChangeTrustOp(v: DataView, o: number): number {
  o = overChangeTrustAsset(v, o);
  o += 8;
  return o;
}

function overChangeTrustResult(v: DataView, o: number): number {
  switch (v.getInt32(o)) {
    case 0:
    case -1:
    case -2:
    case -3:
    case -4:
    case -5:
    case -6:
    case -7:
    case -8:
      o += 4;
      return o;
    default:
      unknown(v, o, "ChangeTrustResult");
  }
  return o;
}

function overClaimAtom(v: DataView, o: number): number {
  switch (v.getInt32(o)) {
    case 0:
      o += 4;
      o = overClaimOfferAtomV0(v, o);
      return o;
    case 1:
      o += 4;
      o = overClaimOfferAtom(v, o);
      return o;
    case 2:
      o += 4;
      o = overClaimLiquidityAtom(v, o);
      return o;
    default:
      unknown(v, o, "ClaimAtom");
  }
  return o;
}

function overClaimClaimableBalanceOp(v: DataView, o: number): number {
  o = overClaimableBalanceId(v, o);
  return o;
}

function overClaimClaimableBalanceResult(v: DataView, o: number): number {
  switch (v.getInt32(o)) {
    case 0:
    case -1:
    case -2:
    case -3:
    case -4:
    case -5:
    case -6:
      o += 4;
      return o;
    default:
      unknown(v, o, "ClaimClaimableBalanceResult");
  }
  return o;
}

function overClaimLiquidityAtom(v: DataView, o: number): number {
  o += 32;
  o = overAsset(v, o);
  o += 8;
  o = overAsset(v, o);
  o += 8;
  return o;
}

function overClaimOfferAtom(v: DataView, o: number): number {
  o = overPublicKey(v, o);
  o += 8;
  o = overAsset(v, o);
  o += 8;
  o = overAsset(v, o);
  o += 8;
  return o;
}

function overClaimOfferAtomV0(v: DataView, o: number): number {
  o += 40;
  o = overAsset(v, o);
  o += 8;
  o = overAsset(v, o);
  o += 8;
  return o;
}

function overClaimPredicate(v: DataView, o: number, d: number): number {
  if (d >= DEPTH_MAX) tooDeep(o);
  switch (v.getInt32(o)) {
    case 0:
      o += 4;
      return o;
    case 1:
    case 2:
      o += 4;
      for (let n = count(v, o, 2), i = (o += 4, 0); i < n; i += 1) {
        o = overClaimPredicate(v, o, d + 3);
      }
      return o;
    case 3:
      o += 4;
      if (flag(v, o) === 0) o += 4;
      else {
        o += 4;
        o = overClaimPredicate(v, o, d + 3);
      }
      return o;
    case 4:
    case 5:
      o += 4;
      o += 8;
      return o;
    default:
      unknown(v, o, "ClaimPredicate");
  }
  return o;
}

function overClaimableBalanceEntry(v: DataView, o: number, d: number): number {
  o = overClaimableBalanceId(v, o);
  for (let n = count(v, o, 10), i = (o += 4, 0); i < n; i += 1) {
    o = overClaimant(v, o, d + 2);
  }
  o = overAsset(v, o);
  o += 8;
  o = overClaimableBalanceEntryExt(v, o);
  return o;
}

function overClaimableBalanceEntryExt(v: DataView, o: number): number {
  switch (v.getInt32(o)) {
    case 0:
      o += 4;
      return o;
    case 1:
      o += 4;
      o = overClaimableBalanceEntryExtensionV1(v, o);
      return o;
    default:
      unknown(v, o, "ClaimableBalanceEntryExt");
  }
  return o;
}

function overClaimableBalanceEntryExtensionV1(v: DataView, o: number): number {
  o = overClaimableBalanceEntryExtensionV1Ext(v, o);
  o += 4;
  return o;
}

function overClaimableBalanceEntryExtensionV1Ext(v: DataView, o: number): number {
  switch (v.getInt32(o)) {
    case 0:
      o += 4;
      return o;
    default:
      unknown(v, o, "ClaimableBalanceEntryExtensionV1Ext");
  }
  return o;
}

function overClaimableBalanceId(v: DataView, o: number): number {
  switch (v.getInt32(o)) {
    case 0:
      o += 4;
      o += 32;
      return o;
    default:
      unknown(v, o, "ClaimableBalanceId");
  }
  return o;
}

function overClaimant(v: DataView, o: number, d: number): number {
  switch (v.getInt32(o)) {
    case 0:
      o += 4;
      o = overClaimantV0(v, o, d + 1);
      return o;
    default:
      unknown(v, o, "Claimant");
  }
  return o;
}

function overClaimantV0(v: DataView, o: number, d: number): number {
  o = overPublicKey(v, o);
  o = overClaimPredicate(v, o, d + 1);
  return o;
}

function overClawbackClaimableBalanceOp(v: DataView, o: number): number {
  o = overClaimableBalanceId(v, o);
  return o;
}

function overClawbackClaimableBalanceResult(v: DataView, o: number): number {
  switch (v.getInt32(o)) {
    case 0:
    case -1:
    case -2:
    case -3:
      o += 4;
      return o;
    default:
      unknown(v, o, "ClawbackClaimableBalanceResult");
  }
  return o;
}

function overClawbackOp(v: DataView, o: number): number {
  o = overAsset(v, o);
  o = overMuxedAccount(v, o);
  o += 8;
  return o;
}

function overClawbackResult(v: DataView, o: number): number {
  switch (v.getInt32(o)) {
    case 0:
    case -1:
    case -2:
    case -3:
    case -4:
      o += 4;
      return o;
    default:
      unknown(v, o, "ClawbackResult");
  }
  return o;
}

function overConfigSettingEntry(v: DataView, o: number): number {
  switch (v.getInt32(o)) {
    case 0:
    case 8:
    case 9:
    case 11:
    case 14:
      o += 4;
      o += 4;
      return o;
    case 1:
      o += 4;
      o += 28;
      return o;
    case 2:
      o += 4;
      o += 84;
      return o;
    case 3:
      o += 4;
      o += 8;
      return o;
    case 4:
    case 15:
      o += 4;
      o += 12;
      return o;
    case 5:
      o += 4;
      o += 16;
      return o;
    case 6:
    case 7:
      o += 4;
      for (let n = count(v, o, 1024), i = (o += 4, 0); i < n; i += 1) {
        o = overContractCostParamEntry(v, o);
      }
      return o;
    case 10:
      o += 4;
      o += 48;
      return o;
    case 12:
      o += 4;
      o = items(v, o, 4294967295, 8);
      return o;
    case 13:
      o += 4;
      o = overEvictionIterator(v, o);
      return o;
    case 16:
      o += 4;
      o += 20;
      return o;
    case 17:
      o += 4;
      o = overFrozenLedgerKeys(v, o);
      return o;
    case 18:
      o += 4;
      o = overFrozenLedgerKeysDelta(v, o);
      return o;
    case 19:
      o += 4;
      o = overFreezeBypassTxs(v, o);
      return o;
    case 20:
      o += 4;
      o = overFreezeBypassTxsDelta(v, o);
      return o;
    default:
      unknown(v, o, "ConfigSettingEntry");
  }
  return o;
}

function overContractCodeCostInputs(v: DataView, o: number): number {
  o = overExtensionPoint(v, o);
  o += 40;
  return o;
}

function overContractCodeEntry(v: DataView, o: number): number {
  o = overContractCodeEntryExt(v, o);
  o += 32;
  o = bytes(v, o, 4294967295);
  return o;
}

function overContractCodeEntryExt(v: DataView, o: number): number {
  switch (v.getInt32(o)) {
    case 0:
      o += 4;
      return o;
    case 1:
      o += 4;
      o = overContractCodeEntryV1(v, o);
      return o;
    default:
      unknown(v, o, "ContractCodeEntryExt");
  }
  return o;
}

function overContractCodeEntryV1(v: DataView, o: number): number {
  o = overExtensionPoint(v, o);
  o = overContractCodeCostInputs(v, o);
  return o;
}

function overContractCostParamEntry(v: DataView, o: number): number {
  o = overExtensionPoint(v, o);
  o += 16;
  return o;
}

function overContractDataEntry(v: DataView, o: number, d: number): number {
  o = overExtensionPoint(v, o);
  o = overScAddress(v, o);
  o = overScVal(v, o, d + 1);
  range(v, o, 0, 1, "ContractDataDurability");
  o += 4;
  o = overScVal(v, o, d + 1);
  return o;
}

function overContractEvent(v: DataView, o: number, d: number): number {
  o = overExtensionPoint(v, o);
  if (flag(v, o) === 0) o += 4;
  else {
    o += 4;
    o += 32;
  }
  range(v, o, 0, 2, "ContractEventType");
  o += 4;
  o = overContractEventBody(v, o, d + 1);
  return o;
}

function overContractEventBody(v: DataView, o: number, d: number): number {
  switch (v.getInt32(o)) {
    case 0:
      o += 4;
      o = overContractEventV0(v, o, d + 1);
      return o;
    default:
      unknown(v, o, "ContractEventBody");
  }
  return o;
}

function overContractEventV0(v: DataView, o: number, d: number): number {
  for (let n = count(v, o, 4294967295), i = (o += 4, 0); i < n; i += 1) {
    o = overScVal(v, o, d + 2);
  }
  o = overScVal(v, o, d + 1);
  return o;
}

function overContractExecutable(v: DataView, o: number): number {
  switch (v.getInt32(o)) {
    case 0:
      o += 4;
      o += 32;
      return o;
    case 1:
      o += 4;
      return o;
    case 2:
      o += 4;
      o = overContractExecutableExternalRef(v, o);
      return o;
    default:
      unknown(v, o, "ContractExecutable");
  }
  return o;
}

function overContractExecutableExternalRef(v: DataView, o: number): number {
  o = overScAddress(v, o);
  o = bytes(v, o, 4294967295);
  return o;
}

function overContractIdPreimage(v: DataView, o: number): number {
  switch (v.getInt32(o)) {
    case 0:
      o += 4;
      o = overContractIdPreimageFromAddress(v, o);
      return o;
    case 1:
      o += 4;
      o = overAsset(v, o);
      return o;
    default:
      unknown(v, o, "ContractIdPreimage");
  }
  return o;
}

function overContractIdPreimageFromAddress(v: DataView, o: number): number {
  o = overScAddress(v, o);
  o += 32;
  return o;
}

function overCreateAccountOp(v: DataView, o: number): number {
  o = overPublicKey(v, o);
  o += 8;
  return o;
}

function overCreateAccountResult(v: DataView, o: number): number {
  switch (v.getInt32(o)) {
    case 0:
    case -1:
    case -2:
    case -3:
    case -4:
      o += 4;
      return o;
    default:
      unknown(v, o, "CreateAccountResult");
  }
  return o;
}

function overCreateClaimableBalanceOp(v: DataView, o: number, d: number): number {
  o = overAsset(v, o);
  o += 8;
  for (let n = count(v, o, 10), i = (o += 4, 0); i < n; i += 1) {
    o = overClaimant(v, o, d + 2);
  }
  return o;
}

function overCreateClaimableBalanceResult(v: DataView, o: number): number {
  switch (v.getInt32(o)) {
    case 0:
      o += 4;
      o = overClaimableBalanceId(v, o);
      return o;
    case -1:
    case -2:
    case -3:
    case -4:
    case -5:
      o += 4;
      return o;
    default:
      unknown(v, o, "CreateClaimableBalanceResult");
  }
  return o;
}

function overCreateContractArgs(v: DataView, o: number): number {
  o = overContractIdPreimage(v, o);
  o = overContractExecutable(v, o);
  return o;
}

function overCreateContractArgsV2(v: DataView, o: number, d: number): number {
  o = overContractIdPreimage(v, o);
  o = overContractExecutable(v, o);
  for (let n = count(v, o, 4294967295), i = (o += 4, 0); i < n; i += 1) {
    o = overScVal(v, o, d + 2);
  }
  return o;
}

function overCreatePassiveSellOfferOp(v: DataView, o: number): number {
  o = overAsset(v, o);
  o = overAsset(v, o);
  o += 16;
  return o;
}

function overDataEntry(v: DataView, o: number): number {
  o = overPublicKey(v, o);
  o = bytes(v, o, 64);
  o = bytes(v, o, 64);
  o = overDataEntryExt(v, o);
  return o;
}

function overDataEntryExt(v: DataView, o: number): number {
  switch (v.getInt32(o)) {
    case 0:
      o += 4;
      return o;
    default:
      unknown(v, o, "DataEntryExt");
  }
  return o;
}

function overDecoratedSignature(v: DataView, o: number): number {
  o += 4;
  o = bytes(v, o, 64);
  return o;
}

function overDiagnosticEvent(v: DataView, o: number, d: number): number {
  flag(v, o);
  o += 4;
  o = overContractEvent(v, o, d + 1);
  return o;
}

function overEndSponsoringFutureReservesResult(v: DataView, o: number): number {
  switch (v.getInt32(o)) {
    case 0:
    case -1:
      o += 4;
      return o;
    default:
      unknown(v, o, "EndSponsoringFutureReservesResult");
  }
  return o;
}

function overEvictionIterator(v: DataView, o: number): number {
  o += 4;
  flag(v, o);
  o += 4;
  o += 8;
  return o;
}

function overExtendFootprintTtlOp(v: DataView, o: number): number {
  o = overExtensionPoint(v, o);
  o += 4;
  return o;
}

function overExtendFootprintTtlResult(v: DataView, o: number): number {
  switch (v.getInt32(o)) {
    case 0:
    case -1:
    case -2:
    case -3:
      o += 4;
      return o;
    default:
      unknown(v, o, "ExtendFootprintTtlResult");
  }
  return o;
}

function overExtensionPoint(v: DataView, o: number): number {
  switch (v.getInt32(o)) {
    case 0:
      o += 4;
      return o;
    default:
      unknown(v, o, "ExtensionPoint");
  }
  return o;
}

function overFeeBumpTransaction(v: DataView, o: number, d: number): number {
  o = overMuxedAccount(v, o);
  o += 8;
  o = overFeeBumpTransactionInnerTx(v, o, d + 1);
  o = overFeeBumpTransactionExt(v, o);
  return o;
}

function overFeeBumpTransactionEnvelope(v: DataView, o: number, d: number): number {
  o = overFeeBumpTransaction(v, o, d + 1);
  for (let n = count(v, o, 20), i = (o += 4, 0); i < n; i += 1) {
    o = overDecoratedSignature(v, o);
  }
  return o;
}

function overFeeBumpTransactionExt(v: DataView, o: number): number {
  switch (v.getInt32(o)) {
    case 0:
      o += 4;
      return o;
    default:
      unknown(v, o, "FeeBumpTransactionExt");
  }
  return o;
}

function overFeeBumpTransactionInnerTx(v: DataView, o: number, d: number): number {
  switch (v.getInt32(o)) {
    case 2:
      o += 4;
      o = overTransactionV1Envelope(v, o, d + 1);
      return o;
    default:
      unknown(v, o, "FeeBumpTransactionInnerTx");
  }
  return o;
}

function overFreezeBypassTxs(v: DataView, o: number): number {
  o = items(v, o, 4294967295, 32);
  return o;
}

function overFreezeBypassTxsDelta(v: DataView, o: number): number {
  o = items(v, o, 4294967295, 32);
  o = items(v, o, 4294967295, 32);
  return o;
}

function overFrozenLedgerKeys(v: DataView, o: number): number {
  for (let n = count(v, o, 4294967295), i = (o += 4, 0); i < n; i += 1) {
    o = bytes(v, o, 4294967295);
  }
  return o;
}

function overFrozenLedgerKeysDelta(v: DataView, o: number): number {
  for (let n = count(v, o, 4294967295), i = (o += 4, 0); i < n; i += 1) {
    o = bytes(v, o, 4294967295);
  }
  for (let n = count(v, o, 4294967295), i = (o += 4, 0); i < n; i += 1) {
    o = bytes(v, o, 4294967295);
  }
  return o;
}

function overGeneralizedTransactionSet(v: DataView, o: number, d: number): number {
  switch (v.getInt32(o)) {
    case 1:
      o += 4;
      o = overTransactionSetV1(v, o, d + 1);
      return o;
    default:
      unknown(v, o, "GeneralizedTransactionSet");
  }
  return o;
}

function overHostFunction(v: DataView, o: number, d: number): number {
  switch (v.getInt32(o)) {
    case 0:
      o += 4;
      o = overInvokeContractArgs(v, o, d + 1);
      return o;
    case 1:
      o += 4;
      o = overCreateContractArgs(v, o);
      return o;
    case 2:
      o += 4;
      o = bytes(v, o, 4294967295);
      return o;
    case 3:
      o += 4;
      o = overCreateContractArgsV2(v, o, d + 1);
      return o;
    default:
      unknown(v, o, "HostFunction");
  }
  return o;
}

function overInflationPayout(v: DataView, o: number): number {
  o = overPublicKey(v, o);
  o += 8;
  return o;
}

function overInflationResult(v: DataView, o: number): number {
  switch (v.getInt32(o)) {
    case 0:
      o += 4;
      for (let n = count(v, o, 4294967295), i = (o += 4, 0); i < n; i += 1) {
        o = overInflationPayout(v, o);
      }
      return o;
    case -1:
      o += 4;
      return o;
    default:
      unknown(v, o, "InflationResult");
  }
  return o;
}

function overInnerTransactionResult(v: DataView, o: number): number {
  o += 8;
  o = overInnerTransactionResultResult(v, o);
  o = overInnerTransactionResultExt(v, o);
  return o;
}

function overInnerTransactionResultExt(v: DataView, o: number): number {
  switch (v.getInt32(o)) {
    case 0:
      o += 4;
      return o;
    default:
      unknown(v, o, "InnerTransactionResultExt");
  }
  return o;
}

function overInnerTransactionResultPair(v: DataView, o: number): number {
  o += 32;
  o = overInnerTransactionResult(v, o);
  return o;
}

function overInnerTransactionResultResult(v: DataView, o: number): number {
  switch (v.getInt32(o)) {
    case 0:
    case -1:
      o += 4;
      for (let n = count(v, o, 4294967295), i = (o += 4, 0); i < n; i += 1) {
        o = overOperationResult(v, o);
      }
      return o;
    case -2:
    case -3:
    case -4:
    case -5:
    case -6:
    case -7:
    case -8:
    case -9:
    case -10:
    case -11:
    case -12:
    case -14:
    case -15:
    case -16:
    case -17:
    case -18:
      o += 4;
      return o;
    default:
      unknown(v, o, "InnerTransactionResultResult");
  }
  return o;
}

function overInvokeContractArgs(v: DataView, o: number, d: number): number {
  o = overScAddress(v, o);
  o = bytes(v, o, 32);
  for (let n = count(v, o, 4294967295), i = (o += 4, 0); i < n; i += 1) {
    o = overScVal(v, o, d + 2);
  }
  return o;
}

function overInvokeHostFunctionOp(v: DataView, o: number, d: number): number {
  o = overHostFunction(v, o, d + 1);
  for (let n = count(v, o, 4294967295), i = (o += 4, 0); i < n; i += 1) {
    o = overSorobanAuthorizationEntry(v, o, d + 2);
  }
  return o;
}

function overInvokeHostFunctionResult(v: DataView, o: number): number {
  switch (v.getInt32(o)) {
    case 0:
      o += 4;
      o += 32;
      return o;
    case -1:
    case -2:
    case -3:
    case -4:
    case -5:
      o += 4;
      return o;
    default:
      unknown(v, o, "InvokeHostFunctionResult");
  }
  return o;
}

function overLedgerCloseMeta(v: DataView, o: number, d: number): number {
  switch (v.getInt32(o)) {
    case 0:
      o += 4;
      o = overLedgerCloseMetaV0(v, o, d + 1);
      return o;
    case 1:
      o += 4;
      o = overLedgerCloseMetaV1(v, o, d + 1);
      return o;
    case 2:
      o += 4;
      o = overLedgerCloseMetaV2(v, o, d + 1);
      return o;
    default:
      unknown(v, o, "LedgerCloseMeta");
  }
  return o;
}

function overLedgerCloseMetaBatch(v: DataView, o: number, d: number): number {
  o += 8;
  for (let n = count(v, o, 4294967295), i = (o += 4, 0); i < n; i += 1) {
    o = overLedgerCloseMeta(v, o, d + 2);
  }
  return o;
}

function overLedgerCloseMetaExt(v: DataView, o: number): number {
  switch (v.getInt32(o)) {
    case 0:
      o += 4;
      return o;
    case 1:
      o += 4;
      o = overLedgerCloseMetaExtV1(v, o);
      return o;
    default:
      unknown(v, o, "LedgerCloseMetaExt");
  }
  return o;
}

function overLedgerCloseMetaExtV1(v: DataView, o: number): number {
  o = overExtensionPoint(v, o);
  o += 8;
  return o;
}

function overLedgerCloseMetaV0(v: DataView, o: number, d: number): number {
  o = overLedgerHeaderHistoryEntry(v, o);
  o = overTransactionSet(v, o, d + 1);
  for (let n = count(v, o, 4294967295), i = (o += 4, 0); i < n; i += 1) {
    o = overTransactionResultMeta(v, o, d + 2);
  }
  for (let n = count(v, o, 4294967295), i = (o += 4, 0); i < n; i += 1) {
    o = overUpgradeEntryMeta(v, o, d + 2);
  }
  for (let n = count(v, o, 4294967295), i = (o += 4, 0); i < n; i += 1) {
    o = overScpHistoryEntry(v, o, d + 2);
  }
  return o;
}

function overLedgerCloseMetaV1(v: DataView, o: number, d: number): number {
  o = overLedgerCloseMetaExt(v, o);
  o = overLedgerHeaderHistoryEntry(v, o);
  o = overGeneralizedTransactionSet(v, o, d + 1);
  for (let n = count(v, o, 4294967295), i = (o += 4, 0); i < n; i += 1) {
    o = overTransactionResultMeta(v, o, d + 2);
  }
  for (let n = count(v, o, 4294967295), i = (o += 4, 0); i < n; i += 1) {
    o = overUpgradeEntryMeta(v, o, d + 2);
  }
  for (let n = count(v, o, 4294967295), i = (o += 4, 0); i < n; i += 1) {
    o = overScpHistoryEntry(v, o, d + 2);
  }
  o += 8;
  for (let n = count(v, o, 4294967295), i = (o += 4, 0); i < n; i += 1) {
    o = overLedgerKey(v, o, d + 2);
  }
  for (let n = count(v, o, 4294967295), i = (o += 4, 0); i < n; i += 1) {
    o = overLedgerEntry(v, o, d + 2);
  }
  return o;
}

function overLedgerCloseMetaV2(v: DataView, o: number, d: number): number {
  o = overLedgerCloseMetaExt(v, o);
  o = overLedgerHeaderHistoryEntry(v, o);
  o = overGeneralizedTransactionSet(v, o, d + 1);
  for (let n = count(v, o, 4294967295), i = (o += 4, 0); i < n; i += 1) {
    o = overTransactionResultMetaV1(v, o, d + 2);
  }
  for (let n = count(v, o, 4294967295), i = (o += 4, 0); i < n; i += 1) {
    o = overUpgradeEntryMeta(v, o, d + 2);
  }
  for (let n = count(v, o, 4294967295), i = (o += 4, 0); i < n; i += 1) {
    o = overScpHistoryEntry(v, o, d + 2);
  }
  o += 8;
  for (let n = count(v, o, 4294967295), i = (o += 4, 0); i < n; i += 1) {
    o = overLedgerKey(v, o, d + 2);
  }
  return o;
}

function overLedgerCloseValueSignature(v: DataView, o: number): number {
  o = overPublicKey(v, o);
  o = bytes(v, o, 64);
  return o;
}

function overLedgerEntry(v: DataView, o: number, d: number): number {
  o += 4;
  o = overLedgerEntryData(v, o, d + 1);
  o = overLedgerEntryExt(v, o);
  return o;
}

function overLedgerEntryChange(v: DataView, o: number, d: number): number {
  switch (v.getInt32(o)) {
    case 0:
    case 1:
    case 3:
    case 4:
      o += 4;
      o = overLedgerEntry(v, o, d + 1);
      return o;
    case 2:
      o += 4;
      o = overLedgerKey(v, o, d + 1);
      return o;
    default:
      unknown(v, o, "LedgerEntryChange");
  }
  return o;
}

function overLedgerEntryData(v: DataView, o: number, d: number): number {
  switch (v.getInt32(o)) {
    case 0:
      o += 4;
      o = overAccountEntry(v, o);
      return o;
    case 1:
      o += 4;
      o = overTrustLineEntry(v, o);
      return o;
    case 2:
      o += 4;
      o = overOfferEntry(v, o);
      return o;
    case 3:
      o += 4;
      o = overDataEntry(v, o);
      return o;
    case 4:
      o += 4;
      o = overClaimableBalanceEntry(v, o, d + 1);
      return o;
    case 5:
      o += 4;
      o = overLiquidityPoolEntry(v, o);
      return o;
    case 6:
      o += 4;
      o = overContractDataEntry(v, o, d + 1);
      return o;
    case 7:
      o += 4;
      o = overContractCodeEntry(v, o);
      return o;
    case 8:
      o += 4;
      o = overConfigSettingEntry(v, o);
      return o;
    case 9:
      o += 4;
      o += 36;
      return o;
    default:
      unknown(v, o, "LedgerEntryData");
  }
  return o;
}

function overLedgerEntryExt(v: DataView, o: number): number {
  switch (v.getInt32(o)) {
    case 0:
      o += 4;
      return o;
    case 1:
      o += 4;
      o = overLedgerEntryExtensionV1(v, o);
      return o;
    default:
      unknown(v, o, "LedgerEntryExt");
  }
  return o;
}

function overLedgerEntryExtensionV1(v: DataView, o: number): number {
  if (flag(v, o) === 0) o += 4;
  else {
    o += 4;
    o = overPublicKey(v, o);
  }
  o = overLedgerEntryExtensionV1Ext(v, o);
  return o;
}

function overLedgerEntryExtensionV1Ext(v: DataView, o: number): number {
  switch (v.getInt32(o)) {
    case 0:
      o += 4;
      return o;
    default:
      unknown(v, o, "LedgerEntryExtensionV1Ext");
  }
  return o;
}

function overLedgerFootprint(v: DataView, o: number, d: number): number {
  for (let n = count(v, o, 4294967295), i = (o += 4, 0); i < n; i += 1) {
    o = overLedgerKey(v, o, d + 2);
  }
  for (let n = count(v, o, 4294967295), i = (o += 4, 0); i < n; i += 1) {
    o = overLedgerKey(v, o, d + 2);
  }
  return o;
}

function overLedgerHeader(v: DataView, o: number): number {
  o += 36;
  o = overStellarValue(v, o);
  o += 236;
  o = overLedgerHeaderExt(v, o);
  return o;
}

function overLedgerHeaderExt(v: DataView, o: number): number {
  switch (v.getInt32(o)) {
    case 0:
      o += 4;
      return o;
    case 1:
      o += 4;
      o = overLedgerHeaderExtensionV1(v, o);
      return o;
    default:
      unknown(v, o, "LedgerHeaderExt");
  }
  return o;
}

function overLedgerHeaderExtensionV1(v: DataView, o: number): number {
  o += 4;
  o = overLedgerHeaderExtensionV1Ext(v, o);
  return o;
}

function overLedgerHeaderExtensionV1Ext(v: DataView, o: number): number {
  switch (v.getInt32(o)) {
    case 0:
      o += 4;
      return o;
    default:
      unknown(v, o, "LedgerHeaderExtensionV1Ext");
  }
  return o;
}

function overLedgerHeaderHistoryEntry(v: DataView, o: number): number {
  o += 32;
  o = overLedgerHeader(v, o);
  o = overLedgerHeaderHistoryEntryExt(v, o);
  return o;
}

function overLedgerHeaderHistoryEntryExt(v: DataView, o: number): number {
  switch (v.getInt32(o)) {
    case 0:
      o += 4;
      return o;
    default:
      unknown(v, o, "LedgerHeaderHistoryEntryExt");
  }
  return o;
}

function overLedgerKey(v: DataView, o: number, d: number): number {
  switch (v.getInt32(o)) {
    case 0:
      o += 4;
      o = overLedgerKeyAccount(v, o);
      return o;
    case 1:
      o += 4;
      o = overLedgerKeyTrustLine(v, o);
      return o;
    case 2:
      o += 4;
      o = overLedgerKeyOffer(v, o);
      return o;
    case 3:
      o += 4;
      o = overLedgerKeyData(v, o);
      return o;
    case 4:
      o += 4;
      o = overLedgerKeyClaimableBalance(v, o);
      return o;
    case 5:
    case 7:
    case 9:
      o += 4;
      o += 32;
      return o;
    case 6:
      o += 4;
      o = overLedgerKeyContractData(v, o, d + 1);
      return o;
    case 8:
      o += 4;
      o = overLedgerKeyConfigSetting(v, o);
      return o;
    default:
      unknown(v, o, "LedgerKey");
  }
  return o;
}

function overLedgerKeyAccount(v: DataView, o: number): number {
  o = overPublicKey(v, o);
  return o;
}

function overLedgerKeyClaimableBalance(v: DataView, o: number): number {
  o = overClaimableBalanceId(v, o);
  return o;
}

function overLedgerKeyConfigSetting(v: DataView, o: number): number {
  range(v, o, 0, 20, "ConfigSettingId");
  o += 4;
  return o;
}

function overLedgerKeyContractData(v: DataView, o: number, d: number): number {
  o = overScAddress(v, o);
  o = overScVal(v, o, d + 1);
  range(v, o, 0, 1, "ContractDataDurability");
  o += 4;
  return o;
}

function overLedgerKeyData(v: DataView, o: number): number {
  o = overPublicKey(v, o);
  o = bytes(v, o, 64);
  return o;
}

function overLedgerKeyOffer(v: DataView, o: number): number {
  o = overPublicKey(v, o);
  o += 8;
  return o;
}

function overLedgerKeyTrustLine(v: DataView, o: number): number {
  o = overPublicKey(v, o);
  o = overTrustLineAsset(v, o);
  return o;
}

function overLedgerScpMessages(v: DataView, o: number): number {
  o += 4;
  for (let n = count(v, o, 4294967295), i = (o += 4, 0); i < n; i += 1) {
    o = overScpEnvelope(v, o);
  }
  return o;
}

function overLedgerUpgrade(v: DataView, o: number): number {
  switch (v.getInt32(o)) {
    case 1:
    case 2:
    case 3:
    case 4:
    case 5:
    case 7:
      o += 4;
      o += 4;
      return o;
    case 6:
      o += 4;
      o += 64;
      return o;
    default:
      unknown(v, o, "LedgerUpgrade");
  }
  return o;
}

function overLiquidityPoolConstantProductParameters(v: DataView, o: number): number {
  o = overAsset(v, o);
  o = overAsset(v, o);
  o += 4;
  return o;
}

function overLiquidityPoolDepositResult(v: DataView, o: number): number {
  switch (v.getInt32(o)) {
    case 0:
    case -1:
    case -2:
    case -3:
    case -4:
    case -5:
    case -6:
    case -7:
    case -8:
      o += 4;
      return o;
    default:
      unknown(v, o, "LiquidityPoolDepositResult");
  }
  return o;
}

function overLiquidityPoolEntry(v: DataView, o: number): number {
  o += 32;
  o = overLiquidityPoolEntryBody(v, o);
  return o;
}

function overLiquidityPoolEntryBody(v: DataView, o: number): number {
  switch (v.getInt32(o)) {
    case 0:
      o += 4;
      o = overLiquidityPoolEntryConstantProduct(v, o);
      return o;
    default:
      unknown(v, o, "LiquidityPoolEntryBody");
  }
  return o;
}

function overLiquidityPoolEntryConstantProduct(v: DataView, o: number): number {
  o = overLiquidityPoolConstantProductParameters(v, o);
  o += 32;
  return o;
}

function overLiquidityPoolParameters(v: DataView, o: number): number {
  switch (v.getInt32(o)) {
    case 0:
      o += 4;
      o = overLiquidityPoolConstantProductParameters(v, o);
      return o;
    default:
      unknown(v, o, "LiquidityPoolParameters");
  }
  return o;
}

function overLiquidityPoolWithdrawResult(v: DataView, o: number): number {
  switch (v.getInt32(o)) {
    case 0:
    case -1:
    case -2:
    case -3:
    case -4:
    case -5:
    case -6:
      o += 4;
      return o;
    default:
      unknown(v, o, "LiquidityPoolWithdrawResult");
  }
  return o;
}

function overManageBuyOfferOp(v: DataView, o: number): number {
  o = overAsset(v, o);
  o = overAsset(v, o);
  o += 24;
  return o;
}

function overManageBuyOfferResult(v: DataView, o: number): number {
  switch (v.getInt32(o)) {
    case 0:
      o += 4;
      o = overManageOfferSuccessResult(v, o);
      return o;
    case -1:
    case -2:
    case -3:
    case -4:
    case -5:
    case -6:
    case -7:
    case -8:
    case -9:
    case -10:
    case -11:
    case -12:
      o += 4;
      return o;
    default:
      unknown(v, o, "ManageBuyOfferResult");
  }
  return o;
}

function overManageDataOp(v: DataView, o: number): number {
  o = bytes(v, o, 64);
  if (flag(v, o) === 0) o += 4;
  else {
    o += 4;
    o = bytes(v, o, 64);
  }
  return o;
}

function overManageDataResult(v: DataView, o: number): number {
  switch (v.getInt32(o)) {
    case 0:
    case -1:
    case -2:
    case -3:
    case -4:
      o += 4;
      return o;
    default:
      unknown(v, o, "ManageDataResult");
  }
  return o;
}

function overManageOfferSuccessResult(v: DataView, o: number): number {
  for (let n = count(v, o, 4294967295), i = (o += 4, 0); i < n; i += 1) {
    o = overClaimAtom(v, o);
  }
  o = overManageOfferSuccessResultOffer(v, o);
  return o;
}

function overManageOfferSuccessResultOffer(v: DataView, o: number): number {
  switch (v.getInt32(o)) {
    case 0:
    case 1:
      o += 4;
      o = overOfferEntry(v, o);
      return o;
    case 2:
      o += 4;
      return o;
    default:
      unknown(v, o, "ManageOfferSuccessResultOffer");
  }
  return o;
}

function overManageSellOfferOp(v: DataView, o: number): number {
  o = overAsset(v, o);
  o = overAsset(v, o);
  o += 24;
  return o;
}

function overManageSellOfferResult(v: DataView, o: number): number {
  switch (v.getInt32(o)) {
    case 0:
      o += 4;
      o = overManageOfferSuccessResult(v, o);
      return o;
    case -1:
    case -2:
    case -3:
    case -4:
    case -5:
    case -6:
    case -7:
    case -8:
    case -9:
    case -10:
    case -11:
    case -12:
      o += 4;
      return o;
    default:
      unknown(v, o, "ManageSellOfferResult");
  }
  return o;
}

function overMemo(v: DataView, o: number): number {
  switch (v.getInt32(o)) {
    case 0:
      o += 4;
      return o;
    case 1:
      o += 4;
      o = bytes(v, o, 28);
      return o;
    case 2:
      o += 4;
      o += 8;
      return o;
    case 3:
    case 4:
      o += 4;
      o += 32;
      return o;
    default:
      unknown(v, o, "Memo");
  }
  return o;
}

function overMuxedAccount(v: DataView, o: number): number {
  switch (v.getInt32(o)) {
    case 0:
      o += 4;
      o += 32;
      return o;
    case 256:
      o += 4;
      o += 40;
      return o;
    default:
      unknown(v, o, "MuxedAccount");
  }
  return o;
}

function overOfferEntry(v: DataView, o: number): number {
  o = overPublicKey(v, o);
  o += 8;
  o = overAsset(v, o);
  o = overAsset(v, o);
  o += 20;
  o = overOfferEntryExt(v, o);
  return o;
}

function overOfferEntryExt(v: DataView, o: number): number {
  switch (v.getInt32(o)) {
    case 0:
      o += 4;
      return o;
    default:
      unknown(v, o, "OfferEntryExt");
  }
  return o;
}

function overOperation(v: DataView, o: number, d: number): number {
  if (flag(v, o) === 0) o += 4;
  else {
    o += 4;
    o = overMuxedAccount(v, o);
  }
  o = overOperationBody(v, o, d + 1);
  return o;
}

function overOperationBody(v: DataView, o: number, d: number): number {
  switch (v.getInt32(o)) {
    case 0:
      o += 4;
      o = overCreateAccountOp(v, o);
      return o;
    case 1:
      o += 4;
      o = overPaymentOp(v, o);
      return o;
    case 2:
      o += 4;
      o = overPathPaymentStrictReceiveOp(v, o);
      return o;
    case 3:
      o += 4;
      o = overManageSellOfferOp(v, o);
      return o;
    case 4:
      o += 4;
      o = overCreatePassiveSellOfferOp(v, o);
      return o;
    case 5:
      o += 4;
      o = overSetOptionsOp(v, o);
      return o;
    case 6:
      o += 4;
      o = overChangeTrustOp(v, o);
      return o;
    case 7:
      o += 4;
      o = overAllowTrustOp(v, o);
      return o;
    case 8:
      o += 4;
      o = overMuxedAccount(v, o);
      return o;
    case 9:
    case 17:
      o += 4;
      return o;
    case 10:
      o += 4;
      o = overManageDataOp(v, o);
      return o;
    case 11:
      o += 4;
      o += 8;
      return o;
    case 12:
      o += 4;
      o = overManageBuyOfferOp(v, o);
      return o;
    case 13:
      o += 4;
      o = overPathPaymentStrictSendOp(v, o);
      return o;
    case 14:
      o += 4;
      o = overCreateClaimableBalanceOp(v, o, d + 1);
      return o;
    case 15:
      o += 4;
      o = overClaimClaimableBalanceOp(v, o);
      return o;
    case 16:
      o += 4;
      o = overBeginSponsoringFutureReservesOp(v, o);
      return o;
    case 18:
      o += 4;
      o = overRevokeSponsorshipOp(v, o, d + 1);
      return o;
    case 19:
      o += 4;
      o = overClawbackOp(v, o);
      return o;
    case 20:
      o += 4;
      o = overClawbackClaimableBalanceOp(v, o);
      return o;
    case 21:
      o += 4;
      o = overSetTrustLineFlagsOp(v, o);
      return o;
    case 22:
      o += 4;
      o += 64;
      return o;
    case 23:
      o += 4;
      o += 56;
      return o;
    case 24:
      o += 4;
      o = overInvokeHostFunctionOp(v, o, d + 1);
      return o;
    case 25:
      o += 4;
      o = overExtendFootprintTtlOp(v, o);
      return o;
    case 26:
      o += 4;
      o = overRestoreFootprintOp(v, o);
      return o;
    default:
      unknown(v, o, "OperationBody");
  }
  return o;
}

function overOperationMeta(v: DataView, o: number, d: number): number {
  for (let n = count(v, o, 4294967295), i = (o += 4, 0); i < n; i += 1) {
    o = overLedgerEntryChange(v, o, d + 2);
  }
  return o;
}

function overOperationMetaV2(v: DataView, o: number, d: number): number {
  o = overExtensionPoint(v, o);
  for (let n = count(v, o, 4294967295), i = (o += 4, 0); i < n; i += 1) {
    o = overLedgerEntryChange(v, o, d + 2);
  }
  for (let n = count(v, o, 4294967295), i = (o += 4, 0); i < n; i += 1) {
    o = overContractEvent(v, o, d + 2);
  }
  return o;
}

function overOperationResult(v: DataView, o: number): number {
  switch (v.getInt32(o)) {
    case 0:
      o += 4;
      o = overOperationResultTr(v, o);
      return o;
    case -1:
    case -2:
    case -3:
    case -4:
    case -5:
    case -6:
      o += 4;
      return o;
    default:
      unknown(v, o, "OperationResult");
  }
  return o;
}

function overOperationResultTr(v: DataView, o: number): number {
  switch (v.getInt32(o)) {
    case 0:
      o += 4;
      o = overCreateAccountResult(v, o);
      return o;
    case 1:
      o += 4;
      o = overPaymentResult(v, o);
      return o;
    case 2:
      o += 4;
      o = overPathPaymentStrictReceiveResult(v, o);
      return o;
    case 3:
    case 4:
      o += 4;
      o = overManageSellOfferResult(v, o);
      return o;
    case 5:
      o += 4;
      o = overSetOptionsResult(v, o);
      return o;
    case 6:
      o += 4;
      o = overChangeTrustResult(v, o);
      return o;
    case 7:
      o += 4;
      o = overAllowTrustResult(v, o);
      return o;
    case 8:
      o += 4;
      o = overAccountMergeResult(v, o);
      return o;
    case 9:
      o += 4;
      o = overInflationResult(v, o);
      return o;
    case 10:
      o += 4;
      o = overManageDataResult(v, o);
      return o;
    case 11:
      o += 4;
      o = overBumpSequenceResult(v, o);
      return o;
    case 12:
      o += 4;
      o = overManageBuyOfferResult(v, o);
      return o;
    case 13:
      o += 4;
      o = overPathPaymentStrictSendResult(v, o);
      return o;
    case 14:
      o += 4;
      o = overCreateClaimableBalanceResult(v, o);
      return o;
    case 15:
      o += 4;
      o = overClaimClaimableBalanceResult(v, o);
      return o;
    case 16:
      o += 4;
      o = overBeginSponsoringFutureReservesResult(v, o);
      return o;
    case 17:
      o += 4;
      o = overEndSponsoringFutureReservesResult(v, o);
      return o;
    case 18:
      o += 4;
      o = overRevokeSponsorshipResult(v, o);
      return o;
    case 19:
      o += 4;
      o = overClawbackResult(v, o);
      return o;
    case 20:
      o += 4;
      o = overClawbackClaimableBalanceResult(v, o);
      return o;
    case 21:
      o += 4;
      o = overSetTrustLineFlagsResult(v, o);
      return o;
    case 22:
      o += 4;
      o = overLiquidityPoolDepositResult(v, o);
      return o;
    case 23:
      o += 4;
      o = overLiquidityPoolWithdrawResult(v, o);
      return o;
    case 24:
      o += 4;
      o = overInvokeHostFunctionResult(v, o);
      return o;
    case 25:
      o += 4;
      o = overExtendFootprintTtlResult(v, o);
      return o;
    case 26:
      o += 4;
      o = overRestoreFootprintResult(v, o);
      return o;
    default:
      unknown(v, o, "OperationResultTr");
  }
  return o;
}

function overParallelTxsComponent(v: DataView, o: number, d: number): number {
  if (flag(v, o) === 0) o += 4;
  else {
    o += 4;
    o += 8;
  }
  for (let n = count(v, o, 4294967295), i = (o += 4, 0); i < n; i += 1) {
    for (let n = count(v, o, 4294967295), i = (o += 4, 0); i < n; i += 1) {
      for (let n = count(v, o, 4294967295), i = (o += 4, 0); i < n; i += 1) {
        o = overTransactionEnvelope(v, o, d + 4);
      }
    }
  }
  return o;
}

function overPathPaymentStrictReceiveOp(v: DataView, o: number): number {
  o = overAsset(v, o);
  o += 8;
  o = overMuxedAccount(v, o);
  o = overAsset(v, o);
  o += 8;
  for (let n = count(v, o, 5), i = (o += 4, 0); i < n; i += 1) {
    o = overAsset(v, o);
  }
  return o;
}

function overPathPaymentStrictReceiveResult(v: DataView, o: number): number {
  switch (v.getInt32(o)) {
    case 0:
      o += 4;
      o = overPathPaymentStrictReceiveResultSuccess(v, o);
      return o;
    case -1:
    case -2:
    case -3:
    case -4:
    case -5:
    case -6:
    case -7:
    case -8:
    case -10:
    case -11:
    case -12:
      o += 4;
      return o;
    case -9:
      o += 4;
      o = overAsset(v, o);
      return o;
    default:
      unknown(v, o, "PathPaymentStrictReceiveResult");
  }
  return o;
}

function overPathPaymentStrictReceiveResultSuccess(v: DataView, o: number): number {
  for (let n = count(v, o, 4294967295), i = (o += 4, 0); i < n; i += 1) {
    o = overClaimAtom(v, o);
  }
  o = overSimplePaymentResult(v, o);
  return o;
}

function overPathPaymentStrictSendOp(v: DataView, o: number): number {
  o = overAsset(v, o);
  o += 8;
  o = overMuxedAccount(v, o);
  o = overAsset(v, o);
  o += 8;
  for (let n = count(v, o, 5), i = (o += 4, 0); i < n; i += 1) {
    o = overAsset(v, o);
  }
  return o;
}

function overPathPaymentStrictSendResult(v: DataView, o: number): number {
  switch (v.getInt32(o)) {
    case 0:
      o += 4;
      o = overPathPaymentStrictSendResultSuccess(v, o);
      return o;
    case -1:
    case -2:
    case -3:
    case -4:
    case -5:
    case -6:
    case -7:
    case -8:
    case -10:
    case -11:
    case -12:
      o += 4;
      return o;
    case -9:
      o += 4;
      o = overAsset(v, o);
      return o;
    default:
      unknown(v, o, "PathPaymentStrictSendResult");
  }
  return o;
}

function overPathPaymentStrictSendResultSuccess(v: DataView, o: number): number {
  for (let n = count(v, o, 4294967295), i = (o += 4, 0); i < n; i += 1) {
    o = overClaimAtom(v, o);
  }
  o = overSimplePaymentResult(v, o);
  return o;
}

function overPaymentOp(v: DataView, o: number): number {
  o = overMuxedAccount(v, o);
  o = overAsset(v, o);
  o += 8;
  return o;
}

function overPaymentResult(v: DataView, o: number): number {
  switch (v.getInt32(o)) {
    case 0:
    case -1:
    case -2:
    case -3:
    case -4:
    case -5:
    case -6:
    case -7:
    case -8:
    case -9:
      o += 4;
      return o;
    default:
      unknown(v, o, "PaymentResult");
  }
  return o;
}

function overPreconditions(v: DataView, o: number): number {
  switch (v.getInt32(o)) {
    case 0:
      o += 4;
      return o;
    case 1:
      o += 4;
      o += 16;
      return o;
    case 2:
      o += 4;
      o = overPreconditionsV2(v, o);
      return o;
    default:
      unknown(v, o, "Preconditions");
  }
  return o;
}

function overPreconditionsV2(v: DataView, o: number): number {
  if (flag(v, o) === 0) o += 4;
  else {
    o += 4;
    o += 16;
  }
  if (flag(v, o) === 0) o += 4;
  else {
    o += 4;
    o += 8;
  }
  if (flag(v, o) === 0) o += 4;
  else {
    o += 4;
    o += 8;
  }
  o += 12;
  for (let n = count(v, o, 2), i = (o += 4, 0); i < n; i += 1) {
    o = overSignerKey(v, o);
  }
  return o;
}

function overPublicKey(v: DataView, o: number): number {
  switch (v.getInt32(o)) {
    case 0:
      o += 4;
      o += 32;
      return o;
    default:
      unknown(v, o, "PublicKey");
  }
  return o;
}

function overRestoreFootprintOp(v: DataView, o: number): number {
  o = overExtensionPoint(v, o);
  return o;
}

function overRestoreFootprintResult(v: DataView, o: number): number {
  switch (v.getInt32(o)) {
    case 0:
    case -1:
    case -2:
    case -3:
      o += 4;
      return o;
    default:
      unknown(v, o, "RestoreFootprintResult");
  }
  return o;
}

function overRevokeSponsorshipOp(v: DataView, o: number, d: number): number {
  switch (v.getInt32(o)) {
    case 0:
      o += 4;
      o = overLedgerKey(v, o, d + 1);
      return o;
    case 1:
      o += 4;
      o = overRevokeSponsorshipOpSigner(v, o);
      return o;
    default:
      unknown(v, o, "RevokeSponsorshipOp");
  }
  return o;
}

function overRevokeSponsorshipOpSigner(v: DataView, o: number): number {
  o = overPublicKey(v, o);
  o = overSignerKey(v, o);
  return o;
}

function overRevokeSponsorshipResult(v: DataView, o: number): number {
  switch (v.getInt32(o)) {
    case 0:
    case -1:
    case -2:
    case -3:
    case -4:
    case -5:
      o += 4;
      return o;
    default:
      unknown(v, o, "RevokeSponsorshipResult");
  }
  return o;
}

function overScAddress(v: DataView, o: number): number {
  switch (v.getInt32(o)) {
    case 0:
      o += 4;
      o = overPublicKey(v, o);
      return o;
    case 1:
    case 4:
      o += 4;
      o += 32;
      return o;
    case 2:
      o += 4;
      o += 40;
      return o;
    case 3:
      o += 4;
      o = overClaimableBalanceId(v, o);
      return o;
    default:
      unknown(v, o, "ScAddress");
  }
  return o;
}

function overScContractInstance(v: DataView, o: number, d: number): number {
  if (d >= DEPTH_MAX) tooDeep(o);
  o = overContractExecutable(v, o);
  if (flag(v, o) === 0) o += 4;
  else {
    o += 4;
    for (let n = count(v, o, 4294967295), i = (o += 4, 0); i < n; i += 1) {
      o = overScMapEntry(v, o, d + 4);
    }
  }
  return o;
}

function overScError(v: DataView, o: number): number {
  switch (v.getInt32(o)) {
    case 0:
      o += 4;
      o += 4;
      return o;
    case 1:
    case 2:
    case 3:
    case 4:
    case 5:
    case 6:
    case 7:
    case 8:
    case 9:
      o += 4;
      range(v, o, 0, 9, "ScErrorCode");
      o += 4;
      return o;
    default:
      unknown(v, o, "ScError");
  }
  return o;
}

function overScMapEntry(v: DataView, o: number, d: number): number {
  if (d >= DEPTH_MAX) tooDeep(o);
  o = overScVal(v, o, d + 2);
  o = overScVal(v, o, d + 2);
  return o;
}

function overScVal(v: DataView, o: number, d: number): number {
  if (d >= DEPTH_MAX) tooDeep(o);
  switch (v.getInt32(o)) {
    case 0:
      o += 4;
      flag(v, o);
      o += 4;
      return o;
    case 1:
    case 20:
      o += 4;
      return o;
    case 2:
      o += 4;
      o = overScError(v, o);
      return o;
    case 3:
    case 4:
      o += 4;
      o += 4;
      return o;
    case 5:
    case 6:
    case 7:
    case 8:
    case 21:
      o += 4;
      o += 8;
      return o;
    case 9:
    case 10:
      o += 4;
      o += 16;
      return o;
    case 11:
    case 12:
      o += 4;
      o += 32;
      return o;
    case 13:
    case 14:
    case 22:
      o += 4;
      o = bytes(v, o, 4294967295);
      return o;
    case 15:
      o += 4;
      o = bytes(v, o, 32);
      return o;
    case 16:
      o += 4;
      if (flag(v, o) === 0) o += 4;
      else {
        o += 4;
        for (let n = count(v, o, 4294967295), i = (o += 4, 0); i < n; i += 1) {
          o = overScVal(v, o, d + 4);
        }
      }
      return o;
    case 17:
      o += 4;
      if (flag(v, o) === 0) o += 4;
      else {
        o += 4;
        for (let n = count(v, o, 4294967295), i = (o += 4, 0); i < n; i += 1) {
          o = overScMapEntry(v, o, d + 4);
        }
      }
      return o;
    case 18:
      o += 4;
      o = overScAddress(v, o);
      return o;
    case 19:
      o += 4;
      o = overScContractInstance(v, o, d + 2);
      return o;
    default:
      unknown(v, o, "ScVal");
  }
  return o;
}

function overScpBallot(v: DataView, o: number): number {
  o += 4;
  o = bytes(v, o, 4294967295);
  return o;
}

function overScpEnvelope(v: DataView, o: number): number {
  o = overScpStatement(v, o);
  o = bytes(v, o, 64);
  return o;
}

function overScpHistoryEntry(v: DataView, o: number, d: number): number {
  switch (v.getInt32(o)) {
    case 0:
      o += 4;
      o = overScpHistoryEntryV0(v, o, d + 1);
      return o;
    default:
      unknown(v, o, "ScpHistoryEntry");
  }
  return o;
}

function overScpHistoryEntryV0(v: DataView, o: number, d: number): number {
  for (let n = count(v, o, 4294967295), i = (o += 4, 0); i < n; i += 1) {
    o = overScpQuorumSet(v, o, d + 2);
  }
  o = overLedgerScpMessages(v, o);
  return o;
}

function overScpNomination(v: DataView, o: number): number {
  o += 32;
  for (let n = count(v, o, 4294967295), i = (o += 4, 0); i < n; i += 1) {
    o = bytes(v, o, 4294967295);
  }
  for (let n = count(v, o, 4294967295), i = (o += 4, 0); i < n; i += 1) {
    o = bytes(v, o, 4294967295);
  }
  return o;
}

function overScpQuorumSet(v: DataView, o: number, d: number): number {
  if (d >= DEPTH_MAX) tooDeep(o);
  o += 4;
  for (let n = count(v, o, 4294967295), i = (o += 4, 0); i < n; i += 1) {
    o = overPublicKey(v, o);
  }
  for (let n = count(v, o, 4294967295), i = (o += 4, 0); i < n; i += 1) {
    o = overScpQuorumSet(v, o, d + 3);
  }
  return o;
}

function overScpStatement(v: DataView, o: number): number {
  o = overPublicKey(v, o);
  o += 8;
  o = overScpStatementPledges(v, o);
  return o;
}

function overScpStatementConfirm(v: DataView, o: number): number {
  o = overScpBallot(v, o);
  o += 44;
  return o;
}

function overScpStatementExternalize(v: DataView, o: number): number {
  o = overScpBallot(v, o);
  o += 36;
  return o;
}

function overScpStatementPledges(v: DataView, o: number): number {
  switch (v.getInt32(o)) {
    case 0:
      o += 4;
      o = overScpStatementPrepare(v, o);
      return o;
    case 1:
      o += 4;
      o = overScpStatementConfirm(v, o);
      return o;
    case 2:
      o += 4;
      o = overScpStatementExternalize(v, o);
      return o;
    case 3:
      o += 4;
      o = overScpNomination(v, o);
      return o;
    default:
      unknown(v, o, "ScpStatementPledges");
  }
  return o;
}

function overScpStatementPrepare(v: DataView, o: number): number {
  o += 32;
  o = overScpBallot(v, o);
  if (flag(v, o) === 0) o += 4;
  else {
    o += 4;
    o = overScpBallot(v, o);
  }
  if (flag(v, o) === 0) o += 4;
  else {
    o += 4;
    o = overScpBallot(v, o);
  }
  o += 8;
  return o;
}

function overSetOptionsOp(v: DataView, o: number): number {
  if (flag(v, o) === 0) o += 4;
  else {
    o += 4;
    o = overPublicKey(v, o);
  }
  if (flag(v, o) === 0) o += 4;
  else {
    o += 4;
    o += 4;
  }
  if (flag(v, o) === 0) o += 4;
  else {
    o += 4;
    o += 4;
  }
  if (flag(v, o) === 0) o += 4;
  else {
    o += 4;
    o += 4;
  }
  if (flag(v, o) === 0) o += 4;
  else {
    o += 4;
    o += 4;
  }
  if (flag(v, o) === 0) o += 4;
  else {
    o += 4;
    o += 4;
  }
  if (flag(v, o) === 0) o += 4;
  else {
    o += 4;
    o += 4;
  }
  if (flag(v, o) === 0) o += 4;
  else {
    o += 4;
    o = bytes(v, o, 32);
  }
  if (flag(v, o) === 0) o += 4;
  else {
    o += 4;
    o = overSigner(v, o);
  }
  return o;
}

function overSetOptionsResult(v: DataView, o: number): number {
  switch (v.getInt32(o)) {
    case 0:
    case -1:
    case -2:
    case -3:
    case -4:
    case -5:
    case -6:
    case -7:
    case -8:
    case -9:
    case -10:
      o += 4;
      return o;
    default:
      unknown(v, o, "SetOptionsResult");
  }
  return o;
}

function overSetTrustLineFlagsOp(v: DataView, o: number): number {
  o = overPublicKey(v, o);
  o = overAsset(v, o);
  o += 8;
  return o;
}

function overSetTrustLineFlagsResult(v: DataView, o: number): number {
  switch (v.getInt32(o)) {
    case 0:
    case -1:
    case -2:
    case -3:
    case -4:
    case -5:
      o += 4;
      return o;
    default:
      unknown(v, o, "SetTrustLineFlagsResult");
  }
  return o;
}

function overSigner(v: DataView, o: number): number {
  o = overSignerKey(v, o);
  o += 4;
  return o;
}

function overSignerKey(v: DataView, o: number): number {
  switch (v.getInt32(o)) {
    case 0:
    case 1:
    case 2:
      o += 4;
      o += 32;
      return o;
    case 3:
      o += 4;
      o = overSignerKeyEd25519SignedPayload(v, o);
      return o;
    default:
      unknown(v, o, "SignerKey");
  }
  return o;
}

function overSignerKeyEd25519SignedPayload(v: DataView, o: number): number {
  o += 32;
  o = bytes(v, o, 64);
  return o;
}

function overSimplePaymentResult(v: DataView, o: number): number {
  o = overPublicKey(v, o);
  o = overAsset(v, o);
  o += 8;
  return o;
}

function overSorobanAddressCredentials(v: DataView, o: number, d: number): number {
  o = overScAddress(v, o);
  o += 12;
  o = overScVal(v, o, d + 1);
  return o;
}

function overSorobanAddressCredentialsWithDelegates(v: DataView, o: number, d: number): number {
  o = overSorobanAddressCredentials(v, o, d + 1);
  for (let n = count(v, o, 4294967295), i = (o += 4, 0); i < n; i += 1) {
    o = overSorobanDelegateSignature(v, o, d + 2);
  }
  return o;
}

function overSorobanAuthorizationEntry(v: DataView, o: number, d: number): number {
  o = overSorobanCredentials(v, o, d + 1);
  o = overSorobanAuthorizedInvocation(v, o, d + 1);
  return o;
}

function overSorobanAuthorizedFunction(v: DataView, o: number, d: number): number {
  switch (v.getInt32(o)) {
    case 0:
      o += 4;
      o = overInvokeContractArgs(v, o, d + 1);
      return o;
    case 1:
      o += 4;
      o = overCreateContractArgs(v, o);
      return o;
    case 2:
      o += 4;
      o = overCreateContractArgsV2(v, o, d + 1);
      return o;
    default:
      unknown(v, o, "SorobanAuthorizedFunction");
  }
  return o;
}

function overSorobanAuthorizedInvocation(v: DataView, o: number, d: number): number {
  if (d >= DEPTH_MAX) tooDeep(o);
  o = overSorobanAuthorizedFunction(v, o, d + 1);
  for (let n = count(v, o, 4294967295), i = (o += 4, 0); i < n; i += 1) {
    o = overSorobanAuthorizedInvocation(v, o, d + 3);
  }
  return o;
}

function overSorobanCredentials(v: DataView, o: number, d: number): number {
  switch (v.getInt32(o)) {
    case 0:
      o += 4;
      return o;
    case 1:
    case 2:
      o += 4;
      o = overSorobanAddressCredentials(v, o, d + 1);
      return o;
    case 3:
      o += 4;
      o = overSorobanAddressCredentialsWithDelegates(v, o, d + 1);
      return o;
    default:
      unknown(v, o, "SorobanCredentials");
  }
  return o;
}

function overSorobanDelegateSignature(v: DataView, o: number, d: number): number {
  if (d >= DEPTH_MAX) tooDeep(o);
  o = overScAddress(v, o);
  o = overScVal(v, o, d + 1);
  for (let n = count(v, o, 4294967295), i = (o += 4, 0); i < n; i += 1) {
    o = overSorobanDelegateSignature(v, o, d + 3);
  }
  return o;
}

function overSorobanResources(v: DataView, o: number, d: number): number {
  o = overLedgerFootprint(v, o, d + 1);
  o += 12;
  return o;
}

function overSorobanResourcesExtV0(v: DataView, o: number): number {
  o = items(v, o, 4294967295, 4);
  return o;
}

function overSorobanTransactionData(v: DataView, o: number, d: number): number {
  o = overSorobanTransactionDataExt(v, o);
  o = overSorobanResources(v, o, d + 1);
  o += 8;
  return o;
}

function overSorobanTransactionDataExt(v: DataView, o: number): number {
  switch (v.getInt32(o)) {
    case 0:
      o += 4;
      return o;
    case 1:
      o += 4;
      o = overSorobanResourcesExtV0(v, o);
      return o;
    default:
      unknown(v, o, "SorobanTransactionDataExt");
  }
  return o;
}

function overSorobanTransactionMeta(v: DataView, o: number, d: number): number {
  o = overSorobanTransactionMetaExt(v, o);
  for (let n = count(v, o, 4294967295), i = (o += 4, 0); i < n; i += 1) {
    o = overContractEvent(v, o, d + 2);
  }
  o = overScVal(v, o, d + 1);
  for (let n = count(v, o, 4294967295), i = (o += 4, 0); i < n; i += 1) {
    o = overDiagnosticEvent(v, o, d + 2);
  }
  return o;
}

function overSorobanTransactionMetaExt(v: DataView, o: number): number {
  switch (v.getInt32(o)) {
    case 0:
      o += 4;
      return o;
    case 1:
      o += 4;
      o = overSorobanTransactionMetaExtV1(v, o);
      return o;
    default:
      unknown(v, o, "SorobanTransactionMetaExt");
  }
  return o;
}

function overSorobanTransactionMetaExtV1(v: DataView, o: number): number {
  o = overExtensionPoint(v, o);
  o += 24;
  return o;
}

function overSorobanTransactionMetaV2(v: DataView, o: number, d: number): number {
  o = overSorobanTransactionMetaExt(v, o);
  if (flag(v, o) === 0) o += 4;
  else {
    o += 4;
    o = overScVal(v, o, d + 2);
  }
  return o;
}

function overStellarValue(v: DataView, o: number): number {
  o += 40;
  for (let n = count(v, o, 6), i = (o += 4, 0); i < n; i += 1) {
    o = bytes(v, o, 128);
  }
  o = overStellarValueExt(v, o);
  return o;
}

function overStellarValueExt(v: DataView, o: number): number {
  switch (v.getInt32(o)) {
    case 0:
      o += 4;
      return o;
    case 1:
      o += 4;
      o = overLedgerCloseValueSignature(v, o);
      return o;
    case 2:
      o += 4;
      o = overStellarValueProposedValue(v, o);
      return o;
    default:
      unknown(v, o, "StellarValueExt");
  }
  return o;
}

function overStellarValueProposedValue(v: DataView, o: number): number {
  o += 68;
  o = overLedgerCloseValueSignature(v, o);
  return o;
}

function overTransaction(v: DataView, o: number, d: number): number {
  o = overMuxedAccount(v, o);
  o += 12;
  o = overPreconditions(v, o);
  o = overMemo(v, o);
  for (let n = count(v, o, 100), i = (o += 4, 0); i < n; i += 1) {
    o = overOperation(v, o, d + 2);
  }
  o = overTransactionExt(v, o, d + 1);
  return o;
}

function overTransactionEnvelope(v: DataView, o: number, d: number): number {
  switch (v.getInt32(o)) {
    case 0:
      o += 4;
      o = overTransactionV0Envelope(v, o, d + 1);
      return o;
    case 2:
      o += 4;
      o = overTransactionV1Envelope(v, o, d + 1);
      return o;
    case 5:
      o += 4;
      o = overFeeBumpTransactionEnvelope(v, o, d + 1);
      return o;
    default:
      unknown(v, o, "TransactionEnvelope");
  }
  return o;
}

function overTransactionEvent(v: DataView, o: number, d: number): number {
  range(v, o, 0, 2, "TransactionEventStage");
  o += 4;
  o = overContractEvent(v, o, d + 1);
  return o;
}

function overTransactionExt(v: DataView, o: number, d: number): number {
  switch (v.getInt32(o)) {
    case 0:
      o += 4;
      return o;
    case 1:
      o += 4;
      o = overSorobanTransactionData(v, o, d + 1);
      return o;
    default:
      unknown(v, o, "TransactionExt");
  }
  return o;
}

function overTransactionHistoryEntry(v: DataView, o: number, d: number): number {
  o += 4;
  o = overTransactionSet(v, o, d + 1);
  o = overTransactionHistoryEntryExt(v, o, d + 1);
  return o;
}

function overTransactionHistoryEntryExt(v: DataView, o: number, d: number): number {
  switch (v.getInt32(o)) {
    case 0:
      o += 4;
      return o;
    case 1:
      o += 4;
      o = overGeneralizedTransactionSet(v, o, d + 1);
      return o;
    default:
      unknown(v, o, "TransactionHistoryEntryExt");
  }
  return o;
}

function overTransactionHistoryResultEntry(v: DataView, o: number): number {
  o += 4;
  o = overTransactionResultSet(v, o);
  o = overTransactionHistoryResultEntryExt(v, o);
  return o;
}

function overTransactionHistoryResultEntryExt(v: DataView, o: number): number {
  switch (v.getInt32(o)) {
    case 0:
      o += 4;
      return o;
    default:
      unknown(v, o, "TransactionHistoryResultEntryExt");
  }
  return o;
}

function overTransactionMeta(v: DataView, o: number, d: number): number {
  switch (v.getInt32(o)) {
    case 0:
      o += 4;
      for (let n = count(v, o, 4294967295), i = (o += 4, 0); i < n; i += 1) {
        o = overOperationMeta(v, o, d + 2);
      }
      return o;
    case 1:
      o += 4;
      o = overTransactionMetaV1(v, o, d + 1);
      return o;
    case 2:
      o += 4;
      o = overTransactionMetaV2(v, o, d + 1);
      return o;
    case 3:
      o += 4;
      o = overTransactionMetaV3(v, o, d + 1);
      return o;
    case 4:
      o += 4;
      o = overTransactionMetaV4(v, o, d + 1);
      return o;
    default:
      unknown(v, o, "TransactionMeta");
  }
  return o;
}

function overTransactionMetaV1(v: DataView, o: number, d: number): number {
  for (let n = count(v, o, 4294967295), i = (o += 4, 0); i < n; i += 1) {
    o = overLedgerEntryChange(v, o, d + 2);
  }
  for (let n = count(v, o, 4294967295), i = (o += 4, 0); i < n; i += 1) {
    o = overOperationMeta(v, o, d + 2);
  }
  return o;
}

function overTransactionMetaV2(v: DataView, o: number, d: number): number {
  for (let n = count(v, o, 4294967295), i = (o += 4, 0); i < n; i += 1) {
    o = overLedgerEntryChange(v, o, d + 2);
  }
  for (let n = count(v, o, 4294967295), i = (o += 4, 0); i < n; i += 1) {
    o = overOperationMeta(v, o, d + 2);
  }
  for (let n = count(v, o, 4294967295), i = (o += 4, 0); i < n; i += 1) {
    o = overLedgerEntryChange(v, o, d + 2);
  }
  return o;
}

function overTransactionMetaV3(v: DataView, o: number, d: number): number {
  o = overExtensionPoint(v, o);
  for (let n = count(v, o, 4294967295), i = (o += 4, 0); i < n; i += 1) {
    o = overLedgerEntryChange(v, o, d + 2);
  }
  for (let n = count(v, o, 4294967295), i = (o += 4, 0); i < n; i += 1) {
    o = overOperationMeta(v, o, d + 2);
  }
  for (let n = count(v, o, 4294967295), i = (o += 4, 0); i < n; i += 1) {
    o = overLedgerEntryChange(v, o, d + 2);
  }
  if (flag(v, o) === 0) o += 4;
  else {
    o += 4;
    o = overSorobanTransactionMeta(v, o, d + 2);
  }
  return o;
}

function overTransactionMetaV4(v: DataView, o: number, d: number): number {
  o = overExtensionPoint(v, o);
  for (let n = count(v, o, 4294967295), i = (o += 4, 0); i < n; i += 1) {
    o = overLedgerEntryChange(v, o, d + 2);
  }
  for (let n = count(v, o, 4294967295), i = (o += 4, 0); i < n; i += 1) {
    o = overOperationMetaV2(v, o, d + 2);
  }
  for (let n = count(v, o, 4294967295), i = (o += 4, 0); i < n; i += 1) {
    o = overLedgerEntryChange(v, o, d + 2);
  }
  if (flag(v, o) === 0) o += 4;
  else {
    o += 4;
    o = overSorobanTransactionMetaV2(v, o, d + 2);
  }
  for (let n = count(v, o, 4294967295), i = (o += 4, 0); i < n; i += 1) {
    o = overTransactionEvent(v, o, d + 2);
  }
  for (let n = count(v, o, 4294967295), i = (o += 4, 0); i < n; i += 1) {
    o = overDiagnosticEvent(v, o, d + 2);
  }
  return o;
}

function overTransactionPhase(v: DataView, o: number, d: number): number {
  switch (v.getInt32(o)) {
    case 0:
      o += 4;
      for (let n = count(v, o, 4294967295), i = (o += 4, 0); i < n; i += 1) {
        o = overTxSetComponent(v, o, d + 2);
      }
      return o;
    case 1:
      o += 4;
      o = overParallelTxsComponent(v, o, d + 1);
      return o;
    default:
      unknown(v, o, "TransactionPhase");
  }
  return o;
}

function overTransactionResult(v: DataView, o: number): number {
  o += 8;
  o = overTransactionResultResult(v, o);
  o = overTransactionResultExt(v, o);
  return o;
}

function overTransactionResultExt(v: DataView, o: number): number {
  switch (v.getInt32(o)) {
    case 0:
      o += 4;
      return o;
    default:
      unknown(v, o, "TransactionResultExt");
  }
  return o;
}

function overTransactionResultMeta(v: DataView, o: number, d: number): number {
  o = overTransactionResultPair(v, o);
  for (let n = count(v, o, 4294967295), i = (o += 4, 0); i < n; i += 1) {
    o = overLedgerEntryChange(v, o, d + 2);
  }
  o = overTransactionMeta(v, o, d + 1);
  return o;
}

function overTransactionResultMetaV1(v: DataView, o: number, d: number): number {
  o = overExtensionPoint(v, o);
  o = overTransactionResultPair(v, o);
  for (let n = count(v, o, 4294967295), i = (o += 4, 0); i < n; i += 1) {
    o = overLedgerEntryChange(v, o, d + 2);
  }
  o = overTransactionMeta(v, o, d + 1);
  for (let n = count(v, o, 4294967295), i = (o += 4, 0); i < n; i += 1) {
    o = overLedgerEntryChange(v, o, d + 2);
  }
  return o;
}

function overTransactionResultPair(v: DataView, o: number): number {
  o += 32;
  o = overTransactionResult(v, o);
  return o;
}

function overTransactionResultResult(v: DataView, o: number): number {
  switch (v.getInt32(o)) {
    case 1:
    case -13:
      o += 4;
      o = overInnerTransactionResultPair(v, o);
      return o;
    case 0:
    case -1:
      o += 4;
      for (let n = count(v, o, 4294967295), i = (o += 4, 0); i < n; i += 1) {
        o = overOperationResult(v, o);
      }
      return o;
    case -2:
    case -3:
    case -4:
    case -5:
    case -6:
    case -7:
    case -8:
    case -9:
    case -10:
    case -11:
    case -12:
    case -14:
    case -15:
    case -16:
    case -17:
    case -18:
      o += 4;
      return o;
    default:
      unknown(v, o, "TransactionResultResult");
  }
  return o;
}

function overTransactionResultSet(v: DataView, o: number): number {
  for (let n = count(v, o, 4294967295), i = (o += 4, 0); i < n; i += 1) {
    o = overTransactionResultPair(v, o);
  }
  return o;
}

function overTransactionSet(v: DataView, o: number, d: number): number {
  o += 32;
  for (let n = count(v, o, 4294967295), i = (o += 4, 0); i < n; i += 1) {
    o = overTransactionEnvelope(v, o, d + 2);
  }
  return o;
}

function overTransactionSetV1(v: DataView, o: number, d: number): number {
  o += 32;
  for (let n = count(v, o, 4294967295), i = (o += 4, 0); i < n; i += 1) {
    o = overTransactionPhase(v, o, d + 2);
  }
  return o;
}

function overTransactionV0(v: DataView, o: number, d: number): number {
  o += 44;
  if (flag(v, o) === 0) o += 4;
  else {
    o += 4;
    o += 16;
  }
  o = overMemo(v, o);
  for (let n = count(v, o, 100), i = (o += 4, 0); i < n; i += 1) {
    o = overOperation(v, o, d + 2);
  }
  o = overTransactionV0Ext(v, o);
  return o;
}

function overTransactionV0Envelope(v: DataView, o: number, d: number): number {
  o = overTransactionV0(v, o, d + 1);
  for (let n = count(v, o, 20), i = (o += 4, 0); i < n; i += 1) {
    o = overDecoratedSignature(v, o);
  }
  return o;
}

function overTransactionV0Ext(v: DataView, o: number): number {
  switch (v.getInt32(o)) {
    case 0:
      o += 4;
      return o;
    default:
      unknown(v, o, "TransactionV0Ext");
  }
  return o;
}

function overTransactionV1Envelope(v: DataView, o: number, d: number): number {
  o = overTransaction(v, o, d + 1);
  for (let n = count(v, o, 20), i = (o += 4, 0); i < n; i += 1) {
    o = overDecoratedSignature(v, o);
  }
  return o;
}

function overTrustLineAsset(v: DataView, o: number): number {
  switch (v.getInt32(o)) {
    case 0:
      o += 4;
      return o;
    case 1:
      o += 4;
      o = overAlphaNum4(v, o);
      return o;
    case 2:
      o += 4;
      o = overAlphaNum12(v, o);
      return o;
    case 3:
      o += 4;
      o += 32;
      return o;
    default:
      unknown(v, o, "TrustLineAsset");
  }
  return o;
}

function overTrustLineEntry(v: DataView, o: number): number {
  o = overPublicKey(v, o);
  o = overTrustLineAsset(v, o);
  o += 20;
  o = overTrustLineEntryExt(v, o);
  return o;
}

function overTrustLineEntryExt(v: DataView, o: number): number {
  switch (v.getInt32(o)) {
    case 0:
      o += 4;
      return o;
    case 1:
      o += 4;
      o = overTrustLineEntryV1(v, o);
      return o;
    default:
      unknown(v, o, "TrustLineEntryExt");
  }
  return o;
}

function overTrustLineEntryExtensionV2(v: DataView, o: number): number {
  o += 4;
  o = overTrustLineEntryExtensionV2Ext(v, o);
  return o;
}

function overTrustLineEntryExtensionV2Ext(v: DataView, o: number): number {
  switch (v.getInt32(o)) {
    case 0:
      o += 4;
      return o;
    default:
      unknown(v, o, "TrustLineEntryExtensionV2Ext");
  }
  return o;
}

function overTrustLineEntryV1(v: DataView, o: number): number {
  o += 16;
  o = overTrustLineEntryV1Ext(v, o);
  return o;
}

function overTrustLineEntryV1Ext(v: DataView, o: number): number {
  switch (v.getInt32(o)) {
    case 0:
      o += 4;
      return o;
    case 2:
      o += 4;
      o = overTrustLineEntryExtensionV2(v, o);
      return o;
    default:
      unknown(v, o, "TrustLineEntryV1Ext");
  }
  return o;
}

function overTxSetComponent(v: DataView, o: number, d: number): number {
  switch (v.getInt32(o)) {
    case 0:
      o += 4;
      o = overTxSetComponentTxsMaybeDiscountedFee(v, o, d + 1);
      return o;
    default:
      unknown(v, o, "TxSetComponent");
  }
  return o;
}

function overTxSetComponentTxsMaybeDiscountedFee(v: DataView, o: number, d: number): number {
  if (flag(v, o) === 0) o += 4;
  else {
    o += 4;
    o += 8;
  }
  for (let n = count(v, o, 4294967295), i = (o += 4, 0); i < n; i += 1) {
    o = overTransactionEnvelope(v, o, d + 2);
  }
  return o;
}

function overUpgradeEntryMeta(v: DataView, o: number, d: number): number {
  o = overLedgerUpgrade(v, o);
  for (let n = count(v, o, 4294967295), i = (o += 4, 0); i < n; i += 1) {
    o = overLedgerEntryChange(v, o, d + 2);
  }
  return o;
}

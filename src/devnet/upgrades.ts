/**
 * Upgrades: what validators vote into the header of a ledger, after its transactions.
 *
 * Errors  `DEVNET_UNSUPPORTED` for a protocol the devnet has no rules of, and for a raised reserve
 *         while there are offers, because Stellar then deletes those that are no longer covered.
 * Source  stellar-core, Upgrades.cpp (applyTo, isValidForApply); CAP-35 for the flags.
 */
import { xdr } from "@stellar/stellar-sdk/base";
import { AceError } from "../lib/errors.ts";

/** Everything that may change; what is left out stays as it is. */
export interface UpgradeSettings {
  readonly protocol?: number | undefined;
  readonly baseFee?: number | undefined;
  readonly maxTxSetSize?: number | undefined;
  readonly baseReserve?: number | undefined;
  /** LedgerHeaderFlags: 1, 2 and 4 close liquidity pools to trading, deposits and withdrawals. */
  readonly flags?: number | undefined;
  /** Takes a protocol that nobody has rules of: for readers, which must stop at it. */
  readonly isBeyondKnown?: boolean | undefined;
}

export const PROTOCOL_MIN = 23;
export const PROTOCOL_MAX = 28;
export const PROTOCOL_DEFAULT = 27;

const UINT32_MAX = 0xff_ff_ff_ff;
const FLAGS_MAX = 7;

/** In the order in which validators put them into a value. */
export function upgradesOf(settings: UpgradeSettings): readonly xdr.LedgerUpgrade[] {
  const { protocol, baseFee, maxTxSetSize, baseReserve, flags } = settings;
  return [
    protocol === undefined ? [] : [xdr.LedgerUpgrade.ledgerUpgradeVersion(protocol)],
    baseFee === undefined ? [] : [xdr.LedgerUpgrade.ledgerUpgradeBaseFee(baseFee)],
    maxTxSetSize === undefined ? [] : [xdr.LedgerUpgrade.ledgerUpgradeMaxTxSetSize(maxTxSetSize)],
    baseReserve === undefined ? [] : [xdr.LedgerUpgrade.ledgerUpgradeBaseReserve(baseReserve)],
    flags === undefined ? [] : [xdr.LedgerUpgrade.ledgerUpgradeFlags(flags)],
  ].flat();
}

/** @param present What the last ledger's header says. */
export function checkUpgrade(
  settings: UpgradeSettings,
  present: { readonly protocol: number; readonly baseReserve: number; readonly hasOffers: boolean },
): void {
  const { protocol = present.protocol, baseReserve = present.baseReserve } = settings;
  if (protocol < present.protocol || (protocol > PROTOCOL_MAX && settings.isBeyondKnown !== true)) {
    const known = `${present.protocol} to ${PROTOCOL_MAX}`;
    throw new AceError("DEVNET_UNSUPPORTED", `protocol ${protocol} is not one of ${known}`);
  }
  const { baseFee = 1, maxTxSetSize = 1, flags = 0 } = settings;
  const isUsual = [baseFee, maxTxSetSize, baseReserve].every(
    (value) => Number.isInteger(value) && value > 0 && value <= UINT32_MAX,
  );
  if (!isUsual || !Number.isInteger(flags) || flags < 0 || flags > FLAGS_MAX) {
    throw new AceError("DEVNET_UNSUPPORTED", "an upgrade is a whole number above 0, flags 0 to 7");
  }
  if (baseReserve > present.baseReserve && present.hasOffers) {
    throw new AceError("DEVNET_UNSUPPORTED", "the reserve is not raised while there are offers");
  }
}

/** The header's fields after `upgrade`. */
export function upgraded(header: xdr.LedgerHeader, upgrade: xdr.LedgerUpgrade): xdr.LedgerHeader {
  switch (upgrade.type) {
    case "ledgerUpgradeVersion":
      return new xdr.LedgerHeader({ ...header, ledgerVersion: upgrade.newLedgerVersion });
    case "ledgerUpgradeBaseFee":
      return new xdr.LedgerHeader({ ...header, baseFee: upgrade.newBaseFee });
    case "ledgerUpgradeMaxTxSetSize":
      return new xdr.LedgerHeader({ ...header, maxTxSetSize: upgrade.newMaxTxSetSize });
    case "ledgerUpgradeBaseReserve":
      return new xdr.LedgerHeader({ ...header, baseReserve: upgrade.newBaseReserve });
    case "ledgerUpgradeFlags":
      return new xdr.LedgerHeader({ ...header, ext: withFlags(upgrade.newFlags) });
    default:
      throw new AceError("DEVNET_UNSUPPORTED", `${upgrade.type} concerns contracts alone`);
  }
}

export function upgradeMeta(upgrade: xdr.LedgerUpgrade): xdr.UpgradeEntryMeta {
  return new xdr.UpgradeEntryMeta({ upgrade, changes: [] });
}

function withFlags(flags: number): xdr.LedgerHeaderExt {
  const ext = xdr.LedgerHeaderExtensionV1Ext.v0();
  return xdr.LedgerHeaderExt.v1(new xdr.LedgerHeaderExtensionV1({ flags, ext }));
}

/**
 * What an account loses with its authorization to hold an asset: its offers of that asset.
 *
 * Source  stellar-core, TransactionUtils.cpp (removeOffersAndPoolShareTrustLines); CAP-29, CAP-38.
 */
import type { xdr } from "@stellar/stellar-sdk/base";
import type { OperationContext } from "./operation.ts";
import type { ReserveRefusal } from "./sponsorship.ts";

export function removeOffersOf(
  _at: OperationContext,
  _account: xdr.PublicKey,
  _asset: xdr.Asset,
): ReserveRefusal | undefined {
  return undefined;
}

/**
 * Building: from what a person wants to the Stellar operations that say it.
 *
 * A call is manageData operations that carry its bytes, together with the payments and locks that
 * come with it, in one transaction that its sender signs.
 *
 * Errors  `ADDRESS_INVALID`, `AMOUNT_INVALID` and `ASSET_INVALID` for what the ledger would not take.
 */
import {
  type Account,
  Asset,
  Claimant,
  Memo,
  Operation,
  type Transaction,
  TransactionBuilder,
  type xdr,
} from "@stellar/stellar-sdk";
import { encodeCall } from "../contracts/calldata-frame.ts";
import { CALLDATA_NAME, toChunks } from "../ledger/calldata.ts";
import { parseAsset } from "../lib/assets.ts";
import type { CborValue } from "../lib/cbor.ts";
import { AceError } from "../lib/errors.ts";
import { formatAmount, type Stroops } from "../lib/money.ts";
import { isAddress } from "../lib/strkey.ts";

export interface CallRequest {
  readonly contract: bigint;
  readonly method: string;
  readonly args: readonly CborValue[];
  readonly gas?: bigint;
}

export interface Payment {
  /** G… or M… address. */
  readonly to: string;
  readonly asset: string;
  readonly amount: Stroops;
}

type Operations = readonly xdr.Operation[];

/** Bid for each operation, in stroops; the ledger charges what it needs of it. */
export const FEE_BID = "1000";
const MAX_TIME_S = 60;

export function callOperations({ contract, method, args, gas }: CallRequest): Operations {
  const payload = encodeCall({ contract, method, args, ...(gas === undefined ? {} : { gas }) });
  return toChunks(payload).map((value) =>
    Operation.manageData({ name: CALLDATA_NAME, value: Buffer.from(value) }),
  );
}

export function paymentOperation({ to, asset, amount }: Payment): xdr.Operation {
  if (!isAddress(to)) throw new AceError("ADDRESS_INVALID", `"${to}" cannot be paid`);
  return Operation.payment({
    destination: to,
    asset: assetOf(asset),
    amount: sendable(amount),
  });
}

export function trustOperation(asset: string, source?: string): xdr.Operation {
  return Operation.changeTrust({
    asset: assetOf(asset),
    ...(source === undefined ? {} : { source }),
  });
}

/** A claimable balance to oneself that opens at `untilS`: how voting power is locked. */
export function lockOperation(
  account: string,
  asset: string,
  amount: Stroops,
  untilS: bigint,
): xdr.Operation {
  const untilThen = Claimant.predicateNot(Claimant.predicateBeforeAbsoluteTime(untilS.toString()));
  return Operation.createClaimableBalance({
    asset: assetOf(asset),
    amount: sendable(amount),
    claimants: [new Claimant(account, untilThen)],
  });
}

/** Nothing is an amount, but none that the ledger moves. */
function sendable(amount: Stroops): string {
  if (amount < 1n) throw new AceError("AMOUNT_INVALID", `${formatAmount(amount)} cannot be sent`);
  return formatAmount(amount);
}

function assetOf(text: string): Asset {
  const { code, issuer } = parseAsset(text);
  return issuer === undefined ? Asset.native() : new Asset(code, issuer);
}

interface TransactionOptions {
  readonly memo?: string | undefined;
  /** Close time of the last ledger: a network of one's own may be ahead of this clock. */
  readonly closeTimeS?: number;
}

/** The unsigned transaction. It can be in a ledger for at most a minute from now. */
export function buildTransaction(
  account: Account,
  passphrase: string,
  operations: Operations,
  { memo, closeTimeS = 0 }: TransactionOptions = {},
): Transaction {
  const builder = new TransactionBuilder(account, { fee: FEE_BID, networkPassphrase: passphrase });
  for (const operation of operations) builder.addOperation(operation);
  if (memo !== undefined) builder.addMemo(Memo.text(memo));
  const nowS = Math.max(Math.floor(Date.now() / 1_000), closeTimeS);
  return builder.setTimebounds(0, nowS + MAX_TIME_S).build();
}

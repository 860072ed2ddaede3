/** Ways to buy, and what a purchase leaves over. */
import { account, call, ctx, emit, fail, int, pay, state, take } from "ace-node/contract";
import { priceNow, pricesNow, termsNow } from "./terms.ts";

interface Purchase {
  readonly to: string | undefined;
  readonly maxPrice: bigint;
  readonly direct: boolean;
}

export interface Payment {
  readonly to: string;
  readonly amount: bigint;
}

/** How long a replaced price still holds for direct payments: their money cannot come back. */
const OLD_PRICE_SECONDS = 3_600n;
export const FOR_EVER = 0n;

const credits = state.map("credit", account, int);
export const licences = state.map("licence", account, {
  until: int,
  bought: int,
  paid: int,
  renewals: int,
});

/** A plain payment buys for its payer, at no more than it paid. */
export function receive(): void {
  const { asset: priceAsset } = termsNow();
  const paid = ctx.paid(priceAsset);
  if (paid === 0n) fail("LICENCE_ASSET");
  const price = priceNow();
  if (paid < price) fail("LICENCE_UNDERPAID");
  const payer = plainPayer();
  collect(price);
  keepCredit(payer, creditOf(payer) + paid - price);
  grant(payer, payer, price);
}

/** Buys for `to`, or for the caller. Returns when the licence ends. */
export function buy({ to, maxPrice, direct }: Purchase): bigint {
  const { asset: priceAsset } = termsNow();
  const isForeign = ctx.transfers.some(
    (transfer) => transfer.to === ctx.self && transfer.asset !== priceAsset,
  );
  if (isForeign) fail("LICENCE_ASSET");
  const value = creditOf(ctx.caller) + ctx.paid(priceAsset);
  const price = direct ? takeDirect() : priceNow();
  if (price > maxPrice) fail("LICENCE_PRICE_CHANGED");
  if (direct) {
    keepCredit(ctx.caller, value);
  } else {
    if (value < price) fail("LICENCE_UNDERPAID");
    collect(price);
    keepCredit(ctx.caller, value - price);
  }
  return grant(to ?? ctx.caller, ctx.caller, price);
}

/** Pays out what purchases of the caller left over. */
export function withdrawCredit(): bigint {
  const amount = creditOf(ctx.caller);
  if (amount === 0n) fail("LICENCE_NO_CREDIT");
  credits.delete(ctx.caller);
  pay(ctx.caller, termsNow().asset, amount);
  return amount;
}

/** Hands the price to the split, which divides it at once. */
function collect(price: bigint): void {
  const { asset: priceAsset, split } = termsNow();
  call(split, "credit", [priceAsset], { pay: { asset: priceAsset, amount: price } });
}

/**
 * Counts what the caller paid to the split's recipients in this transaction. Nothing that is judged
 * here depends on other buyers, or two of them in one ledger could spoil each other's payment.
 */
function takeDirect(): bigint {
  const { asset: priceAsset, split } = termsNow();
  const recipients = call<readonly Payment[]>(split, "lines", []).map(({ to }) => to);
  const payments: Payment[] = [];
  for (const transfer of ctx.transfers) {
    const isMine = transfer.from === ctx.caller && transfer.asset === priceAsset;
    if (isMine && recipients.includes(transfer.to)) {
      take(transfer);
      payments.push({ to: transfer.to, amount: transfer.amount });
    }
  }
  const total = payments.reduce((sum, { amount }) => sum + amount, 0n);
  if (!isDirectPrice(total)) fail("LICENCE_DIRECT_VECTOR");
  const isExact = call<boolean>(split, "recordDirect", [priceAsset, payments]);
  if (!isExact) fail("LICENCE_DIRECT_VECTOR");
  return total;
}

function isDirectPrice(total: bigint): boolean {
  const { before, changed } = pricesNow();
  if (total === priceNow()) return true;
  return total === before && ctx.time < changed + OLD_PRICE_SECONDS;
}

/** Nobody loses time by paying early: a renewal begins where the licence ends. */
function grant(viewer: string, payer: string, price: bigint): bigint {
  const before = licences.get(viewer);
  if (before?.until === FOR_EVER) fail("LICENCE_LIVE_RIGHT");
  const until = untilAfter(viewer);
  const renewals = before === undefined ? 0n : before.renewals + 1n;
  licences.set(viewer, { until, bought: ctx.time, paid: price, renewals });
  emit("granted", { to: viewer, payer, price, until });
  return until;
}

export function untilAfter(viewer: string): bigint {
  const { durationS } = termsNow();
  if (durationS === 0n) return FOR_EVER;
  const before = licences.get(viewer)?.until ?? 0n;
  return (before > ctx.time ? before : ctx.time) + durationS;
}

/**
 * Who made the plain payment. Wallets may send it in a transaction of another account that only
 * carries it; when several accounts paid, the transaction's own account speaks for all.
 */
function plainPayer(): string {
  const payers = ctx.transfers.filter(({ to }) => to === ctx.self).map(({ from }) => from);
  const [first] = payers;
  return first !== undefined && payers.every((payer) => payer === first) ? first : ctx.caller;
}

function keepCredit(payer: string, amount: bigint): void {
  if (amount === creditOf(payer)) return;
  if (amount > 0n) credits.set(payer, amount);
  else credits.delete(payer);
}

export function creditOf(payer: string): bigint {
  return credits.get(payer) ?? 0n;
}

/**
 * Sells one licence to all content of its list: for a time, or for ever.
 *
 * Money comes by a plain payment, by a payment with `buy`, or directly to the recipients of the
 * split in the buyer's own transaction. The first two pass through the vault to the split at once.
 * A call that fails changes nothing, and its payments are refunded; what a purchase leaves over is
 * the payer's credit.
 *
 * Units  Times are Unix seconds of close time; a licence until 0 is for ever.
 */
import {
  account,
  asset,
  bool,
  bytes,
  call,
  contract,
  ctx,
  emit,
  fail,
  hash,
  int,
  list,
  oneOf,
  optional,
  pay,
  state,
  take,
  text,
} from "ace-node/contract";

contract({
  name: "licence",
  implements: ["licence/1"],
  methods: {
    setup: { args: [asset, int, int, int] },
    addContent: { args: [hash, text] },
    removeContent: { args: [hash] },
    setPrice: { args: [int] },
    receive: { args: [], payable: true },
    buy: {
      args: [{ to: optional(account), maxPrice: int, direct: bool }],
      returns: int,
      payable: true,
    },
    withdrawCredit: { args: [], returns: int },
    offer: {
      args: [],
      returns: { asset: asset, price: int, durationS: int, split: int, owner: account },
      view: true,
    },
    quote: {
      args: [account],
      returns: {
        asset: asset,
        price: int,
        credit: int,
        until: int,
        direct: list({ to: account, amount: int }, 50),
      },
      view: true,
    },
    access: {
      args: [account, hash, { atS: int, country: optional(text), device: optional(bytes(32)) }],
      returns: {
        ok: bool,
        until: int,
        concurrent: int,
        devices: int,
        role: oneOf("viewer", "owner"),
        reason: oneOf("", "unknown_content", "no_right", "expired"),
      },
      view: true,
    },
    rights: {
      args: [account],
      returns: optional({ until: int, bought: int, paid: int, renewals: int }),
      view: true,
    },
    contents: {
      args: [optional(hash)],
      returns: list({ content: hash, swarm: text }, 50),
      view: true,
    },
  },
});

interface Purchase {
  readonly to: string | undefined;
  readonly maxPrice: bigint;
  readonly direct: boolean;
}

interface Payment {
  readonly to: string;
  readonly amount: bigint;
}

/** How long a replaced price still holds for direct payments: their money cannot come back. */
const OLD_PRICE_SECONDS = 3_600n;
const FOR_EVER = 0n;
const CONTENTS_PAGE = 50;

const owner = state.value("owner", account);
const terms = state.value("terms", { asset: asset, durationS: int, split: int });
const prices = state.value("price", { price: int, before: int, changed: int });
const swarms = state.map("content", hash, text);
const credits = state.map("credit", account, int);
const licences = state.map("licence", account, {
  until: int,
  bought: int,
  paid: int,
  renewals: int,
});

/** `durationS` 0 sells for ever; `split` is the number of the split/1 contract that gets the income. */
export function setup(priceAsset: string, price: bigint, durationS: bigint, split: bigint): void {
  if (price <= 0n || durationS < 0n) fail("LICENCE_TERMS");
  call(split, "lines", []);
  owner.set(ctx.caller);
  terms.set({ asset: priceAsset, durationS, split });
  prices.set({ price, before: price, changed: ctx.time });
}

/** Puts a content under this licence. `swarm` is `btih:` or `acelive:` and 40 hexadecimal digits. */
export function addContent(content: string, swarm: string): void {
  demandOwner();
  if (!isSwarm(swarm)) fail("LICENCE_SWARM");
  swarms.set(content, swarm);
  emit("content", { content, swarm });
}

export function removeContent(content: string): void {
  demandOwner();
  if (!swarms.has(content)) fail("LICENCE_NO_CONTENT");
  swarms.delete(content);
  emit("removed", { content });
}

export function setPrice(price: bigint): void {
  demandOwner();
  if (price <= 0n) fail("LICENCE_TERMS");
  prices.set({ price, before: priceNow(), changed: ctx.time });
  emit("price", { price });
}

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

export function offer(): unknown {
  const { asset: priceAsset, durationS, split } = termsNow();
  return { asset: priceAsset, price: priceNow(), durationS, split, owner: owner.get() };
}

/** What this account would pay and get now. An empty `direct` means: pay to the contract. */
export function quote(viewer: string): unknown {
  const { asset: priceAsset, split } = termsNow();
  const price = priceNow();
  const isDirect = call<boolean>(split, "allows", [ctx.self]);
  return {
    asset: priceAsset,
    price,
    credit: creditOf(viewer),
    until: untilAfter(viewer),
    direct: isDirect ? call<readonly Payment[]>(split, "vector", [priceAsset, price]) : [],
  };
}

/** Whether this account may have this content at the second `atS`; the first failing check wins. */
export function access(viewer: string, content: string, { atS }: { atS: bigint }): unknown {
  if (!swarms.has(content)) return denied("unknown_content");
  if (viewer === owner.get()) return granted("owner", FOR_EVER);
  const licence = licences.get(viewer);
  if (licence === undefined) return denied("no_right");
  const { until } = licence;
  return until === FOR_EVER || atS < until ? granted("viewer", until) : denied("expired");
}

export function rights(viewer: string): unknown {
  return licences.get(viewer);
}

/** The content of this licence, fifty at most after `from`. */
export function contents(from: string | undefined): unknown {
  const limit = CONTENTS_PAGE;
  const rows = from === undefined ? swarms.scan({ limit }) : swarms.scan({ from: [from], limit });
  return rows.map(({ key, value: swarm }) => ({ content: key[0], swarm }));
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

function untilAfter(viewer: string): bigint {
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

function creditOf(payer: string): bigint {
  return credits.get(payer) ?? 0n;
}

function priceNow(): bigint {
  return pricesNow().price;
}

function pricesNow(): { price: bigint; before: bigint; changed: bigint } {
  return prices.get() ?? fail("LICENCE_TERMS");
}

function termsNow(): { asset: string; durationS: bigint; split: bigint } {
  return terms.get() ?? fail("LICENCE_TERMS");
}

function granted(role: string, until: bigint): unknown {
  return { ok: true, until, concurrent: 0n, devices: 0n, role, reason: "" };
}

function denied(reason: string): unknown {
  return { ok: false, until: 0n, concurrent: 0n, devices: 0n, role: "viewer", reason };
}

function isSwarm(swarm: string): boolean {
  const id = swarm.startsWith("btih:") ? swarm.slice(5) : swarm.slice(8);
  if (!swarm.startsWith("btih:") && !swarm.startsWith("acelive:")) return false;
  return id.length === 40 && id.split("").every((digit) => "0123456789abcdef".includes(digit));
}

function demandOwner(): void {
  if (ctx.caller !== owner.get()) fail("LICENCE_NOT_OWNER");
}

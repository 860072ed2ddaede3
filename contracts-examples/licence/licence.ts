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
  fail,
  hash,
  int,
  list,
  oneOf,
  optional,
  text,
} from "ace-node/contract";
import { creditOf, FOR_EVER, licences, type Payment, untilAfter } from "./purchase.ts";
import { changePrice, owner, priceNow, swarms, terms, termsNow } from "./terms.ts";

export { buy, receive, withdrawCredit } from "./purchase.ts";
export { addContent, removeContent, setPrice } from "./terms.ts";

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

const CONTENTS_PAGE = 50;

/** `durationS` 0 sells for ever; `split` is the number of the split/1 contract that gets the income. */
export function setup(priceAsset: string, price: bigint, durationS: bigint, split: bigint): void {
  if (price <= 0n || durationS < 0n) fail("LICENCE_TERMS");
  call(split, "lines", []);
  owner.set(ctx.caller);
  terms.set({ asset: priceAsset, durationS, split });
  changePrice(price, price);
}

export function offer() {
  const { asset: priceAsset, durationS, split } = termsNow();
  const seller = owner.get() ?? fail("LICENCE_TERMS");
  return { asset: priceAsset, price: priceNow(), durationS, split, owner: seller };
}

/** What this account would pay and get now. An empty `direct` means: pay to the contract. */
export function quote(viewer: string) {
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
export function access(viewer: string, content: string, { atS }: { atS: bigint }): Access {
  if (!swarms.has(content)) return denied("unknown_content");
  if (viewer === owner.get()) return granted("owner", FOR_EVER);
  const licence = licences.get(viewer);
  if (licence === undefined) return denied("no_right");
  const { until } = licence;
  return until === FOR_EVER || atS < until ? granted("viewer", until) : denied("expired");
}

export function rights(viewer: string) {
  return licences.get(viewer);
}

/** The content of this licence, fifty at most after `from`. */
export function contents(from?: string) {
  const limit = CONTENTS_PAGE;
  const rows = from === undefined ? swarms.scan({ limit }) : swarms.scan({ from: [from], limit });
  return rows.map(({ key, value: swarm }) => ({ content: key[0], swarm }));
}

interface Access {
  readonly ok: boolean;
  readonly until: bigint;
  readonly concurrent: bigint;
  readonly devices: bigint;
  readonly role: "viewer" | "owner";
  readonly reason: "" | "unknown_content" | "no_right" | "expired";
}

function granted(role: Access["role"], until: bigint): Access {
  return { ok: true, until, concurrent: 0n, devices: 0n, role, reason: "" };
}

function denied(reason: Access["reason"]): Access {
  return { ok: false, until: 0n, concurrent: 0n, devices: 0n, role: "viewer", reason };
}

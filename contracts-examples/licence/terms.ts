/** What is sold, for how much, and what it opens. */
import { account, asset, ctx, emit, fail, hash, int, state, text } from "ace-node/contract";

export const owner = state.value("owner", account);
export const terms = state.value("terms", { asset: asset, durationS: int, split: int });
const prices = state.value("price", { price: int, before: int, changed: int });
export const swarms = state.map("content", hash, text);

export interface Terms {
  readonly asset: string;
  readonly durationS: bigint;
  readonly split: bigint;
}

interface Prices {
  readonly price: bigint;
  readonly before: bigint;
  readonly changed: bigint;
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
  changePrice(price, priceNow());
  emit("price", { price });
}

export function changePrice(price: bigint, before: bigint): void {
  prices.set({ price, before, changed: ctx.time });
}

export function priceNow(): bigint {
  return pricesNow().price;
}

export function pricesNow(): Prices {
  return prices.get() ?? fail("LICENCE_TERMS");
}

export function termsNow(): Terms {
  return terms.get() ?? fail("LICENCE_TERMS");
}

function isSwarm(swarm: string): boolean {
  const id = swarm.startsWith("btih:") ? swarm.slice(5) : swarm.slice(8);
  if (!swarm.startsWith("btih:") && !swarm.startsWith("acelive:")) return false;
  return id.length === 40 && id.split("").every((digit) => "0123456789abcdef".includes(digit));
}

function demandOwner(): void {
  if (ctx.caller !== owner.get()) fail("LICENCE_NOT_OWNER");
}

/**
 * A rehearsal: a few ledgers of an ordinary contract, on a state of their own that nobody sees. After it
 * the engine knows the way of a call, and the first real one does not wait until it has learned it.
 */
import type { Call } from "../contracts/call.ts";
import { encodeCbor } from "../lib/cbor.ts";
import { sha256, sha256Hex } from "../lib/hash.ts";
import { addressBytes, addressText } from "./realm/address.ts";
import { contractPrefix } from "./realm/keys.ts";
import { encodeLedger } from "./wire.ts";

export const rehearsalSource = `import { contract, state, ctx, int, account, text, XLM, pay, emit, fail } from "ace-node/contract";
contract({ name: "rehearsal", methods: {
  setup: { args: [int, account] }, buy: { args: [account], returns: int, payable: [XLM] },
  list: { args: [], returns: int } } });
const DAY = 86400n;
const terms = state.value("terms", { price: int, seller: account, note: text });
const sold = state.value("sold", int);
const until = state.map("until", account, { until: int, bought: int });
export function setup(price, seller) { terms.set({ price, seller, note: "rehearsal" }); sold.set(0n); }
export function buy(who) {
  const { price, seller } = termsNow();
  if (ctx.paid(XLM) < price) fail("UNDERPAID");
  const before = until.get(who)?.until ?? 0n;
  const end = (before > ctx.time ? before : ctx.time) + 30n * DAY;
  until.set(who, { until: end, bought: ctx.time });
  sold.set((sold.get() ?? 0n) + 1n);
  for (const { from, amount } of ctx.transfers) if (from === who && amount > price) emit("more", { amount });
  pay(seller, XLM, price - price / 40n);
  emit("bought", { to: who, price, until: end });
  return end;
}
export function list() {
  let sum = 0n;
  for (const { value } of until.scan({ limit: 10 })) sum += value.bought;
  return sum;
}
function termsNow() { return terms.get() ?? fail("NO_TERMS"); }`;

const FIRST_CONTRACT = 256n;
const LEDGERS = 6;
const CALLS = 12;
const PRICE = 1_000_000n;
const START_S = 1_700_000_000n;

const addressOf = (name: string): string =>
  addressText(Buffer.from(sha256(Buffer.from(name))).toString("latin1")) ?? "";

/** Ledgers as the keeper reads them, in their order. */
export function rehearsalLedgers(): readonly Uint8Array[] {
  const vault = addressOf("vault");
  const ledgers = [deployment(vault)];
  for (let ledger = 0; ledger < LEDGERS; ledger += 1) ledgers.push(purchases(vault, ledger));
  return ledgers.map((calls, sequence) =>
    encodeLedger({
      sequence: sequence + 1,
      closeTime: START_S + BigInt(sequence),
      vault,
      systemContracts: [],
      calls,
    }),
  );
}

function deployment(vault: string): readonly Call[] {
  const bytes = Buffer.from(rehearsalSource);
  const hash = sha256(bytes);
  const setup = [PRICE, sha256(Buffer.from("seller"))];
  return [
    { ...call(vault, "put"), contract: 0n, method: "put", args: [hash, 0n, bytes] },
    { ...call(vault, "deploy"), contract: 0n, method: "deploy", args: [hash, setup] },
  ];
}

function purchases(vault: string, ledger: number): readonly Call[] {
  return Array.from({ length: CALLS }, (_, index): Call => {
    const name = `buyer ${(ledger + index) % CALLS}`;
    const base = call(addressOf(name), `${ledger} ${index}`);
    if (index === 0) return { ...base, method: "list" };
    const to = addressText((addressBytes(vault) ?? "") + contractPrefix(FIRST_CONTRACT)) ?? "";
    const payment = { operation: 0, from: base.caller, to, asset: "XLM", amount: PRICE + 1n };
    const args = [sha256(Buffer.from(name))];
    return { ...base, method: "buy", args, paid: [payment], transfers: [payment] };
  });
}

function call(caller: string, name: string): Call {
  return {
    txHash: sha256Hex(encodeCbor(name)),
    index: 0,
    kind: "call",
    contract: FIRST_CONTRACT,
    method: "",
    args: [],
    caller,
    gasLimit: 5_000_000n,
    paid: [],
    transfers: [],
    locks: [],
  };
}

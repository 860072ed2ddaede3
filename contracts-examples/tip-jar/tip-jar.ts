/** Takes tips in XLM, remembers who gave how much, and passes them on to the owner. */
import { account, contract, ctx, emit, fail, int, list, pay, state, XLM } from "ace-node/contract";

contract({
  name: "tip-jar",
  methods: {
    setup: { args: [int] },
    receive: { args: [], payable: [XLM] },
    withdraw: { args: [int] },
    given: { args: [account], returns: int, view: true },
    givers: { args: [], returns: list({ who: account, amount: int }, 100), view: true },
  },
});

const jar = state.value("jar", { owner: account, least: int });
const tips = state.map("tips", account, int);

export function setup(least: bigint): void {
  jar.set({ owner: ctx.caller, least });
}

export function receive(): void {
  const amount = ctx.paid(XLM);
  if (amount < jarNow().least) fail("TIP_TOO_SMALL");
  tips.set(ctx.caller, given(ctx.caller) + amount);
  emit("tipped", { from: ctx.caller, amount });
}

export function withdraw(amount: bigint): void {
  if (ctx.caller !== jarNow().owner) fail("TIP_NOT_OWNER");
  pay(ctx.caller, XLM, amount);
}

export function given(who: string): bigint {
  return tips.get(who) ?? 0n;
}

export function givers(): readonly { who: string; amount: bigint }[] {
  return tips.scan({ limit: 100 }).map(({ key, value }) => ({ who: key[0], amount: value }));
}

function jarNow(): { readonly owner: string; readonly least: bigint } {
  return jar.get() ?? fail("TIP_NO_JAR");
}

/** Counts, by at most `step` at once. A contract to begin with. */
import { contract, ctx, emit, fail, int, state } from "ace-node/contract";

contract({
  name: "counter",
  methods: {
    setup: { args: [int] },
    add: { args: [int], returns: int },
    count: { args: [], returns: int, view: true },
  },
});

const counted = state.value("counted", int);
const most = state.value("most", int);

export function setup(step: bigint): void {
  if (step < 1n) fail("COUNTER_STEP");
  most.set(step);
}

export function add(amount: bigint): bigint {
  if (amount < 1n || amount > (most.get() ?? 0n)) fail("COUNTER_STEP");
  const sum = count() + amount;
  counted.set(sum);
  emit("counted", { by: ctx.caller, sum });
  return sum;
}

export function count(): bigint {
  return counted.get() ?? 0n;
}

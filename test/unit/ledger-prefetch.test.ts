// Goal: loading ahead never fills the memory, whatever a source begins to send, and loses nothing.
import { describe, expect, it } from "vitest";
import { prefetch } from "../../src/ledger/prefetch.ts";
import { AceError } from "../../src/lib/errors.ts";

const limits = { aheadMax: 16, bytesMax: 160 };
const WHOLE = 100;

/** A source of values of these sizes, which counts what is on its way at once. */
function sourceOf(sizes: readonly number[]) {
  const asked: number[] = [];
  let onItsWay = 0;
  let most = 0;
  const load = async (index: number, _signal: AbortSignal, bytesMax = WHOLE) => {
    asked.push(index);
    const size = sizes[index] ?? 0;
    const taken = Math.min(size, bytesMax);
    onItsWay += taken;
    most = Math.max(most, onItsWay);
    await new Promise((done) => setImmediate(done));
    onItsWay -= taken;
    if (size > bytesMax) throw new AceError("LEDGER_MALFORMED", `${size} is over ${bytesMax}`);
    return { index, size };
  };
  return { load, asked, most: () => most };
}

async function read(sizes: readonly number[], source = sourceOf(sizes)): Promise<number[]> {
  const found: number[] = [];
  const keys = sizes.keys();
  for await (const { index } of prefetch({
    keys,
    load: source.load,
    bytesOf: (it) => it.size,
    limits,
  }))
    found.push(index);
  return found;
}

describe("loading ahead", () => {
  it("gives small values and then large ones, every one once and in order", async () => {
    const sizes = Array.from({ length: 60 }, (_, index) => (index < 40 ? 1 : 90));
    expect(await read(sizes)).toEqual([...sizes.keys()]);
  });

  it("holds no more on its way than twice its limit and one whole value", async () => {
    const sizes = Array.from({ length: 60 }, (_, index) => (index < 40 ? 1 : 90));
    const source = sourceOf(sizes);
    await read(sizes, source);
    expect(source.most()).toBeLessThanOrEqual(2 * limits.bytesMax + WHOLE);
  });

  it("asks once for each value while they stay alike, and fails for one that is too large", async () => {
    const source = sourceOf([3, 3, 4, 3, 3, 4, 101]);
    await expect(read([3, 3, 4, 3, 3, 4, 101], source)).rejects.toThrow("101 is over 100");
    expect(source.asked).toEqual([0, 1, 2, 3, 4, 5, 6, 6]);
  });
});

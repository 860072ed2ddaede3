// Goal: a scan over layers of writes sees what it would see had each been committed.
// Method: random writes and deletions in three layers, scans in between, against one sorted list.
import fc from "fast-check";
import { expect, it } from "vitest";
import { type Ground, Layer, type Row } from "../../src/runtime/overlay.ts";

const key = fc.string({
  unit: fc.constantFrom("a", "b", "\0", "\xff"),
  minLength: 1,
  maxLength: 3,
});
const writes = fc.array(fc.tuple(key, fc.option(fc.constantFrom("1", "2"), { nil: undefined })), {
  maxLength: 12,
});
const question = fc.record({
  prefix: fc.constantFrom("", "a", "ab", "\xff"),
  after: fc.oneof(fc.constant(""), key),
  limit: fc.integer({ min: 1, max: 5 }),
});

it("finds the same rows in layers as in one list", () => {
  fc.assert(
    fc.property(fc.array(writes, { minLength: 3, maxLength: 3 }), question, (rounds, ask) => {
      const rows = new Map<string, string>();
      let ground: Ground = { get: () => undefined, scan: () => [] };
      for (const round of rounds) {
        const layer = new Layer(ground);
        for (const [name, value] of round) {
          layer.set(name, value);
          if (value === undefined) rows.delete(name);
          else rows.set(name, value);
          expect(scan(layer, ask)).toEqual(expected(rows, ask));
        }
        ground = layer;
      }
    }),
  );
});

type Question = { readonly prefix: string; readonly after: string; readonly limit: number };

function scan(layer: Layer, { prefix, after, limit }: Question): readonly Row[] {
  return layer.scan(prefix, after, limit);
}

function expected(rows: ReadonlyMap<string, string>, { prefix, after, limit }: Question): Row[] {
  return [...rows]
    .filter(([name]) => name.startsWith(prefix) && name > after)
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .slice(0, limit);
}

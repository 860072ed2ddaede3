// Goal: the state that a ledger works on is one map of keys with an undo, whatever it keeps in memory.
// Method: random reads, writes, scans, marks, rollbacks and ends of ledgers against plain maps, with so
//         little memory that most of what is known is forgotten again and again.
import fc from "fast-check";
import { expect, it } from "vitest";
import type { Ground, Row } from "../../src/runtime/overlay.ts";
import { SortedKeys } from "../../src/runtime/sorted-keys.ts";
import { WorkingState } from "../../src/runtime/working-state.ts";

const key = fc.string({
  unit: fc.constantFrom("a", "b", "\0", "\xff"),
  minLength: 1,
  maxLength: 3,
});
const step = fc.oneof(
  fc.record({ kind: fc.constant("read" as const), key }),
  fc.record({ kind: fc.constant("set" as const), key, value: fc.constantFrom("", "1", "22") }),
  fc.record({ kind: fc.constant("mark" as const) }),
  fc.record({ kind: fc.constant("rollback" as const) }),
  fc.record({ kind: fc.constant("close" as const), isKept: fc.boolean() }),
  fc.record({ kind: fc.constant("warm" as const), key }),
  fc.record({
    kind: fc.constant("scan" as const),
    prefix: fc.constantFrom("", "a", "ab"),
    after: fc.oneof(fc.constant(""), key),
    limit: fc.integer({ min: 1, max: 4 }),
  }),
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

class Model implements Ground {
  committed = new Map<string, string>([
    ["a", "0"],
    ["ab", "0"],
    ["b", "0"],
  ]);
  now = new Map(this.committed);
  marks: { mark: number; rows: Map<string, string> }[] = [];

  get(name: string): string | undefined {
    return this.committed.get(name);
  }

  scan(prefix: string, after: string, limit: number): readonly Row[] {
    return scanOf(this.committed, prefix, after, limit);
  }
}

it("reads, scans, takes back and ends as plain maps would", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const model = new Model();
      const state = new WorkingState(model, 1_000);
      for (const one of steps) act(one, state, model);
    }),
    { numRuns: 300 },
  );
});

function act(one: Step, state: WorkingState, model: Model): void {
  switch (one.kind) {
    case "read":
      expect(state.get(one.key)).toBe(model.now.get(one.key));
      return;
    case "set":
      state.set(one.key, one.value === "" ? undefined : one.value);
      if (one.value === "") model.now.delete(one.key);
      else model.now.set(one.key, one.value);
      return;
    case "mark":
      model.marks.push({ mark: state.mark(), rows: new Map(model.now) });
      return;
    case "rollback": {
      const last = model.marks.pop();
      state.rollback(last?.mark ?? 0);
      model.now = last?.rows ?? new Map(model.committed);
      return;
    }
    case "warm":
      // Read before the last ledger was known: never newer than what stands.
      state.warm([[one.key, model.committed.get(one.key) ?? ""]]);
      return;
    case "scan":
      expect(state.scan(one.prefix, one.after, one.limit)).toEqual(
        scanOf(model.now, one.prefix, one.after, one.limit),
      );
      return;
    default:
      close(one.isKept, state, model);
  }
}

function close(isKept: boolean, state: WorkingState, model: Model): void {
  if (!isKept) {
    state.rollback(0);
    model.now = new Map(model.committed);
  }
  const before = new Map<string, string>();
  state.changes((name, was) => before.set(name, was));
  const writes = state.close();
  expect(writes.map(([name]) => name)).toEqual(writes.map(([name]) => name).toSorted());
  for (const [name, value] of writes) {
    expect(value).toBe(model.now.get(name) ?? "");
    // Only what was read before it was written is known from before.
    const was = before.get(name);
    if (was !== "") expect(was).toBe(model.committed.get(name));
  }
  const changed = new Map(model.committed);
  for (const [name, value] of writes) {
    if (value === "") changed.delete(name);
    else changed.set(name, value);
  }
  expect(new Map([...changed].toSorted())).toEqual(new Map([...model.now].toSorted()));
  model.committed = changed;
  model.marks = [];
}

it("keeps keys in order, each once, however many they are", () => {
  const many = fc.array(fc.string({ unit: fc.constantFrom("a", "b"), maxLength: 12 }), {
    maxLength: 3_000,
    size: "max",
  });
  fc.assert(
    fc.property(
      many,
      fc.constantFrom("", "a", "ba"),
      fc.string({ maxLength: 2 }),
      (all, prefix, after) => {
        const keys = new SortedKeys();
        for (const one of all) keys.add(one);
        const expected = [...new Set(all)].filter((one) => one.startsWith(prefix) && one > after);
        expect([...keys.from(prefix, after)]).toEqual(expected.toSorted());
      },
    ),
    { numRuns: 40 },
  );
});

function scanOf(
  rows: ReadonlyMap<string, string>,
  prefix: string,
  after: string,
  limit: number,
): readonly Row[] {
  return [...rows]
    .filter(([name]) => name.startsWith(prefix) && name > after)
    .toSorted(([left], [right]) => (left < right ? -1 : 1))
    .slice(0, limit);
}

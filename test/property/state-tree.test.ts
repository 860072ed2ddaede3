// Goal: the state root is a function of the set of entries, and proofs say nothing but the truth.
// Method: the growth rule is written down once more below, as a recursion over all entries, and held
//         against the incremental tree. Hashed keys never share 46 bits, so the deep buckets are
//         reached through paths made by hand.
import { hash } from "node:crypto";
import fc from "fast-check";
import { expect, it } from "vitest";
import { rootOfPath, rootOfState } from "../../src/access/proof-checks.ts";
import { compareBytes, toHex } from "../../src/lib/bytes.ts";
import { writeStateProof } from "../../src/runtime/proof-format.ts";
import { FlatTree } from "../../src/runtime/state-flat.ts";
import { StateTree } from "../../src/runtime/state-tree.ts";

const digest = (bytes: Uint8Array): Uint8Array => hash("sha256", bytes, "buffer");

/** Entries as bits of the path, path and value hash. */
type Row = readonly [bits: string, path: Uint8Array, valueHash: Uint8Array];

function rowOf(path: Uint8Array, valueHash: Uint8Array): Row {
  return [Array.from(path, (byte) => byte.toString(2).padStart(8, "0")).join(""), path, valueHash];
}

function naiveHash(rows: readonly Row[], depth: number): Uint8Array {
  if (rows.length === 0) return new Uint8Array(32);
  if (rows.length > 16 && depth < 48) {
    const half = (bit: string) =>
      naiveHash(
        rows.filter(([bits]) => bits[depth] === bit),
        depth + 1,
      );
    return digest(Buffer.concat([half("0"), half("1")]));
  }
  const sorted = rows.toSorted(([left], [right]) => (left < right ? -1 : 1));
  return digest(Buffer.concat([Buffer.of(0), ...sorted.flatMap(([, ...parts]) => parts)]));
}

const keyOf = (number: number): Uint8Array => Buffer.from(`key ${number}`);
const valueBytes = (number: number): Uint8Array => Buffer.from(`value ${number}`);
type Model = Map<number, number>;

function naiveRoot(model: Model): string {
  const rows = [...model].map(([key, value]) =>
    rowOf(digest(keyOf(key)), digest(valueBytes(value))),
  );
  return toHex(naiveHash(rows, 0));
}

const entriesOf = (model: Model) =>
  [...model].map(([key, value]) => ({ key: keyOf(key), value: valueBytes(value) }));

/** One ledger: what happens to some of 200 keys; undefined deletes. */
const ledger = fc
  .array(fc.tuple(fc.nat(199), fc.option(fc.nat(9), { nil: undefined })), {
    maxLength: 120,
    size: "max",
  })
  .map((writes) => new Map(writes));

const writesOf = (changes: ReadonlyMap<number, number | undefined>) =>
  [...changes].map(([key, value]) => ({
    key: keyOf(key),
    value: value === undefined ? undefined : valueBytes(value),
  }));

function applyTo(model: Model, changes: ReadonlyMap<number, number | undefined>): void {
  for (const [key, value] of changes) {
    if (value === undefined) model.delete(key);
    else model.set(key, value);
  }
}

it("has the root of its set of entries, whatever came before", () => {
  fc.assert(
    fc.property(fc.array(ledger, { maxLength: 6, size: "max" }), (ledgers) => {
      const tree = StateTree.from([]);
      const model: Model = new Map();
      for (const changes of ledgers) {
        tree.apply(writesOf(changes));
        applyTo(model, changes);
        expect(tree.root).toBe(naiveRoot(model));
        expect(tree.size).toBe(model.size);
      }
      expect(StateTree.from(entriesOf(model).reverse()).root).toBe(tree.root);
    }),
    { numRuns: 60 },
  );
});

it("returns to the empty root when everything is deleted, in any order and any portions", () => {
  const order = fc.shuffledSubarray([...Array(80).keys()], { minLength: 80 });
  fc.assert(
    fc.property(order, fc.integer({ min: 1, max: 40 }), (keys, portion) => {
      const tree = StateTree.from(entriesOf(new Map(keys.map((key) => [key, key]))));
      const left: Model = new Map(keys.map((key) => [key, key]));
      for (let at = 0; at < keys.length; at += portion) {
        const gone = new Map(keys.slice(at, at + portion).map((key) => [key, undefined]));
        tree.apply(writesOf(gone));
        applyTo(left, gone);
        expect(tree.root).toBe(naiveRoot(left));
      }
      expect(tree.root).toBe("00".repeat(32));
    }),
    { numRuns: 30 },
  );
});

it("leaves the committed tree alone while a ledger is applied to its clone", () => {
  fc.assert(
    fc.property(ledger, ledger, (first, second) => {
      const committed = StateTree.from([]);
      committed.apply(writesOf(first));
      const before = committed.root;
      const next = committed.clone();
      next.apply(writesOf(second));
      expect(committed.root).toBe(before);
      committed.apply(writesOf(second));
      expect(committed.root).toBe(next.root);
    }),
    { numRuns: 40 },
  );
});

it("proves what is there and what is not, and never the contrary", async () => {
  await fc.assert(
    fc.asyncProperty(ledger, fc.nat(250), async (changes, asked) => {
      const model: Model = new Map();
      applyTo(model, changes);
      const tree = StateTree.from(entriesOf(model));
      const key = keyOf(asked);
      const proof = tree.prove(key);
      const number = model.get(asked);
      const value = number === undefined ? undefined : valueBytes(number);
      const other = valueBytes(10);
      expect(await rootOfState(key, value, proof)).toBe(tree.root);
      expect(await rootOfState(key, other, proof)).toBeUndefined();
      expect(
        await rootOfState(key, value === undefined ? other : undefined, proof),
      ).toBeUndefined();
      expect(tree.valueHash(key)).toEqual(
        value === undefined ? undefined : new Uint8Array(digest(value)),
      );
    }),
  );
});

it("refuses a proof with any one bit turned, cut short or made longer", async () => {
  const model: Model = new Map(Array.from({ length: 60 }, (_, key) => [key, key]));
  const tree = StateTree.from(entriesOf(model));
  await fc.assert(
    fc.asyncProperty(fc.nat(90), fc.nat(), fc.nat(7), async (asked, place, bit) => {
      const key = keyOf(asked);
      const value = asked < 60 ? valueBytes(asked) : undefined;
      const proof = tree.prove(key);
      const turned = Uint8Array.from(proof);
      const at = place % turned.length;
      turned[at] = (turned[at] ?? 0) ^ (1 << bit);
      expect(await rootOfState(key, value, turned)).not.toBe(tree.root);
      expect(await rootOfState(key, value, proof.subarray(0, at))).toBeUndefined();
      expect(await rootOfState(key, value, Uint8Array.of(...proof, 0))).toBeUndefined();
    }),
    { numRuns: 500 },
  );
});

/** Paths that share their first 46 bits or more. */
const deepPath = fc
  .tuple(fc.nat(3), fc.nat(30))
  .map(([near, tail]) => Uint8Array.of(1, 2, 3, 4, 5, near, ...new Uint8Array(25), tail));

/** Records of these paths, ascending; a path that does not stay has a value hash of zeros. */
const recordsOf = (paths: readonly (readonly [Uint8Array, boolean])[]): Uint8Array =>
  Buffer.concat(
    paths.flatMap(([path, stays]) => [path, stays ? digest(path) : new Uint8Array(32)]),
  );

const noPages = { page: () => undefined };

it("keeps the rule down to the last depth, where a bucket may hold more than 16", async () => {
  const changes = fc.array(fc.tuple(deepPath, fc.boolean()), { maxLength: 150, size: "max" });
  await fc.assert(
    fc.asyncProperty(fc.array(changes, { maxLength: 4 }), async (rounds) => {
      const model = new Map<string, Row>();
      const tree = new FlatTree(noPages);
      for (const round of rounds) {
        const unique = [...new Map(round.map((item) => [toHex(item[0]), item])).values()];
        const sorted = unique.toSorted(([left], [right]) => compareBytes(left, right));
        tree.apply(recordsOf(sorted));
        for (const [path, stays] of sorted) {
          if (stays) model.set(toHex(path), rowOf(path, digest(path)));
          else model.delete(toHex(path));
        }
        expect(tree.root).toBe(toHex(naiveHash([...model.values()], 0)));
        expect(tree.size).toBe(model.size);
      }
      const path = Uint8Array.of(1, 2, 3, 4, 5, 3, ...new Uint8Array(26));
      const proof = writeStateProof(tree.prove(path));
      expect(await rootOfPath(path, model.get(toHex(path))?.[2], proof)).toBe(tree.root);
      expect(await rootOfPath(path, new Uint8Array(32), proof)).toBeUndefined();
    }),
    { numRuns: 60 },
  );
});

it("proves presence and absence in a bucket of the last depth", async () => {
  const paths = Array.from({ length: 40 }, (_, tail) =>
    Uint8Array.of(1, 2, 3, 4, 5, 6, ...new Uint8Array(25), tail),
  );
  const tree = new FlatTree(noPages);
  tree.apply(recordsOf(paths.map((path) => [path, true])));
  const path = paths[20] ?? new Uint8Array();
  const proof = writeStateProof(tree.prove(path));
  expect([proof[0], proof[2]]).toEqual([48, 40]);
  expect(await rootOfPath(path, digest(path), proof)).toBe(tree.root);
  const absent = Uint8Array.of(1, 2, 3, 4, 5, 6, ...new Uint8Array(25), 99);
  expect(await rootOfPath(absent, undefined, proof)).toBe(tree.root);
});

it("takes no proof for a key outside the bucket that the proof shows", async () => {
  const model: Model = new Map(Array.from({ length: 60 }, (_, key) => [key, key]));
  const tree = StateTree.from(entriesOf(model));
  const first = keyOf(0);
  const elsewhere = [...model.keys()].find(
    (key) => ((digest(keyOf(key))[0] ?? 0) ^ (digest(first)[0] ?? 0)) >= 128,
  );
  expect(elsewhere).toBeDefined();
  expect(await rootOfState(keyOf(elsewhere ?? 0), undefined, tree.prove(first))).toBeUndefined();
});

it("refuses a bucket with entries out of order, doubled or from elsewhere, even under its own root", async () => {
  const entry = (first: number) => {
    const path = Uint8Array.of(first, ...new Uint8Array(31));
    return Buffer.concat([path, digest(path)]);
  };
  const path = entry(1).subarray(0, 32);
  const claims = async (depth: number, ...entries: readonly Buffer[]) => {
    const body = Buffer.concat(entries);
    const bucket = digest(Buffer.concat([Buffer.of(0), body]));
    const sibling = new Uint8Array(32);
    const root = depth === 0 ? bucket : digest(Buffer.concat([bucket, sibling]));
    const parts = [Buffer.of(depth, 0, entries.length), body, sibling.subarray(0, 32 * depth)];
    return (await rootOfPath(path, digest(path), Buffer.concat(parts))) === toHex(root);
  };
  expect(await claims(0, entry(1), entry(2))).toBe(true);
  expect(await claims(1, entry(1), entry(2))).toBe(true);
  expect(await claims(0, entry(2), entry(1))).toBe(false);
  expect(await claims(0, entry(1), entry(1))).toBe(false);
  expect(await claims(1, entry(1), entry(200))).toBe(false);
  const many = Array.from({ length: 17 }, (_, index) => entry(index));
  expect(await claims(0, ...many)).toBe(false);
});

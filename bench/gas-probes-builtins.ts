/** Methods and functions of arrays, Map, Set and objects, on long lists and many keys. */
import { type Probe, probe } from "./gas-probe.ts";

const list = (length: number): Partial<Probe> => ({
  before: `const a = []; for (let i = 0; i < ${length}; i++) a.push(i); let n = 0;`,
  beforeGas: 100_000 + 60 * length,
});
const long = { ...list(1_000), copies: 2 };
const huge = { ...list(20_000), title: "20,000 items", copies: 1 };
const keyed = {
  before:
    "const m = new Map(); const s = new Set(); for (let i = 0; i < 1000; i++) { m.set('k' + i, i); s.add('k' + i); } let n = 0;",
  beforeGas: 200_000,
};
const grown = { before: "let m = new Map(), s = new Set(), n = 0;" };
const arrays: readonly Probe[] = [
  probe("array.at", "n += a.at(n % 9);", long),
  probe("array.push", "a.push(n);", {
    ...list(10),
    title: "one",
    before: "const a = []; let n = 0;",
  }),
  probe("array.push", "const b = []; b.push(n, n, n); ", {
    ...long,
    title: "three into a new one",
  }),
  probe("array.pop", "a.push(n); a.pop();", long),
  probe("array.shift", "a.push(a.shift());", long),
  probe("array.shift", "a.push(a.shift());", huge),
  probe("array.unshift", "a.unshift(a.pop());", long),
  probe("array.unshift", "a.unshift(a.pop());", huge),
  probe("array.reverse", "a.reverse();", long),
  probe("array.toReversed", "a.toReversed();", long),
  probe("array.splice", "a.splice(500, 1, n);", long),
  probe("array.splice", "a.splice(1, 1); a.splice(1, 0, 5);", huge),
  probe("array.slice", "a.slice(1);", long),
  probe("array.slice", "a.slice(1);", huge),
  probe("array.slice", "a.slice(0, 2);", { ...list(3), title: "short" }),
  probe("array.fill", "a.fill(n);", long),
  probe("array.with", "a.with(5, n);", long),
  probe("array.concat", "a.concat(a);", long),
  probe("array.concat", "a.concat(n, n, n, n);", { ...list(1), title: "single items" }),
  probe("array.join", "a.join();", { ...list(400), copies: 2, beforeGas: 100_000 }),
  probe("array.join", "b.join('');", {
    title: "texts",
    copies: 2,
    before: "const b = []; for (let i = 0; i < 1000; i++) b.push('abcdefghij');",
    beforeGas: 100_000,
  }),
  probe("array.includes", "a.includes(-1);", long),
  probe("array.indexOf", "a.indexOf(-1);", long),
  probe("array.lastIndexOf", "a.lastIndexOf(-1);", long),
  probe("array.indexOf", "b.indexOf('abcdefghijklmnopqrsx');", {
    title: "texts",
    before: "const b = []; for (let i = 0; i < 1000; i++) b.push('abcdefghijklmnopqrs' + i % 9);",
    beforeGas: 100_000,
  }),
  probe("array.find", "a.find((x) => x < 0);", long),
  probe("array.findIndex", "a.findIndex((x) => x < 0);", long),
  probe("array.some", "a.some((x) => x < 0);", long),
  probe("array.every", "a.every((x) => x >= 0);", long),
  probe("array.map", "a.map((x) => x + 1);", long),
  probe("array.map", "b.map((x) => x);", { title: "short", before: "const b = [1];" }),
  probe("array.filter", "a.filter((x) => x > 5);", long),
  probe("array.forEach", "a.forEach((x) => { n += x; });", long),
  probe("array.reduce", "n = a.reduce((x, y) => x + y, 0);", long),
  probe("array.sort", "a.sort((x, y) => y - x);", long),
  probe("array.sort", "b.sort();", {
    title: "texts",
    copies: 1,
    before: "const b = []; for (let i = 0; i < 500; i++) b.push('abcdefghijklmnopqrs' + i * 7919);",
    beforeGas: 100_000,
  }),
  probe("array.sort", "b.sort();", {
    title: "integers by text",
    copies: 1,
    before: "const b = []; for (let i = 0n; i < 500n; i += 1n) b.push(2n ** 250n + i * 7919n);",
    beforeGas: 2_000_000,
  }),
  probe("array.toSorted", "a.toSorted((x, y) => x - y);", long),
  probe("array.keys", "for (const i of a.keys()) n += i;", long),
  probe("array.values", "for (const i of a.values()) n += i;", long),
  probe("array.entries", "for (const [i, x] of a.entries()) n += x;", long),
  probe("array.keys", "a.keys();", { ...long, title: "made only" }),
  probe("array.keys", "k.next();", {
    ...long,
    title: "next",
    before: `${long.before} const k = a.keys();`,
  }),
  probe("Array.isArray", "Array.isArray(a);", long),
  probe("Array.of", "Array.of(n, n, n);", long),
  probe("Array.from", "Array.from(a);", long),
  probe("Array.from", "Array.from(a, (x) => x + 1);", { ...long, title: "with a change" }),
  probe("Array.from", "Array.from(t);", {
    title: "a text",
    copies: 1,
    before: "const t = 'abcdefgh'.repeat(2048);",
    beforeGas: 20_000,
  }),
];

const collections: readonly Probe[] = [
  probe("map.get", "m.get('k500');", keyed),
  probe("map.get", "m.get(t + n++ % 9);", {
    ...keyed,
    before: `${keyed.before} const t = 'x'.repeat(16000);`,
    title: "a new long text",
  }),
  probe("map.set", "m.set(n++, n); if (n > 20000) { m = new Map(); n = 0; }", grown),
  probe("map.set", "m.set(n, n); n += 0.37;", { ...grown, title: "fractions" }),
  probe("map.set", "m.set('k' + n++, n);", { ...grown, title: "texts" }),
  probe("map.set", "m.set(b, n); b = b + 0x1000000000000000000000001n;", {
    before: "let m = new Map(), n = 0, b = 5n;",
    title: "integers",
  }),
  probe("map.set", "m.set({}, n);", { ...grown, title: "objects" }),
  probe("map.has", "m.has('k77');", keyed),
  probe("map.delete", "m.set(n, n); m.delete(n++);", grown),
  probe("map.clear", "m.clear();", keyed),
  probe("map.clear", "m.set(1, 1); m.clear();", { ...grown, title: "of one" }),
  probe("map.forEach", "m.forEach((v) => { n += v; });", keyed),
  probe("map.keys", "for (const k of m.keys()) n += 1;", keyed),
  probe("map.values", "for (const k of m.values()) n += k;", keyed),
  probe("map.entries", "for (const [k, v] of m.entries()) n += v;", keyed),
  probe("map.iterator", "for (const [k, v] of m) n += v;", keyed),
  probe("map.size", "n += m.size;", keyed),
  probe("map.keys", "m.keys();", { ...keyed, title: "made only" }),
  probe("map.keys", "if (n < 10000) its[n++].next();", {
    title: "iterators left behind by many clears",
    copies: 4,
    beforeGas: 700_000,
    before:
      "const m = new Map([[1, 1]]); const its = []; let n = 0; for (let i = 0; i < 10000; i++) its.push(m.keys()); for (let i = 0; i < 8000; i++) m.clear();",
  }),
  probe("map.get", "m.get('65536');", {
    title: "texts of digits in one bucket",
    beforeGas: 900_000,
    before: "const m = new Map(); for (let i = 1; i < 4000; i++) m.set('' + i * 4096, i);",
  }),
  probe("map.get", "m.get(2n ** 70n);", {
    title: "integers in one bucket",
    beforeGas: 2_000_000,
    before: "const m = new Map(); for (let i = 0n; i < 1000n; i++) m.set(i << 64n, i);",
  }),
  probe("set.add", "s.add(n++); if (n > 20000) { s = new Set(); n = 0; }", grown),
  probe("set.has", "s.has('k77');", keyed),
  probe("set.delete", "s.add(n); s.delete(n++);", grown),
  probe("set.clear", "s.clear();", grown),
  probe("set.forEach", "s.forEach((v) => { n += 1; });", keyed),
  probe("set.keys", "for (const k of s.keys()) n += 1;", keyed),
  probe("set.values", "for (const k of s.values()) n += 1;", keyed),
  probe("set.entries", "for (const [k] of s.entries()) n += 1;", keyed),
  probe("set.iterator", "for (const k of s) n += 1;", keyed),
  probe("set.size", "n += s.size;", keyed),
  probe("Map", "new Map();"),
  probe("Map", "new Map(e);", {
    title: "of entries",
    before: "const e = []; for (let i = 0; i < 500; i++) e.push([i, i]);",
    beforeGas: 100_000,
    copies: 1,
  }),
  probe("Set", "new Set();"),
  probe("Set", "new Set(a);", { ...long, title: "of items" }),
];

const objects: readonly Probe[] = [
  probe("Object.keys", "Object.keys(o);", { before: "const o = { a: 1, b: 2, c: 3 };" }),
  ...["keys", "values", "entries"].map((name) =>
    probe(`Object.${name}`, `Object.${name}(o);`, { title: "900 keys", copies: 1, ...many() }),
  ),
  probe("Object.values", "Object.values(o);", { before: "const o = { a: 1, b: 2, c: 3 };" }),
  probe("Object.entries", "Object.entries(o);", { before: "const o = { a: 1, b: 2, c: 3 };" }),
  probe("Object.assign", "Object.assign({}, o);", { title: "900 keys", copies: 1, ...many() }),
  probe("Object.assign", "Object.assign({}, o);", { before: "const o = { a: 1, b: 2, c: 3 };" }),
  probe("Object.keys", "Object.keys(o);", { title: "900 indexes", copies: 1, ...many("") }),
  probe("Object.freeze", "Object.freeze({ a: 1, b: 2 });"),
  probe("Object.freeze", "Object.freeze(a.slice(0));", { ...long, title: "a list" }),
  probe("Object.freeze", "Object.freeze(Object.assign({}, o));", {
    title: "900 keys",
    copies: 1,
    ...many(),
  }),
  probe("Object.hasOwn", "Object.hasOwn(o, 'b');", { before: "const o = { a: 1, b: 2, c: 3 };" }),
  probe("Object.hasOwn", "Object.hasOwn(o, 'k' + n++);", {
    title: "new names",
    before: "const o = { a: 1, b: 2, c: 3 }; let n = 0;",
  }),
  probe("Object.is", "Object.is(o, o);", { before: "const o = { a: 1, b: 2, c: 3 };" }),
  probe("Object.is", "Object.is(s, t);", {
    title: "long texts",
    before: "const s = 'x'.repeat(16000) + 'a', t = 'x'.repeat(16000) + 'b';",
    beforeGas: 10_000,
  }),
  probe("Object.is", "Object.is(s, t);", {
    title: "integers",
    before: "const s = 2n ** 250n, t = 2n ** 250n + 1n;",
    beforeGas: 3_000,
  }),
];

function many(prefix = "k"): Partial<Probe> {
  return {
    before: `const o = {}; for (let i = 0; i < 900; i++) o['${prefix}' + i] = i;`,
    beforeGas: 300_000,
  };
}

export const builtinProbes: readonly Probe[] = [...arrays, ...collections, ...objects];

/** Methods and functions that contracts find built in, on long lists, texts and many keys. */
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
const text = {
  before: "const t = 'abcdefgh'.repeat(2048); const u = 'ab'; let n = 0;",
  beforeGas: 20_000,
};

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
  probe("Array.from", "Array.from(t);", { ...text, copies: 1, title: "a text" }),
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

const texts: readonly Probe[] = [
  probe("text.at", "t.at(n++ % 16000);", text),
  probe("text.charCodeAt", "n += t.charCodeAt(7);", text),
  probe("text.codePointAt", "n += t.codePointAt(7);", text),
  probe("text.startsWith", "t.startsWith(t);", text),
  probe("text.startsWith", "u.startsWith('a');", { ...text, title: "short" }),
  probe("text.endsWith", "t.endsWith(t);", text),
  probe("text.includes", "t.includes('abcdefga');", text),
  probe("text.includes", "v.includes(w);", {
    title: "nearly matching",
    before: "const v = 'a'.repeat(16000); const w = 'a'.repeat(500) + 'b' + 'a'.repeat(500);",
    beforeGas: 20_000,
  }),
  probe("text.indexOf", "t.indexOf('ha' + 'x');", text),
  probe("text.indexOf", "v.indexOf(w);", {
    title: "nearly matching",
    before: "const v = 'ab'.repeat(8000); const w = 'ab'.repeat(4000) + 'b';",
    beforeGas: 20_000,
  }),
  probe("text.indexOf", "v.indexOf(w);", {
    title: "nearly matching, short",
    before: "const v = 'a'.repeat(16000); const w = 'aaaaaab';",
    beforeGas: 20_000,
  }),
  probe("text.indexOf", "v.indexOf(w);", {
    title: "nearly matching, from its end",
    before: "const v = 'a'.repeat(16000); const w = 'b' + 'a'.repeat(5000);",
    beforeGas: 20_000,
  }),
  probe("text.lastIndexOf", "t.lastIndexOf('x');", text),
  probe("text.lastIndexOf", "v.lastIndexOf(w);", {
    title: "nearly matching",
    before: "const v = 'a'.repeat(16000); const w = 'aaaaaaa'.repeat(30) + 'b' + 'a';",
    beforeGas: 20_000,
  }),
  probe("text.slice", "t.slice(1);", text),
  probe("text.slice", "u.slice(1);", { ...text, title: "short" }),
  probe("text.substring", "t.substring(1);", text),
  probe("text.trim", "w.trim();", {
    before: "const w = ' '.repeat(8000) + 'x' + ' '.repeat(8000);",
    beforeGas: 20_000,
  }),
  probe("text.trimStart", "w.trimStart();", {
    before: "const w = ' '.repeat(16000) + 'x';",
    beforeGas: 20_000,
  }),
  probe("text.trimEnd", "w.trimEnd();", {
    before: "const w = 'x' + ' '.repeat(16000);",
    beforeGas: 20_000,
  }),
  probe("text.split", "w.split(',');", {
    copies: 1,
    before: "const w = 'abc,'.repeat(4000);",
    beforeGas: 20_000,
  }),
  probe("text.split", "w.split('');", {
    title: "each character",
    copies: 1,
    before: "const w = 'abc,'.repeat(4000);",
    beforeGas: 20_000,
  }),
  probe("text.split", "w.split('x');", { title: "short", before: "const w = 'axb';" }),
  probe("text.split", "w.slice(0, 4000 + n++ % 900).split(',');", {
    title: "new texts",
    copies: 1,
    before: "let n = 0; const w = 'a,'.repeat(8000);",
    beforeGas: 20_000,
  }),
  probe("text.repeat", "u.repeat(8000);", text),
  probe("text.repeat", "u.repeat(3);", { ...text, title: "short" }),
  probe("text.padStart", "u.padStart(16000, 'xyz');", text),
  probe("text.padStart", "u.padStart(5);", { ...text, title: "short" }),
  probe("text.padEnd", "u.padEnd(16000, 'xyz').charCodeAt(3);", text),
  probe("text.iterator", "for (const c of t) n += 1;", text),
  probe("text.toString", "u.toString();", text),
  probe("text.length", "n += t.length;", text),
  probe("String", "String(n++);", text),
  probe("String", "String(x); x = x * 1.0000001;", {
    title: "fractions",
    before: "let x = 1.2345678e-300;",
  }),
  probe("String", "String(x); x = x + 5e-324;", {
    title: "smallest fractions",
    before: "let x = 2.2250738585072014e-308;",
  }),
  probe("String", "String(x); x = x - 1n;", {
    title: "256 bits",
    before: "let x = 2n ** 254n - 1n;",
  }),
  probe("String.fromCharCode", "String.fromCharCode(97, 98, 99, 100);"),
  probe("String.fromCharCode", "String.fromCharCode(...a);", { ...long, title: "1,000" }),
];

const numbers: readonly Probe[] = [
  probe("Number", "Number('123');"),
  probe("Number", "Number(s + n++ % 10);", {
    title: "80 digits",
    before: "let n = 0; const s = '9'.repeat(79);",
    beforeGas: 1_000,
  }),
  probe("Number", "Number(s + n++ % 10);", {
    title: "near a tie",
    before:
      "let n = 0; const s = '0.5000000000000000555111512312578270211815834045410156250000000000000000000001';",
  }),
  probe("Number", "Number(s + n++ % 10);", {
    title: "tiny",
    before:
      "let n = 0; const s = '2.2250738585072011360574097967091319759348195463516456400000000000000000e-308';",
  }),
  probe("Number", "Number(x); x = x - 1n;", {
    title: "of an integer",
    before: "let x = 2n ** 254n - 1n;",
  }),
  probe("Number.isInteger", "Number.isInteger(n);", { before: "let n = 0.5;" }),
  probe("Number.isSafeInteger", "Number.isSafeInteger(n);", { before: "let n = 0.5;" }),
  probe("number.toString", "n.toString(); n += 1;", { before: "let n = 0;" }),
  probe("number.toString", "n.toString(); n *= 1.0000001;", {
    title: "fractions",
    before: "let n = 1.234e-300;",
  }),
  probe("number.toString", "n.toString(16); n *= 1.5;  if (n > 1e300) n = 1e100;", {
    title: "hexadecimal",
    before: "let n = 1e100;",
  }),
  probe("BigInt", "BigInt('123');"),
  probe("BigInt", "BigInt(s + n++ % 10);", {
    title: "76 digits",
    before: "let n = 0; const s = '5'.repeat(75);",
    beforeGas: 1_000,
  }),
  probe("BigInt", "BigInt(n); n += 1;", {
    title: "of a number",
    before: "let n = 2 ** 0 * 9007199254000000;".replace("2 ** 0 * ", ""),
  }),
  probe("BigInt.asIntN", "BigInt.asIntN(255, x);", { before: "let x = -(2n ** 254n) + 5n;" }),
  probe("BigInt.asUintN", "BigInt.asUintN(200, x);", { before: "let x = -(2n ** 254n) + 5n;" }),
  probe("bigint.toString", "x.toString(); x = x - 1n;", {
    title: "256 bits",
    before: "let x = 2n ** 254n - 1n;",
  }),
  probe("bigint.toString", "x.toString(16); x = x - 1n;", {
    title: "hexadecimal",
    before: "let x = 2n ** 254n - 1n;",
  }),
  probe("bigint.toString", "x.toString(); x = x + 1n;", { title: "small", before: "let x = 0n;" }),
  probe("Boolean", "Boolean(x);", { before: "let x = 2n;" }),
  ...["abs", "ceil", "floor", "round", "sign", "sqrt", "trunc", "clz32"].map((name) =>
    probe(`Math.${name}`, `n = n + 0.7 - Math.${name}(n);`, { before: "let n = 0.5;" }),
  ),
  probe("Math.max", "n = Math.max(n, 1, 2.5);", { before: "let n = 0.5;" }),
  probe("Math.min", "n = Math.min(n, 1, 2.5);", { before: "let n = 0.5;" }),
  probe("Math.max", "n = Math.max(...a);", { ...long, title: "1,000" }),
  probe("Math.imul", "n = Math.imul(n, 7);", { before: "let n = 5;" }),
];

export const builtinProbes: readonly Probe[] = [
  ...arrays,
  ...collections,
  ...objects,
  ...texts,
  ...numbers,
];

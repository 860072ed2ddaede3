/** Operators, with small operands and with the largest. */
import { type Probe, probe } from "./gas-probe.ts";

const small = { before: "let n = 7, k = 3, r = 0, t = '';" };
const mixed = { before: "let n = 7.5, k = 2.25, r = 0;", title: "fractions" };
const wide = {
  title: "256 bits",
  before: "const x = 2n ** 253n - 12345n, y = 2n ** 126n + 77777n; let r = 0n;",
  beforeGas: 5_000,
};
const mid = {
  title: "64 bits",
  before: "const x = 2n ** 62n - 5n, y = 12345n; let r = 0n;",
  beforeGas: 2_000,
};

const arithmetic: readonly Probe[] = (
  [
    ["$add", "+"],
    ["$sub", "-"],
    ["$mul", "*"],
    ["$div", "/"],
    ["$mod", "%"],
    ["$and", "&"],
    ["$or", "|"],
    ["$xor", "^"],
    ["$lt", "<"],
    ["$le", "<="],
    ["$gt", ">"],
    ["$ge", ">="],
    ["$eq", "==="],
  ] as const
).flatMap(([name, sign]) => [
  probe(name, `r = n ${sign} k; n = n + 1;`, small),
  probe(name, `r = n ${sign} k; n = n + 0.5;`, mixed),
  probe(name, `r = ${sign === "*" ? "y" : "x"} ${sign} y;`, wide),
  probe(name, `r = x ${sign} y;`, mid),
]);

export const operatorProbes: readonly Probe[] = [
  ...arithmetic,
  probe("$mod", "r = n % k;", {
    title: "far apart",
    before: "let n = 1.7e308, k = 5e-324, r = 0;",
  }),
  probe("$mod", "r = n % k; n = n * 0.99;", {
    title: "far apart, 3",
    before: "let n = 1.7e308, k = 3, r = 0;",
  }),
  probe("$mod", "r = n % k; n = n + 1;", {
    title: "below the large",
    before: "let n = 4294900000, k = 1.000000001, r = 0;",
  }),
  probe("$pow", "r = 3n ** 150n;", { before: "let r = 0n;" }),
  probe("$pow", "r = x ** 2n;", {
    title: "square",
    before: "let r = 0n; const x = 2n ** 126n - 3n;",
  }),
  probe("$shl", "r = n << 3;", small),
  probe("$shl", "r = 1n << 250n;", { ...wide }),
  probe("$shr", "r = n >> 3;", small),
  probe("$shr", "r = x >> 13n;", { ...wide }),
  probe("$ushr", "r = n >>> 3;", small),
  probe("$neg", "r = -n;", small),
  probe("$neg", "r = -x;", wide),
  probe("$not", "r = ~n;", small),
  probe("$not", "r = ~x;", wide),
  probe("$num", "r = +n;", small),
  probe("$inc", "n++;", small),
  probe("$inc", "x++;", { title: "256 bits", before: "let x = 2n ** 253n;", beforeGas: 2_000 }),
  probe("$dec", "n--;", small),
  probe("$old", "r = n++;", small),
  probe("$add", "t = 'a' + n;", { title: "text and number", before: "let n = 0, t = '';" }),
  probe("$add", "t = s + s;", {
    title: "long texts",
    before: "let t = ''; const s = 'x'.repeat(8000);",
    beforeGas: 3_000,
  }),
  probe("$add", "t = s + 'y';", {
    title: "short texts",
    before: "let t = ''; const s = 'abcdef';",
  }),
  probe("$add", "t = s + 'y';", {
    title: "14 characters",
    before: "let t = ''; const s = 'abcdefghijklm';",
  }),
  probe("$add", "t = s + 'y'; t.charCodeAt(0);", {
    title: "read after each step",
    beforeGas: 20_000,
    before:
      "let u = 'abcdefghijklm'; for (let i = 0; i < 50; i++) u += 'x'; let s = u; for (let i = 0; i < 7; i++) s += s; let t = '';",
  }),
  probe("$add", "t = s + 'é'; t = t + '界';", {
    title: "wide characters",
    beforeGas: 20_000,
    before: "const s = 'x'.repeat(8000) + '界'; let t = '';",
  }),
  probe("$text", "t = `$" + "{n}-$" + "{n}`;", small),
  probe("$text", "t = `$" + "{s}$" + "{s}x`;", {
    title: "long texts",
    before: "let t = ''; const s = 'x'.repeat(7000);",
    beforeGas: 3_000,
  }),
  probe("$eq", "s === t;", {
    title: "long texts",
    before: "const s = 'x'.repeat(16000) + 'a', t = 'x'.repeat(16000) + 'b';",
    beforeGas: 10_000,
  }),
  probe("$lt", "s < t;", {
    title: "long texts",
    before: "const s = 'x'.repeat(16000) + 'a', t = 'x'.repeat(16000) + 'b';",
    beforeGas: 10_000,
  }),
  probe("$lt", "s < t;", {
    title: "one wide character",
    before: "const s = 'x'.repeat(16000) + 'a', t = 'x'.repeat(16000) + '界';",
    beforeGas: 10_000,
  }),
  probe("$in", "'k5' in o;", { before: "const o = { k5: 1 };" }),
  probe("$in", "('k' + n++) in o;", {
    title: "new names",
    before: "const o = { k5: 1 }; let n = 0;",
  }),
  probe("$isa", "o instanceof Map;", { before: "const o = {};" }),
  probe("$isa", "o instanceof Error;", {
    title: "an error",
    before: "const o = new RangeError('x');",
  }),
  probe("$key", "r = a[n % 7];", { before: "const a = [1,2,3,4,5,6,7]; let n = 5, r = 0;" }),
  probe("$key", "r = o['k' + n++ % 50];", {
    title: "texts",
    before: "const o = {}; for (let i = 0; i < 50; i++) o['k' + i] = i; let n = 5, r = 0;",
  }),
  probe("$key", "r = s[n++ % 16000];", {
    title: "characters",
    before: "const s = 'x'.repeat(16000); let n = 5, r = 0;",
    beforeGas: 10_000,
  }),
  probe("$set", "a[n % 7] = n;", { before: "const a = [1,2,3,4,5,6,7]; let n = 5;" }),
  probe("$set", "const b = []; for (let i = 0; i < 50; i++) b[i] = i;", {
    title: "growing",
    copies: 1,
  }),
  probe("$set", "o[n * 4096] = n; n++;", {
    title: "far indexes of an object",
    before: "let o = {}, n = 0;",
  }),
  probe("$set", "o[n * 1000] = n; n++; if (n > 40) { n = 0; o = {}; }", {
    title: "sparse indexes",
    before: "let o = {}, n = 0;",
  }),
  probe("$set", "const o = {}; o['k' + n++ % 3000] = 1;", {
    title: "new shapes",
    before: "let n = 0;",
  }),
  probe("$set", "const o = {}; o['k' + n++] = 1;", { title: "new names", before: "let n = 0;" }),
  probe("$set", "o['k' + n++] = 1; if (n % 1000 === 0) o = {};", {
    title: "a growing object",
    before: "let o = {}, n = 0;",
  }),
  probe("$set", "o['k' + n] = 1; n++;", { title: "a large object", before: "let o = {}, n = 0;" }),
  probe("$set", "const o = { ...p }; o.x = 1; o['y'] = 2;", {
    title: "a copy",
    before: "const p = { a: 1, b: 2 };",
  }),
  probe("$ref $upd", "a[2] += 1;", { before: "const a = [1,2,3];" }),
  probe("$upd", "o.x += 1;", { title: "member", before: "const o = { x: 1 };" }),
  probe("$step", "a[2]++;", { before: "const a = [1,2,3];" }),
  probe("$step", "o.x--;", { title: "member", before: "const o = { x: 1 };" }),
  probe("$inv", "o['f'](n);", { before: "const o = { f: (x) => x }; let n = 1;" }),
  probe("$all", "const p = { ...o };", { before: "const o = { a: 1, b: 2, c: 3 };" }),
  probe("$all", "const p = { ...o };", {
    title: "900 keys",
    copies: 1,
    before: "const o = {}; for (let i = 0; i < 900; i++) o['k' + i] = i;",
    beforeGas: 300_000,
  }),
  probe("$spread", "const b = [...a];", {
    title: "1,000",
    copies: 2,
    before: "const a = []; for (let i = 0; i < 1000; i++) a.push(i);",
    beforeGas: 100_000,
  }),
  probe("$spread", "const b = [...a];", { before: "const a = [1];" }),
  probe("$spread", "f(...a);", {
    title: "arguments",
    copies: 2,
    before: "const f = (...r) => r; const a = []; for (let i = 0; i < 1000; i++) a.push(i);",
    beforeGas: 100_000,
  }),
  probe("$spread", "const b = [...m];", {
    title: "a Map",
    copies: 2,
    before: "const m = new Map(); for (let i = 0; i < 1000; i++) m.set(i, i);",
    beforeGas: 100_000,
  }),
  probe("$iter", "const [b, c] = a;", { before: "const a = [1, 2];" }),
  probe("$iter", "const [b] = m;", { title: "a Map", before: "const m = new Map([[1, 2]]);" }),
  probe("$iter", "for (const x of a) {}", { title: "of one item", before: "const a = [1];" }),
  probe("$iter", "for (const x of a) {}", { title: "of nothing", before: "const a = [];" }),
  probe("$bad", "try { o.x.y; } catch (e) {}", { before: "const o = {};", copies: 2 }),
  probe("$raise", "try { throw 1; } catch (e) {}", { copies: 2 }),
  probe("$raise", "try { throw o; } catch (e) {}", {
    title: "in a large function",
    copies: 1,
    before: `const o = {}; let x = 1; const y = { a: [] }; if (x === 5) { ${"x = y.a[x] + 3; ".repeat(800)} }`,
  }),
  probe("$raise", "try { g(30); } catch (e) {}", {
    title: "through 30 functions",
    copies: 1,
    top: "function g(n) { if (n === 0) throw 1; return g(n - 1) + 1; }",
  }),
  probe("$raise", "try { g(30); } catch (e) {}", {
    title: "through 30 finallys",
    copies: 1,
    top: "let c = 0; function g(n) { try { if (n === 0) throw 1; return g(n - 1) + 1; } finally { c++; } }",
  }),
  probe("$norm", "try { zz; const zz = 1; } catch (e) {}", { copies: 2 }),
  probe("$norm", "try { zz; const zz = 1; } catch (e) {}", {
    title: "in a large function",
    copies: 1,
    before: `const o = {}; let x = 1; const y = { a: [] }; if (x === 5) { ${"x = y.a[x] + 3; ".repeat(800)} }`,
  }),
  probe("$norm", "try { Math['abs'] = 1; } catch (e) {}", { title: "a frozen object", copies: 2 }),
  probe("$norm", "try { t.x = 1; } catch (e) {}", {
    title: "a member of a text",
    copies: 2,
    before: "const t = 'x'.repeat(16000);",
    beforeGas: 3_000,
  }),
  probe(
    "$norm",
    "for (let i = 0; i < 1; i++) { try { zz; const zz = 1; } finally { continue; } }",
    { title: "dropped by a finally", copies: 2 },
  ),
  probe("$deep", "try { r(); } catch (e) {}", {
    copies: 1,
    top: "function r() { return r() + 1; }",
  }),
  probe("$oog", "n = n + 1;", small),
];

/** Operators and forms of the language, with small operands and with the largest. */
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

const operators: readonly Probe[] = [
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

const forms: readonly Probe[] = [
  probe("form.For", "for (let i = 0; i < 9; i++) {}"),
  probe("form.For", "for (let i = 0, f = () => i; i < 9; i++) { f(); }", {
    title: "with closures",
  }),
  probe("form.While", "let i = 0; while (i < 9) i++;"),
  probe("form.DoWhile", "let i = 0; do i++; while (i < 9);"),
  probe("form.ForOf", "for (const x of a) n += x;", {
    before: "const a = [1,2,3,4,5,6,7,8,9]; let n = 0;",
  }),
  probe("form.ForOf", "for (const { p, q: [r] } of a) n += p + r;", {
    title: "patterns",
    before: "const a = [{ p: 1, q: [2] }, { p: 1, q: [2] }]; let n = 0;",
  }),
  probe("form.ForOf", "for (const x of a) n += x;", {
    title: "of 1,000 items",
    copies: 1,
    before: "const a = []; for (let i = 0; i < 1000; i++) a.push(i); let n = 0;",
    beforeGas: 100_000,
  }),
  probe("form.Labeled", "a: for (let i = 0; i < 3; i++) { for (;;) { continue a; } }"),
  probe(
    "form.Switch",
    "switch (n++ % 4) { case 0: k++; break; case 1: k--; break; default: k = 0; }",
    { before: "let n = 0, k = 0;" },
  ),
  probe(
    "form.Switch",
    "switch (t) { case 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaab': n++; break; case 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaac': n--; break; default: n = 0; }",
    { title: "texts", before: "let n = 0; const t = 'a'.repeat(29) + 'd';" },
  ),
  probe("form.If", "if (n > 3) n = 0; else n++;", { before: "let n = 0;" }),
  probe("form.Conditional", "n = n > 3 ? 0 : n + 1;", { before: "let n = 0;" }),
  probe("form.Logical", "n = (n && 1) || (n ?? 2);", { before: "let n = 0;" }),
  probe("form.Sequence", "n = (n, 1, 2);", { before: "let n = 0;" }),
  probe("form.Unary", "n = typeof n === 'number' ? !n : void 0;", { before: "let n = 0;" }),
  probe("form.Function", "const f = () => n;", { before: "let n = 0;" }),
  probe("form.Function", "const f = () => n; f();", { title: "called", before: "let n = 0;" }),
  probe("form.Function", "const f = (a, b = 2, { c } = { c: 3 }, ...d) => a + b + c; f(1);", {
    title: "defaults, patterns and rest",
    before: "let n = 0;",
  }),
  probe("form.Function", "function f() { return n; } f();", {
    title: "declared",
    before: "let n = 0;",
  }),
  probe("form.Function", "g = (h => () => h)(g);", {
    title: "closures that hold each other",
    before: "let g = () => 0;",
  }),
  probe("form.Call", "f(n);", { before: "const f = (x) => x; let n = 0;" }),
  probe("form.Call", "o.f(n);", {
    title: "a method",
    before: "const o = { f: (x) => x }; let n = 0;",
  }),
  probe("form.Call", "fs[n++ % 20](n);", {
    title: "many functions",
    before: `const fs = [${Array.from({ length: 20 }, (_, i) => `(x) => x + ${i}`).join()}]; let n = 0;`,
  }),
  probe("form.Call", "r(60);", {
    title: "recursion",
    copies: 1,
    top: "function r(n) { return n === 0 ? 0 : r(n - 1) + 1; }",
  }),
  probe("form.Call", "f();", {
    title: "of 32 missing parameters",
    before: `const f = (${Array.from({ length: 32 }, (_, i) => `p${i}`).join()}) => p0;`,
  }),
  probe("form.Chain", "o?.a?.b?.(n);", { before: "const o = { a: { b: (x) => x } }; let n = 0;" }),
  probe("form.Array", "const a = [1, 2, 3];"),
  probe("form.Array", "const a = [];", { title: "empty" }),
  probe("form.Array", "const a = [n, n, n]; b = a;", {
    title: "kept",
    before: "let n = 0, b = 0;",
  }),
  probe("form.Array", `const a = [${"0,".repeat(2_000)}];`, { title: "of 2,000", copies: 1 }),
  probe("form.Object", "const o = { a: 1, b: 2 };"),
  probe("form.Object", "b = { a: n, b: n };", { title: "kept", before: "let n = 0, b = 0;" }),
  probe("form.Object", "b = {};", { title: "empty", before: "let b = 0;" }),
  probe("form.Object", "b = { ['k' + n++ % 3000]: 1 };", {
    title: "computed keys",
    before: "let b = 0, n = 0;",
  }),
  probe(
    "form.Object",
    `const o = { ${Array.from({ length: 1_000 }, (_, i) => `p${i}: 1`).join()} };`,
    { title: "of 1,000", copies: 1 },
  ),
  probe(
    "form.Object",
    `const o = { ${Array.from({ length: 1_000 }, (_, i) => `p${i}: n`).join()} };`,
    { title: "of 1,000 values", copies: 1, before: "let n = 0;" },
  ),
  probe("form.Member", "n = o.a + o.b;", { before: "const o = { a: 1, b: 2 }; let n = 0;" }),
  probe("form.Member", "j = (j + 7) % 4000; t += os[j].x;", {
    title: "of 4,000 shapes",
    ...shapes(),
  }),
  probe("form.Member", "j = (j + 7) % 4000; os[j].y;", {
    title: "missing, of 4,000 shapes",
    ...shapes(),
  }),
  probe(
    "form.Member",
    "os[j].y; j = (j + 7) % 4000; os[j].y; os[j].z; os[j].x; os[j].w; os[j].v;",
    { title: "several, of 4,000 shapes", ...shapes() },
  ),
  probe("form.Member", "j = (j + 7) % 4000; os[j].x = j;", {
    title: "written, of 4,000 shapes",
    ...shapes(),
  }),
  probe("form.Member", "os[0].q = 1;", {
    title: "added to new objects",
    copies: 1,
    before: "let os = [{}]; ",
  }),
  probe("form.Pattern", "const { a, b: { c }, d = 4 } = o;", {
    before: "const o = { a: 1, b: { c: 2 } };",
  }),
  probe("form.Pattern", "[a, b] = [b, a];", { title: "swap", before: "let a = 1, b = 2;" }),
  probe("form.Try", "try { n++; } catch (e) {}", { before: "let n = 0;" }),
  probe("form.Finally", "try { n++; } finally { n--; }", { before: "let n = 0;" }),
  probe("form.New", "new Error('x');"),
  probe("form.New", "new Map([[1, 2]]);", { title: "Map" }),
  probe("Error", "Error('x');"),
  probe("TypeError", "new TypeError('x');"),
  probe("RangeError", "new RangeError('x');"),
];

function shapes(): Partial<Probe> {
  return {
    beforeGas: 1_200_000,
    before:
      "let j = 0, t = 0; const os = []; for (let i = 0; i < 4000; i++) { const o = {}; o['k' + i] = 1; o.x = 1; os.push(o); }",
  };
}

export const languageProbes: readonly Probe[] = [...operators, ...forms];

/** Forms of the language: loops, functions, literals, members, patterns, errors. */
import { type Probe, probe } from "./gas-probe.ts";

export const formProbes: readonly Probe[] = [
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

/** Methods and functions of texts, numbers and integers. */
import { type Probe, probe } from "./gas-probe.ts";

const list = (length: number): Partial<Probe> => ({
  before: `const a = []; for (let i = 0; i < ${length}; i++) a.push(i); let n = 0;`,
  beforeGas: 100_000 + 60 * length,
});
const long = { ...list(1_000), copies: 2 };

const text = {
  before: "const t = 'abcdefgh'.repeat(2048); const u = 'ab'; let n = 0;",
  beforeGas: 20_000,
};

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

export const valueProbes: readonly Probe[] = [...texts, ...numbers];

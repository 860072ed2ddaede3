// Goal: an author learns of every fault of a source at once, each with its line and column.
// Method: one source for each rule, and the forms that are allowed compared with plain JavaScript.
import { describe, expect, it } from "vitest";
import { admitSource } from "../../src/runtime/admit.ts";

const HEAD = 'import { contract, int } from "ace-node/contract";\n';
const ABI = 'contract({ name: "a", methods: { f: { args: [] } } });\n';

function refusals(body: string, head = HEAD + ABI): readonly (readonly [string, number, number])[] {
  const admission = admitSource(head + body);
  if (admission.ok) return [];
  return admission.refusals.map(({ code, line, column }) => [code, line, column]);
}

const inside = (statement: string): string => `export function f() { ${statement} }`;

describe("source code", () => {
  it.each([
    ["a regular expression", "/x/.test('x');", "CODE_FORM"],
    ["a class", "class A {}", "CODE_FORM"],
    ["this", "this.x = 1;", "CODE_FORM"],
    ["var", "var x = 1;", "CODE_FORM"],
    ["delete", "delete f.x;", "CODE_FORM"],
    ["a loose comparison", "f == 1;", "CODE_FORM"],
    ["for-in", "for (const x in f) {}", "CODE_FORM"],
    ["a getter", "({ get x() { return 1; } });", "CODE_FORM"],
    ["a tagged template", "f`x`;", "CODE_FORM"],
    ["a constructor of another kind", "new f();", "CODE_FORM"],
    ["the rest of a pattern", "const [a, ...b] = f;", "CODE_FORM"],
    ["a new length", "f.length = 1;", "CODE_FORM"],
    ["__proto__", "f.__proto__;", "CODE_FORM"],
    ["two spreads in a call", "f(...f, ...f);", "CODE_FORM"],
    ["a case that is computed", "switch (1) { case f(): }", "CODE_FORM"],
    ["an integer of 300 bits", `${10n ** 90n}n;`, "CODE_FORM"],
    ["eval", "eval('1');", "CODE_NAME"],
    ["arguments", "arguments;", "CODE_NAME"],
    ["globalThis", "globalThis;", "CODE_NAME"],
    ["Date", "Date;", "CODE_NAME"],
    ["a name of the meter", "$g = 1;", "CODE_NAME"],
    ["an escaped name of the meter", "\\u0024g;", "CODE_NAME"],
    ["a hidden built-in", "const Map = 1;", "CODE_NAME"],
    ["an assigned import", "int = 1;", "CODE_NAME"],
    ["an assigned constant", "const x = 1; x++;", "CODE_NAME"],
    ["a label like a name of the meter", "$g: for (;;) {}", "CODE_NAME"],
    ["an optional call behind a computed key", "f['x']?.();", "CODE_FORM"],
    ["a pattern of assigned members", "[f.x] = [1];", "CODE_FORM"],
    ["a function too large for one", `function g() { ${"f(); ".repeat(3_000)} }`, "CODE_FORM"],
  ])("with %s is refused where it stands", (_name, statement, code) => {
    const [first] = refusals(inside(`\n  ${statement}`));
    expect(first?.[0]).toBe(code);
    expect(first?.[1]).toBe(4);
  });

  it.each([
    ["another import", 'import { text } from "node:fs";\n', "CODE_IMPORT", 3, 1],
    ["a default export", "export default 1;\n", "CODE_FORM", 3, 1],
    ["an undeclared method", "export function g() {}\n", "CODE_EXPORT", 3, 8],
    ["a syntax error", "const x = ;\n", "CODE_SYNTAX", 3, 11],
  ] as const)("with %s is refused where it stands", (_name, line, code, ...place) => {
    expect(refusals(line + inside(""))[0]).toEqual([code, ...place]);
  });
});

describe("a whole source", () => {
  it("is refused with all its faults at once", () => {
    const found = refusals(inside("var x; eval(); class A {}"));
    expect(found.map(([code]) => code)).toEqual(["CODE_FORM", "CODE_FORM", "CODE_NAME"]);
  });

  it.each([
    ["no declaration", "", "CODE_ABI"],
    [
      "a declared method that is missing",
      'contract({ name: "a", methods: { g: { args: [] } } });',
      "CODE_EXPORT",
    ],
    ["a type that is none", 'contract({ name: "a", methods: { f: { args: [5] } } });', "CODE_ABI"],
    [
      "more interfaces than a view can name",
      `contract({ name: "a", implements: [${'"x/1",'.repeat(33)}], methods: { f: { args: [] } } });`,
      "CODE_ABI",
    ],
    ["a name in capitals", 'contract({ name: "A", methods: { f: { args: [] } } });', "CODE_ABI"],
    [
      "an unknown field",
      'contract({ name: "a", owner: 1, methods: { f: { args: [] } } });',
      "CODE_ABI",
    ],
  ])("with %s is refused", (_name, declaration, code) => {
    expect(refusals(inside(""), `${HEAD}${declaration}\n`).map(([found]) => found)).toContain(code);
  });

  it.each([
    ["parentheses", "(".repeat(3_000), ")".repeat(3_000)],
    ["negations", "!".repeat(5_000), ""],
    ["sums", "1+".repeat(6_000), ""],
    ["arrays", "[".repeat(250), "]".repeat(250)],
  ])("of deeply nested %s is refused, not crashed upon", (_name, open, close) => {
    expect(refusals(inside(`return ${open}1${close};`))[0]?.[0]).toBe("CODE_TOO_DEEP");
  });

  it("may hold a template of any length, which is printed no deeper than it was", () => {
    const wide = `\`${"$".concat("{1}").repeat(4_000)}\``;
    const admitted = admitSource(`${HEAD}${ABI}${inside(`return ${wide};`)}`);
    expect(admitted.ok && admitted.code.match(/\$text\(/g)?.length).toBe(1);
  });

  it("over the size, or with a NUL, is refused before it is read", () => {
    expect(refusals(`//${"x".repeat(65_536)}`)[0]?.[0]).toBe("CODE_TOO_LONG");
    expect(refusals("\0")[0]?.[0]).toBe("CODE_TEXT");
  });
});

describe("a type", () => {
  const declared = (type: string, before = ""): readonly unknown[] =>
    refusals(
      inside(""),
      `import { contract, int, list, optional } from "ace-node/contract";
${before}contract({ name: "a", methods: { f: { args: [${type}] } } });\n`,
    ).map(([code]) => code);
  const lists = (levels: number): string =>
    `${"list(".repeat(levels - 1)}int${", 2)".repeat(levels - 1)}`;

  it("is nested eight levels deep at most", () => {
    expect(declared(lists(8))).toEqual([]);
    expect(declared(lists(9))).toEqual(["CODE_ABI"]);
  });

  it("is not optional twice", () => {
    expect(declared("optional(int)")).toEqual([]);
    expect(declared("optional(optional(int))")).toEqual(["CODE_ABI"]);
    expect(
      declared("maybe", "const maybe = optional(again); const again = optional(int);\n"),
    ).toEqual(["CODE_ABI"]);
  });

  it("cannot grow without end out of types that have names", () => {
    const fields = (of: string): string =>
      Array.from({ length: 8 }, (_, index) => `a${index}: ${of}`).join(", ");
    const levels = Array.from(
      { length: 6 },
      (_, level) => `const t${level} = { ${fields(level === 0 ? "int" : `t${level - 1}`)} };\n`,
    );
    expect(declared("t2", levels.join(""))).toEqual([]);
    expect(declared("t5", levels.join(""))).toEqual(["CODE_ABI"]);
  });
});

it("cannot be moved by comments, line ends or escapes", () => {
  const plain = admitSource(`${HEAD}${ABI}export function f(){let a=[1];a[0]+=2;return a}`);
  const odd = admitSource(
    `${HEAD}${ABI}export function f(/* => ] */){let \\u0061=[1]/* ] */\na/*[*/[0]// +=\n+=/* ; */2\nreturn a}`,
  );
  expect(odd).toMatchObject({ ok: true });
  expect(odd.ok && odd.code).toBe(plain.ok && plain.code);
});

it.each([
  ["an import without braces", 'import kit from "ace-node/contract";', ""],
  ["all that the kit has", 'import * as kit from "ace-node/contract";', ""],
  ["export default", "", "export default 1;"],
  ["exported names", "", "function g() {} export { g };"],
  ["a class", "", inside("class A {}")],
  ["this", "", inside("this.x = 1;")],
  ["for-in", "", inside("for (const x in f) {}")],
  ["debugger", "", inside("debugger;")],
])("refuses %s once, in words that authors use", (_, imports, body) => {
  const admission = admitSource(`${imports}\n${HEAD}${ABI}${body}`);
  const found = admission.ok ? [] : admission.refusals;
  expect(found.map(({ code }) => code)).toEqual(["CODE_FORM"]);
  expect(found[0]?.message).not.toMatch(/[a-z](Statement|Expression|Declaration|Specifier)/);
});

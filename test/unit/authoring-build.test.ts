// Goal: what an author's files become is the same everywhere, means the same, and is refused in the
// author's own lines.
import {
  cpSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { tokenizer } from "acorn";
import { afterAll, describe, expect, it } from "vitest";
import { buildContract } from "../../src/authoring/build-contract.ts";
import { checkTypes } from "../../src/authoring/check-types.ts";
import { positionAt } from "../../src/authoring/mapped-text.ts";
import { stripTypes } from "../../src/authoring/strip-types.ts";
import { isAceError } from "../../src/lib/errors.ts";

type Files = Readonly<Record<string, string>>;

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function folderWith(files: Files): string {
  const folder = mkdtempSync(join(tmpdir(), "ace-build-"));
  folders.push(folder);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

const built = (files: Files, entry = "shop.ts") => buildContract(join(folderWith(files), entry));

/** What a build is refused with, its folder left out. */
function refusal(files: Files, entry = "shop.ts"): string {
  const folder = folderWith(files);
  try {
    buildContract(join(folder, entry));
    return "";
  } catch (error) {
    if (!isAceError(error, "CODE_REFUSED")) throw error;
    return error.message.replaceAll(`${folder}/`, "");
  }
}

const shop: Files = {
  "shop.ts": `/** A shop in several files. */
import { contract, ctx, int, XLM } from "ace-node/contract";
import { type Fees, total as sum } from "./lib/fees.ts";
import { shelf } from "./shelf.js";
import type { Price } from "./types.ts";

contract({
  name: "shop",
  methods: {
    setup: { args: [int] },
    buy: { args: [int], returns: int, payable: [XLM] },
    price: { args: [], returns: int, view: true },
    fees: { args: [], returns: int, view: true },
  },
});

const fee: bigint = 3n;

export function setup(price: bigint): void {
  shelf.set({ price, owner: ctx.caller });
}
export { buy, price } from "./buy.ts";
export function fees(): Price {
  const total = 1n;
  return sum(fee) + total;
}
`,
  "lib/fees.ts": `import { int as whole } from "ace-node/contract";
import { fees } from "../shop.ts";

const fee = 5n;

export interface Fees {
  readonly a: string;
}

export function total(x: bigint): bigint {
  if (x === 99n) return fees();
  const parts = { fee, whole };
  const { fee: part } = parts;
  return x + fee + part;
}
`,
  "shelf.ts": `import { account, int, state } from "ace-node/contract";
export const shelf = state.value("shelf", { price: int, owner: account });
`,
  "buy.ts": `import { ctx, fail, XLM } from "ace-node/contract";
import { total } from "./lib/fees.ts";
import { shelf } from "./shelf.ts";

export const price = (): bigint => shelf.get()?.price ?? fail("NONE");

export function buy(count: bigint): bigint {
  if (ctx.paid(XLM) < total(price()) * count) fail("UNDERPAID");
  return count;
}
`,
  "types.ts": "export type Price = bigint;\n",
};

/** A contract of one method in one file. */
const single = (
  body: string,
  imports = "",
): string => `import { contract } from "ace-node/contract";
${imports}
contract({ name: "one", methods: { go: { args: [] } } });
${body}`;

describe("a contract of several files", () => {
  it("becomes one that reads as it was written, each name meaning its own", () => {
    expect(built(shop).source).toMatchInlineSnapshot(`
      "import { XLM, account, contract, ctx, fail, int, state } from "ace-node/contract";

      // lib/fees.ts

      const fee_fees = 5n;

      function total_fees(x) {
        if (x === 99n) return fees();
        const parts = { fee: fee_fees, whole: int };
        const { fee: part } = parts;
        return x + fee_fees + part;
      }

      // shelf.ts

      const shelf = state.value("shelf", { price: int, owner: account });

      // buy.ts

      export const price = () => shelf.get()?.price ?? fail("NONE");

      export function buy(count) {
        if (ctx.paid(XLM) < total_fees(price()) * count) fail("UNDERPAID");
        return count;
      }

      // shop.ts

      /** A shop in several files. */

      contract({
        name: "shop",
        methods: {
          setup: { args: [int] },
          buy: { args: [int], returns: int, payable: [XLM] },
          price: { args: [], returns: int, view: true },
          fees: { args: [], returns: int, view: true },
        },
      });

      const fee = 3n;

      export function setup(price) {
        shelf.set({ price, owner: ctx.caller });
      }
      export function fees() {
        const total = 1n;
        return total_fees(fee) + total;
      }
      "
    `);
  });

  it("is the same bytes in every folder, from every system, in every order of reading", () => {
    const first = folderWith(shop);
    const second = join(folderWith({}), "deeper", "still");
    cpSync(first, second, { recursive: true });
    for (const name of Object.keys(shop)) {
      const path = join(second, name);
      writeFileSync(path, `\ufeff${readFileSync(path, "utf8").replaceAll("\n", "\r\n")}`);
    }
    const { codeHash, source } = buildContract(join(first, "shop.ts"));
    expect(buildContract(join(second, "shop.ts"))).toMatchObject({ codeHash, source });
    expect(source).not.toContain("\r");
  });

  it("knows the author's line of every line that was one", () => {
    const { source, map } = built(shop);
    const place = map(positionAt(source, source.indexOf('fail("UNDERPAID")')));
    expect(place).toMatchObject({ line: 8, column: 47 });
    expect(place?.file).toMatch(/buy\.ts$/);
  });

  it("is not changed by being built again", () => {
    const { source } = built(shop);
    expect(built({ "shop.js": source }, "shop.js").source).toBe(source);
  });
});

it("leaves one file of JavaScript as it is", () => {
  const text = single("export function go() {}\n\n\n");
  expect(built({ "one.js": text }, "one.js").source).toBe(text);
});

it("takes types out without joining words or breaking lines", () => {
  const { source } = built({
    "shop.ts": single(`
interface Gone {
  a: string;

  b: number;
}
type Also = Gone | undefined;

const known = (1n as unknown) as bigint;
export function go(this: void): asserts known is bigint {
  const text = \`a \${known as bigint} b   
  c\`;
  for (const item of [known] as bigint[]) void item;
  const give = <T,>(value: T): [
    T,
  ] => [value];
  give<bigint>(known!);
}
`),
  });
  expect(source).toMatchInlineSnapshot(`
    "import { contract } from "ace-node/contract";

    contract({ name: "one", methods: { go: { args: [] } } });

    const known = (1n);
    export function go() {
      const text = \`a \${known } b   
      c\`;
      for (const item of [known]) void item;
      const give = (value
      ) => [value];
      give(known);
    }
    "
  `);
});

const cases: readonly (readonly [what: string, files: Files, wanted: readonly string[]])[] = [
  [
    "a name that no contract has",
    { "shop.ts": single('export function go(): void {\n  "a" as string; fetch("x");\n}\n') },
    ["shop.ts:5:18 CODE_NAME", '> 5 |   "a" as string; fetch("x");', "|                  ^"],
  ],
  [
    "a refusal in a file that is imported",
    {
      "shop.ts": single("export function go(): void { late(); }", 'import { late } from "./b.ts";'),
      "b.ts": "type A = string;\n\nexport function late(): number {\n  return Date.now();\n}\n",
    },
    ["b.ts:4:10 CODE_NAME", "ctx.time"],
  ],
  ["a package", { "shop.ts": single("", 'import { a } from "lodash";') }, ['import from "lodash"']],
  [
    "a file that is not there",
    { "shop.ts": single("", 'import { a } from "./b.ts";') },
    ["there is no ./b.ts"],
  ],
  [
    "a path without its ending",
    { "shop.ts": single("", 'import { a } from "./b";'), "b.ts": "export const a = 1n;" },
    ['Write the whole name: "./b.ts"'],
  ],
  [
    "JSON",
    { "shop.ts": single("", 'import a from "./a.json";'), "a.json": "{}" },
    ["cannot import JSON"],
  ],
  [
    "JSON with an attribute",
    { "shop.ts": single("", 'import a from "./a.json" with { type: "json" };'), "a.json": "{}" },
    ["cannot import JSON"],
  ],
  [
    "a name that a file does not export",
    { "shop.ts": single("", 'import { a } from "./b.ts";'), "b.ts": "const a = 1n;" },
    ['shop.ts:2:10 CODE_IMPORT: b.ts exports no "a"', "Write `export` before it"],
  ],
  [
    "a type that is imported as a value",
    {
      "shop.ts": single("", 'import { A } from "./b.ts";'),
      "b.ts": "export interface A { a: 1 }",
    },
    ["import type { A }"],
  ],
  [
    "everything of a file at once",
    { "shop.ts": single("", 'import * as b from "./b.ts";'), "b.ts": "export const a = 1n;" },
    ["an import must name what it takes"],
  ],
  [
    "a name that the file forgot to import, although another file has it",
    {
      "shop.ts": single("export function go(): void { fee(); }", 'import { other } from "./b.ts";'),
      "b.ts": "export const other = 1n;\nfunction fee() {}",
    },
    ['shop.ts:4:30 CODE_NAME: "fee" is not known in this file', "Import it from b.ts"],
  ],
  [
    "syntax that is no TypeScript",
    { "shop.ts": single("export function go(: void {}\n") },
    ["shop.ts:4:20 CODE_SYNTAX"],
  ],
  ["an enum", { "shop.ts": single("enum A { B }\nexport function go() {}\n") }, ["CODE_SYNTAX"]],
  ["a default export", { "shop.ts": single("export default 1n;") }, ["no default export"]],
  [
    "one export for two declarations",
    {
      "shop.ts": single('export { go } from "./b.ts";'),
      "b.ts": "export const go = () => {}, more = 1n;",
    },
    ["b.ts:1:1 CODE_EXPORT"],
  ],
  [
    "more than 64 KB together",
    {
      "shop.ts": single("export function go(): void { pad; }", 'import { pad } from "./b.ts";'),
      "b.ts": `export const pad = [${'"0123456789abcdef",'.repeat(3_500)}];`,
    },
    ["CODE_TOO_LONG"],
  ],
];

it("keeps a space between two words that a type stood between", () => {
  const stripped = stripTypes("const a = b as object in c;\n");
  expect(stripped.ok && stripped.mapped.text).toBe("const a = b in c;\n");
});

it("leaves every word of real sources as it was, and every line break between two of them", () => {
  const files = globSync([
    "src/{authoring,contracts,lib,runtime}/*.ts",
    "contracts-examples/*/*.ts",
  ]);
  expect(files.length).toBeGreaterThan(100);
  for (const file of files) {
    const text = readFileSync(file, "utf8");
    const stripped = stripTypes(text);
    if (!stripped.ok) throw new Error(`${file}: ${stripped.message}`);
    expect(words(stripped.mapped.text), file).toEqual(words(stripTypeScriptTypes(text)));
  }
});

/** Each word with whether a line begins between it and the one before. */
function words(text: string): readonly string[] {
  let before = 0;
  return [...tokenizer(text, { ecmaVersion: "latest", sourceType: "module" })].map((token) => {
    const isFirst = text.slice(before, token.start).includes("\n");
    before = token.end;
    return `${isFirst ? "\n" : ""}${text.slice(token.start, token.end)}`;
  });
}

describe("what is refused is told in the author's file", () => {
  it.each(cases)("%s", (_what, files, wanted) => {
    const message = refusal(files);
    for (const part of wanted) expect(message).toContain(part);
  });

  it("a file that is no text, or not there", () => {
    const folder = folderWith({});
    writeFileSync(join(folder, "a.ts"), Buffer.from([0xff, 0xfe, 0x00]));
    const unreadable = expect.objectContaining({ code: "FILE_UNREADABLE" });
    for (const name of ["a.ts", "b.ts", "."]) {
      expect(() => buildContract(join(folder, name))).toThrow(unreadable);
    }
  });
});

describe("types", () => {
  const checked = (body: string, methods = "go: { args: [int] }"): string => {
    const head = `import { contract, fail, int, state } from "ace-node/contract";
contract({ name: "one", methods: { ${methods} } });
const sum = state.value("sum", int);
`;
    const folder = folderWith({ "one.ts": head + body });
    const file = join(folder, "one.ts");
    try {
      checkTypes(file, buildContract(file));
      return "";
    } catch (error) {
      if (!isAceError(error, "TYPES_WRONG")) throw error;
      return error.message.replaceAll(`${folder}/`, "");
    }
  };

  it("that fit are none of a build's business", () => {
    expect(checked("export function go(by: bigint): void { sum.set(by); }")).toBe("");
  });

  it("that do not fit are told with what to write instead", () => {
    const message = checked("export function go(by: bigint): void {\n  sum.set(sum.get() + 1);\n}");
    expect(message).toContain("one.ts:5:11 TS2532");
    expect(message).toContain('`?? fail("CODE")`');
    expect(checked("export function go(by: bigint): void { sum.set(by + 1); }")).toContain(
      "write 1n",
    );
  });

  it("know what JavaScript has and contracts lack, and leave an author's own names alone", () => {
    const message = checked(
      'export function go(by: bigint): void {\n  if (by.toString().replace("1", "2") === "") fail("A");\n}',
    );
    expect(message).toContain("one.ts:5:21 TYPES_WRONG: there is no `replace` in contracts");
    expect(message).toContain("use `indexOf`");
    const own = "const its = { replace: (by: bigint): void => sum.set(by) };";
    expect(checked(`export function go(by: bigint): void { ${own} its.replace(by); }`)).toBe("");
  });

  it("of a function are held against what contract({ … }) declares", () => {
    const message = checked("export function go(by: string): void { by.at(0); }");
    expect(message).toContain('one.ts:4:1 TS2322: "go" is not what contract({ … }) declares');
    expect(message).toContain("It should be `function go(a: bigint): void`.");
  });
});

/** Statements, by chance. Every loop is short: no counter can be written by what the loop does. */
import { expression } from "./program-expressions.ts";
import type { Maker, Type } from "./program-maker.ts";

const NESTING_MAX = 3;
const SHOWN_MAX = 24;

/** A function at top level that others may call from now on. */
export function helper(maker: Maker): string {
  const name = `help${maker.helpers.length}`;
  const fallback = expression(maker, "n", 1);
  const hasPattern = maker.isLucky(0.5);
  const text = maker.inside(() => {
    const [first, second, rest] = [maker.declare("i"), maker.declare("n"), maker.declare("ai")];
    const parameters = hasPattern
      ? `${first} = 1n, { a: ${second} = 3 } = {}, [${rest}] = [], [${maker.declare("i")} = 2n] = [5n]`
      : `${first}, ${second} = ${fallback}, ...${rest}`;
    const own = hasPattern ? `${rest} ??= [2n];\n` : "";
    const body = `${own}${block(maker, 3, 1)}\nreturn ${expression(maker, "i", 2)} % 1000003n;`;
    return maker.isLucky(0.5)
      ? `function ${name}(${parameters}) {\n${body}\n}`
      : `const ${name} = (${parameters}) => {\n${body}\n};`;
  });
  maker.helpers.push((integer, number) =>
    hasPattern ? `${name}(${integer}, { a: ${number} })` : `${name}(${integer}, ${number}, 5n, 6n)`,
  );
  return text;
}

function block(maker: Maker, statements: number, nesting = 0): string {
  return maker.inside(() => lines(maker, statements, nesting));
}

/** Statements whose declarations stay in scope. */
export function lines(maker: Maker, statements: number, nesting = 0): string {
  const found: string[] = [];
  for (let left = 1 + maker.count(statements); left > 0; left -= 1) {
    found.push(statement(maker, nesting));
  }
  return found.join("\n");
}

/** What is in scope, as an event can carry it. */
export function shown(maker: Maker): string {
  const values = maker.scope.map(({ name, type }) => shownAs(name, type));
  return values.slice(-SHOWN_MAX).join(", ");
}

function shownAs(name: string, type: Type): string {
  switch (type) {
    case "n":
      return `\`\${${name}}\``;
    case "an":
      return `${name}.slice(0, 20).map((x) => \`\${x}\`)`;
    case "ai":
    case "at":
      return `${name}.slice(0, 20)`;
    case "m":
      return `[...${name}].slice(0, 20)`;
    default:
      return name;
  }
}

function statement(maker: Maker, nesting: number): string {
  const choice = maker.count(nesting < NESTING_MAX ? 20 : 8);
  if (choice < 4) return declaration(maker);
  if (choice < 7) return assignment(maker);
  if (choice === 7) return kitStatement(maker);
  return choice < 13 ? loop(maker, nesting + 1) : branch(maker, nesting + 1);
}

function declaration(maker: Maker): string {
  const type = maker.type();
  const [value, other] = [expression(maker, type, 3), expression(maker, "i", 2)];
  if (maker.isLucky(0.85)) return `let ${maker.declare(type)} = ${value};`;
  const [first, second] = [maker.declare("i"), maker.declare("i")];
  return maker.pick([
    () => `let [${first}, ${second} = 4n] = [${other}];`,
    () => `let { a: ${first}, ["b"]: ${second} = 8n } = { a: ${other} };`,
    () => `let { a: [${first} = 3n], b: { ${second} = 2n } } = { a: [${other}], b: {} };`,
    () =>
      `let ${first} = ${other}, ${second} = ${first};\n[${first}, ${second}] = [${second}, 1n];`,
  ]);
}

function assignment(maker: Maker): string {
  const type = maker.type();
  const name = maker.known(type);
  if (name === undefined) return ";";
  const of = (kind: Type): string => expression(maker, kind, 2);
  switch (type) {
    case "n":
      return maker.pick([
        () => `${name} = ${of("n")};`,
        () =>
          `${name} ${maker.word(["+", "-", "*", "%", "|", "&", "^", "<<", ">>", ">>>"])}= ${of("n")};`,
        () => `${name} ${maker.word(["||", "&&", "??"])}= ${of("n")};`,
        () => maker.word([`${name}++;`, `--${name};`, `${name} = ${name}++ + ++${name};`]),
      ]);
    case "i":
      return maker.pick([
        () => `${name} = ${of("i")};`,
        () => `${name} ${maker.word(["+", "-", "^", "|", "&"])}= ${of("i")} % 1000n;`,
        () => `${name} %= 1009n;`,
        () => maker.word([`${name}++;`, `--${name};`, `${name} = -${name};`]),
      ]);
    case "t":
      return `${name} = (${name} + ${of("t")}).slice(0, 60);`;
    case "b":
      return `${name} ${maker.word(["", "||", "&&"])}= ${of("b")};`;
    case "m":
      return maker.word([`${name}.set(${of("t")}, ${of("i")});`, `${name}.delete(${of("t")});`]);
    default:
      return arrayChange(maker, name, type);
  }
}

function arrayChange(maker: Maker, name: string, type: "an" | "ai" | "at"): string {
  const item = (): string => expression(maker, type === "an" ? "n" : type === "ai" ? "i" : "t", 2);
  const small = (): string => (type === "ai" ? `${item()} % 1000n` : item());
  return maker.pick([
    () => `${name}.push(${item()}, ${item()});`,
    () => `${name}[${name}.length] = ${item()};`,
    () => `if (${name}.length > 0) ${name}[0] = ${item()};`,
    () =>
      type === "at"
        ? `${name}.reverse();`
        : `if (${name}.length > 0) ${name}[${name}.length - 1] ${maker.word(["+", "-", "|"])}= ${small()};`,
    () => `${name}.splice(${maker.count(3)}, ${maker.count(3)}, ${item()});`,
    () => `${name}.unshift(${item()});`,
    () => `${name} = [...${name}.slice(0, 9), ${item()}];`,
    () => maker.word([`${name}.pop();`, `${name}.shift();`, `[${name}] = [${name}.slice(1)];`]),
    () => (type === "ai" ? `if (${name}.length > 0) ${name}[0]++;` : `${name}.concat([]);`),
  ]);
}

function kitStatement(maker: Maker): string {
  const of = (type: Type): string => expression(maker, type, 2);
  return maker.pick([
    () => `total.set(${of("i")});`,
    () => `byNumber.set(${of("i")} % 7n, ${of("i")});`,
    () => `byName.set(${of("t")}.slice(0, 20), ${of("i")});`,
    () => `byNumber.delete(${of("i")} % 7n);`,
    () => `emit("step", ${of("i")});`,
    () => `if (${of("b")} && ${of("b")} && ${of("b")}) fail("STOP");`,
    () => "for (const { key, value } of byNumber.scan({ limit: 3 })) total.set(key[0] + value);",
  ]);
}

function loop(maker: Maker, nesting: number): string {
  const turn = maker.fresh();
  const source = expression(maker, "m", 1);
  const [integers, text, test] = [
    expression(maker, "ai", 1),
    expression(maker, "t", 1),
    expression(maker, "b", 2),
  ];
  const over = (type: Type, from: string): string =>
    maker.inside(
      () => `for (let ${maker.declare(type)} of ${from}) {\n${turnOf(maker, nesting)}\n}`,
    );
  return maker.pick([
    () =>
      `for (let ${turn} = 0; ${turn} < ${maker.count(6)}; ${turn}++) {\n${turnOf(maker, nesting)}\n}`,
    () => over("ai", `[${integers}]`),
    () => over("i", `${integers}.slice(0, 6)`),
    () => over("t", `${text}.slice(0, 6)`),
    () =>
      maker.inside(() => {
        const [key, value] = [maker.declare("t"), maker.declare("i")];
        return `for (let [${key}, ${value}] of [...${source}].slice(0, 6)) {\n${turnOf(maker, nesting)}\n}`;
      }),
    () =>
      `let ${turn} = 0;\nwhile (${turn}++ < ${maker.count(5)} && ${test}) {\n${turnOf(maker, nesting)}\n}`,
    () =>
      `{ let ${turn} = 0; do {\n${turnOf(maker, nesting)}\n} while (${turn}++ < ${maker.count(4)}); }`,
    () => {
      const end = `if (${test}) ${maker.word(["break", "continue"])} l${turn};`;
      return `l${turn}: for (const x of [1, 2, 3]) {\n${turnOf(maker, nesting)}\nfor (;;) { ${end} break; }\n}`;
    },
  ]);
}

function turnOf(maker: Maker, nesting: number): string {
  return maker.inside(() => {
    const body = lines(maker, 2, nesting);
    if (maker.isLucky(0.8)) return body;
    return `${body}\nif (${expression(maker, "b", 1)}) ${maker.word(["break", "continue"])};`;
  });
}

function branch(maker: Maker, nesting: number): string {
  const inner = (): string => block(maker, 3, nesting);
  const test = (): string => expression(maker, "b", 2);
  return maker.pick([
    () =>
      `if (${test()}) {\n${inner()}\n} else if (${test()}) {\n${inner()}\n} else {\n${inner()}\n}`,
    () => `if (${test()}) {\n${inner()}\n}`,
    () =>
      `switch (${expression(maker, "n", 1)} & 3) {\ncase 0: {\n${inner()}\n}\ncase 1: {\n${inner()}\nbreak; }\ndefault: {\n${inner()}\n}\ncase 2: total.set(2n);\n}`,
    () => `switch (${expression(maker, "t", 2)}) {\ncase "a": case "": {\n${inner()}\n}\n}`,
    () => `try {\n${inner()}\n${thrown(maker)}\n} catch (e) {\n${inner()}\n}`,
    () => `try {\n${inner()}\n} catch {\n${inner()}\n} finally {\n${inner()}\n}`,
    () =>
      `try {\n${thrown(maker)}\n} catch (e) {\ntotal.set(typeof e === "bigint" ? e : 1n);\n} finally {\n${inner()}\n}`,
    () => closure(maker),
    () => `{\n${inner()}\n}`,
  ]);
}

function closure(maker: Maker): string {
  const name = maker.fresh();
  const [first, second] = [expression(maker, "i", 1), expression(maker, "i", 1)];
  const made = maker.pick([
    () => `const ${name} = (x, y = ${first}) => (x + y + ${second}) % 1009n;`,
    () => `const ${name} = ((sum) => (x) => (sum = (sum + x) % 1009n))(${first});\n${name}(2n);`,
    () => `const { ${name} } = { ${name}(x) { return (x - ${first}) % 1009n; } };`,
  ]);
  return `{\n${made}\ntotal.set([1n, ${second}].map((x) => ${name}(x)).reduce((x, y) => x + y));\n}`;
}

function thrown(maker: Maker): string {
  return maker.pick([
    () => "",
    () => `if (${expression(maker, "b", 1)}) throw ${expression(maker, "i", 1)};`,
    () => `throw new Error(${expression(maker, "t", 1)});`,
    () => "null.x;",
    () => 'fail("CAUGHT");',
    () => "(1)();",
  ]);
}

/**
 * Expressions of one type, by chance.
 *
 * Integers stay small and texts short, so that plain JavaScript, which knows no limits, gives the same.
 */
import type { Maker, Type } from "./program-maker.ts";

export function expression(maker: Maker, type: Type, depth: number): string {
  const name = maker.known(type);
  if (depth <= 0 || maker.isLucky(0.2)) return name ?? literal(maker, type);
  return made(maker, depth - 1)[type]();
}

function literal(maker: Maker, type: Type): string {
  switch (type) {
    case "n":
      return maker.word(["0", "1", "2", "7", "0.5", "-3", "255", "1e3", "0x1f", "4294967295"]);
    case "i":
      return maker.word(["0n", "1n", "2n", "-5n", "97n", "1_000n", "0xffn", "4294967296n"]);
    case "t":
      return maker.word(['""', '"a"', '"b,c"', "'é'", '" x "', '"0"', "`k`", '"\\u00df\\n"']);
    case "b":
      return maker.word(["true", "false"]);
    case "an":
      return maker.word(["[]", "[1]", "[3, 1, 2]", "[0.5, -1]"]);
    case "ai":
      return maker.word(["[]", "[1n]", "[3n, 1n, 2n]"]);
    case "at":
      return maker.word(["[]", '["a"]', '["b", "", "a"]']);
    default:
      return maker.word(["new Map()", 'new Map([["a", 1n], ["b", 2n]])']);
  }
}

function made(maker: Maker, depth: number): Readonly<Record<Type, () => string>> {
  const of = (type: Type): string => expression(maker, type, depth);
  return {
    n: () => maker.pick(numbers(maker, of)),
    i: () => maker.pick(integers(maker, of)),
    t: () => maker.pick(texts(maker, of)),
    b: () => maker.pick(booleans(maker, of)),
    an: () => maker.pick(numberArrays(of)),
    ai: () => maker.pick(integerArrays(of)),
    at: () => maker.pick(textArrays(of)),
    m: () =>
      maker.pick([
        () => `new Map([[${of("t")}, ${of("i")}], [${of("t")}, ${of("i")}]])`,
        () => `new Map([...${of("m")}, [${of("t")}, ${of("i")}]])`,
        () => `new Map(${of("at")}.map((x, k) => [x, BigInt(k)]))`,
      ]),
  };
}

type Of = (type: Type) => string;
type Choices = readonly (() => string)[];

function numbers(maker: Maker, of: Of): Choices {
  const binary = (): string =>
    maker.word(["+", "-", "*", "/", "%", "&", "|", "^", "<<", ">>", ">>>"]);
  const rounding = (): string =>
    maker.word(["abs", "ceil", "floor", "round", "sign", "trunc", "sqrt", "clz32"]);
  return [
    () => `(${of("n")} ${binary()} ${of("n")})`,
    () => `(${of("n")} ${binary()} ${of("n")})`,
    () => `(- ${of("n")})`,
    () => `(~${of("n")})`,
    () => `(+ ${of("n")})`,
    () => `Math.${rounding()}(${of("n")})`,
    () => `Math.${maker.word(["max", "min", "imul"])}(${of("n")}, ${of("n")})`,
    () => `Math.max(0, ...${of("an")}.slice(0, 5))`,
    () => `${of("t")}.length`,
    () => `${of("ai")}.length`,
    () => `${of("m")}.size`,
    () => `${of("ai")}.indexOf(${of("i")})`,
    () => `${of("at")}.lastIndexOf(${of("t")})`,
    () => `${of("t")}.indexOf(${of("t")})`,
    () => `${of("t")}.charCodeAt(0)`,
    () => `(${of("b")} ? ${of("n")} : ${of("n")})`,
    () => `${of("an")}.reduce((x, y) => x + y, ${of("n")})`,
    () => `(${of("an")}[${of("n")}] ?? ${of("n")})`,
    () => `(${of("an")}.at(-1) ?? 1)`,
    () => `(${of("i")}, ${of("n")})`,
    () => `Number(${of("i")} % 1000n)`,
    () => `Number(${of("b")})`,
    () => `({ a: ${of("n")}, b: 2 }).a`,
    () => `({ a: { c: ${of("n")} } })?.a?.["c"]`,
    () => `((x, { y = 4 } = {}) => x + y)(${of("n")})`,
    () => `${of("an")}.findIndex((x) => x > ${of("n")})`,
  ];
}

function integers(maker: Maker, of: Of): Choices {
  const binary = (): string => maker.word(["+", "-", "&", "|", "^"]);
  const helper = maker.helpers[maker.count(maker.helpers.length)];
  return [
    () => `((${of("i")} ${binary()} ${of("i")}) % 1000003n)`,
    () => `((${of("i")} ${binary()} ${of("i")}) % 1000003n)`,
    () => `((${of("i")} % 1009n) * (${of("i")} % 997n))`,
    () => `(${of("i")} / ${maker.word(["3n", "-7n", "1n"])})`,
    () => `(${of("i")} % ${maker.word(["3n", "-7n", "11n"])})`,
    () => `((${of("i")} % 5n) ** 3n)`,
    () => `((${of("i")} % 100n) << 3n)`,
    () => `(${of("i")} >> 2n)`,
    () => `(- ${of("i")})`,
    () => `(~${of("i")})`,
    () => `BigInt(${of("t")}.length)`,
    () => `BigInt(${of("b")})`,
    () => `BigInt(Math.trunc(${of("n")}) & 1023)`,
    () => `BigInt.as${maker.word(["Int", "Uint"])}N(16, ${of("i")})`,
    () => `(${of("ai")}[0] ?? ${of("i")})`,
    () => `(${of("m")}.get(${of("t")}) ?? ${of("i")})`,
    () => `${of("ai")}.reduce((x, y) => (x * 31n + y) % 65521n, 7n)`,
    () => `(${of("b")} ? ${of("i")} : ${of("i")})`,
    () => `(${of("b")} && ${of("b")} ? 1n : ${of("i")})`,
    () => `(() => ${of("i")})()`,
    () => `(function own(n) { return n < 1n ? ${of("i")} : own(n - 1n); })(4n)`,
    () => "(total.get() ?? 0n)",
    () => `(byNumber.get(${of("i")} % 7n) ?? 5n)`,
    () => `(byName.has(${of("t")}.slice(0, 20)) ? 1n : 2n)`,
    () => "BigInt(byName.scan({ limit: 9 }).length)",
    () => "byNumber.scan().reduce((x, { key, value }) => (x + key[0] + value) % 9973n, 0n)",
    () => helper?.(of("i"), of("n")) ?? "3n",
    () => helper?.(of("i"), of("n")) ?? "4n",
    () => `(${of("ai")}.find((x) => x > ${of("i")}) ?? 0n)`,
  ];
}

function texts(maker: Maker, of: Of): Choices {
  return [
    () => `(${of("t")} + ${of("t")}).slice(0, 60)`,
    () => `\`\${${of("n")}}:\${${of("i")}}\``,
    () => `\`<\${${of("t")}}>\${${of("b")}}\`.slice(0, 40)`,
    () => `${of("t")}.slice(${of("n")} & 3)`,
    () => `${of("t")}.substring(1, ${of("n")} & 7)`,
    () => `${of("t")}.pad${maker.word(["Start", "End"])}(${of("n")} & 15, "ab")`,
    () => `${of("t")}.slice(0, 9).repeat(${of("n")} & 3)`,
    () => `${of("t")}.trim${maker.word(["", "Start", "End"])}()`,
    () => `${of("at")}.slice(0, 5).join("-").slice(0, 60)`,
    () => `String(${of("i")})`,
    () => `(${of("i")}).toString(16)`,
    () => `(${of("n")} | 0).toString()`,
    () => `(${of("at")}[${of("n")} & 3] ?? ${of("t")})`,
    () => `(${of("b")} ? ${of("t")} : ${of("t")})`,
    () => `(typeof ${of(maker.type())})`,
    () => `(${of("t")} || "none")`,
    () => `[...${of("t")}].toReversed().join("")`,
    () => `String.fromCharCode(97 + (${of("n")} & 15))`,
    () => `Object.keys({ [${of("t")}]: 1, b: ${of("n")}, 2: 3 }).join()`,
    () => `(({ x, y: [z = "zed"] }) => x + z)({ x: ${of("t")}, y: [] })`,
  ];
}

function booleans(maker: Maker, of: Of): Choices {
  const order = (): string => maker.word(["<", "<=", ">", ">=", "===", "!=="]);
  return [
    () => `(${of("n")} ${order()} ${of("n")})`,
    () => `(${of("i")} ${order()} ${of("i")})`,
    () => `(${of("t")} ${order()} ${of("t")})`,
    () => `(${of("i")} < ${of("n")})`,
    () => `(!${of("b")})`,
    () => `(${of("b")} && ${of("b")})`,
    () => `(${of("b")} || ${of("b")})`,
    () => `${of("t")}.${maker.word(["startsWith", "endsWith", "includes"])}(${of("t")})`,
    () => `${of("ai")}.includes(${of("i")})`,
    () => `${of("m")}.has(${of("t")})`,
    () => `new Set(${of("at")}).has(${of("t")})`,
    () => `${of("an")}.${maker.word(["some", "every"])}((x, k) => x > k)`,
    () => `("a" in { a: 1, ...{ b: ${of("n")} } })`,
    () => `Object.hasOwn({ k: ${of("t")} }, ${of("t")})`,
    () => `Object.is(${of("n")}, ${of("n")})`,
    () => `Number.isInteger(${of("n")})`,
    () => `(${of("m")}.get(${of("t")}) == null)`,
    () => `Boolean(${of("i")})`,
  ];
}

function numberArrays(of: Of): Choices {
  return [
    () => `[${of("n")}, ${of("n")}]`,
    () => `[...${of("an")}.slice(0, 20), ${of("n")}]`,
    () => `${of("an")}.map((x) => x + ${of("n")})`,
    () => `${of("an")}.filter((x, k) => k !== ${of("n")})`,
    () => `${of("an")}.filter((x) => x === x).sort((x, y) => (x < y ? -1 : x > y ? 1 : 0))`,
    () => `${of("an")}.concat(${of("n")}, ${of("an")}).slice(-9)`,
    () => `${of("ai")}.map((x) => Number(x % 100n))`,
    () => `${of("at")}.map((x) => x.length)`,
    () => `Array.from(${of("an")})`,
    () => `Array.of(${of("n")}, 1)`,
    () => `[...${of("at")}.keys()]`,
    () => `[0, 1, 2].with(1, ${of("n")})`,
    () => `[1, 2, 3].fill(${of("n")}, 1)`,
    () => `Object.values({ a: ${of("n")}, b: ${of("n")} })`,
  ];
}

function integerArrays(of: Of): Choices {
  return [
    () => `[${of("i")}, ${of("i")}]`,
    () => `[...${of("ai")}.slice(0, 20), ${of("i")}]`,
    () => `${of("ai")}.map((x) => (x + ${of("i")}) % 1000003n)`,
    () => `${of("ai")}.toSorted((x, y) => (x < y ? -1 : x > y ? 1 : 0))`,
    () => `${of("ai")}.slice().sort((x, y) => Number((y - x) % 1000n))`,
    () => `${of("ai")}.toReversed()`,
    () => `[...${of("m")}].map(([, value]) => value)`,
    () => `${of("an")}.map((x) => BigInt(Math.trunc(x) & 255))`,
    () => `[...new Set(${of("ai")})]`,
    () => `Object.entries({ a: ${of("i")}, b: 2n }).map(([, x]) => x)`,
    () => `((...rest) => rest)(${of("i")}, ...${of("ai")}.slice(0, 9))`,
  ];
}

function textArrays(of: Of): Choices {
  return [
    () => `${of("t")}.split(",")`,
    () => `[...${of("t")}]`,
    () => `[${of("t")}, ...${of("at")}.slice(0, 20)]`,
    () => `${of("an")}.map((x) => \`\${x}\`)`,
    () => `[...${of("m")}].map(([key]) => key)`,
    () => `${of("at")}.filter((x) => x !== ${of("t")})`,
    () => `${of("at")}.toSorted((x, y) => (x < y ? -1 : x > y ? 1 : 0))`,
    () => `Object.keys(Object.assign({}, { z: 1, [${of("t")}]: 2 }))`,
  ];
}

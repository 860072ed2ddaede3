/**
 * What a declaration promises, held against the functions: the compiler cannot know that the literal
 * in `contract({ … })` is about the functions below it, so each pair is written down for it.
 */
import { readFileSync } from "node:fs";
import type { AbiMethod, AbiType } from "../contracts/abi.ts";
import type { BuiltContract } from "./build-contract.ts";
import type { Finding } from "./check-types.ts";
import { positionAt } from "./mapped-text.ts";
import type { Problem } from "./problem.ts";

export interface DeclaredMethods {
  /** A TypeScript module with one line a method, after its import. */
  readonly text: string;
  /** A finding in `text`, told of the author's function. */
  readonly problem: (finding: Finding) => Problem;
}

const LINES_BEFORE = 1;

export function declaredMethods(entry: string, built: BuiltContract): DeclaredMethods {
  const methods = [...built.abi.methods];
  const lines = methods.map(([name, method], index) => {
    const type = functionType(method);
    return `export const m${index}: ${type} = contract.${name};`;
  });
  return {
    text: [`import * as contract from ${JSON.stringify(entry)};`, ...lines, ""].join("\n"),
    problem: ({ line, message, code }) => {
      const [name = "", method] = methods[line - 1 - LINES_BEFORE] ?? [];
      const { file, ...place } = placeOf(built, name);
      return {
        file,
        text: readFileSync(file, "utf8").replaceAll("\r\n", "\n"),
        ...place,
        code,
        message: `"${name}" is not what contract({ … }) declares: ${reasonIn(message)}`,
        hint: `It should be ${expected(name, method)}.`,
      };
    },
  };
}

/** The innermost reason is the one that helps. */
function reasonIn(message: string): string {
  return message.slice(message.lastIndexOf("Type '"));
}

function placeOf({ source, map, files }: BuiltContract, name: string) {
  const found = new RegExp(`^export (?:function|const|let) ${name}\\b`, "m").exec(source);
  const place = found === null ? undefined : map(positionAt(source, found.index));
  return place ?? { file: files.at(-1) ?? "", line: 1, column: 1 };
}

function expected(name: string, method: AbiMethod | undefined): string {
  if (method === undefined) return "as declared";
  const args = method.args.map((type, index) => `${argumentName(index)}: ${typeIn(type)}`);
  const result = method.returns === undefined ? "void" : typeOut(method.returns);
  return `\`function ${name}(${args.join(", ")}): ${result}\``;
}

function argumentName(index: number): string {
  return String.fromCharCode("a".charCodeAt(0) + index);
}

function functionType({ args, returns }: AbiMethod): string {
  const result = returns === undefined ? "unknown" : typeOut(returns);
  return `(...args: [${args.map(typeIn).join(", ")}]) => ${result}`;
}

/** What a function is given. */
function typeIn(type: AbiType): string {
  if (type.kind === "list") return `${wrapped(typeIn(type.item))}[]`;
  if (type.kind === "optional") return `${typeIn(type.type)} | undefined`;
  if (type.kind !== "record") return typeOut(type);
  return `{ ${type.fields.map(([name, field]) => `${name}: ${typeIn(field)}`).join("; ")} }`;
}

/** What a function gives: it may promise less, and leave out what is absent. */
function typeOut(type: AbiType): string {
  switch (type.kind) {
    case "int":
      return "bigint";
    case "bool":
      return "boolean";
    case "list":
      return `readonly ${wrapped(typeOut(type.item))}[]`;
    case "optional":
      return `${typeOut(type.type)} | undefined`;
    case "oneOf":
      return type.names.map((name) => JSON.stringify(name)).join(" | ");
    case "record": {
      const fields = type.fields.map(
        ([name, field]) =>
          `readonly ${name}${field.kind === "optional" ? "?" : ""}: ${typeOut(field)}`,
      );
      return `{ ${fields.join("; ")} }`;
    }
    default:
      return "string";
  }
}

function wrapped(type: string): string {
  return /^\w+$/.test(type) ? type : `(${type})`;
}

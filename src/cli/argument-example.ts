/** An example of each type, as it is typed on a command line. */
import type { AbiMethod, AbiType } from "../contracts/abi.ts";

const ACCOUNT = "GA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJVSGZ";
const HASH_DIGITS = 64;

/** Words such as `'{"maxPrice":"1"}' true`. */
export function exampleWords({ args }: Pick<AbiMethod, "args">): string {
  return args.map((type) => wordOf(exampleOf(type))).join(" ");
}

function exampleOf(type: AbiType): unknown {
  switch (type.kind) {
    case "int":
      return "1";
    case "bool":
      return true;
    case "text":
      return "text";
    case "account":
      return ACCOUNT;
    case "asset":
      return "XLM";
    case "hash":
      return "0".repeat(HASH_DIGITS);
    case "bytes":
      return "00".repeat(type.length);
    case "list":
      return [exampleOf(type.item)];
    case "record":
      return Object.fromEntries(type.fields.map(([name, field]) => [name, exampleOf(field)]));
    case "optional":
      return exampleOf(type.type);
    case "oneOf":
      return type.names[0] ?? "";
  }
}

function wordOf(value: unknown): string {
  if (typeof value === "string") return /^[\w:.-]+$/.test(value) ? value : `'${value}'`;
  return typeof value === "object" ? `'${JSON.stringify(value)}'` : String(value);
}

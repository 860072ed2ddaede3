import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import {
  type Abi,
  type AbiType,
  decodeAbi,
  encodeAbi,
  recordOf,
  typeDepth,
  typeText,
} from "../../src/contracts/abi.ts";
import {
  decodeArgs,
  decodeValue,
  encodeArgs,
  encodeValue,
  INT_MAX,
  INT_MIN,
} from "../../src/contracts/value-codec.ts";
import {
  argsFromJson,
  argsToJson,
  cborFromJson,
  jsonFromAnyCbor,
  jsonFromCbor,
  parseArgument,
  parseArguments,
} from "../../src/contracts/value-json.ts";
import { toHex } from "../../src/lib/bytes.ts";
import { type CborValue, decodeCbor, encodeCbor } from "../../src/lib/cbor.ts";
import { accountFromBytes, muxedAddress } from "../../src/lib/strkey.ts";

const viewer = accountFromBytes(new Uint8Array(32).fill(1));
const contract = muxedAddress(viewer, 412n);
const int: AbiType = { kind: "int" };
const text: AbiType = { kind: "text" };
const maybeInt: AbiType = { kind: "optional", type: int };
const account: AbiType = { kind: "account" };
const purchase = recordOf([
  ["to", { kind: "optional", type: account }],
  ["maxPrice", int],
  ["direct", { kind: "bool" }],
]);

const Type: z.ZodType<AbiType> = z.lazy(() =>
  z.discriminatedUnion("kind", [
    z.object({ kind: z.enum(["int", "bool", "text", "account", "asset", "hash"]) }),
    z.object({ kind: z.literal("bytes"), length: z.int() }),
    z.object({ kind: z.literal("list"), item: Type, max: z.int() }),
    z.object({ kind: z.literal("record"), fields: z.array(z.tuple([z.string(), Type])) }),
    z.object({ kind: z.literal("optional"), type: Type }),
    z.object({ kind: z.literal("oneOf"), names: z.array(z.string()) }),
  ]),
);
const vectors = z
  .array(z.object({ type: Type, json: z.json(), hex: z.string() }))
  .parse(JSON.parse(readFileSync("test/vectors/values.json", "utf8")));

describe("values", () => {
  it.each(vectors)("have the bytes of the vector: $json", ({ type, json, hex }) => {
    expect(toHex(encodeCbor(cborFromJson(type, json)))).toBe(hex);
    expect(jsonFromCbor(type, decodeCbor(Uint8Array.fromHex(hex)))).toEqual(json);
  });

  const misfits: [string, AbiType, unknown, string][] = [
    ["an int of 257 bits", int, INT_MAX + 1n, ""],
    ["an int too small", int, INT_MIN - 1n, ""],
    ["a number, which contracts never store", int, 1, ""],
    ["text with half a surrogate pair", text, "\ud800", ""],
    ["an account with a broken checksum", account, `${viewer.slice(0, -1)}A`, ""],
    ["an asset without issuer", { kind: "asset" }, "USDC", ""],
    ["a hash of 31 bytes", { kind: "hash" }, "ab".repeat(31), ""],
    ["upper-case hexadecimal", { kind: "hash" }, "AB".repeat(32), ""],
    ["a list one too long", { kind: "list", item: int, max: 1 }, [1n, 2n], ""],
    ["a name that is not listed", { kind: "oneOf", names: ["yes"] }, "no", ""],
    ["a record with a wrong field", purchase, { direct: true, maxPrice: "1" }, "maxPrice"],
    ["a record without a field", purchase, { direct: true }, "maxPrice"],
    ["a record with one field too many", purchase, { direct: true, maxPrice: 1n, x: 1n }, "x"],
    ["a list in place of a record", purchase, [], ""],
    ["null in place of an absent value", maybeInt, null, ""],
  ];
  it.each(misfits)("refuses to encode %s", (_name, type, value, path) => {
    expect(encodeValue(type, value)).toMatchObject({ ok: false, path });
  });

  const broken: [string, AbiType, CborValue, string][] = [
    ["31 bytes of account", account, new Uint8Array(31), ""],
    ["39 bytes of account", account, new Uint8Array(39), ""],
    ["text for bytes", { kind: "bytes", length: 1 }, "00", ""],
    ["an absent field spelled null", purchase, new Map<string, CborValue>([["to", null]]), "to"],
    ["an unknown field", recordOf([]), new Map([["x", 1n]]), "x"],
    ["an item deep inside", { kind: "list", item: purchase, max: 2 }, [new Map()], "[0].direct"],
  ];
  it.each(broken)("refuses to decode %s", (_name, type, cbor, path) => {
    const withRest =
      cbor instanceof Map && path === "to"
        ? new Map<string, CborValue>([["direct", true], ["maxPrice", 1n], ...cbor])
        : cbor;
    expect(decodeValue(type, withRest)).toMatchObject({ ok: false, path });
  });

  it("keeps the order of fields out of the bytes", () => {
    const one = encodeValue(purchase, { maxPrice: 1n, direct: true });
    const two = encodeValue(purchase, { direct: true, maxPrice: 1n, to: undefined });
    expect(one).toEqual(two);
  });

  it("names the argument at fault", () => {
    const types = [int, purchase];
    expect(encodeArgs(types, [1n, { direct: 1n, maxPrice: 1n }])).toMatchObject({
      path: "args[1].direct",
      expected: "bool",
    });
    expect(decodeArgs(types, [1n])).toMatchObject({ path: "args" });
  });

  it("lets trailing optional arguments go", () => {
    expect(decodeArgs([int, maybeInt], [1n])).toEqual({ ok: true, value: [1n, undefined] });
    expect(decodeArgs([int, maybeInt], [])).toMatchObject({ expected: "1 to 2 arguments, not 0" });
    expect(decodeArgs([maybeInt, int], [1n])).toMatchObject({ ok: false });
  });
});

describe("values in JSON", () => {
  it("reads integers written as text or as a safe JSON integer, and nothing else", () => {
    expect(cborFromJson(int, 12)).toBe(12n);
    expect(cborFromJson(int, "-12")).toBe(-12n);
    for (const wrong of ["1.5", "0x10", "1e3", " 1", "01", "-0", "", 1.5, 2 ** 53, true, null]) {
      expect(() => cborFromJson(int, wrong), `${wrong}`).toThrow(
        expect.objectContaining({ code: "ARGUMENT_INVALID" }),
      );
    }
  });

  it("names the place of a fault", () => {
    const list: AbiType = { kind: "list", item: purchase, max: 2 };
    expect(() => argsFromJson([list], [[{ direct: true, maxPrice: "x" }]])).toThrow(
      "args[0][0].maxPrice: expected int, in plain digits",
    );
    expect(() => argsFromJson([purchase], [{ direct: true, price: "1" }])).toThrow(
      "args[0].price: expected no such field",
    );
    expect(() => argsFromJson([int], ["1", "2"])).toThrow("args: expected 1 arguments, not 2");
  });

  it("reads the words of a command line", () => {
    const json = `{"direct":false,"maxPrice":5,"to":"${contract}"}`;
    const args = parseArguments([int, purchase, maybeInt], ["7", json, "null"]);
    expect(argsToJson([int, purchase, maybeInt], args)).toEqual([
      "7",
      { direct: false, maxPrice: "5", to: contract },
      null,
    ]);
    expect(parseArgument({ kind: "bool" }, "true")).toBe(true);
    expect(parseArgument(text, '"quoted"')).toBe('"quoted"');
    expect(() => parseArgument(purchase, "{")).toThrow("is not JSON of {");
    expect(() => parseArgument({ kind: "bool" }, "yes")).toThrow("expected bool");
  });

  it("shows CBOR of no declared type", () => {
    const data = new Map<string, CborValue>([["who", [1n, new Uint8Array([255]), null, true]]]);
    expect(jsonFromAnyCbor(data)).toEqual({ who: ["1", "ff", null, true] });
  });
});

describe("an ABI", () => {
  const abi: Abi = {
    name: "licence",
    implements: ["licence/1"],
    upgrade: { kind: "owner", delayS: 604_800 },
    storageBytes: 1_073_741_824,
    methods: new Map([
      ["buy", { args: [purchase], returns: int, view: false, payable: ["XLM"] }],
      ["constructor", { args: [], view: true, payable: false }],
      [
        "setup",
        {
          args: [
            { kind: "bytes", length: 4 },
            { kind: "list", item: maybeInt, max: 5 },
            { kind: "oneOf", names: ["b", "a"] },
          ],
          view: false,
          payable: true,
        },
      ],
    ]),
  };

  it("comes back from its stored form unchanged", () => {
    expect(decodeAbi(encodeAbi(abi))).toEqual(abi);
    expect(toHex(encodeAbi(decodeAbi(encodeAbi(abi))))).toBe(toHex(encodeAbi(abi)));
  });

  it.each([
    "80",
    "8460606060",
    "8461618081a0646e6f6e65",
    "846161804ba0646e6f6e65",
    "84616180a0646576696c",
  ])("is not read from %s", (hex) => {
    expect(() => decodeAbi(Uint8Array.fromHex(hex))).toThrow(
      expect.objectContaining({ code: "CBOR_INVALID" }),
    );
  });

  it("sorts fields by their bytes, which differs from JavaScript's order above U+FFFF", () => {
    const type = recordOf([
      ["\u{10000}", int],
      ["\uffff", int],
    ]);
    expect(type.kind === "record" && type.fields.map(([name]) => name)).toEqual([
      "\uffff",
      "\u{10000}",
    ]);
  });

  it("writes types as an author does, and counts their levels", () => {
    const type: AbiType = { kind: "list", item: { kind: "optional", type: purchase }, max: 3 };
    expect(typeText(type)).toBe(
      "list(optional({ direct: bool, maxPrice: int, to: optional(account) }), 3)",
    );
    expect(typeDepth(type)).toBe(5);
  });
});

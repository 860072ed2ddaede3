import fc from "fast-check";
import { expect, it } from "vitest";
import { type AbiType, decodeAbi, encodeAbi, recordOf } from "../../src/contracts/abi.ts";
import { type CallRequest, encodeCall, readCall } from "../../src/contracts/calldata-frame.ts";
import { callsOf } from "../../src/contracts/inbox.ts";
import type { UpgradePolicy } from "../../src/contracts/upgrade-policy.ts";
import { decodeValue, encodeValue, INT_MAX, INT_MIN } from "../../src/contracts/value-codec.ts";
import { cborFromJson, jsonFromCbor } from "../../src/contracts/value-json.ts";
import { compareBytes, toHex } from "../../src/lib/bytes.ts";
import { type CborValue, decodeCbor, encodeCbor } from "../../src/lib/cbor.ts";
import { accountFromBytes, muxedAddress } from "../../src/lib/strkey.ts";

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const text = fc.string({ unit: "binary", maxLength: 40 });
const account = bytes(32).map(accountFromBytes);

const cbor: fc.Arbitrary<CborValue> = fc.letrec<{ value: CborValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", maxDepth: 5 },
    fc.constant(null),
    fc.boolean(),
    fc.bigInt({ min: INT_MIN, max: INT_MAX }),
    text,
    fc.uint8Array({ maxLength: 40 }),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.array(fc.tuple(text, tie("value")), { maxLength: 4 }).map((pairs) => new Map(pairs)),
  ),
})).value;

const request: fc.Arbitrary<CallRequest> = fc
  .record({
    contract: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    method: fc.stringMatching(/^[a-zA-Z][a-zA-Z0-9]{0,31}$/),
    args: fc.array(cbor, { maxLength: 4 }),
    gas: fc.option(fc.bigInt({ min: 1n, max: 5_000_000n }), { nil: undefined }),
  })
  .map(({ gas, ...call }) => (gas === undefined ? call : { ...call, gas }));

/** A type together with a value that fits it. */
interface Typed {
  readonly type: AbiType;
  readonly value: unknown;
}

const typed: fc.Arbitrary<Typed> = fc.letrec<{ typed: Typed }>((tie) => {
  const of = (type: AbiType, values: fc.Arbitrary<unknown>): fc.Arbitrary<Typed> =>
    values.map((value) => ({ type, value }));
  return {
    typed: fc.oneof(
      { depthSize: "small", maxDepth: 3 },
      of({ kind: "int" }, fc.bigInt({ min: INT_MIN, max: INT_MAX })),
      of({ kind: "bool" }, fc.boolean()),
      of({ kind: "text" }, text),
      of({ kind: "account" }, account),
      of(
        { kind: "account" },
        fc
          .tuple(account, fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }))
          .map(([key, id]) => muxedAddress(key, id)),
      ),
      of(
        { kind: "asset" },
        fc.oneof(
          fc.constant("XLM"),
          account.map((key) => `ACE:${key}`),
        ),
      ),
      of({ kind: "hash" }, bytes(32).map(toHex)),
      of({ kind: "bytes", length: 4 }, bytes(4).map(toHex)),
      of({ kind: "oneOf", names: ["yes", "no"] }, fc.constantFrom("yes", "no")),
      tie("typed").map(
        ({ type, value }): Typed => ({
          type: { kind: "list", item: type, max: 2 },
          value: [value, value],
        }),
      ),
      fc.array(fc.tuple(text, tie("typed")), { maxLength: 3 }).map((fields): Typed => {
        const unique = [...new Map(fields)];
        return {
          type: recordOf(unique.map(([name, { type }]) => [name, type])),
          value: Object.fromEntries(unique.map(([name, { value }]) => [name, value])),
        };
      }),
      fc.tuple(tie("typed"), fc.boolean()).map(([{ type, value }, there]): Typed => {
        const item = type.kind === "optional" ? type.type : type;
        return { type: { kind: "optional", type: item }, value: there ? value : undefined };
      }),
    ),
  };
}).typed;

it("reads back every call that it wrote, from the same bytes", () => {
  fc.assert(
    fc.property(request, (call) => {
      const written = encodeCall(call);
      const read = readCall(written);
      expect(read).toEqual({ ok: true, call });
      expect(read.ok && toHex(encodeCall(read.call))).toBe(toHex(written));
    }),
  );
});

it("ends every damaged payload as malformed or as the call of exactly these bytes", () => {
  const damage = fc.tuple(request, fc.nat(), fc.integer({ min: 1, max: 255 }), fc.nat({ max: 3 }));
  fc.assert(
    fc.property(damage, ([call, place, flip, cut]) => {
      const payload = Uint8Array.from(encodeCall(call));
      const index = place % payload.length;
      payload[index] = (payload[index] ?? 0) ^ flip;
      const damaged = payload.subarray(0, payload.length - cut);
      const read = readCall(damaged);
      if (read.ok) expect(compareBytes(encodeCall(read.call), damaged)).toBe(0);
    }),
    { numRuns: 2_000 },
  );
});

it("makes exactly one call or malformed call of any bytes at all", () => {
  const vault = accountFromBytes(new Uint8Array(32).fill(9));
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 64 }), { minLength: 1 }), (chunks) => {
      const from = { hash: "", source: vault, chunks, transfers: [], locks: [] };
      expect(callsOf(from, { vault })).toHaveLength(1);
    }),
  );
});

it("gives every value of every type back, from CBOR and from JSON", () => {
  fc.assert(
    fc.property(typed, ({ type, value }) => {
      const encoded = encodeValue(type, value);
      if (!encoded.ok) throw new Error(`${encoded.path}: ${encoded.expected}`);
      const stored = decodeCbor(encodeCbor(encoded.value));
      const decoded = decodeValue(type, stored);
      if (!decoded.ok) throw new Error(`${decoded.path}: ${decoded.expected}`);
      expect(encodeValue(type, decoded.value)).toEqual(encoded);

      const json: unknown = JSON.parse(JSON.stringify(jsonFromCbor(type, stored)));
      expect(cborFromJson(type, json)).toEqual(stored);
    }),
  );
});

const policy: fc.Arbitrary<UpgradePolicy> = fc.oneof(
  fc.constantFrom({ kind: "none" as const }, { kind: "dao" as const }),
  fc
    .integer({ min: 7, max: 365 })
    .map((days) => ({ kind: "owner" as const, delayS: days * 86_400 })),
);

it("gives every ABI back from its stored form", () => {
  fc.assert(
    fc.property(fc.array(typed, { maxLength: 4 }), policy, (types, upgrade) => {
      const args = types.map(({ type }) => type);
      const methods = new Map([["run", { args, view: false, payable: false }]]);
      const abi = { name: "any", implements: [], methods, upgrade, storageBytes: types.length };
      expect(decodeAbi(encodeAbi(abi))).toEqual(abi);
    }),
  );
});

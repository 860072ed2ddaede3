// Goal: the sandbox and the rest of the node write and read every value alike, byte for byte.
// Method: random types and values through the realm's codec and through the contracts room's.
import fc from "fast-check";
import { beforeAll, expect, it } from "vitest";
import { type AbiType, recordOf } from "../../src/contracts/abi.ts";
import { decodeValue, encodeValue, type Value } from "../../src/contracts/value-codec.ts";
import { compareBytes } from "../../src/lib/bytes.ts";
import { decodeCbor, encodeCbor } from "../../src/lib/cbor.ts";
import { accountFromBytes, isAddress, muxedAddress } from "../../src/lib/strkey.ts";
import { fromByteText, toByteText } from "../../src/runtime/byte-text.ts";
import { addressBytes, addressText } from "../../src/runtime/realm/address.ts";
import { decode } from "../../src/runtime/realm/decode.ts";
import { encode } from "../../src/runtime/realm/encode.ts";
import { keyParts, readKeyParts } from "../../src/runtime/realm/keys.ts";

/** The realm counts gas in variables of its script; here they only have to exist. */
beforeAll(() => {
  Reflect.set(globalThis, "$g", Number.POSITIVE_INFINITY);
});

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const account = bytes(32).map(accountFromBytes);
const address = fc.oneof(
  account,
  fc.tuple(account, fc.bigInt(0n, 2n ** 64n - 1n)).map(([of, id]) => muxedAddress(of, id)),
);
const asset = fc.oneof(
  fc.constant("XLM"),
  fc.tuple(fc.stringMatching(/^[A-Za-z0-9]{1,12}$/), account).map(([code, of]) => `${code}:${of}`),
);
const int = fc.oneof(
  fc.bigInt(-(2n ** 255n), 2n ** 255n - 1n),
  fc.bigInt(-300n, 300n),
  fc.constantFrom(2n ** 32n, 2n ** 64n, 2n ** 64n - 1n, -(2n ** 64n), -(2n ** 64n) - 1n),
);
const text = fc.string({ unit: "grapheme", maxLength: 40 });

type Sample = readonly [AbiType, Value];
const plain: fc.Arbitrary<Sample> = fc.oneof(
  int.map((value): Sample => [{ kind: "int" }, value]),
  fc.boolean().map((value): Sample => [{ kind: "bool" }, value]),
  text.map((value): Sample => [{ kind: "text" }, value]),
  address.map((value): Sample => [{ kind: "account" }, value]),
  asset.map((value): Sample => [{ kind: "asset" }, value]),
  bytes(32).map((value): Sample => [{ kind: "hash" }, value.toHex()]),
  bytes(5).map((value): Sample => [{ kind: "bytes", length: 5 }, value.toHex()]),
  fc.constantFrom("a", "bb").map((value): Sample => [{ kind: "oneOf", names: ["a", "bb"] }, value]),
);
/** Names of one length, where the order of an ABI and of CBOR agree. */
const sample: fc.Arbitrary<Sample> = fc.letrec<{ value: Sample }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    plain,
    tie("value").map(([item, value]): Sample => [{ kind: "list", item, max: 3 }, [value, value]]),
    fc
      .tuple(tie("value"), plain, fc.boolean())
      .map(([[first, one], [second, two], isThere]): Sample => {
        const type = recordOf([
          ["a", first],
          ["b", { kind: "optional", type: second }],
        ]);
        return [type, isThere ? { a: one, b: two } : { a: one }];
      }),
  ),
})).value;

it("encodes and decodes every value as the ABI's codec does", () => {
  fc.assert(
    fc.property(sample, ([type, value]) => {
      const expected = encodeValue(type, value);
      if (!expected.ok) throw new Error(expected.path);
      const written = encode(type, value, 100_000);
      expect(written).toBe(toByteText(encodeCbor(expected.value)));
      const read = decodeValue(type, decodeCbor(fromByteText(written)));
      expect(decode(type, written)).toEqual(read.ok ? read.value : undefined);
    }),
  );
});

it("reads and writes every address, and no other text", () => {
  fc.assert(
    fc.property(address, fc.nat(68), fc.constantFrom(..."ABCXYZ2379"), (one, place, letter) => {
      const read = addressBytes(one);
      expect(read === undefined ? read : addressText(read)).toBe(one);
      const changed = one.slice(0, place) + letter + one.slice(place + 1);
      expect(addressBytes(changed) !== undefined).toBe(isAddress(changed));
    }),
  );
});

it("orders keys as it orders what they are made of, and reads them back", () => {
  const types: readonly AbiType[] = [{ kind: "int" }, { kind: "account" }];
  const key = fc.tuple(int, address);
  fc.assert(
    fc.property(key, key, (left, right) => {
      const [first, second] = [keyParts(types, left), keyParts(types, right)];
      expect(readKeyParts(types, first)).toEqual(left);
      const order = compareBytes(fromByteText(first), fromByteText(second));
      if (left[0] !== right[0]) expect(Math.sign(order)).toBe(left[0] < right[0] ? -1 : 1);
      expect(order === 0).toBe(left[0] === right[0] && left[1] === right[1]);
    }),
  );
});

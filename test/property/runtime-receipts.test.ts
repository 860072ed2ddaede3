// Goal: receipts of real calls are canonical CBOR, byte for byte, and so are their hashes.
// Method: random calls through the real contract process, which writes receipts by hand; cborg writes
//         each once more, from what was read of it.
import { encode, rfc8949EncodeOptions } from "cborg";
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { toHex } from "../../src/lib/bytes.ts";
import type { CborValue } from "../../src/lib/cbor.ts";
import { decodeCbor } from "../../src/lib/cbor.ts";
import { sha256, sha256Hex } from "../../src/lib/hash.ts";
import { accountFromBytes, muxedAddress } from "../../src/lib/strkey.ts";
import { encodeReceipt } from "../../src/runtime/receipt-codec.ts";
import { receiptsRoot } from "../../src/runtime/receipts-root.ts";
import { contractText, RuntimeKit } from "../support/runtime-kit.ts";

const echo = contractText(
  `say: { args: [text, int, account, bytes(3), list(int, 40), optional(bool)],
          returns: { words: text, sum: int, who: account }, payable: true },
   owe: { args: [account, int], payable: true }`,
  `export function say(words, sum, who, some, more, flag) {
     emit("said", { words, sum, who, some, more, flag: flag ?? false });
     if (more.length > 30) fail("LONG");
     return { words, sum, who };
   }
   export function owe(to, amount) { pay(to, XLM, amount); emit("owed", amount); }`,
);

let kit: RuntimeKit;
let contract = 0n;
beforeAll(async () => {
  kit = await RuntimeKit.open();
  contract = await kit.deploy(echo);
});
afterAll(() => kit[Symbol.asyncDispose]());

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const account = bytes(32).map(accountFromBytes);
const address = fc.oneof(
  account,
  fc.tuple(account, fc.bigInt(0n, 2n ** 64n - 1n)).map(([of, id]) => muxedAddress(of, id)),
);
/** About the ends of each length that an integer has in CBOR. */
const edge = fc
  .tuple(fc.constantFrom(0n, 24n, 256n, 65_536n, 2n ** 32n), fc.bigInt(-2n, 2n), fc.boolean())
  .map(([near, by, isNegative]) => (isNegative ? -(near + by) : near + by));
const int = fc.oneof(edge, fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n));
const text = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 40 }),
  fc.nat(300).map((length) => "é".repeat(length)),
);
const say = fc
  .tuple(text, int, address, bytes(3), fc.array(int, { maxLength: 35 }), fc.boolean())
  .map((args): [string, readonly CborValue[]] => ["say", args]);
const owe = fc.tuple(address, int).map((args): [string, readonly CborValue[]] => ["owe", args]);
const nothing = text.map((method): [string, readonly CborValue[]] => [method, []]);
const call = fc.record({
  what: fc.oneof(say, owe, nothing),
  caller: address,
  index: fc.integer({ min: 0, max: 2 ** 31 }),
  paid: fc.option(fc.bigInt(1n, 2n ** 40n)),
  gasLimit: fc.constantFrom(0n, 20n, 300n, 2_000n, 1_000_000n, 2n ** 64n - 1n),
});

/** Without anything of ours: tagged integers aside, which a receipt of these calls has none of. */
function byCborg(value: CborValue): Uint8Array {
  return encode(value, rfc8949EncodeOptions);
}

it("writes receipts as a general encoder does", { timeout: 120_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(call, { minLength: 1, maxLength: 12 }), async (calls) => {
      const {
        encodedReceipts,
        receipts,
        receiptsRoot: root,
      } = await kit.close(
        ...calls.map(({ what: [method, args], paid, ...rest }) => {
          const pays = paid === null ? [] : [["XLM", paid] as const];
          return kit.call({ contract, method, args, pays, ...rest });
        }),
      );
      expect(encodedReceipts).toHaveLength(calls.length);
      for (const [index, encoded] of encodedReceipts.entries()) {
        const written = receipts[index];
        expect(toHex(byCborg(decodeCbor(encoded)))).toBe(toHex(encoded));
        expect(written === undefined ? "" : sha256Hex(encodeReceipt(written))).toBe(
          sha256Hex(encoded),
        );
      }
      expect(receiptsRoot(encodedReceipts.map(sha256))).toBe(root);
    }),
    { numRuns: 30 },
  );
});

// Goal: receipts, their root, the ledger hash and the state root have one form, byte for byte.
// Method: vectors made without the code under test, then every receipt there and back.
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { rootOfState } from "../../src/access/proof-checks.ts";
import { toHex } from "../../src/lib/bytes.ts";
import { type CborValue, decodeCbor, encodeCbor } from "../../src/lib/cbor.ts";
import { sha256, sha256Hex } from "../../src/lib/hash.ts";
import { accountFromBytes, muxedAddress } from "../../src/lib/strkey.ts";
import type { Receipt } from "../../src/runtime/applied.ts";
import { ledgerHash } from "../../src/runtime/ledger-hash.ts";
import { decodeReceipt, encodeReceipt } from "../../src/runtime/receipt-codec.ts";
import { receiptsRoot } from "../../src/runtime/receipts-root.ts";
import { StateTree } from "../../src/runtime/state-tree.ts";

const read = (name: string): unknown => JSON.parse(readFileSync(`test/vectors/${name}`, "utf8"));
const hash = z.string().length(64);
const vectors = z
  .object({
    receipts: z.array(z.object({ name: z.string(), hex: z.string(), hash })),
    roots: z.array(z.object({ receiptHashes: z.array(hash), root: hash })),
    ledgerHashes: z.array(
      z.object({
        previous: hash,
        sequence: z.int(),
        receiptsRoot: hash,
        stateRoot: hash,
        protocolHash: hash,
        ledgerHash: hash,
      }),
    ),
  })
  .parse(read("receipts.json"));
const states = z
  .array(
    z.object({
      entries: z.int(),
      root: hash,
      proofs: z.array(
        z.object({ key: z.string(), value: z.string().nullable(), proof: z.string() }),
      ),
    }),
  )
  .parse(read("state-root.json"));

const viewer = accountFromBytes(new Uint8Array(32).fill(1));
const artist = accountFromBytes(new Uint8Array(32).fill(2));
const bought: Receipt = {
  ledger: 4_000_001,
  txHash: sha256Hex(Buffer.from("transaction 1")),
  index: 0,
  contract: 412n,
  codeHash: sha256Hex(Buffer.from("code")),
  method: "buy",
  caller: viewer,
  argsHash: sha256Hex(Buffer.from("args")),
  ok: true,
  code: "",
  gasLimit: 200_000n,
  gasUsed: 18_342n,
  writesHash: sha256Hex(Buffer.from("writes")),
  events: [
    {
      contract: 412n,
      topic: "bought",
      data: new Map<string, CborValue>([
        ["price", 12_500_000n],
        ["to", viewer],
      ]),
    },
  ],
  effects: [{ contract: 412n, to: artist, asset: "XLM", amount: 12_500_000n }],
  refunds: [],
  result: 77n,
};

describe("a receipt", () => {
  it("has the bytes of the vector", () => {
    expect(toHex(encodeReceipt(bought))).toBe(vectors.receipts[0]?.hex);
  });

  it.each(vectors.receipts)("comes back from its bytes: $name", ({ hex, hash }) => {
    const bytes = Uint8Array.fromHex(hex);
    expect(toHex(encodeReceipt(decodeReceipt(bytes)))).toBe(hex);
    expect(sha256Hex(bytes)).toBe(hash);
  });

  const broken: [string, number, CborValue][] = [
    ["another version", 0, 2n],
    ["a ledger over 32 bits", 1, 2n ** 32n],
    ["a negative index", 3, -1n],
    ["a hash of 31 bytes", 2, new Uint8Array(31)],
    ["no transaction hash", 2, new Uint8Array(0)],
    ["a code hash as text", 5, ""],
    ["a contract over 64 bits", 4, 2n ** 64n],
    ["a caller that is no address", 7, "somebody"],
    ["success with a code", 10, "THROWN"],
    ["failure without one", 9, false],
    ["a result code that is no text", 10, null],
    ["negative gas", 12, -1n],
    ["events that are no list", 14, new Map()],
    ["an event of two parts", 14, [[1n, "topic"]]],
    ["a payment of nothing", 15, [[1n, viewer, "XLM", 0n]]],
    ["a payment over an int64", 15, [[1n, viewer, "XLM", 2n ** 63n]]],
    ["a refund to nobody", 16, [["", "XLM", 1n]]],
    ["a refund of four parts", 16, [[viewer, "XLM", 1n, 1n]]],
  ];
  it.each(broken)("is not read with %s", (_name, place, value) => {
    const fields = decodeCbor(encodeReceipt(bought));
    if (!Array.isArray(fields)) throw new TypeError("a receipt is an array");
    const bytes = encodeCbor(fields.with(place, value));
    expect(() => decodeReceipt(bytes)).toThrow(expect.objectContaining({ code: "CBOR_INVALID" }));
  });

  it("is not read one field short, one too long, in another CBOR form or with bytes behind it", () => {
    const bytes = encodeReceipt(bought);
    const fields = decodeCbor(bytes);
    if (!Array.isArray(fields)) throw new TypeError("a receipt is an array");
    const wrong = [
      encodeCbor(fields.slice(0, -1)),
      encodeCbor([...fields, null]),
      Uint8Array.of(...bytes, 0),
      Uint8Array.of(0x98, 18, ...bytes.subarray(1)),
      new Uint8Array(0),
    ];
    for (const one of wrong) {
      expect(() => decodeReceipt(one)).toThrow(expect.objectContaining({ code: "CBOR_INVALID" }));
    }
  });
});

it("gives every receipt back, whatever it says", () => {
  const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
  const hex = bytes(32).map(toHex);
  const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
  const uint32 = fc.nat(2 ** 31 - 1).map((half) => half * 2 + 1);
  const text = fc.string({ unit: "binary", maxLength: 20 });
  const account = bytes(32).map(accountFromBytes);
  const to = fc.oneof(
    account,
    fc.tuple(account, uint64).map(([of, id]) => muxedAddress(of, id)),
  );
  const refund = { to, asset: text, amount: fc.bigInt({ min: 1n, max: 2n ** 63n - 1n }) };
  const data: fc.Arbitrary<CborValue> = fc.oneof(
    fc.constantFrom(null, true),
    fc.bigInt({ min: -(2n ** 255n), max: 2n ** 255n - 1n }),
    text,
    bytes(9),
    fc.array(uint64, { maxLength: 3 }),
    fc.array(fc.tuple(text, uint64), { maxLength: 3 }).map((pairs) => new Map(pairs)),
  );
  const receipt: fc.Arbitrary<Receipt> = fc
    .record({
      ledger: uint32,
      txHash: hex,
      index: uint32,
      contract: uint64,
      codeHash: fc.oneof(hex, fc.constant("")),
      method: text,
      caller: to,
      argsHash: hex,
      code: fc.constantFrom("", "THROWN", "OUT_OF_GAS"),
      gasLimit: uint64,
      gasUsed: uint64,
      writesHash: hex,
      events: fc.array(fc.record({ contract: uint64, topic: text, data }), { maxLength: 3 }),
      effects: fc.array(fc.record({ contract: uint64, ...refund }), { maxLength: 3 }),
      refunds: fc.array(fc.record(refund), { maxLength: 3 }),
      result: data,
    })
    .map((fields) => ({ ...fields, ok: fields.code === "" }));
  fc.assert(
    fc.property(receipt, (one) => {
      const written = encodeReceipt(one);
      const back = decodeReceipt(written);
      expect(back).toEqual(one);
      expect(toHex(encodeReceipt(back))).toBe(toHex(written));
    }),
  );
});

describe("the receipts root", () => {
  it.each(vectors.roots)("is the vector's: $root", ({ receiptHashes, root }) => {
    expect(receiptsRoot(receiptHashes.map((one) => Uint8Array.fromHex(one)))).toBe(root);
  });

  it("depends on the order", () => {
    const [one, two] = [sha256(Uint8Array.of(1)), sha256(Uint8Array.of(2))];
    expect(receiptsRoot([one, two])).not.toBe(receiptsRoot([two, one]));
  });
});

it.each(vectors.ledgerHashes)("chains ledgers as the vector does: $ledgerHash", (vector) => {
  const { ledgerHash: expected, ...input } = vector;
  expect(ledgerHash(input)).toBe(expected);
  const hashes = vectors.receipts.map(({ hash }) => Uint8Array.fromHex(hash));
  expect(receiptsRoot(hashes)).toBe(input.receiptsRoot);
});

it("makes no ledger hash of anything but 32-byte hashes", () => {
  const [vector] = vectors.ledgerHashes;
  if (vector === undefined) throw new Error("there is a vector");
  expect(() => ledgerHash({ ...vector, previous: "" })).toThrow("32 bytes");
});

describe.each(states)("a state of $entries entries", ({ entries, root, proofs }) => {
  const tree = StateTree.from(
    Array.from({ length: entries }, (_, number) => ({
      key: Buffer.from(`key ${number}`),
      value: Buffer.from(`value ${number}`),
    })),
  );

  it("has the vector's root", () => {
    expect(tree.root).toBe(root);
  });

  it.each(proofs)("proves $key as the vector does", async ({ key, value, proof }) => {
    const held = value === null ? undefined : Buffer.from(value);
    expect(toHex(tree.prove(Buffer.from(key)))).toBe(proof);
    expect(await rootOfState(Buffer.from(key), held, Uint8Array.fromHex(proof))).toBe(root);
  });
});

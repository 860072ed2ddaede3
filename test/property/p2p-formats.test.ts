// Goal: what strangers write is read exactly or refused, never by a crash and never slowly.
// Method: round trips of everything valid, and random bytes and mutations of valid ones.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type Bencodable,
  decodeBencode,
  encodeBencode,
  isCanonical,
} from "../../src/p2p/bencode.ts";
import { Bitfield } from "../../src/p2p/bitfield.ts";
import { isSafeFileName } from "../../src/p2p/file-names.ts";
import { readGateMessage } from "../../src/p2p/gate-message.ts";
import { readRange } from "../../src/p2p/range.ts";
import { readTorrent } from "../../src/p2p/torrent.ts";

const bencodable: fc.Arbitrary<Bencodable> = fc.letrec<{ node: Bencodable }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 5 },
    fc.maxSafeInteger(),
    fc.uint8Array({ maxLength: 20 }),
    fc.array(tie("node"), { maxLength: 4 }),
    fc
      .array(fc.tuple(fc.string({ maxLength: 4, unit: "binary-ascii" }), tie("node")), {
        maxLength: 4,
      })
      .map((entries) => new Map(entries)),
  ),
})).node;

describe("bencode", () => {
  it("reads back what it wrote, and knows it for canonical", () => {
    fc.assert(
      fc.property(bencodable, (value) => {
        const bytes = encodeBencode(value);
        const read = decodeBencode(bytes, 1e6);
        expect(read).toEqual(value);
        if (read !== undefined) expect(isCanonical(read, bytes)).toBe(true);
      }),
    );
  });

  it("answers any bytes with a value or with nothing", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        decodeBencode(bytes, 100);
        readGateMessage(bytes);
      }),
      { numRuns: 5_000 },
    );
  });

  it("refuses what is nested too deeply before the stack does", () => {
    for (const opener of ["l", "d1:a"]) {
      const bytes = Buffer.from(opener.repeat(100_000));
      expect(decodeBencode(bytes, 1e7)).toBeUndefined();
    }
  });

  it.each(["i01e", "i-0e", "i+1e", "ie", "i1", "01:a", "-1:", "9:abc", "d1:a", "le1", "di1e1:ae"])(
    "refuses %s",
    (text) => {
      expect(decodeBencode(Buffer.from(text), 1e6)).toBeUndefined();
    },
  );
});

describe("a torrent", () => {
  const info = new Map<string, Bencodable>([
    ["name", "film.mp4"],
    ["length", 100_000],
    ["piece length", 16_384],
    ["pieces", new Uint8Array(140)],
  ]);
  const good = encodeBencode(new Map<string, Bencodable>([["info", info]]));

  it("with any byte changed is read or refused as broken, and never crashes", () => {
    fc.assert(
      fc.property(fc.nat({ max: good.length - 1 }), fc.nat({ max: 255 }), (at, byte) => {
        const bytes = Uint8Array.from(good);
        bytes[at] = byte;
        try {
          expect(readTorrent(bytes).pieceHashes.length).toBeGreaterThan(0);
        } catch (error) {
          expect(error).toMatchObject({ code: "CONTENT_INVALID" });
        }
      }),
    );
  });

  it("never names a file outside of its folder", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(0xffff), { maxLength: 30 }), (units) => {
        const name = String.fromCharCode(...units);
        if (!isSafeFileName(name)) return;
        expect(name).not.toMatch(/[/\\\0]/);
        expect(["", ".", ".."]).not.toContain(name);
      }),
    );
  });
});

describe("a bitfield", () => {
  it("survives the wire, and refuses spare bits", () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { minLength: 1, maxLength: 100 }), (bits) => {
        const field = new Bitfield(bits.length);
        for (const [index, isSet] of bits.entries()) if (isSet) field.set(index);
        const read = Bitfield.read(field.toBytes(), bits.length);
        expect(bits.map((_, index) => read?.has(index))).toEqual(bits);
        expect(read?.count).toBe(bits.filter(Boolean).length);
        const spoilt = Uint8Array.from(field.toBytes(), (byte) => byte | 1);
        if (bits.length % 8 !== 0) expect(Bitfield.read(spoilt, bits.length)).toBeUndefined();
      }),
    );
  });
});

describe("a byte range", () => {
  it("is the slice it asks for, the whole, or refused", () => {
    const bound = fc.option(fc.nat({ max: 300 }), { nil: undefined });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), bound, bound, (total, first, last) => {
        const answer = readRange(`bytes=${first ?? ""}-${last ?? ""}`, total);
        if (answer.kind !== "part") return;
        expect(answer.length).toBeGreaterThan(0);
        expect(answer.offset + answer.length).toBeLessThanOrEqual(total);
        if (first !== undefined) expect(answer.offset).toBe(first);
        else expect(answer.length).toBe(Math.min(last ?? 0, total));
      }),
    );
  });

  it("that begins beyond the file is refused however many digits say so", () => {
    const digits = fc.integer({ min: 3, max: 400 });
    fc.assert(
      fc.property(digits, fc.integer({ min: 1, max: 99 }), (count, total) => {
        const far = "9".repeat(count);
        expect(readRange(`bytes=${far}-`, total)).toEqual({ kind: "outside" });
        expect(readRange(`bytes=${far}-${far}`, total)).toEqual({ kind: "outside" });
        const whole = { kind: "part", offset: 0, length: total };
        expect(readRange(`bytes=0-${far}`, total)).toEqual(whole);
        expect(readRange(`Bytes=-${far}`, total)).toEqual(whole);
      }),
    );
  });
});

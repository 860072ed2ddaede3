// Goal: ciphertext is what the specification says, to the byte, and nothing else opens it.
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { fileCipher } from "../../src/p2p/cipher-file.ts";
import { keyCheck, makeContentKey, requireKey } from "../../src/p2p/cipher-key.ts";
import { applyPieceKey } from "../../src/p2p/cipher-live.ts";
import { decryptSegment, encryptSegment } from "../../src/p2p/cipher-segment.ts";

const vectors = JSON.parse(readFileSync("test/vectors/p2p/encryption.json", "utf8"));
const bytes = (hex: string) => Uint8Array.fromHex(hex);
const hex = (text: Uint8Array) => text.toHex();

it("files are encrypted to the published bytes", () => {
  for (const { key, nonce, plain, cipher } of vectors.files) {
    const secret = { key: bytes(key), nonce: bytes(nonce) };
    expect(hex(fileCipher(secret, 0)(bytes(plain)))).toBe(cipher);
    expect(hex(fileCipher(secret, 0)(bytes(cipher)))).toBe(plain);
  }
});

it("segments are encrypted to the published bytes, their number as vector", () => {
  for (const { key, number, plain, cipher } of vectors.segments) {
    expect(hex(encryptSegment(bytes(key), number, bytes(plain)))).toBe(cipher);
    expect(hex(decryptSegment(bytes(key), number, bytes(cipher)))).toBe(plain);
  }
});

it("live pieces are encrypted to the published bytes and stay as long as they were", () => {
  for (const { key, seq, plain, cipher } of vectors.pieces) {
    expect(hex(applyPieceKey(bytes(key), seq, bytes(plain)))).toBe(cipher);
    expect(hex(applyPieceKey(bytes(key), seq, bytes(cipher)))).toBe(plain);
    expect(cipher).toHaveLength(plain.length);
  }
});

it("a segment under another key is refused, not shown as noise", () => {
  const plain = new Uint8Array(1_880).fill(7);
  const sealed = encryptSegment(makeContentKey("hls"), 3, plain);
  const opened = Array.from({ length: 20 }, () => {
    try {
      return decryptSegment(makeContentKey("hls"), 3, sealed).length;
    } catch (error) {
      expect(error).toMatchObject({ code: "CONTENT_INVALID" });
      return undefined;
    }
  });
  // Padding is a check of 1 in 256 at best: the key check below is what is relied on.
  expect(opened.filter((length) => length === undefined).length).toBeGreaterThan(15);
});

it("a key is known by its check, and a wrong one is told before a player sees it", () => {
  for (const { key, check } of vectors.checks) expect(keyCheck(bytes(key))).toBe(check);
  const key = makeContentKey("file");
  expect(requireKey(key, { kind: "file", keyCheck: keyCheck(key) })).toBe(key);
  const unavailable = expect.objectContaining({ code: "KEY_UNAVAILABLE" });
  const other = { kind: "file", keyCheck: keyCheck(makeContentKey("file")) } as const;
  expect(() => requireKey(key, other)).toThrow(unavailable);
  const short = { kind: "hls", keyCheck: keyCheck(key) } as const;
  expect(() => requireKey(key, short)).toThrow(unavailable);
});

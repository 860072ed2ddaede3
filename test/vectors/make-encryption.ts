// Goal: encrypted content as data, for any implementation: files, segments, live pieces, wrapped keys.
// Method: the modes are built here out of single blocks of AES, and the wrap out of HMAC and Diffie-Hellman,
//         sharing no code with src. Keys come from fixed texts, so the same file comes out each time.
// Use:    `node test/vectors/make-encryption.ts` writes p2p/encryption.json anew.
import {
  createCipheriv,
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  hash,
} from "node:crypto";
import { writeFileSync } from "node:fs";

const BLOCK = 16;

function bytesOf(name: string, length: number): Buffer {
  const blocks = Array.from({ length: Math.ceil(length / 32) }, (_, index) =>
    hash("sha256", `ace-node encryption vectors: ${name} ${index}`, "buffer"),
  );
  return Buffer.concat(blocks).subarray(0, length);
}

/** One block of AES, without a mode. */
function aes(key: Uint8Array, block: Uint8Array): Buffer {
  const cipher = createCipheriv(`aes-${key.length * 8}-ecb`, key, null).setAutoPadding(false);
  return cipher.update(block);
}

function xor(left: Uint8Array, right: Uint8Array): Buffer {
  return Buffer.from(left.map((byte, index) => byte ^ (right[index] ?? 0)));
}

function blocksOf(bytes: Uint8Array): readonly Uint8Array[] {
  return Array.from({ length: Math.ceil(bytes.length / BLOCK) }, (_, index) =>
    bytes.subarray(index * BLOCK, (index + 1) * BLOCK),
  );
}

/** Counter mode: the first half of the counter is given, the second counts from 0. */
function counted(key: Uint8Array, half: Uint8Array, plain: Uint8Array): Buffer {
  const blocks = blocksOf(plain).map((block, index) => {
    const counter = Buffer.concat([half, Buffer.alloc(8)]);
    counter.writeBigUInt64BE(BigInt(index), 8);
    return xor(block, aes(key, counter));
  });
  return Buffer.concat(blocks);
}

function chained(key: Uint8Array, vector: Uint8Array, plain: Uint8Array): Buffer {
  const padding = BLOCK - (plain.length % BLOCK);
  let before: Uint8Array = vector;
  const blocks = blocksOf(Buffer.concat([plain, Buffer.alloc(padding, padding)])).map((block) => {
    before = aes(key, xor(block, before));
    return before;
  });
  return Buffer.concat(blocks);
}

function numberIn(length: number, number: bigint): Buffer {
  return Buffer.from(number.toString(16).padStart(length * 2, "0"), "hex");
}

/** RFC 5869 by its own words: extract, then one block of expand. */
function hkdf(secret: Uint8Array, salt: Uint8Array, info: Uint8Array): Buffer {
  const prk = createHmac("sha256", salt).update(secret).digest();
  return createHmac("sha256", prk).update(info).update(Uint8Array.of(1)).digest();
}

function x25519(name: string) {
  const seed = bytesOf(name, 32);
  const der = Buffer.concat([Buffer.from("302e020100300506032b656e04220420", "hex"), seed]);
  const key = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  const spki = createPublicKey(key).export({ format: "der", type: "spki" });
  return { seed: seed.toString("hex"), key, raw: spki.subarray(12) };
}

function fileVector(length: number) {
  const [key, nonce] = [bytesOf(`file key ${length}`, 32), bytesOf(`nonce ${length}`, 8)];
  const plain = bytesOf(`file ${length}`, length);
  const cipher = counted(key, nonce, plain);
  return hexes({ key, nonce, plain, cipher });
}

function segmentVector(number: bigint, length: number) {
  const key = bytesOf(`segment key ${number}`, 16);
  const plain = bytesOf(`segment ${number}`, length);
  const cipher = chained(key, numberIn(BLOCK, number), plain);
  return { number: Number(number), ...hexes({ key, plain, cipher }) };
}

function pieceVector(seq: bigint, length: number) {
  const key = bytesOf(`piece key ${seq}`, 16);
  const plain = bytesOf(`piece ${seq}`, length);
  const cipher = counted(key, numberIn(8, seq), plain);
  return { seq: Number(seq), ...hexes({ key, plain, cipher }) };
}

function wrapVector(epoch: number, keyBytes: number) {
  const device = x25519(`device ${epoch}`);
  const node = x25519(`node ${epoch}`);
  const key = bytesOf(`wrapped key ${epoch}`, keyBytes);
  const content = bytesOf(`content ${epoch}`, 32);
  const jti = bytesOf(`token ${epoch}`, 12).toString("base64url");
  const shared = diffieHellman({
    privateKey: node.key,
    publicKey: createPublicKey(device.key),
  });
  const info = Buffer.concat([
    Buffer.from("ace-key-v1"),
    content,
    numberIn(4, BigInt(epoch)),
    Buffer.from(jti),
  ]);
  const secret = hkdf(shared, Buffer.concat([node.raw, device.raw]), info);
  const gcm = createCipheriv("aes-256-gcm", secret, Buffer.alloc(12));
  const ct = Buffer.concat([gcm.update(key), gcm.final(), gcm.getAuthTag()]);
  return {
    deviceSeed: device.seed,
    nodeSeed: node.seed,
    epoch,
    jti,
    ...hexes({ devicePublic: device.raw, content, key, epk: node.raw, ct }),
  };
}

function checkVector(keyBytes: number) {
  const key = bytesOf(`checked key ${keyBytes}`, keyBytes);
  const check = hash("sha256", Buffer.concat([Buffer.from("ace-key-check-v1"), key]), "hex");
  return { ...hexes({ key }), check };
}

function hexes<Name extends string>(values: Readonly<Record<Name, Uint8Array>>) {
  const entries = Object.entries<Uint8Array>(values);
  return Object.fromEntries(entries.map(([name, bytes]) => [name, bytes.toHex()]));
}

const vectors = {
  about: "Encrypted content: docs/spec/encryption.md says what each is.",
  files: [1, 15, 16, 17, 1_000].map(fileVector),
  segments: [
    segmentVector(0n, 188),
    segmentVector(1n, 176),
    segmentVector(4_294_967_296n, 16),
    segmentVector(9_007_199_254_740_991n, 1),
  ],
  pieces: [pieceVector(0n, 188), pieceVector(29n, 376), pieceVector(4_294_967_295n, 188)],
  checks: [checkVector(16), checkVector(32)],
  wraps: [wrapVector(0, 32), wrapVector(1, 16), wrapVector(4_294_967_295, 16)],
};
const target = new URL("p2p/encryption.json", import.meta.url);
writeFileSync(target, `${JSON.stringify(vectors, undefined, 2)}\n`);

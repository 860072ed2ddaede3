// Goal: an encrypted key opens for its passphrase alone. Method: seal once, then spoil each part.
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { deviceKeyFile } from "../../src/cli/device-key.ts";
import { keyFileText, parseKeyFile, seal, unseal } from "../../src/cli/key-file.ts";
import { addressOfSeed } from "../../src/cli/seed.ts";
import { seedFromPhrase } from "../../src/cli/sep5.ts";

const seed = Uint8Array.from({ length: 32 }, (_, index) => index);
const folder = mkdtempSync(join(tmpdir(), "ace-key-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it("opens a key for its passphrase, in any normal form, and for nothing else", async () => {
  const address = await addressOfSeed(seed);
  const sealed = await seal(seed, { address, passphrase: "caf\u00e9 au lait" });
  const text = keyFileText(sealed);
  const read = parseKeyFile("alice.json", text);
  if (read.kind !== "encrypted") throw new Error("the file changed its kind");
  expect(await unseal(read, "cafe\u0301 au lait")).toEqual(seed);

  const stranger = await addressOfSeed(new Uint8Array(32));
  const flipped = (sealed.sealed.startsWith("0") ? "1" : "0") + sealed.sealed.slice(1);
  const locked = expect.objectContaining({ code: "KEY_LOCKED" });
  await expect(unseal(sealed, "cafe au lait")).rejects.toEqual(locked);
  await expect(unseal({ ...sealed, address: stranger }, "café au lait")).rejects.toEqual(locked);
  await expect(unseal({ ...sealed, sealed: flipped }, "café au lait")).rejects.toEqual(locked);
});

it("names the faulty field of a key file, never its value", () => {
  const text = '{"v":1,"kind":"plaintext","plaintext":true,"address":"G","seed":"5ec4e7"}';
  const read = () => parseKeyFile("bob.json", text);
  expect(read).toThrow(/bob\.json is not a key file: address, seed/);
  expect(read).not.toThrow(/5ec4e7/);
  expect(() => parseKeyFile("bob.json", "{")).toThrow(/not a key file/);
});

it("refuses a file with a weaker cipher than ours", async () => {
  const sealed = await seal(seed, { address: await addressOfSeed(seed), passphrase: "12345678" });
  const weak = JSON.stringify({ ...sealed, scrypt: { ...sealed.scrypt, N: 2 } });
  expect(() => parseKeyFile("weak.json", weak)).toThrow(/scrypt\.N/);
});

it.each([
  [
    "illness spike retreat truth genius clock brain pass fit cave bargain toe",
    0,
    "GDRXE2BQUC3AZNPVFSCEZ76NJ3WWL25FYFK6RGZGIEKWE4SOOHSUJUJ6",
  ],
  [
    "illness  spike retreat truth genius clock brain pass fit cave bargain toe ",
    9,
    "GBTVYYDIYWGUQUTKX6ZMLGSZGMTESJYJKJWAATGZGITA25ZB6T5REF44",
  ],
])("derives SEP-5's published accounts from %s, %i", async (phrase, index, address) => {
  expect(await addressOfSeed(seedFromPhrase(phrase, index))).toBe(address);
});

it("makes one device key for a home, even when two ask at once", async () => {
  const both = await Promise.all([deviceKeyFile(folder), deviceKeyFile(folder)]);
  expect(both[0]).toMatch(/^[0-9a-f]{64}$/);
  expect(new Set([...both, await deviceKeyFile(folder)]).size).toBe(1);
  const path = join(folder, "devices", "default.key");
  expect(statSync(path).mode & 0o777).toBe(0o600);
  writeFileSync(path, "nonsense");
  await expect(deviceKeyFile(folder)).rejects.toThrow(/not a device key/);
});

/**
 * The forms of a key on disk, and the cipher of the encrypted one.
 *
 * Units   Bytes are lower-case hexadecimal text.
 * Errors  `KEY_FILE_INVALID` for a broken file, `KEY_LOCKED` for a wrong passphrase.
 * Source  RFC 7914 (scrypt), NIST SP 800-38D (GCM). The address is the associated data: a file whose
 *         address was exchanged does not open.
 */
import { createCipheriv, createDecipheriv, randomBytes, scrypt } from "node:crypto";
import { z } from "zod";
import { concatBytes } from "../lib/bytes.ts";
import { AceError } from "../lib/errors.ts";

const COST = { N: 2 ** 17, r: 8, p: 1 } as const;
/** scrypt takes 128 bytes for each unit of N times r; OpenSSL wants some room above that. */
const MEMORY_MAX_BYTES = 192 * 1024 * 1024;
const KEY_BYTES = 32;
const SALT_BYTES = 16;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

const hex = (bytes: number) => z.string().regex(new RegExp(`^[0-9a-f]{${bytes * 2}}$`));
const address = z.string().length(56);

const Encrypted = z.strictObject({
  v: z.literal(1),
  kind: z.literal("encrypted"),
  address,
  scrypt: z.strictObject({
    N: z.literal(COST.N),
    r: z.literal(COST.r),
    p: z.literal(COST.p),
    salt: hex(SALT_BYTES),
  }),
  nonce: hex(NONCE_BYTES),
  /** The seed enciphered, then the tag. */
  sealed: hex(KEY_BYTES + TAG_BYTES),
});

const KeyFile = z.discriminatedUnion("kind", [
  Encrypted,
  z.strictObject({
    v: z.literal(1),
    kind: z.literal("plaintext"),
    plaintext: z.literal(true),
    address,
    seed: hex(KEY_BYTES),
  }),
  z.strictObject({ v: z.literal(1), kind: z.literal("stellar-cli"), identity: z.string() }),
]);

export type KeyFile = Readonly<z.infer<typeof KeyFile>>;
export type EncryptedKey = Readonly<z.infer<typeof Encrypted>>;

export function parseKeyFile(path: string, text: string): KeyFile {
  const result = KeyFile.safeParse(documentOf(text));
  if (result.success) return result.data;
  // Names of the faulty fields only: the values may be secret.
  const fields = result.error.issues.map((issue) => issue.path.join(".") || "the whole").join(", ");
  throw new AceError("KEY_FILE_INVALID", `${path} is not a key file: ${fields}`);
}

export function keyFileText(file: KeyFile): string {
  return `${JSON.stringify(file, undefined, 2)}\n`;
}

export async function seal(
  seed: Uint8Array,
  { address, passphrase }: { readonly address: string; readonly passphrase: string },
): Promise<EncryptedKey> {
  const salt = randomBytes(SALT_BYTES);
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv("aes-256-gcm", await stretch(passphrase, salt), nonce);
  cipher.setAAD(Buffer.from(address));
  const sealed = concatBytes(cipher.update(seed), cipher.final(), cipher.getAuthTag());
  return {
    v: 1,
    kind: "encrypted",
    address,
    scrypt: { ...COST, salt: salt.toHex() },
    nonce: nonce.toHex(),
    sealed: sealed.toHex(),
  };
}

export async function unseal(key: EncryptedKey, passphrase: string): Promise<Uint8Array> {
  const sealed = Uint8Array.fromHex(key.sealed);
  const stretched = await stretch(passphrase, Uint8Array.fromHex(key.scrypt.salt));
  const decipher = createDecipheriv("aes-256-gcm", stretched, Uint8Array.fromHex(key.nonce));
  decipher.setAAD(Buffer.from(key.address));
  decipher.setAuthTag(sealed.subarray(KEY_BYTES));
  const seed = decipher.update(sealed.subarray(0, KEY_BYTES));
  try {
    decipher.final();
  } catch (cause) {
    throw new AceError("KEY_LOCKED", `the passphrase does not open ${key.address}`, { cause });
  }
  return Uint8Array.from(seed);
}

/** The same letters typed on different systems give the same key: normal form KC. */
function stretch(passphrase: string, salt: Uint8Array): Promise<Uint8Array> {
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
  const options = { ...COST, maxmem: MEMORY_MAX_BYTES };
  scrypt(passphrase.normalize("NFKC"), salt, KEY_BYTES, options, (error, key) => {
    if (error === null) resolve(key);
    else reject(error);
  });
  return promise;
}

function documentOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

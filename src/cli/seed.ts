/** Ed25519 seeds in Stellar's forms. The SDK loads late: most commands never need it. */
import { AceError } from "../lib/errors.ts";

/** The G… account of a seed. */
export async function addressOfSeed(seed: Uint8Array): Promise<string> {
  const { Keypair } = await import("@stellar/stellar-sdk/base");
  return Keypair.fromRawEd25519Seed(Buffer.from(seed)).publicKey();
}

/** The 32 bytes of an S… secret. Errors `SECRET_INVALID`, never naming what was given. */
export async function seedFromSecret(secret: string): Promise<Uint8Array> {
  const { StrKey } = await import("@stellar/stellar-sdk/base");
  if (!StrKey.isValidEd25519SecretSeed(secret)) {
    throw new AceError("SECRET_INVALID", "this is not a Stellar secret");
  }
  return Uint8Array.from(StrKey.decodeEd25519SecretSeed(secret));
}

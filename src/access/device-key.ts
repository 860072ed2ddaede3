/**
 * Device keys: an Ed25519 key that one device made and keeps, and the proof that registers it.
 *
 * A stored key is its seed, 64 hexadecimal characters; where it is stored is not decided here.
 * Each use of a device key signs under its own prefix, so that no proof can stand for another.
 *
 * Errors  `PROOF_INVALID` for a key that is none, and for a proof that does not hold.
 */
import { randomBytes } from "node:crypto";
import { concatBytes, fromHex, toHex } from "../lib/bytes.ts";
import { isSignedBy } from "../lib/ed25519.ts";
import { AceError } from "../lib/errors.ts";
import { accountBytes, splitAddress } from "../lib/strkey.ts";
import { ED25519_KEY_BYTES, privateKeyOf, rawPublicKey, signEd25519 } from "./ed25519.ts";

export interface DeviceKey {
  readonly publicKey: Uint8Array;
  sign(message: Uint8Array): Uint8Array;
}

/** What a device key vouches for when it is registered at sign-in. */
export interface Registration {
  /** The service network's id, 64 hexadecimal characters. */
  readonly networkId: string;
  /** G… or M… address that signs in. */
  readonly account: string;
  /** Transaction hash of the SEP-10 challenge, 64 hexadecimal characters. */
  readonly challengeHash: string;
}

const REGISTRATION_PREFIX = new TextEncoder().encode("ace-device-v1");
const LINK_PREFIX = "ace-device-link-v1";
const HASH_BYTES = 32;

/** A new seed. Whoever reads it is the device. */
export function makeDeviceSeed(): string {
  return randomBytes(ED25519_KEY_BYTES).toString("hex");
}

export function loadDeviceKey(seed: string): DeviceKey {
  const key = privateKeyOf(seed);
  if (key === undefined) throw new AceError("PROOF_INVALID", "the stored device key is damaged");
  return { publicKey: rawPublicKey(key), sign: (message) => signEd25519(key, message) };
}

/** The proof to send with a signed challenge, as hexadecimal text. */
export function proveRegistration(key: DeviceKey, registration: Registration): string {
  return toHex(key.sign(registrationMessage(registration)));
}

/** @param device The public key and its proof, hexadecimal. */
export function requireRegistration(
  device: { readonly key: string; readonly proof: string },
  registration: Registration,
): void {
  const proof = fromHex(device.proof);
  const key = fromHex(device.key);
  if (key?.length !== ED25519_KEY_BYTES || proof === undefined) {
    throw new AceError("PROOF_INVALID", "the device key or its proof is not a key or a signature");
  }
  if (!isSignedBy(key, registrationMessage(registration), proof)) {
    throw new AceError("PROOF_INVALID", `device ${device.key} did not sign this sign-in`);
  }
}

/**
 * The proof that links a key to an account, as hexadecimal text.
 *
 * @param link Address of the devices contract (M…), and the account that links it.
 */
export function linkProof(
  key: DeviceKey,
  link: { readonly contract: string; readonly account: string },
): string {
  const claim = `${LINK_PREFIX} ${link.contract} ${link.account}`;
  return toHex(key.sign(new TextEncoder().encode(claim)));
}

/** Prefix, network id, account key and challenge hash, the last three of 32 bytes each. */
function registrationMessage({ networkId, account, challengeHash }: Registration): Uint8Array {
  const network = fromHex(networkId);
  const challenge = fromHex(challengeHash);
  if (network?.length !== HASH_BYTES || challenge?.length !== HASH_BYTES) {
    throw new AceError("PROOF_INVALID", "a network id or a challenge hash is not 32 bytes");
  }
  return concatBytes(
    REGISTRATION_PREFIX,
    network,
    accountBytes(splitAddress(account).account),
    challenge,
  );
}

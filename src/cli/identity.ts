/**
 * Who acts: the key that `--as`, ACE_AS or the profile names, or the only key there is.
 *
 * Errors  `KEY_MISSING` when that is nobody, `KEY_PLAINTEXT_REFUSED` for an unprotected key of ours
 *         on a public network.
 */
import type { Keypair } from "@stellar/stellar-sdk/base";
import { AceError } from "../lib/errors.ts";
import type { Context } from "./context.ts";
import type { KeyEntry } from "./keystore.ts";
import { isPublicNetwork } from "./network-kind.ts";

export interface Identity {
  /** G… account. */
  readonly account: string;
  /** Ed25519 signature, 64 bytes. */
  sign(hash: Uint8Array): Uint8Array;
  readonly keypair: Keypair;
}

/** Unlocks the key to act with. */
export async function identity(context: Context): Promise<Identity> {
  const { keystore, settings, output } = context;
  if (settings.identity !== undefined && (await isAddress(settings.identity))) {
    const message = `${settings.identity} is an address: enough to look, but signing needs its key`;
    throw new AceError("KEY_MISSING", message);
  }
  const entry = await chosenKey(context);
  if (entry.kind !== "encrypted" && isPublicNetwork(settings.network)) {
    if (entry.kind === "plaintext") {
      throw new AceError("KEY_PLAINTEXT_REFUSED", `"${entry.name}" lies unprotected on this disk`);
    }
    output.warn(`"${entry.name}" lies unprotected in stellar-cli's folder`);
  }
  const seed = await keystore.unlock(entry.name);
  const { Keypair } = await import("@stellar/stellar-sdk/base");
  const keypair = Keypair.fromRawEd25519Seed(Buffer.from(seed));
  return {
    account: keypair.publicKey(),
    sign: (hash) => Uint8Array.from(keypair.sign(Buffer.from(hash))),
    keypair,
  };
}

/** The account to look with: no key is unlocked, and an address will do. */
export async function identityAccount(context: Context): Promise<string> {
  const { identity: named } = context.settings;
  if (named !== undefined && (await isAddress(named))) return named;
  return (await chosenKey(context)).address;
}

async function chosenKey({ keystore, settings }: Context): Promise<KeyEntry> {
  if (settings.identity !== undefined) return keystore.find(settings.identity);
  const [only, ...others] = await keystore.list();
  if (only === undefined) {
    throw new AceError("KEY_MISSING", "there is no key yet; make one with `ace key new <name>`");
  }
  if (others.length === 0) {
    if (only.kind === "broken") throw only.fault;
    return only;
  }
  const names = [only, ...others].map((entry) => entry.name).join(", ");
  throw new AceError("KEY_MISSING", `there are several keys, so say which with --as: ${names}`);
}

async function isAddress(text: string): Promise<boolean> {
  if (!/^G[A-Z2-7]{55}$/.test(text)) return false;
  const { isAccount } = await import("../lib/strkey.ts");
  return isAccount(text);
}

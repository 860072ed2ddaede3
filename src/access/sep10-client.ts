/**
 * The viewer's side of a SEP-10 sign-in: looks at a challenge before any key signs it.
 *
 * A transaction from outside is signed only when it is a challenge, for this account, issued by the
 * server key that the viewer knows, for the domains it meant to sign in to: never anything sendable.
 *
 * Errors  `CHALLENGE_INVALID`, `CHALLENGE_EXPIRED`.
 * Source  SEP-10 version 3.4.1.
 */
import { AceError } from "../lib/errors.ts";
import { addSignature, type ChallengeRules, readChallenge, type StellarSigner } from "./sep10.ts";

export interface ChallengeToSign extends Omit<ChallengeRules, "serverKeys"> {
  /** The envelope in base64, as the server sent it. */
  readonly transaction: string;
  /** G… address of the server's signing key, learned beforehand. */
  readonly serverKey: string;
  /** G… or M… address that signs in. */
  readonly account: string;
  readonly nowS: number;
}

export interface SignedChallenge {
  /** The envelope in base64. */
  readonly transaction: string;
  /** Hexadecimal: what the device key's registration proof covers. */
  readonly hash: string;
}

export function signChallenge(
  toSign: ChallengeToSign,
  signers: readonly StellarSigner[],
): SignedChallenge {
  const rules = { ...toSign, serverKeys: [toSign.serverKey] };
  const challenge = readChallenge(toSign.transaction, rules, toSign.nowS);
  if (challenge.address !== toSign.account) {
    throw new AceError("CHALLENGE_INVALID", `the challenge is for ${challenge.address}`);
  }
  const { transaction, hash } = challenge;
  const envelopes = signers.map((signer) => addSignature(transaction, signer));
  return { transaction: envelopes.at(-1) ?? toSign.transaction, hash };
}

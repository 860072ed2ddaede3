/**
 * Whose signatures stand under a challenge, and whether they are enough to speak for the account.
 *
 * Range   Weights of 1 to 255 count; a signer of weight 0 is none, the master key too.
 * Errors  `SIGNERS_INSUFFICIENT`, also for a signature that is not of one of the signers.
 * Source  SEP-10 version 3.4.1 ("Verifying Authorization"); stellar-core, SignatureChecker.cpp.
 */
import { WebAuth } from "@stellar/stellar-sdk";
import { AceError } from "../lib/errors.ts";
import { isAccount, splitAddress } from "../lib/strkey.ts";
import type { Challenge } from "./sep10.ts";

/** Signers and medium threshold of one account, as Stellar has them now. */
export interface AccountSigners {
  /** False when the account is not on the network: then its own key alone speaks for it. */
  readonly exists: boolean;
  /** With the master key; other kinds of signers than G… keys are passed over. */
  readonly signers: readonly { readonly key: string; readonly weight: number }[];
  readonly mediumThreshold: number;
}

const WEIGHT_MAX = 255;

export function requireSigners(challenge: Challenge, found: AccountSigners): void {
  const { account } = splitAddress(challenge.address);
  const weights = weightsOf(account, found, challenge.serverKey);
  const signed = WebAuth.gatherTxSigners(challenge.transaction, [
    challenge.serverKey,
    ...weights.keys(),
  ]);
  if (signed.length !== challenge.transaction.signatures.length) {
    throw notEnough(account, "a signature is not of the account's signers, or stands twice");
  }
  const weight = signed.reduce((sum, key) => sum + (weights.get(key) ?? 0), 0);
  // A threshold of 0 still asks for one signer: nobody signs in without a signature.
  const needed = Math.max(1, found.exists ? found.mediumThreshold : 1);
  if (weight < needed) throw notEnough(account, `weight ${weight} of ${needed} has signed`);
}

function weightsOf(
  account: string,
  found: AccountSigners,
  serverKey: string,
): ReadonlyMap<string, number> {
  if (!found.exists) return new Map([[account, 1]]);
  const countable = found.signers.filter(
    ({ key, weight }) => weight > 0 && key !== serverKey && isAccount(key),
  );
  return new Map(countable.map(({ key, weight }) => [key, Math.min(weight, WEIGHT_MAX)]));
}

function notEnough(account: string, what: string): AceError {
  return new AceError("SIGNERS_INSUFFICIENT", `${account} is not signed in: ${what}`);
}

/**
 * Where the plays of an account are counted: at one issuer of several, found by all of them alone.
 *
 * Each issuer has a score for each account, and the first of them that answers is the account's home. An
 * issuer that comes or goes moves only the accounts that it is or becomes the first for.
 *
 * Form    The score is SHA-256 of `"ace-lease-home-v1 <account> <issuer's account>"`; the highest is first.
 *         A rotation of an issuer's keys moves nobody.
 * Source  Thaler and Ravishankar, "A Name-Based Mapping Scheme for Rendezvous", 1996.
 */
import { hash } from "node:crypto";

const TAG = "ace-lease-home-v1";

/** All of them, home first. */
export function homeOrder(account: string, issuers: readonly string[]): readonly string[] {
  const scored = [...new Set(issuers)].map((issuer) => ({
    issuer,
    score: hash("sha256", `${TAG} ${account} ${issuer}`, "hex"),
  }));
  return scored
    .toSorted((one, other) => (one.score > other.score ? -1 : 1))
    .map(({ issuer }) => issuer);
}

/**
 * Predicates of claimable balances: when a claimant may have it.
 *
 * Units   Unix seconds; the clock is the close time of the ledger.
 * Source  stellar-core, CreateClaimableBalanceOpFrame.cpp and ClaimClaimableBalanceOpFrame.cpp;
 *         CAP-23.
 */
import { xdr } from "@stellar/stellar-sdk/base";
import { invariant } from "../lib/invariant.ts";
import { STROOPS_MAX } from "../lib/money.ts";

const { ClaimPredicate } = xdr;
const PREDICATE_DEPTH_MAX = 4;

export function isPredicateValid(predicate: xdr.ClaimPredicate, depth = 1): boolean {
  if (depth > PREDICATE_DEPTH_MAX) return false;
  switch (predicate.type) {
    case "claimPredicateUnconditional":
      return true;
    case "claimPredicateAnd":
      return arePredicatesValid(predicate.andPredicates, depth + 1);
    case "claimPredicateOr":
      return arePredicatesValid(predicate.orPredicates, depth + 1);
    case "claimPredicateNot":
      return predicate.notPredicate !== null && isPredicateValid(predicate.notPredicate, depth + 1);
    case "claimPredicateBeforeAbsoluteTime":
      return predicate.absBefore >= 0n;
    case "claimPredicateBeforeRelativeTime":
      return predicate.relBefore >= 0n;
  }
}

function arePredicatesValid(pair: readonly xdr.ClaimPredicate[], depth: number): boolean {
  return pair.length === 2 && pair.every((predicate) => isPredicateValid(predicate, depth));
}

/** The predicate as the ledger keeps it: a time that ran from its creation becomes a date. */
export function absolutePredicate(
  predicate: xdr.ClaimPredicate,
  closeTime: bigint,
): xdr.ClaimPredicate {
  const each = (one: xdr.ClaimPredicate): xdr.ClaimPredicate => absolutePredicate(one, closeTime);
  switch (predicate.type) {
    case "claimPredicateAnd":
      return ClaimPredicate.claimPredicateAnd(predicate.andPredicates.map(each));
    case "claimPredicateOr":
      return ClaimPredicate.claimPredicateOr(predicate.orPredicates.map(each));
    case "claimPredicateNot":
      return ClaimPredicate.claimPredicateNot(
        predicate.notPredicate === null ? null : each(predicate.notPredicate),
      );
    case "claimPredicateBeforeRelativeTime": {
      const end = closeTime + predicate.relBefore;
      return ClaimPredicate.claimPredicateBeforeAbsoluteTime(end > STROOPS_MAX ? STROOPS_MAX : end);
    }
    default:
      return predicate;
  }
}

/** Whether a predicate of the ledger holds at `closeTime`. */
export function isFulfilled(predicate: xdr.ClaimPredicate, closeTime: bigint): boolean {
  switch (predicate.type) {
    case "claimPredicateUnconditional":
      return true;
    case "claimPredicateAnd":
      return predicate.andPredicates.every((each) => isFulfilled(each, closeTime));
    case "claimPredicateOr":
      return predicate.orPredicates.some((each) => isFulfilled(each, closeTime));
    case "claimPredicateNot":
      return predicate.notPredicate !== null && !isFulfilled(predicate.notPredicate, closeTime);
    case "claimPredicateBeforeAbsoluteTime":
      return closeTime < predicate.absBefore;
    case "claimPredicateBeforeRelativeTime":
      invariant(false, "relative times are made absolute when a balance is created");
  }
}

/**
 * Locks: the claimable balances that one transaction created.
 *
 * The balance's id stands in the result, claimants and their predicates in the operation.
 *
 * Errors  `LEDGER_MALFORMED` for a predicate that Stellar would never have accepted.
 * Source  CAP-23; Stellar-ledger-entries.x: ClaimPredicate.
 */
import type { xdr } from "@stellar/stellar-sdk/base";
import { toHex } from "../lib/bytes.ts";
import { AceError } from "../lib/errors.ts";
import { accountIdText, assetText } from "./addresses.ts";
import type { AppliedOperation } from "./applied-operation.ts";
import type { Claimant, Lock, Predicate } from "./closed-ledger.ts";

/** In operation order. */
export function locksOf(operations: readonly AppliedOperation[]): readonly Lock[] {
  return operations.flatMap(({ index, source, body, result }) => {
    if (body.type !== "createClaimableBalance" || result.type !== body.type) return [];
    const outcome = result.createClaimableBalanceResult;
    if (outcome.type !== "createClaimableBalanceSuccess") return [];
    const { asset, amount, claimants } = body.createClaimableBalanceOp;
    return [
      {
        operation: index,
        id: toHex(outcome.balanceId.v0.toBytes()),
        from: source,
        asset: assetText(asset),
        amount,
        claimants: claimants.map(
          ({ v0 }): Claimant => ({
            account: accountIdText(v0.destination),
            predicate: predicateOf(v0.predicate),
          }),
        ),
      },
    ];
  });
}

function predicateOf(predicate: xdr.ClaimPredicate): Predicate {
  switch (predicate.type) {
    case "claimPredicateUnconditional":
      return { kind: "always" };
    case "claimPredicateAnd":
      return { kind: "and", of: both(predicate.andPredicates) };
    case "claimPredicateOr":
      return { kind: "or", of: both(predicate.orPredicates) };
    case "claimPredicateNot":
      if (predicate.notPredicate === null) throw malformed();
      return { kind: "not", of: predicateOf(predicate.notPredicate) };
    case "claimPredicateBeforeAbsoluteTime":
      return { kind: "before", time: predicate.absBefore };
    case "claimPredicateBeforeRelativeTime":
      return { kind: "within", seconds: predicate.relBefore };
  }
}

function both(predicates: readonly xdr.ClaimPredicate[]): readonly [Predicate, Predicate] {
  const [left, right] = predicates;
  if (left === undefined || right === undefined) throw malformed();
  return [predicateOf(left), predicateOf(right)];
}

function malformed(): AceError {
  return new AceError("LEDGER_MALFORMED", "a claim predicate lacks a part");
}

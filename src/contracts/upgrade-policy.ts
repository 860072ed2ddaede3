/**
 * Who may change a contract's code, as its source declares it: nobody, its owner, or a vote.
 *
 * An owner's change is announced first, so that whoever relies on the contract can look at the new
 * code and leave. A policy may be tightened by a change of code, and is never loosened.
 *
 * Units   A delay is seconds of close time.
 */
import type { CborValue } from "../lib/cbor.ts";

export type UpgradePolicy =
  | { readonly kind: "none" }
  /** A change takes effect at least `delayS` after it was announced. */
  | { readonly kind: "owner"; readonly delayS: number }
  /** A passed vote of the network's DAO changes it. */
  | { readonly kind: "dao" };

const DAY_S = 86_400;

export const NO_UPGRADE: UpgradePolicy = { kind: "none" };

export function ownerPolicy(delayDays: number): UpgradePolicy {
  return { kind: "owner", delayS: delayDays * DAY_S };
}

/** Such as `by its owner, 7 days after announcing`. */
export function policyText(policy: UpgradePolicy): string {
  if (policy.kind === "none") return "never";
  if (policy.kind === "dao") return "by a vote of the DAO";
  return `by its owner, ${policy.delayS / DAY_S} days after announcing`;
}

export function policyToCbor(policy: UpgradePolicy): CborValue {
  return policy.kind === "owner" ? [policy.kind, BigInt(policy.delayS)] : policy.kind;
}

export function policyFromCbor(cbor: CborValue | undefined): UpgradePolicy | undefined {
  if (cbor === "none" || cbor === "dao") return { kind: cbor };
  const [kind, delay, more] = Array.isArray(cbor) ? cbor : [];
  const isOwner = kind === "owner" && typeof delay === "bigint" && more === undefined;
  return isOwner ? { kind, delayS: Number(delay) } : undefined;
}

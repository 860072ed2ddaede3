/** The upgrade policy in `contract({ … })`, and the form of the method that an upgrade runs. */
import type { AnyNode } from "acorn";
import type { AbiMethod } from "../../contracts/abi.ts";
import { NO_UPGRADE, ownerPolicy, type UpgradePolicy } from "../../contracts/upgrade-policy.ts";
import { limits } from "../limits.ts";
import type { Names } from "./module-shape.ts";

const { upgradeDelayDaysMin: minDays, upgradeDelayDaysMax: maxDays } = limits;
export const POLICY_HINT = `Write \`upgrade: "none"\`, \`"dao"\`, \`"owner"\` (${minDays} days after announcing) or \`{ by: "owner", delayDays: ${2 * minDays} }\` with ${minDays} to ${maxDays} whole days.`;

/** Undefined when the expression is no policy. A contract that names none is never changed. */
export function readPolicy(node: AnyNode | undefined, names: Names): UpgradePolicy | undefined {
  if (node === undefined) return NO_UPGRADE;
  const given = names.constant(node);
  if (given?.type === "ObjectExpression") return ownerWithDelay(given, names);
  const word = literalOf(node, names);
  if (word === "none" || word === "dao") return { kind: word };
  return word === "owner" ? ownerPolicy(minDays) : undefined;
}

/** It is given the version that the contract had, and nothing that a person could choose later. */
export function isMigration({ args, returns, view, payable }: AbiMethod): boolean {
  const [first, more] = args;
  const takesVersion = first?.kind === "int" && more === undefined;
  return takesVersion && returns === undefined && !view && payable === false;
}

function ownerWithDelay(
  node: Extract<AnyNode, { type: "ObjectExpression" }>,
  names: Names,
): UpgradePolicy | undefined {
  const fields = new Map(
    node.properties.flatMap((property) =>
      property.type === "Property" && !property.computed && property.key.type === "Identifier"
        ? [[property.key.name, literalOf(property.value, names)] as const]
        : [],
    ),
  );
  const days = fields.get("delayDays");
  const isWhole = node.properties.length === 2 && fields.size === 2;
  return isWhole && fields.get("by") === "owner" && typeof days === "number"
    ? ownerWithin(days)
    : undefined;
}

function ownerWithin(days: number): UpgradePolicy | undefined {
  return Number.isInteger(days) && days >= minDays && days <= maxDays
    ? ownerPolicy(days)
    : undefined;
}

function literalOf(node: AnyNode, names: Names): unknown {
  const value = names.constant(node);
  return value?.type === "Literal" ? value.value : undefined;
}

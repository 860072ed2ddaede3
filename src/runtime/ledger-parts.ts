/** A ledger that ran in parts: whether they may stand together, and the one outcome that they make. */
import type { Call } from "../contracts/call.ts";
import { compareBytes } from "../lib/bytes.ts";
import { invariant } from "../lib/invariant.ts";
import type { Share } from "./call-graph.ts";
import { type Edge, type Footprint, meetings } from "./footprint.ts";
import type { Rules } from "./limits.ts";
import type { LedgerOutcome } from "./outcome-frame.ts";

const REGISTRY = 0n;

export interface LedgerPart {
  readonly share: Share;
  readonly outcome: LedgerOutcome;
  readonly footprints: readonly Footprint[];
}

export type Verdict =
  | { readonly kind: "apart" }
  /** What one did may depend on another. */
  | { readonly kind: "met"; readonly edges: readonly Edge[] }
  /** Together they may have passed what a ledger grants. */
  | { readonly kind: "full" };

export function verdictOn(
  parts: readonly LedgerPart[],
  calls: readonly Call[],
  rules: Rules,
): Verdict {
  if (parts.length === 1) return { kind: "apart" };
  const edges = meetings(parts.map(({ footprints }) => footprints));
  if (edges.length > 0) return { kind: "met", edges };
  return mayBeFull(parts, calls, rules) ? { kind: "full" } : { kind: "apart" };
}

/** In the order of the ledger. */
export function joined(parts: readonly LedgerPart[]): LedgerOutcome {
  const receipts: Uint8Array[] = [];
  for (const { share, outcome } of parts) {
    for (const [index, place] of share.places.entries()) {
      const receipt = outcome.receipts[index];
      invariant(receipt !== undefined, "one call, one receipt");
      receipts[place] = receipt;
    }
  }
  const writes = parts.flatMap(({ outcome }) => outcome.writes);
  writes.sort((left, right) => compareBytes(left.key, right.key));
  return { receipts, writes, notes: "", genesisFault: "" };
}

/** Whether the gas of the ledger, counted over all parts, may have refused a call. */
function mayBeFull(parts: readonly LedgerPart[], calls: readonly Call[], rules: Rules): boolean {
  let declared = 0;
  let largest = 0;
  for (const call of calls) {
    const room = roomOf(call, rules);
    declared += room;
    if (room > largest) largest = room;
  }
  const { gasLedgerMax } = rules.limits;
  if (declared <= gasLedgerMax) return false;
  const footprints = parts.flatMap((part) => part.footprints);
  const used = footprints.reduce((sum, { gasUsed }) => sum + gasUsed, 0);
  return used + largest > gasLedgerMax;
}

/** What a call may take of its ledger's gas: all calls of the registry as if they were judged by it. */
export function roomOf(
  { contract, gasLimit }: Pick<Call, "contract" | "gasLimit">,
  { limits, gasSchedule }: Rules,
): number {
  const gas = Math.min(Number(gasLimit), limits.gasCallMax);
  return contract === REGISTRY ? gas * gasSchedule.registryDeployWeight : gas;
}

/** A ledger that ran in parts: whether they may stand together, and the one outcome that they make. */
import type { Call } from "../contracts/call.ts";
import { compareBytes } from "../lib/bytes.ts";
import { invariant } from "../lib/invariant.ts";
import type { Share } from "./call-graph.ts";
import { type Edge, type Footprint, meetings } from "./footprint.ts";
import type { Rules } from "./limits.ts";
import type { LedgerOutcome } from "./outcome-frame.ts";

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
  limits: Rules["limits"],
): Verdict {
  if (parts.length === 1) return { kind: "apart" };
  const edges = meetings(parts.map(({ footprints }) => footprints));
  if (edges.length > 0) return { kind: "met", edges };
  return mayBeFull(parts, calls, limits) ? { kind: "full" } : { kind: "apart" };
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
function mayBeFull(
  parts: readonly LedgerPart[],
  calls: readonly Call[],
  limits: Rules["limits"],
): boolean {
  let declared = 0;
  for (const { gasLimit } of calls) declared += Math.min(Number(gasLimit), limits.gasCallMax);
  if (declared <= limits.gasLedgerMax) return false;
  const footprints = parts.flatMap((part) => part.footprints);
  const used = footprints.reduce((sum, { gasUsed }) => sum + gasUsed, 0);
  return used + limits.gasCallMax > limits.gasLedgerMax;
}

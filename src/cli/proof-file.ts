/**
 * Proof files: what a node claims, with all that whoever trusts one ledger hash needs to check it.
 *
 * Errors  `PROOF_FILE_INVALID`, `PROOF_REFUTED`, `FILE_UNREADABLE`.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { z } from "zod";
import { verifyLedgerChain, verifyReceiptProof, verifyStateProof } from "../access/verify.ts";
import { LedgerFieldsJson, ReceiptProofsJson, StateProofJson } from "../client/schemas.ts";
import { AceError } from "../lib/errors.ts";

const FILE_VERSION = 1;

export const ProofFile = z.strictObject({
  v: z.literal(FILE_VERSION),
  state: z.array(StateProofJson),
  receipts: ReceiptProofsJson.shape.proofs,
  /** From a later ledger back to that of the claims, newest first. */
  chain: z.array(LedgerFieldsJson),
});
export type ProofFile = z.infer<typeof ProofFile>;

export function proofFile(parts: Partial<Omit<ProofFile, "v">>): ProofFile {
  return { v: FILE_VERSION, state: [], receipts: [], chain: [], ...parts };
}

export function readProofFile(path: string): ProofFile {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    throw new AceError("FILE_UNREADABLE", `${path} cannot be read`, { cause });
  }
  const parsed = ProofFile.safeParse(jsonOf(text));
  if (!parsed.success) throw new AceError("PROOF_FILE_INVALID", `${path} is not a file of proofs`);
  const { state, receipts } = parsed.data;
  if (state.length + receipts.length > 0) return parsed.data;
  throw new AceError("PROOF_FILE_INVALID", `${path} holds no proof`);
}

export function writeProofFile(path: string, file: ProofFile): void {
  try {
    writeFileSync(path, `${JSON.stringify(file, undefined, 2)}\n`);
  } catch (cause) {
    throw new AceError("FILE_UNREADABLE", `${path} cannot be written`, { cause });
  }
}

/** Passes when every claim holds for whoever trusts this ledger hash. */
export async function demandHolds({ state, receipts, chain }: ProofFile, trusted: string) {
  for (const claim of [...state, ...receipts]) {
    const { ledgerHash, ledger } = claim;
    if (!(await leadsTo(ledgerHash, chain, trusted))) {
      const what = `ledger ${ledger.sequence} has ledger hash ${ledgerHash} in the file`;
      throw new AceError("PROOF_REFUTED", `${what}, to which ${trusted} does not lead`);
    }
  }
  for (const [index, claim] of state.entries()) {
    if (await verifyStateProof(claim)) continue;
    throw new AceError("PROOF_REFUTED", `state proof ${index + 1} does not hold`);
  }
  for (const [index, claim] of receipts.entries()) {
    if (await verifyReceiptProof(claim)) continue;
    throw new AceError("PROOF_REFUTED", `receipt proof ${index + 1} does not hold`);
  }
}

/** Any of the ledgers that the chain passes may be the claim's: receipts may lie in several. */
async function leadsTo(
  ledgerHash: string,
  chain: ProofFile["chain"],
  trusted: string,
): Promise<boolean> {
  const passed = [trusted, ...chain.map(({ previous }) => previous)];
  const length = passed.indexOf(ledgerHash);
  if (length < 0) return false;
  return await verifyLedgerChain({ trusted, ledgerHash, chain: chain.slice(0, length) });
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

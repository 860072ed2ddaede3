/** One pass of catching up: what a node does with the objects of a lake before it runs a contract. */
import { readLedgerObject } from "../src/ledger/ledger-object.ts";
import { scanLedger } from "../src/ledger/scan.ts";
import {
  type VerificationGrade,
  type VerifiedLedger,
  verifyLedger,
} from "../src/ledger/verify-ledger.ts";
import type { LedgerInput } from "./ledger-inputs.ts";

/** An account that none of the ledgers has anything to do with. */
const VAULTS = ["GAAQEAYEAUDAOCAJBIFQYDIOB4IBCEQTCQKRMFYYDENBWHA5DYPSABOV"];

export interface Objects extends Pick<LedgerInput, "name" | "passphrase"> {
  readonly objects: Iterable<Uint8Array>;
}

/** Inflates, verifies, links and scans every ledger; answers how many there were. */
export function catchUp(input: Objects, grade: VerificationGrade): number {
  let tip: VerifiedLedger | undefined;
  let count = 0;
  for (const object of input.objects) {
    for (const raw of readLedgerObject(object)) {
      const ledger = verifyLedger(raw, {
        passphrase: input.passphrase,
        grade,
        ...linkTo(tip, input),
      });
      scanLedger(ledger, VAULTS);
      tip = ledger;
      count += 1;
    }
  }
  return count;
}

/** The pubnet ledger is alone, so there is nothing to link it to. */
function linkTo(tip: VerifiedLedger | undefined, { name }: Objects) {
  if (tip === undefined || name === "pubnet") return {};
  return {
    sequence: tip.sequence + 1,
    previousHash: tip.hash,
    previousFeePool: tip.feePool,
    previousProtocol: tip.protocolVersion,
  };
}

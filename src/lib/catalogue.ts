/**
 * The catalogue: every error a user of this software can meet, by family.
 *
 * `status` is the HTTP status, `exit` the exit code of `ace` (0 done, 1 failure, 2 usage, 3 not
 * found, 4 key or permission, 5 refused by a contract, 6 network or node, 7 cancelled, 8 timed out
 * but may still apply), `hint` one thing to do next.
 */
import { accessCatalogue } from "./catalogue-access.ts";
import { authoringCatalogue } from "./catalogue-authoring.ts";
import { contractCatalogue } from "./catalogue-contract.ts";
import { ledgerCatalogue } from "./catalogue-ledger.ts";
import { nodeCatalogue } from "./catalogue-node.ts";
import { p2pCatalogue } from "./catalogue-p2p.ts";

export interface CatalogueEntry {
  readonly status: number;
  readonly exit: number;
  readonly hint: string;
}

export const catalogue = {
  ...accessCatalogue,
  ...contractCatalogue,
  ...authoringCatalogue,
  ...ledgerCatalogue,
  ...nodeCatalogue,
  ...p2pCatalogue,
} as const satisfies Record<string, CatalogueEntry>;

export type ErrorCode = keyof typeof catalogue;

/** Whether text from outside is one of these codes. */
export function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(catalogue, code);
}

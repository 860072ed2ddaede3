/**
 * What each account has taken of the ledger: the contracts that it deployed, what they may hold at most,
 * and the code that it put there. Storage costs no rent: this is what bounds it.
 *
 * Units   Bytes.
 * Errors  `OWNER_FULL` for what would pass `ownerContractsMax` or `ownerBytesMax`.
 * Source  `docs/spec/storage.md`.
 */
import { invariant } from "../lib/invariant.ts";
import type { Source, Target } from "./contract-records.ts";
import { limits } from "./limits.ts";
import { header, integerItem, MAJOR, readInteger, readItems } from "./realm/cbor.ts";
import { ownedKey } from "./system-keys.ts";

export interface Owned {
  readonly contracts: number;
  readonly bytes: number;
}

const ROW_HEAD = header(MAJOR.array, 2);
const NOTHING: Owned = { contracts: 0, bytes: 0 };

/** Counts this as well, or says why not; giving back always passes. */
export function takeRoom(state: Target, account: string, more: Owned): string {
  const owned = ownedBy(state, account);
  const contracts = owned.contracts + more.contracts;
  const bytes = owned.bytes + more.bytes;
  if (more.contracts > 0 && contracts > limits.ownerContractsMax) return "OWNER_FULL";
  if (more.bytes > 0 && bytes > limits.ownerBytesMax) return "OWNER_FULL";
  const counts = integerItem(BigInt(contracts)) + integerItem(BigInt(bytes));
  state.set(ownedKey(account), ROW_HEAD + counts);
  return "";
}

function ownedBy(state: Source, account: string): Owned {
  const stored = state.get(ownedKey(account));
  if (stored === undefined) return NOTHING;
  const [contracts, bytes] = (readItems(stored) ?? []).map(readInteger);
  invariant(contracts !== undefined && bytes !== undefined, "what an account owns is two counts");
  return { contracts: Number(contracts), bytes: Number(bytes) };
}

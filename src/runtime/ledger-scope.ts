/** What all calls of one ledger share. */
import { muxedText, splitAddressBytes } from "./addresses.ts";
import type { Layer } from "./overlay.ts";

export interface LedgerScope {
  readonly sequence: number;
  readonly closeTime: bigint;
  readonly vault: string;
  /** The vault's 32 bytes, as byte text. */
  readonly vaultKey: string;
  /** The ledger's writes so far. */
  readonly state: Layer;
  /** The M… address of a contract. */
  addressOf(contract: bigint): string;
}

export function ledgerScope(
  facts: Pick<LedgerScope, "sequence" | "closeTime" | "vault">,
  state: Layer,
): LedgerScope {
  const vaultKey = splitAddressBytes(facts.vault).account;
  return { ...facts, vaultKey, state, addressOf: (contract) => muxedText(vaultKey, contract) };
}

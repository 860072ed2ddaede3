/**
 * Publications: the files of a lake or an archive, made from the chain when somebody asks for one.
 *
 * A name is not looked up but understood: it is answered only when it is the very name that the
 * ledgers in it give it. So no request reaches a disk, and served and written files are the same.
 */

import type { Consensus } from "./consensus.ts";
import type { DevnetLedger } from "./devnet-ledger.ts";

/** What is published: the devnet itself, or one that a source lies about. */
export interface PublishedChain {
  readonly passphrase: string;
  readonly latest: { readonly sequence: number };
  readonly consensus: Pick<Consensus, "historyEntry">;
  archived(sequence: number): DevnetLedger | undefined;
  /** True when an archive lacks the entry of a ledger's transactions, although it has some. */
  omitsEntry?(sequence: number): boolean;
}

export interface Publication {
  /** Objects that are there from the first ledger on. */
  readonly names: readonly string[];
  /** Objects that are whole once ledger `sequence` has closed, in the order in which to write them. */
  completedBy(sequence: number): readonly string[];
  /** Undefined when there is no such object, or not yet. */
  read(name: string): Uint8Array | undefined;
}

/**
 * Receipts as they are stored. Those of a ledger are read together and held against its receipts
 * root, so none is ever handed on that the ledger did not have.
 *
 * Errors  `DB_CORRUPT`.
 */
import { sha256 } from "../lib/hash.ts";
import type { Receipt } from "../runtime/applied.ts";
import { decodeReceipt } from "../runtime/receipt-codec.ts";
import { receiptsRoot } from "../runtime/receipts-root.ts";
import type { Chain } from "./chain.ts";
import { type Database, damaged, guarded } from "./database.ts";
import type { ChainLink } from "./ledger-rows.ts";

export interface FeedCursor {
  readonly sequence: number;
  readonly position: number;
}

export interface FeedEntry extends FeedCursor {
  readonly receipt: Receipt;
}

export interface Receipts {
  readonly ofTransaction: (txHash: string) => readonly Receipt[];
  /** Those of one ledger, as they are hashed. */
  readonly bytesOf: (sequence: number) => readonly Uint8Array[];
  readonly after: (cursor: FeedCursor, limit: number) => readonly FeedEntry[];
  /** Checks that the ledger's receipts are all there, and that each is found by its transaction. */
  readonly audit: (link: ChainLink) => void;
}

interface Sequence {
  readonly sequence: number;
}

export function openReceipts(database: Database, path: string, chain: Chain): Receipts {
  const bodies = database.prepare<[number], { body: unknown }>(
    "SELECT body FROM receipts WHERE sequence = ? ORDER BY position",
  );
  const sequencesOf = database.prepare<[string], Sequence>(
    "SELECT DISTINCT sequence FROM receipts WHERE tx_hash = ? ORDER BY sequence",
  );
  const sequenceFrom = database.prepare<[number], Sequence>(
    "SELECT sequence FROM receipts WHERE sequence >= ? ORDER BY sequence LIMIT 1",
  );
  const bytesBy = ({ sequence, receiptsRoot: root }: ChainLink): readonly Uint8Array[] => {
    const stored = bodies.all(sequence).map(({ body }) => bytesOf(body));
    const isWhole = receiptsRoot(stored.map(sha256)) === root;
    if (!isWhole) throw damaged(path, `the receipts of ledger ${sequence} are not as written`);
    return stored;
  };
  const readBy = (link: ChainLink): readonly Receipt[] => bytesBy(link).map(decodeReceipt);
  const linkOf = (sequence: number): ChainLink => {
    const link = chain.link(sequence);
    if (link === undefined) throw damaged(path, `ledger ${sequence} is missing`);
    return link;
  };
  const read = (sequence: number): readonly Receipt[] => readBy(linkOf(sequence));
  function* following(cursor: FeedCursor): Generator<FeedEntry, undefined> {
    let row = sequenceFrom.get(cursor.sequence);
    while (row !== undefined) {
      const { sequence } = row;
      const first = sequence === cursor.sequence ? cursor.position + 1 : 0;
      const entries = read(sequence).map((receipt, position) => ({ sequence, position, receipt }));
      yield* entries.slice(first);
      row = sequenceFrom.get(sequence + 1);
    }
  }
  return {
    ofTransaction: (txHash) =>
      guarded(path, () =>
        sequencesOf
          .all(txHash)
          .flatMap(({ sequence }) => read(sequence))
          .filter((receipt) => receipt.txHash === txHash),
      ),
    bytesOf: (sequence) => guarded(path, () => bytesBy(linkOf(sequence))),
    after: (cursor, limit) => guarded(path, () => following(cursor).take(limit).toArray()),
    audit: (link) =>
      guarded(path, () => {
        for (const { txHash } of readBy(link)) {
          const isFound = sequencesOf.all(txHash).some((row) => row.sequence === link.sequence);
          if (!isFound) throw damaged(path, `transaction ${txHash} is missing from the index`);
        }
      }),
  };
}

function bytesOf(body: unknown): Uint8Array {
  return body instanceof Uint8Array ? body : new Uint8Array();
}

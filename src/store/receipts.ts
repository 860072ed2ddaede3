/**
 * Receipts as they are stored: one row a ledger, each receipt after its length in four bytes. They are
 * read together and held against the receipts root of their ledger, so none is ever handed on that the
 * ledger did not have. A transaction is found by the first bytes of its hash; what is found is compared
 * whole.
 *
 * Errors  `DB_CORRUPT`.
 */

import { fromHex } from "../lib/bytes.ts";
import { sha256 } from "../lib/hash.ts";
import type { Applied, Receipt } from "../runtime/applied.ts";
import { decodeReceipt, txHashBytes } from "../runtime/receipt-codec.ts";
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

export const RECEIPTS_SCHEMA = `
  CREATE TABLE receipts(sequence INTEGER PRIMARY KEY, bodies BLOB NOT NULL);
  CREATE TABLE transactions(
    prefix BLOB NOT NULL, sequence INTEGER NOT NULL, PRIMARY KEY(prefix, sequence)) WITHOUT ROWID;
`;

/** From the first version, which had a row for each receipt. */
export const RECEIPTS_UPGRADE = `
  ALTER TABLE receipts RENAME TO receipts_1;
  DROP INDEX receipts_by_transaction;
  ${RECEIPTS_SCHEMA}
  INSERT INTO receipts
    SELECT sequence, unhex(group_concat(printf('%08x', length(body)) || hex(body), '' ORDER BY position))
    FROM receipts_1 GROUP BY sequence;
  INSERT OR IGNORE INTO transactions SELECT unhex(substr(tx_hash, 1, 12)), sequence FROM receipts_1;
  DROP TABLE receipts_1;
`;

interface Sequence {
  readonly sequence: number;
}

const PREFIX_DIGITS = 12;
const LENGTH_BYTES = 4;

export function receiptsWriter(
  database: Database,
): (applied: Pick<Applied, "sequence" | "encodedReceipts">) => void {
  const insert = database.prepare("INSERT INTO receipts VALUES (?, ?)");
  const index = database.prepare("INSERT OR IGNORE INTO transactions VALUES (?, ?)");
  return ({ sequence, encodedReceipts }) => {
    if (encodedReceipts.length === 0) return;
    insert.run(sequence, joined(encodedReceipts));
    for (const body of encodedReceipts) {
      index.run(txHashBytes(body).subarray(0, PREFIX_DIGITS / 2), sequence);
    }
  };
}

/** Each behind its length. */
function joined(bodies: readonly Uint8Array[]): Uint8Array {
  let size = 0;
  for (const body of bodies) size += LENGTH_BYTES + body.length;
  const whole = Buffer.allocUnsafe(size);
  let at = 0;
  for (const body of bodies) {
    at = whole.writeUInt32BE(body.length, at);
    whole.set(body, at);
    at += body.length;
  }
  return whole;
}

function prefixOf(txHash: string): Uint8Array {
  return fromHex(txHash.slice(0, PREFIX_DIGITS)) ?? new Uint8Array();
}

export function openReceipts(database: Database, path: string, chain: Chain): Receipts {
  const bodies = database.prepare<[number], { bodies: unknown }>(
    "SELECT bodies FROM receipts WHERE sequence = ?",
  );
  const sequencesOf = database.prepare<[Uint8Array], Sequence>(
    "SELECT sequence FROM transactions WHERE prefix = ? ORDER BY sequence",
  );
  const sequenceFrom = database.prepare<[number], Sequence>(
    "SELECT sequence FROM receipts WHERE sequence >= ? ORDER BY sequence LIMIT 1",
  );
  const bytesBy = ({ sequence, receiptsRoot: root }: ChainLink): readonly Uint8Array[] => {
    const stored = split(bodies.get(sequence)?.bodies);
    const isWhole = stored !== undefined && receiptsRoot(stored.map(sha256)) === root;
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
          .all(prefixOf(txHash))
          .flatMap(({ sequence }) => read(sequence))
          .filter((receipt) => receipt.txHash === txHash),
      ),
    bytesOf: (sequence) => guarded(path, () => bytesBy(linkOf(sequence))),
    after: (cursor, limit) => guarded(path, () => following(cursor).take(limit).toArray()),
    audit: (link) =>
      guarded(path, () => {
        for (const { txHash } of readBy(link)) {
          const rows = sequencesOf.all(prefixOf(txHash));
          const isFound = rows.some((row) => row.sequence === link.sequence);
          if (!isFound) throw damaged(path, `transaction ${txHash} is missing from the index`);
        }
      }),
  };
}

/** The receipts of one row, none where there is no row; undefined when it is damaged. */
function split(bodies: unknown): readonly Uint8Array[] | undefined {
  if (bodies === undefined) return [];
  if (!(bodies instanceof Uint8Array)) return undefined;
  const view = new DataView(bodies.buffer, bodies.byteOffset, bodies.length);
  const receipts: Uint8Array[] = [];
  for (let at = 0; at < bodies.length; ) {
    if (at + LENGTH_BYTES > bodies.length) return undefined;
    const start = at + LENGTH_BYTES;
    at = start + view.getUint32(at);
    receipts.push(bodies.subarray(start, at));
  }
  return receipts;
}

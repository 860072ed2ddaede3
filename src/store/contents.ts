/** The contents that this node publishes or seeds: signed records, and where the bytes lie. */
import { join } from "node:path";
import { type Database, guarded, openDatabase, over } from "./database.ts";

export interface StoredContent {
  readonly contentId: string;
  readonly infohash: string;
  /** The signed record as JSON text, with the torrent inside. */
  readonly record: string;
  /** The file to seed from, or undefined when this node only lists the content. */
  readonly path: string | undefined;
}

export interface Contents extends Disposable {
  put(content: StoredContent): void;
  /** By content id or infohash. */
  get(id: string): StoredContent | undefined;
  all(): readonly StoredContent[];
}

const SCHEMA_VERSION = 1;
const SCHEMA = `
  CREATE TABLE contents(
    content_id TEXT PRIMARY KEY, infohash TEXT NOT NULL UNIQUE, record TEXT NOT NULL, path TEXT) WITHOUT ROWID;
`;

interface Row {
  readonly content_id: string;
  readonly infohash: string;
  readonly record: string;
  readonly path: string | null;
}

export function openContents(dir: string): Contents {
  const path = join(dir, "contents.db");
  const database = openDatabase(path, { schema: SCHEMA, schemaVersion: SCHEMA_VERSION });
  return over(database, path, () => contentsOver(database, path));
}

function contentsOver(database: Database, path: string): Contents {
  const put = database.prepare("INSERT OR REPLACE INTO contents VALUES (?, ?, ?, ?)");
  const get = database.prepare<[string, string], Row>(
    "SELECT * FROM contents WHERE content_id = ? OR infohash = ?",
  );
  const all = database.prepare<[], Row>("SELECT * FROM contents ORDER BY content_id");
  return {
    put: (content) => {
      const { contentId, infohash, record } = content;
      guarded(path, () => put.run(contentId, infohash, record, content.path ?? null));
    },
    get: (id) => {
      const row = guarded(path, () => get.get(id, id));
      return row === undefined ? undefined : contentOf(row);
    },
    all: () => guarded(path, () => all.all()).map(contentOf),
    [Symbol.dispose]: () => {
      database.close();
    },
  };
}

function contentOf(row: Row): StoredContent {
  return {
    contentId: row.content_id,
    infohash: row.infohash,
    record: row.record,
    path: row.path ?? undefined,
  };
}

/**
 * A place that one process at a time may use: a file that SQLite locks, so that the lock ends with the
 * process however that ends.
 *
 * Errors  `DB_LOCKED` while another one holds it; `FILE_UNREADABLE`.
 */
import { openDatabase } from "./database.ts";

/** Holds until it is disposed of. */
export function holdPlace(path: string): Disposable {
  const database = openDatabase(path, { schema: "", schemaVersion: 1 });
  return { [Symbol.dispose]: () => database.close() };
}

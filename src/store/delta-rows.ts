/** Signed lists of revocations in the outbox, by their number, until none of their entries matters. */
import { type Database, guarded } from "./database.ts";

/** Units: Unix seconds; `body` and `signature` are hexadecimal. */
interface DeltaRow {
  readonly seq: number;
  readonly untilS: number;
  readonly body: string;
  readonly signature: string;
}

export interface DeltaRows {
  /** Number of the last list that was ever kept; 0 when there was none. */
  lastDelta(): number;
  keepDelta(delta: DeltaRow): void;
  deltasAfter(seq: number, limit: number): readonly DeltaRow[];
  forgetDeltas(nowS: number): void;
}

/** The last number is kept by itself: it counts on when the lists are forgotten. */
export const DELTAS_SCHEMA = `
  CREATE TABLE revocation_deltas(
    seq INTEGER PRIMARY KEY, until_s INTEGER NOT NULL, body TEXT NOT NULL, signature TEXT NOT NULL);
  INSERT INTO meta VALUES ('last-delta', '0');
`;

interface Row {
  readonly seq: number;
  readonly until_s: number;
  readonly body: string;
  readonly signature: string;
}

export function deltaRows(database: Database, path: string): DeltaRows {
  const last = database.prepare<[], { value: string }>(
    "SELECT value FROM meta WHERE name = 'last-delta'",
  );
  const count = database.prepare("UPDATE meta SET value = ? WHERE name = 'last-delta'");
  const put = database.prepare("INSERT INTO revocation_deltas VALUES (?, ?, ?, ?)");
  const after = database.prepare<[number, number], Row>(
    "SELECT * FROM revocation_deltas WHERE seq > ? ORDER BY seq LIMIT ?",
  );
  const forget = database.prepare("DELETE FROM revocation_deltas WHERE until_s < ?");
  const keep = database.transaction(({ seq, untilS, body, signature }: DeltaRow) => {
    put.run(seq, untilS, body, signature);
    count.run(seq.toString());
  });
  return {
    lastDelta: () => guarded(path, () => Number(last.get()?.value ?? "0")),
    keepDelta: (delta) => {
      guarded(path, () => keep(delta));
    },
    deltasAfter: (seq, limit) =>
      guarded(path, () =>
        after.all(seq, limit).map(({ until_s, ...row }) => ({ ...row, untilS: until_s })),
      ),
    forgetDeltas: (nowS) => {
      guarded(path, () => forget.run(nowS));
    },
  };
}

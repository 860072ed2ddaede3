/**
 * The outbox: facts that left this node and that the ledger cannot give back after a crash.
 *
 * Each is on disk (`synchronous=FULL`) before it leaves: consumed sign-in challenges, so that none
 * opens a second session, and issued tokens, so that an auditor can ask whether each had a right.
 */
import { join } from "node:path";
import { type Database, guarded, openDatabase, over } from "./database.ts";

export interface IssuedToken {
  readonly jti: string;
  readonly account: string;
  readonly contract: bigint;
  readonly audience: string;
  readonly ledger: number;
  readonly expiresAtS: number;
}

export interface Outbox extends Disposable {
  /** True the first time a challenge is seen, false ever after. */
  consume(challengeHash: string, forgetAtS: number): boolean;
  record(token: IssuedToken): void;
  /** Forgets challenges whose time is over: they are refused as expired by then. */
  forget(nowS: number): void;
  /** Whether the process before this one closed the file in order. */
  readonly wasClosedCleanly: boolean;
  /** Whether the file was made just now: what an earlier one knew is not known any more. */
  readonly isNew: boolean;
}

const SCHEMA_VERSION = 1;
const SCHEMA = `
  CREATE TABLE meta(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
  INSERT INTO meta VALUES ('open', 'never');
  CREATE TABLE consumed_challenges(hash TEXT PRIMARY KEY, forget_at_s INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE issued_tokens(
    jti TEXT PRIMARY KEY, account TEXT NOT NULL, contract TEXT NOT NULL, audience TEXT NOT NULL,
    ledger INTEGER NOT NULL, expires_at_s INTEGER NOT NULL) WITHOUT ROWID;
`;

export function openOutbox(dir: string): Outbox {
  const path = join(dir, "outbox.db");
  const database = openDatabase(path, { schema: SCHEMA, schemaVersion: SCHEMA_VERSION });
  return over(database, path, () => outboxOver(database, path));
}

function outboxOver(database: Database, path: string): Outbox {
  const left = markOpen(database);
  const consume = database.prepare("INSERT OR IGNORE INTO consumed_challenges VALUES (?, ?)");
  const forget = database.prepare("DELETE FROM consumed_challenges WHERE forget_at_s < ?");
  const issue = database.prepare("INSERT INTO issued_tokens VALUES (?, ?, ?, ?, ?, ?)");
  const markClosed = database.prepare("UPDATE meta SET value = 'no' WHERE name = 'open'");
  return {
    wasClosedCleanly: left !== "yes",
    isNew: left === "never",
    consume: (hash, forgetAtS) => guarded(path, () => consume.run(hash, forgetAtS).changes === 1),
    forget: (nowS) => {
      guarded(path, () => forget.run(nowS));
    },
    record: ({ jti, account, contract, audience, ledger, expiresAtS }) => {
      guarded(path, () =>
        issue.run(jti, account, contract.toString(), audience, ledger, expiresAtS),
      );
    },
    [Symbol.dispose]: () => {
      try {
        guarded(path, () => markClosed.run());
      } finally {
        database.close();
      }
    },
  };
}

/** How the process before left the file: `no` in order, `yes` open, `never` when there was none. */
function markOpen(database: Database): string {
  const select = database.prepare<[], { value: string }>(
    "SELECT value FROM meta WHERE name = 'open'",
  );
  const left = select.get()?.value ?? "yes";
  database.prepare("UPDATE meta SET value = 'yes' WHERE name = 'open'").run();
  return left;
}

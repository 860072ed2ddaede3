/**
 * The outbox: facts that left this node and that the ledger cannot give back after a crash.
 *
 * Each is on disk (`synchronous=FULL`) before it leaves: consumed sign-in challenges, so that none
 * opens a second session; issued tokens, so that an auditor can ask whether each had a right; leases,
 * so that nobody plays more often than a licence says; and revocations, so that none is taken back.
 *
 * Range   Used challenges are kept until they are refused as expired, tokens for `ISSUED_KEPT_S` after
 *         their end, leases and revocations until they end.
 */
import { join } from "node:path";
import { type Database, guarded, openDatabase, over } from "./database.ts";
import { DELTAS_SCHEMA, type DeltaRows, deltaRows } from "./delta-rows.ts";
import { LEASES_SCHEMA, type LeaseRows, leaseRows } from "./lease-rows.ts";

export interface IssuedToken {
  readonly jti: string;
  readonly account: string;
  readonly contract: bigint;
  readonly audience: string;
  readonly ledger: number;
  readonly expiresAtS: number;
  /** Content id and device key; empty in rows of an earlier version. */
  readonly content: string;
  readonly deviceKey: string;
}

export interface Outbox extends Disposable, LeaseRows, DeltaRows {
  /** True the first time a challenge is seen, false ever after. */
  consume(challengeHash: string, forgetAtS: number): boolean;
  record(token: IssuedToken): void;
  /** Tokens that have not ended. */
  live(nowS: number): readonly IssuedToken[];
  /** Forgets what nobody can ask for any more. */
  forget(nowS: number): void;
  /** Whether the process before this one closed the file in order. */
  readonly wasClosedCleanly: boolean;
  /** Whether the file was made just now: what an earlier one knew is not known any more. */
  readonly isNew: boolean;
}

/** A dispute about a token is raised within so long. */
const ISSUED_KEPT_S = 30 * 86_400;
const SCHEMA_VERSION = 2;
const SCHEMA_1 = `
  CREATE TABLE meta(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
  INSERT INTO meta VALUES ('open', 'never');
  CREATE TABLE consumed_challenges(hash TEXT PRIMARY KEY, forget_at_s INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE issued_tokens(
    jti TEXT PRIMARY KEY, account TEXT NOT NULL, contract TEXT NOT NULL, audience TEXT NOT NULL,
    ledger INTEGER NOT NULL, expires_at_s INTEGER NOT NULL) WITHOUT ROWID;
`;
const UPGRADE_1 = `
  ALTER TABLE issued_tokens ADD COLUMN content TEXT NOT NULL DEFAULT '';
  ALTER TABLE issued_tokens ADD COLUMN device_key TEXT NOT NULL DEFAULT '';
  CREATE INDEX issued_by_end ON issued_tokens(expires_at_s);
  CREATE INDEX consumed_by_end ON consumed_challenges(forget_at_s);
  ${LEASES_SCHEMA}
  ${DELTAS_SCHEMA}
`;

export function openOutbox(dir: string): Outbox {
  const path = join(dir, "outbox.db");
  const database = openDatabase(path, {
    schema: SCHEMA_1 + UPGRADE_1,
    schemaVersion: SCHEMA_VERSION,
    upgrades: { 1: UPGRADE_1 },
  });
  return over(database, path, () => outboxOver(database, path));
}

function outboxOver(database: Database, path: string): Outbox {
  const left = markOpen(database);
  const consume = database.prepare("INSERT OR IGNORE INTO consumed_challenges VALUES (?, ?)");
  const forget = database.prepare("DELETE FROM consumed_challenges WHERE forget_at_s < ?");
  const issue = database.prepare("INSERT INTO issued_tokens VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
  const live = database.prepare<[number], IssuedRow>(
    "SELECT * FROM issued_tokens WHERE expires_at_s > ?",
  );
  const forgetIssued = database.prepare("DELETE FROM issued_tokens WHERE expires_at_s < ?");
  const leases = leaseRows(database, path);
  const deltas = deltaRows(database, path);
  const markClosed = database.prepare("UPDATE meta SET value = 'no' WHERE name = 'open'");
  return {
    wasClosedCleanly: left !== "yes",
    isNew: left === "never",
    consume: (hash, forgetAtS) => guarded(path, () => consume.run(hash, forgetAtS).changes === 1),
    forget: (nowS) => {
      guarded(path, () => {
        forget.run(nowS);
        forgetIssued.run(nowS - ISSUED_KEPT_S);
      });
      leases.forgetLeases(nowS);
      deltas.forgetDeltas(nowS);
    },
    record: ({ jti, account, contract, audience, ledger, expiresAtS, content, deviceKey }) => {
      const number = contract.toString();
      guarded(path, () =>
        issue.run(jti, account, number, audience, ledger, expiresAtS, content, deviceKey),
      );
    },
    live: (nowS) => guarded(path, () => live.all(nowS).map(issuedToken)),
    ...leases,
    ...deltas,
    [Symbol.dispose]: () => {
      try {
        guarded(path, () => markClosed.run());
      } finally {
        database.close();
      }
    },
  };
}

interface IssuedRow {
  readonly jti: string;
  readonly account: string;
  readonly contract: string;
  readonly audience: string;
  readonly ledger: number;
  readonly expires_at_s: number;
  readonly content: string;
  readonly device_key: string;
}

function issuedToken(row: IssuedRow): IssuedToken {
  const { jti, account, contract, audience, ledger, expires_at_s, content, device_key } = row;
  return {
    jti,
    account,
    contract: BigInt(contract),
    audience,
    ledger,
    expiresAtS: expires_at_s,
    content,
    deviceKey: device_key,
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

/** Leases in the outbox: who plays now under which right. */
import { type Database, guarded } from "./database.ts";

/** Units: Unix seconds. */
interface LeaseRow {
  readonly id: string;
  readonly contract: bigint;
  readonly account: string;
  readonly deviceKey: string;
  readonly content: string;
  readonly startedAtS: number;
  readonly untilS: number;
}

export interface LeaseRows {
  /** Of one right, oldest first. */
  leasesOf(contract: bigint, account: string): readonly LeaseRow[];
  leasesOfAccount(account: string): readonly LeaseRow[];
  lease(id: string): LeaseRow | undefined;
  /** All that have not lapsed. */
  liveLeases(nowS: number): readonly LeaseRow[];
  /** All of it, or nothing. */
  changeLeases(change: {
    readonly put: readonly LeaseRow[];
    readonly drop: readonly string[];
  }): void;
  /** Those that lapsed long enough ago that no renewal can come. */
  forgetLeases(nowS: number): void;
}

export const LEASES_SCHEMA = `
  CREATE TABLE leases(
    id TEXT PRIMARY KEY, contract TEXT NOT NULL, account TEXT NOT NULL, device_key TEXT NOT NULL,
    content TEXT NOT NULL, started_at_s INTEGER NOT NULL, until_s INTEGER NOT NULL) WITHOUT ROWID;
  CREATE INDEX leases_by_account ON leases(account, contract);
`;

const LAPSED_KEPT_S = 120;

interface Row {
  readonly id: string;
  readonly contract: string;
  readonly account: string;
  readonly device_key: string;
  readonly content: string;
  readonly started_at_s: number;
  readonly until_s: number;
}

export function leaseRows(database: Database, path: string): LeaseRows {
  const ofRight = database.prepare<[string, string], Row>(
    "SELECT * FROM leases WHERE account = ? AND contract = ? ORDER BY started_at_s, id",
  );
  const ofAccount = database.prepare<[string], Row>(
    "SELECT * FROM leases WHERE account = ? ORDER BY started_at_s, id",
  );
  const byId = database.prepare<[string], Row>("SELECT * FROM leases WHERE id = ?");
  const live = database.prepare<[number], Row>("SELECT * FROM leases WHERE until_s > ?");
  const put = database.prepare("INSERT OR REPLACE INTO leases VALUES (?, ?, ?, ?, ?, ?, ?)");
  const drop = database.prepare("DELETE FROM leases WHERE id = ?");
  const forget = database.prepare("DELETE FROM leases WHERE until_s < ?");
  const change = database.transaction((rows: readonly LeaseRow[], ids: readonly string[]) => {
    for (const id of ids) drop.run(id);
    for (const row of rows) {
      const { id, contract, account, deviceKey, content, startedAtS, untilS } = row;
      put.run(id, contract.toString(), account, deviceKey, content, startedAtS, untilS);
    }
  });
  return {
    leasesOf: (contract, account) =>
      guarded(path, () => ofRight.all(account, contract.toString()).map(leaseOf)),
    leasesOfAccount: (account) => guarded(path, () => ofAccount.all(account).map(leaseOf)),
    lease: (id) =>
      guarded(path, () => {
        const row = byId.get(id);
        return row && leaseOf(row);
      }),
    liveLeases: (nowS) => guarded(path, () => live.all(nowS).map(leaseOf)),
    changeLeases: (changed) => {
      guarded(path, () => change(changed.put, changed.drop));
    },
    forgetLeases: (nowS) => {
      guarded(path, () => forget.run(nowS - LAPSED_KEPT_S));
    },
  };
}

function leaseOf(row: Row): LeaseRow {
  const { id, contract, account, device_key, content, started_at_s, until_s } = row;
  return {
    id,
    contract: BigInt(contract),
    account,
    deviceKey: device_key,
    content,
    startedAtS: started_at_s,
    untilS: until_s,
  };
}

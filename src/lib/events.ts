/**
 * The events port: what rooms tell the operator. One event is one log line and one count.
 *
 * Names read `room.what`, such as `ledger.applied`; values are fields, never sentences, and never
 * secrets. `node/events.ts` implements it; tests pass `silentEvents` or collect them.
 */
export type EventFields = Readonly<Record<string, string | number | bigint | boolean | undefined>>;

export interface Events {
  info(name: string, fields?: EventFields): void;
  warn(name: string, fields?: EventFields): void;
}

export const silentEvents: Events = { info: () => {}, warn: () => {} };

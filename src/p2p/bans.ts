/**
 * Bans: peers that lied. By the key they proved when there is one, else by address.
 *
 * Units   Milliseconds of Unix time.
 * Range   At most `BANS_MAX`; the oldest makes room. The first ban lasts `BAN_MS`, each further one of
 *         the same name twice as long as the one before, up to `BAN_MS_MAX`.
 */
import type { EventFields } from "../lib/events.ts";
import { isLoopback } from "./addresses.ts";
import { BAN_MS_MAX, EVIDENCE_FIELDS_MAX, EVIDENCE_MAX_CHARS } from "./engine-limits.ts";
import { BAN_MS, BANS_MAX } from "./limits.ts";
import { ipv6Net } from "./places.ts";

export interface Ban {
  readonly name: string;
  readonly atMs: number;
  readonly untilMs: number;
  /** How often this name was banned. */
  readonly count: number;
  readonly reason: string;
  /** What was promised and what came. */
  readonly evidence: Readonly<Record<string, string | number | boolean>>;
}

/** Where bans outlive the process. */
export interface BanBook {
  all(): Iterable<Ban>;
  save(ban: Ban): void;
  /** Calls back when a person has lifted a ban. */
  onLifted(listener: (name: string) => void): void;
}

/** Why somebody is banned. */
export interface Misdeed {
  readonly reason: string;
  readonly evidence: EventFields;
}

/** The bans of a node, of all its swarms. */
export class Bans {
  readonly #bans = new Map<string, Ban>();
  readonly #book: BanBook | undefined;

  constructor(book?: BanBook) {
    this.#book = book;
    for (const ban of book?.all() ?? []) this.#remember(ban);
    book?.onLifted((name) => this.#bans.delete(name));
  }

  get count(): number {
    return this.#bans.size;
  }

  add(name: string, nowMs: number, { reason, evidence }: Misdeed): Ban {
    const count = (this.#bans.get(name)?.count ?? 0) + 1;
    const lengthMs = Math.min(BAN_MS_MAX, BAN_MS * 2 ** Math.min(count - 1, 20));
    const untilMs = nowMs + lengthMs;
    const ban = { name, atMs: nowMs, untilMs, count, reason, evidence: bounded(evidence) };
    this.#remember(ban);
    this.#book?.save(ban);
    return ban;
  }

  has(name: string, nowMs: number): boolean {
    const ban = this.#bans.get(name);
    return ban !== undefined && nowMs < ban.untilMs;
  }

  #remember(ban: Ban): void {
    this.#bans.delete(ban.name);
    this.#bans.set(ban.name, ban);
    for (const oldest of this.#bans.keys()) {
      if (this.#bans.size <= BANS_MAX) break;
      this.#bans.delete(oldest);
    }
  }
}

/** What is kept of evidence, whatever a peer made it of. */
function bounded(evidence: EventFields): Ban["evidence"] {
  const fields = Object.entries(evidence).slice(0, EVIDENCE_FIELDS_MAX);
  return Object.fromEntries(
    fields.flatMap(([key, value]) => {
      if (value === undefined) return [];
      const isPlain = typeof value === "number" || typeof value === "boolean";
      return [[key, isPlain ? value : String(value).slice(0, EVIDENCE_MAX_CHARS)] as const];
    }),
  );
}

interface Suspect {
  readonly provenKey: string | undefined;
  readonly wire: { readonly host: string; readonly address: string };
}

export function banName({ provenKey, wire }: Suspect): string {
  return provenKey === undefined ? addressBanName(wire.host, wire.address) : `key ${provenKey}`;
}

/**
 * Many peers share the loopback address, so there the port belongs to the name. Whoever has an IPv6
 * address has all of its /64.
 */
export function addressBanName(host: string, address: string): string {
  if (isLoopback(host)) return `address ${address}`;
  return `host ${host.includes(":") ? `${ipv6Net(host, 64)}/64` : host}`;
}

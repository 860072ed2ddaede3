/**
 * Bans: peers that lied. By the key they proved when there is one, else by address.
 *
 * Range   At most `BANS_MAX`, each for `BAN_MS`; the oldest makes room.
 */
import { isLoopback } from "./addresses.ts";
import { BAN_MS, BANS_MAX } from "./limits.ts";

export class Bans {
  readonly #untilMs = new Map<string, number>();

  add(name: string, nowMs: number): void {
    this.#untilMs.delete(name);
    this.#untilMs.set(name, nowMs + BAN_MS);
    for (const oldest of this.#untilMs.keys()) {
      if (this.#untilMs.size <= BANS_MAX) break;
      this.#untilMs.delete(oldest);
    }
  }

  has(name: string, nowMs: number): boolean {
    const untilMs = this.#untilMs.get(name);
    if (untilMs === undefined) return false;
    if (nowMs < untilMs) return true;
    this.#untilMs.delete(name);
    return false;
  }
}

interface Suspect {
  readonly provenKey: string | undefined;
  readonly wire: { readonly host: string; readonly address: string };
}

/** Many peers share the loopback address, so there the port belongs to the name. */
export function banName({ provenKey, wire }: Suspect): string {
  if (provenKey !== undefined) return `key ${provenKey}`;
  return isLoopback(wire.host) ? `address ${wire.address}` : `host ${wire.host}`;
}

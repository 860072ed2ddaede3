/**
 * The limits of rate in a swarm: of the node, of the swarm, of each peer and of each token.
 *
 * A token has one limit in the whole node, whichever way its bearer asks: by wires or by HTTP.
 *
 * Units   Bytes a second; 0, or nothing, is without a limit.
 */
import type { Grant } from "./access-port.ts";
import { TOKEN_RATES_MAX } from "./engine-limits.ts";
import { RateLimit } from "./rate-limit.ts";

export interface Rates {
  readonly uploadBytesPerS?: number;
  readonly downloadBytesPerS?: number;
}

/** What a whole node may send and fetch: one object, given to all its swarms. */
export interface NodeRates {
  readonly up: RateLimit;
  readonly down: RateLimit;
  readonly tokens: TokenRates;
}

/** The limits that hold for one link. */
export interface LinkRates {
  readonly up: readonly RateLimit[];
  readonly down: readonly RateLimit[];
}

export interface RateOptions {
  readonly node?: NodeRates;
  readonly swarm?: Rates;
  /** Of each peer. */
  readonly peer?: Rates;
}

export function openNodeRates(rates: Rates): NodeRates {
  return { ...openRates(rates), tokens: new TokenRates() };
}

/** What holds for an answer over HTTP, as `SwarmRates` says it of a wire. */
export function uploadLimits(
  node: NodeRates | undefined,
  grant: Grant | undefined,
): readonly RateLimit[] {
  return withLimits([node?.up, node?.tokens.of(grant)]);
}

/** By token: a device that connects twice shares what its token allows. */
export class TokenRates {
  readonly #limits = new Map<string, RateLimit>();

  of(grant: Grant | undefined): RateLimit | undefined {
    if (grant === undefined || grant.bytesPerSMax === 0) return undefined;
    const name = grant.jti === "" ? grant.deviceKey : grant.jti;
    const limit = this.#limits.get(name) ?? new RateLimit(grant.bytesPerSMax);
    // The one that was asked for last is forgotten last: nobody gains by asking again.
    this.#limits.delete(name);
    this.#limits.set(name, limit);
    for (const oldest of this.#limits.keys()) {
      if (this.#limits.size <= TOKEN_RATES_MAX) break;
      this.#limits.delete(oldest);
    }
    return limit;
  }
}

export class SwarmRates {
  readonly #options: RateOptions;
  readonly #swarm: Pick<NodeRates, "up" | "down">;
  readonly #tokens: TokenRates;

  constructor(options: RateOptions) {
    this.#options = options;
    this.#swarm = openRates(options.swarm ?? {});
    this.#tokens = options.node?.tokens ?? new TokenRates();
  }

  /** What holds for what comes from no peer, such as web seeds. */
  get down(): readonly RateLimit[] {
    return withLimits([this.#options.node?.down, this.#swarm.down]);
  }

  of(grant: Grant | undefined): LinkRates {
    const { node, peer = {} } = this.#options;
    const own = openRates(peer);
    return {
      up: withLimits([node?.up, this.#swarm.up, own.up, this.#tokens.of(grant)]),
      down: withLimits([node?.down, this.#swarm.down, own.down]),
    };
  }
}

function openRates({ uploadBytesPerS = 0, downloadBytesPerS = 0 }: Rates) {
  return { up: new RateLimit(uploadBytesPerS), down: new RateLimit(downloadBytesPerS) };
}

function withLimits(limits: readonly (RateLimit | undefined)[]): readonly RateLimit[] {
  return limits.flatMap((limit) => (limit !== undefined && limit.bytesPerS > 0 ? [limit] : []));
}

/**
 * The limits of rate in a swarm: of the node, of the swarm, of each peer and of each token.
 *
 * Units   Bytes a second; 0, or nothing, is without a limit.
 */
import type { Grant } from "./access-port.ts";
import { RateLimit } from "./rate-limit.ts";

export interface Rates {
  readonly uploadBytesPerS?: number;
  readonly downloadBytesPerS?: number;
}

/** What a whole node may send and fetch: one object, given to all its swarms. */
export interface NodeRates {
  readonly up: RateLimit;
  readonly down: RateLimit;
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

export function openNodeRates({ uploadBytesPerS = 0, downloadBytesPerS = 0 }: Rates): NodeRates {
  return { up: new RateLimit(uploadBytesPerS), down: new RateLimit(downloadBytesPerS) };
}

export class SwarmRates {
  readonly #options: RateOptions;
  readonly #swarm: NodeRates;
  /** By token: a device that connects twice shares what its token allows. */
  readonly #tokens = new Map<string, WeakRef<RateLimit>>();

  constructor(options: RateOptions) {
    this.#options = options;
    this.#swarm = openNodeRates(options.swarm ?? {});
  }

  of(grant: Grant | undefined): LinkRates {
    const { node, peer = {} } = this.#options;
    const own = openNodeRates(peer);
    const token = grant === undefined || grant.bytesPerSMax === 0 ? [] : [this.#ofToken(grant)];
    return {
      up: withLimits([node?.up, this.#swarm.up, own.up, ...token]),
      down: withLimits([node?.down, this.#swarm.down, own.down]),
    };
  }

  #ofToken({ jti, deviceKey, bytesPerSMax }: Grant): RateLimit {
    const name = jti === "" ? deviceKey : jti;
    const known = this.#tokens.get(name)?.deref();
    if (known !== undefined) return known;
    for (const [other, limit] of this.#tokens) {
      if (limit.deref() === undefined) this.#tokens.delete(other);
    }
    const limit = new RateLimit(bytesPerSMax);
    this.#tokens.set(name, new WeakRef(limit));
    return limit;
  }
}

function withLimits(limits: readonly (RateLimit | undefined)[]): readonly RateLimit[] {
  return limits.flatMap((limit) => (limit !== undefined && limit.bytesPerS > 0 ? [limit] : []));
}

/**
 * Places: which addresses may be connected to, and how many of one neighbourhood.
 *
 * Whoever owns a few networks must not be able to surround a node: few peers of one network are let
 * in, and a node that fetches keeps half of its places for peers that it chose itself. Peers that were
 * named beforehand, and those on this machine, are exempt. Of a private network, a carrier's
 * among them, any number is let in: its peers would else fill the places of one another, and none have one at
 * the source.
 */
import { AddressSet } from "./address-set.ts";
import { isLoopback, isNearby, parseAddress } from "./addresses.ts";
import { PEERS_PER_NET16, PEERS_PER_NET24 } from "./engine-limits.ts";

export interface PlacesOptions {
  readonly peersMax: number;
  /** Hosts that were named beforehand. */
  readonly statics: readonly string[];
  readonly uploadTo: readonly string[] | undefined;
  readonly downloadFrom: readonly string[] | undefined;
  isSeeding(): boolean;
}

/** One peer that has a place. */
export interface Occupant {
  readonly host: string;
  readonly isOutgoing: boolean;
}

export class Places {
  readonly peersMax: number;
  readonly #options: PlacesOptions;
  readonly #statics: ReadonlySet<string>;
  readonly #uploadTo: AddressSet | undefined;
  readonly #downloadFrom: AddressSet | undefined;

  constructor(options: PlacesOptions) {
    const { statics, uploadTo, downloadFrom } = options;
    this.peersMax = options.peersMax;
    this.#options = options;
    this.#statics = new Set(statics.map((address) => parseAddress(address)?.host ?? address));
    this.#uploadTo = uploadTo && new AddressSet(uploadTo);
    this.#downloadFrom = downloadFrom && new AddressSet(downloadFrom);
  }

  mayUpload(host: string): boolean {
    return this.#uploadTo?.has(host) ?? true;
  }

  mayDownload(host: string): boolean {
    return this.#downloadFrom?.has(host) ?? true;
  }

  /** A private node has nothing to do with anybody else. */
  isStranger(host: string): boolean {
    const isOfUse = this.mayDownload(host) && !this.#options.isSeeding();
    return !isOfUse && !this.mayUpload(host);
  }

  /** Enough peers of its neighbourhood are here. */
  isCrowded(host: string, occupants: Iterable<Occupant>): boolean {
    if (isNearby(host) || this.#isExempt(host)) return false;
    const nets = netsOf(host);
    const counts = nets.map(() => 0);
    for (const occupant of occupants) {
      if (this.#isExempt(occupant.host)) continue;
      for (const [place, net] of netsOf(occupant.host).entries()) {
        if (net.name === nets[place]?.name) counts[place] = (counts[place] ?? 0) + 1;
      }
    }
    return nets.some(({ max }, place) => (counts[place] ?? 0) >= max);
  }

  /** The places that those who dial us may have are taken. */
  isFullOfStrangers(host: string, occupants: Iterable<Occupant>): boolean {
    if (this.#options.isSeeding() || this.#isExempt(host)) return false;
    const incoming = [...occupants].filter(
      (occupant) => !occupant.isOutgoing && !this.#isExempt(occupant.host),
    );
    return incoming.length >= Math.floor(this.peersMax / 2);
  }

  #isExempt(host: string): boolean {
    return isLoopback(host) || this.#statics.has(host);
  }
}

interface Net {
  readonly name: string;
  readonly max: number;
}

/** The networks that a host belongs to, each with how many peers it may have. */
function netsOf(host: string): readonly Net[] {
  if (host.includes(":")) return [{ name: ipv6Net(host, 56), max: PEERS_PER_NET24 }];
  const parts = host.split(".");
  return [
    { name: parts.slice(0, 3).join("."), max: PEERS_PER_NET24 },
    { name: parts.slice(0, 2).join("."), max: PEERS_PER_NET16 },
  ];
}

/** The first bits of an IPv6 address, in hexadecimal. */
export function ipv6Net(host: string, bits: number): string {
  const [head = "", tail = ""] = host.split("%")[0]?.split("::") ?? [];
  const before = head.split(":").filter((group) => group !== "");
  const after = tail.split(":").filter((group) => group !== "");
  const zeros = Array.from({ length: Math.max(0, 8 - before.length - after.length) }, () => "0");
  const groups = [...before, ...zeros, ...after].map((group) => group.padStart(4, "0"));
  return groups.join("").slice(0, bits / 4);
}

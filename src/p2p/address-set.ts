/**
 * Address sets: the nodes that a private node deals with.
 *
 * An entry is an address, a network such as `10.0.0.0/8` or `2001:db8::/32`, or `host:port`: then only
 * the host counts, since a peer dials from any port.
 *
 * Errors  `CONFIG_INVALID` for anything else.
 */
import { BlockList, isIP } from "node:net";
import { AceError } from "../lib/errors.ts";
import { parseAddress } from "./addresses.ts";

export class AddressSet {
  readonly #list = new BlockList();

  constructor(entries: readonly string[]) {
    for (const entry of entries) this.#add(entry);
  }

  has(host: string): boolean {
    const family = familyOf(host);
    return family !== undefined && this.#list.check(host, family);
  }

  #add(entry: string): void {
    const [net = "", digits] = entry.split("/");
    const host = parseAddress(net)?.host ?? net.replace(/^\[(.*)\]$/, "$1");
    const family = familyOf(host);
    const bitsMax = family === "ipv6" ? 128 : 32;
    const prefix = digits === undefined ? bitsMax : Number(digits);
    const isRight = /^\d{1,3}$/.test(digits ?? "0") && prefix <= bitsMax;
    if (family === undefined || !isRight) {
      throw new AceError("CONFIG_INVALID", `"${entry}" is not an address or a network`);
    }
    this.#list.addSubnet(host, prefix, family);
  }
}

function familyOf(host: string): "ipv4" | "ipv6" | undefined {
  const version = isIP(host);
  if (version === 0) return undefined;
  return version === 6 ? "ipv6" : "ipv4";
}

/**
 * Addresses of peers in bytes: 4 or 16 of the address, 2 of the port, one after the other.
 *
 * Source  BEP 23, BEP 7.
 */
import { isIPv6 } from "node:net";
import { concatBytes } from "../lib/bytes.ts";
import { type Address, parseAddress } from "./addresses.ts";

/** `host:port` of each; what is left over at the end is left out. */
export function compactPeers(bytes: Uint8Array, addressBytes: 4 | 16): readonly string[] {
  const peers: string[] = [];
  const step = addressBytes + 2;
  for (let at = 0; at + step <= bytes.length; at += step) {
    const address = bytes.subarray(at, at + addressBytes);
    const port = (bytes[at + addressBytes] ?? 0) * 256 + (bytes[at + addressBytes + 1] ?? 0);
    const host = addressBytes === 4 ? address.join(".") : `[${ipv6Text(address)}]`;
    peers.push(`${host}:${port}`);
  }
  return peers;
}

/** Those of the addresses that are of this length; others, and what is no address, are left out. */
export function toCompact(peers: Iterable<string>, addressBytes: 4 | 16): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const peer of peers) {
    const address = parseAddress(peer);
    if (address === undefined || isIPv6(address.host) !== (addressBytes === 16)) continue;
    parts.push(addressOf(address), Uint8Array.of(address.port >> 8, address.port & 0xff));
  }
  return concatBytes(...parts);
}

function addressOf({ host }: Address): Uint8Array {
  if (!isIPv6(host)) return Uint8Array.from(host.split("."), Number);
  const [head = "", tail = ""] = dottedEnd(host).split("::");
  const groups = (text: string) => (text === "" ? [] : text.split(":"));
  const [first, last] = [groups(head), groups(tail)];
  const zeros = Array.from({ length: 8 - first.length - last.length }, () => "0");
  const hex = [...first, ...zeros, ...last].map((group) => group.padStart(4, "0")).join("");
  return Uint8Array.fromHex(hex);
}

/** `::ffff:1.2.3.4` with its last part in hexadecimal groups as well. */
function dottedEnd(host: string): string {
  return host.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, ...parts: readonly string[]) => {
    const [a = 0, b = 0, c = 0, d = 0] = parts.slice(0, 4).map(Number);
    return `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
  });
}

function ipv6Text(address: Uint8Array): string {
  const hex = Uint8Array.from(address).toHex();
  return (hex.match(/.{4}/g) ?? []).join(":");
}

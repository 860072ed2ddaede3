/**
 * Addresses of peers: which ones may be dialled, and by whose word.
 *
 * A tracker or peer out on the internet must not make us connect to machines of the local network.
 *
 * Source  RFC 6890 (special-purpose addresses); RFC 6052, 8215 and 3056 (translated ones); RFC 6335
 *         (system ports).
 */
import { BlockList, isIP, SocketAddress } from "node:net";
import { NAMED_PORT_MIN } from "./limits.ts";

export interface Address {
  readonly host: string;
  readonly port: number;
}

const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8, "ipv4");
loopback.addAddress("::1", "ipv6");

const local = new BlockList();
for (const [net, prefix] of [
  ["10.0.0.0", 8],
  ["172.16.0.0", 12],
  ["192.168.0.0", 16],
  ["100.64.0.0", 10],
] as const) {
  local.addSubnet(net, prefix, "ipv4");
}
local.addSubnet("fc00::", 7, "ipv6");

const never = new BlockList();
for (const [net, prefix] of [
  ["0.0.0.0", 8],
  ["169.254.0.0", 16],
  ["192.0.0.0", 24],
  ["224.0.0.0", 3],
] as const) {
  never.addSubnet(net, prefix, "ipv4");
}
// Some carry an address of IPv4: a translator would lead to any of them, those around it too.
for (const [net, prefix] of [
  ["::", 128],
  ["64:ff9b::", 96],
  ["64:ff9b:1::", 48],
  ["2002::", 16],
  ["fe80::", 10],
  ["fec0::", 10],
  ["ff00::", 8],
] as const) {
  never.addSubnet(net, prefix, "ipv6");
}

type Reach = "loopback" | "local" | "public" | "never";

/** `host:port` or `[host]:port` with a numeric host; undefined for anything else. */
export function parseAddress(text: string): Address | undefined {
  const [, bracketed, plain, digits = ""] = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = (bracketed ?? plain ?? "").replace(/^::ffff:(?=\d+\.)/, "");
  const port = Number(digits);
  if (isIP(host) === 0 || port < 1 || port > 65_535) return undefined;
  return { host: canonicalHost(host), port };
}

/** The same host, written the one way: `::1` for `0:0:0:0:0:0:0:1`. */
export function canonicalHost(host: string): string {
  if (isIP(host) !== 6) return host;
  return new SocketAddress({ address: host, family: "ipv6" }).address;
}

/** `host:port`, with brackets where the host has colons of its own. */
export function formatAddress(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/**
 * Whether a peer that `namedBy` told us may be dialled. Peers do not listen where the well-known
 * services do: else one message could turn a swarm against somebody's mail server.
 */
export function isPeerDialable({ host, port }: Address, namedBy: string): boolean {
  return port >= NAMED_PORT_MIN && isDialable(host, namedBy);
}

/** Whether an address that `namedBy` told us may be asked; static ones name themselves. */
export function isDialable(host: string, namedBy: string): boolean {
  const reach = reachOf(host);
  const teller = reachOf(namedBy);
  if (reach === "never") return false;
  if (reach === "loopback") return teller === "loopback";
  return reach === "public" || teller === "local" || teller === "loopback";
}

/** Loopback and private addresses are shared by many peers: they do not name one. */
export function isLoopback(host: string): boolean {
  return reachOf(host) === "loopback";
}

/** Of this machine or of a private network. */
export function isNearby(host: string): boolean {
  const reach = reachOf(host);
  return reach === "loopback" || reach === "local";
}

function reachOf(host: string): Reach {
  if (host === "localhost") return "loopback";
  const version = isIP(host);
  if (version === 0) return "public";
  const family = version === 6 ? "ipv6" : "ipv4";
  if (never.check(host, family)) return "never";
  if (loopback.check(host, family)) return "loopback";
  return local.check(host, family) ? "local" : "public";
}

/**
 * Addresses of servers that strangers name, web seeds and trackers: which ones may be asked at all.
 *
 * A torrent, a link or a redirect must not make this node ask the machines around it. A name is resolved once,
 * every address of it must be public, and the connection goes to the address that was judged: a name
 * that answers differently the next time gains nothing.
 *
 * Errors  `URL_REFUSED`; `CONTENT_UNREACHABLE` for a name that cannot be looked up.
 * Source  RFC 6890 and the IANA registries of special-purpose addresses; RFC 4291 (mapped addresses),
 *         RFC 6052 (64:ff9b::/96), RFC 3056 (6to4).
 */
import { lookup } from "node:dns/promises";
import { BlockList, isIP } from "node:net";
import { AceError } from "../lib/errors.ts";
import { formatAddress, isDialable, isPeerDialable, parseAddress } from "./addresses.ts";
import { NAMED_PORT_MIN } from "./limits.ts";

/** Where to connect to, whatever the name says later. */
export interface PinnedAddress {
  readonly address: string;
  readonly family: 4 | 6;
}

export interface PinnedUrl extends PinnedAddress {
  readonly url: URL;
}

/** Whose word an address is, when it is not that of whoever runs this node. */
export interface Hearsay {
  /** The host that said it may name others of its own network; empty for a link or a file. */
  readonly namedBy: string;
  /** `host` or `host:port` that may be asked wherever they are. */
  readonly trustedHosts: readonly string[];
  readonly resolve?: Resolve;
}

/** All addresses of a name; the system's resolver unless a test brings its own. */
export type Resolve = (name: string) => Promise<readonly string[]>;

const special = new BlockList();
for (const [net, prefix] of [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.31.196.0", 24],
  ["192.52.193.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["192.175.48.0", 24],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 3],
] as const) {
  special.addSubnet(net, prefix, "ipv4");
}

/** Of IPv6 only this is given out; what is special in it follows. */
const global = new BlockList();
global.addSubnet("2000::", 3, "ipv6");
for (const [net, prefix] of [
  ["2001::", 23],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["2620:4f:8000::", 48],
  ["3fff::", 20],
] as const) {
  special.addSubnet(net, prefix, "ipv6");
}

/** Of the well-known ports, those where web servers and trackers are found. */
const WEB_PORTS: ReadonlySet<string> = new Set(["80", "443", "451"]);

/** Whether this numeric address is one of the public internet. */
export function isPublicAddress(address: string): boolean {
  switch (isIP(address)) {
    case 4:
      return !special.check(address, "ipv4");
    case 6:
      // Mapped and translated addresses of IPv4 are outside of what is given out: refused with it.
      return global.check(address, "ipv6") && !special.check(address, "ipv6");
    default:
      return false;
  }
}

/** @param trusted `host` or `host:port` that may be asked without TLS and wherever they are. */
export async function pinUrl(
  text: string,
  trusted: readonly string[],
  resolve: Resolve = resolveAll,
): Promise<PinnedUrl> {
  const { url, isTrusted } = readUrl(text, trusted);
  return { url, ...(await pinHost(url, isTrusted ? () => true : isPublicAddress, resolve)) };
}

/** The same for any scheme, such as that of a tracker: who runs it chooses how it is spoken to. */
export async function pinHearsay(url: URL, hearsay: Hearsay): Promise<PinnedAddress> {
  const { trustedHosts, resolve = resolveAll } = hearsay;
  if (isTrustedHost(url, trustedHosts)) return await pinHost(url, () => true, resolve);
  demandPort(url);
  return await pinHost(url, (address) => mayName(hearsay, address), resolve);
}

/** A question to a mail or name server, in words of somebody's choice, is none to a web server. */
function demandPort({ href, port }: URL): void {
  if (port === "" || Number(port) >= NAMED_PORT_MIN || WEB_PORTS.has(port)) return;
  throw refused(href, `port ${port} is that of another service`);
}

/** Whether a peer, `host:port`, may be dialled that somebody else named. */
export function isHearsayPeer(text: string, hearsay: Hearsay): boolean {
  const peer = parseAddress(text);
  if (peer === undefined) return false;
  const { trustedHosts, namedBy } = hearsay;
  const forms = [peer.host, `[${peer.host}]`, formatAddress(peer.host, peer.port)];
  if (forms.some((form) => trustedHosts.includes(form))) return true;
  return mayName(hearsay, peer.host) && isPeerDialable(peer, namedBy);
}

/** Who is inside may name what is; all others name the public internet alone. */
function mayName({ namedBy }: Hearsay, address: string): boolean {
  return isPublicAddress(address) || (namedBy !== "" && isDialable(address, namedBy));
}

async function pinHost(
  url: URL,
  isAllowed: (address: string) => boolean,
  resolve: Resolve,
): Promise<PinnedAddress> {
  const name = url.hostname.replace(/^\[|\]$/g, "");
  const addresses = isIP(name) === 0 ? await addressesOf(name, resolve) : [name];
  const [address] = addresses;
  if (address === undefined) throw refused(url.href, "its name is not known");
  // All of them: who controls a name could else put an inner address behind a public one.
  if (!addresses.every(isAllowed)) {
    throw refused(url.href, "it is not an address of the public internet");
  }
  return { address, family: isIP(address) === 6 ? 6 : 4 };
}

function readUrl(text: string, trusted: readonly string[]) {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined) throw refused(text, "it is no address");
  if (url.username !== "" || url.password !== "") throw refused(text, "it carries a password");
  const isOurs = isTrustedHost(url, trusted);
  const isAllowed = url.protocol === "https:" || (isOurs && url.protocol === "http:");
  if (!isAllowed) throw refused(text, "it is not https");
  if (!isOurs) demandPort(url);
  return { url, isTrusted: isOurs };
}

function isTrustedHost(url: URL, trusted: readonly string[]): boolean {
  return trusted.includes(url.hostname) || trusted.includes(authorityOf(url));
}

/** `host:port`, also where the port is the usual one of its scheme: a host alone means all its ports. */
export function authorityOf({ hostname, port, protocol }: URL): string {
  const usual = /^(?:https|wss):$/.test(protocol) ? "443" : "80";
  return `${hostname}:${port === "" ? usual : port}`;
}

/** A resolver that fails now may answer later: nobody is refused for it. */
async function addressesOf(name: string, resolve: Resolve): Promise<readonly string[]> {
  try {
    return await resolve(name);
  } catch (cause) {
    const what = `${name.slice(0, 200)} cannot be looked up`;
    throw new AceError("CONTENT_UNREACHABLE", what, { cause });
  }
}

async function resolveAll(name: string): Promise<readonly string[]> {
  const found = await lookup(name, { all: true, order: "ipv4first" });
  return found.map(({ address }) => address);
}

function refused(url: string, why: string): AceError {
  return new AceError("URL_REFUSED", `${url.slice(0, 200)} is not asked: ${why}`);
}

/**
 * Exchange of peers: who is connected here is told to the others, a minute apart.
 *
 * Range   At most `PEX_PEERS_MAX` addresses a message, in both directions. Addresses of a local
 *         network are neither told to nor taken from peers outside of it.
 * Source  BEP 11. What a peer says was dropped is of no use to us and not read.
 */
import { isDialable, isPeerDialable, parseAddress } from "./addresses.ts";
import { type Bencodable, type Bencoded, decodeBencode, encodeBencode } from "./bencode.ts";
import { compactPeers, toCompact } from "./compact-peers.ts";
import type { Extension, ExtensionPeer } from "./extension-port.ts";
import { PEX_MESSAGE_MAX_BYTES, PEX_MS, PEX_MS_MIN, PEX_PEERS_MAX } from "./limits.ts";

export interface PexOptions {
  nowMs(): number;
  /** `host:port` of a peer that another peer named; it may be dialled. */
  onPeer(address: string): void;
}

interface Member {
  readonly peer: ExtensionPeer;
  /** Where it listens, when that is known. */
  readonly listensAt: string | undefined;
  /** What it was told already. */
  readonly told: Set<string>;
  nextMs: number;
  /** How many messages it may still send; one more each `PEX_MS_MIN`. */
  allowance: number;
  heardMs: number;
}

/** Some send their first one at once and the second soon after. */
const ALLOWANCE_MAX = 3;
/** The peer dialled us, or we it: then its address is one where it can be reached. */
const FLAG_REACHABLE = 0x10;

export function exchangePeers({ nowMs, onPeer }: PexOptions): Extension {
  const members = new Map<string, Member>();
  const tell = (member: Member) => {
    member.nextMs = nowMs() + PEX_MS;
    const message = news(member, members.values());
    if (message !== undefined) member.peer.send(encodeBencode(message));
  };
  return {
    name: "ut_pex",
    needs: "either",
    messageMaxBytes: PEX_MESSAGE_MAX_BYTES,
    onPeer: (peer, fields) => {
      const listensAt = listeningAddress(peer, fields);
      const times = { nextMs: 0, heardMs: nowMs(), allowance: ALLOWANCE_MAX };
      const member = { peer, listensAt, told: new Set<string>(), ...times };
      members.set(peer.id, member);
      tell(member);
    },
    onMessage: (peer, body) => {
      const member = members.get(peer.id);
      if (member === undefined || !mayHear(member, nowMs())) return;
      for (const address of namedPeers(body)) {
        const named = parseAddress(address);
        const namedBy = parseAddress(peer.address)?.host ?? "";
        if (named !== undefined && isPeerDialable(named, namedBy)) onPeer(address);
      }
    },
    onGone: (peer) => void members.delete(peer.id),
    tick: (now) => {
      for (const member of members.values()) if (now >= member.nextMs) tell(member);
    },
  };
}

/** The port that an incoming connection comes from is not where its node listens. */
function listeningAddress(
  { address, isOutgoing }: ExtensionPeer,
  fields: ReadonlyMap<string, Bencoded>,
): string | undefined {
  if (isOutgoing) return address;
  const port = fields.get("p");
  const host = parseAddress(address)?.host;
  if (typeof port !== "number" || host === undefined || port < 1 || port > 65_535) return undefined;
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** What changed for this member since it was told last; undefined when nothing did. */
function news(
  member: Member,
  members: Iterable<Member>,
): ReadonlyMap<string, Bencodable> | undefined {
  const listener = parseAddress(member.peer.address)?.host ?? "";
  const here = new Set<string>();
  for (const { peer, listensAt } of members) {
    const host = listensAt === undefined ? undefined : parseAddress(listensAt)?.host;
    if (peer.id === member.peer.id || host === undefined || listensAt === undefined) continue;
    if (isDialable(host, listener)) here.add(listensAt);
  }
  const added = [...here].filter((address) => !member.told.has(address)).slice(0, PEX_PEERS_MAX);
  const dropped = [...member.told]
    .filter((address) => !here.has(address))
    .slice(0, PEX_PEERS_MAX - added.length);
  for (const address of added) member.told.add(address);
  for (const address of dropped) member.told.delete(address);
  if (added.length + dropped.length === 0) return undefined;
  const [added4, added6] = [toCompact(added, 4), toCompact(added, 16)];
  return new Map<string, Bencodable>([
    ["added", added4],
    ["added.f", new Uint8Array(added4.length / 6).fill(FLAG_REACHABLE)],
    ["added6", added6],
    ["added6.f", new Uint8Array(added6.length / 18).fill(FLAG_REACHABLE)],
    ["dropped", toCompact(dropped, 4)],
    ["dropped6", toCompact(dropped, 16)],
  ]);
}

function mayHear(member: Member, nowMs: number): boolean {
  const gained = Math.floor(Math.max(0, nowMs - member.heardMs) / PEX_MS_MIN);
  member.heardMs += gained * PEX_MS_MIN;
  member.allowance = Math.min(ALLOWANCE_MAX, member.allowance + gained);
  if (member.allowance === 0) return false;
  member.allowance -= 1;
  return true;
}

function namedPeers(body: Uint8Array): readonly string[] {
  const message = decodeBencode(body, PEX_MESSAGE_MAX_BYTES);
  if (!(message instanceof Map)) return [];
  const list = (name: string, addressBytes: 4 | 16): readonly string[] => {
    const bytes: Bencoded | undefined = message.get(name);
    return bytes instanceof Uint8Array ? compactPeers(bytes, addressBytes) : [];
  };
  return [...list("added", 4), ...list("added6", 16)].slice(0, PEX_PEERS_MAX);
}

/** What strangers on the network could say: true messages with parts of them put wrong, from a seed. */
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { isIPv4 } from "node:net";
import { afterAll, beforeAll, expect } from "vitest";
import { type Bencodable, encodeBencode } from "../../src/p2p/bencode.ts";
import { toCompact } from "../../src/p2p/compact-peers.ts";
import { mutated, type Random } from "./mutation.ts";

/** 5 is 100,000 messages in all. */
export const scale = Number(process.env["ACE_FUZZ"] ?? "1");
export const seed = Number(process.env["ACE_SEED"] ?? "7");
export const LOCALHOST = "127.0.0.1";
export const infohash = "ab".repeat(20);
export const infohashBytes = Buffer.from(infohash, "hex");
const GROWTH_MAX_BYTES = 300_000_000;

/** Nothing may be thrown where nobody catches it, nor stay in memory, while a file's tests run. */
export function expectCalm(): void {
  const faults: unknown[] = [];
  const onFault = (fault: unknown) => void faults.push(fault);
  let beforeBytes = 0;
  beforeAll(() => {
    process.on("uncaughtException", onFault).on("unhandledRejection", onFault);
    beforeBytes = process.memoryUsage().rss;
  });
  afterAll(() => {
    process.off("uncaughtException", onFault).off("unhandledRejection", onFault);
    expect(faults).toEqual([]);
    expect(process.memoryUsage().rss - beforeBytes).toBeLessThan(GROWTH_MAX_BYTES);
  });
}

/** Addresses that nobody out on the internet may send us to, and some that they may. */
export const INSIDE = [
  "127.0.0.1",
  "10.1.2.3",
  "172.31.0.1",
  "192.168.1.1",
  "169.254.169.254",
  "0.0.0.0",
];
export const OUTSIDE = ["8.8.8.8", "203.0.113.9", "198.51.100.77", "1.1.1.1"];
const INSIDE6 = [
  "::1",
  "::",
  "::ffff:127.0.0.1",
  "::ffff:10.0.0.1",
  "fe80::1",
  "fc00::1",
  "ff02::1",
];

export function some<T>(list: readonly T[], random: Random): T {
  const item = list[random(list.length)];
  if (item === undefined) throw new Error("nothing to choose from");
  return item;
}

export function peerList(random: Random): Uint8Array {
  const count = random(8);
  const hosts = Array.from({ length: count }, () => some([...INSIDE, ...OUTSIDE], random));
  return toCompact(
    hosts.map((host) => `${host}:${1 + random(65_535)}`),
    4,
  );
}

export function peerList6(random: Random): Uint8Array {
  const hosts = Array.from({ length: random(4) }, () => some([...INSIDE6, "2001:db8::1"], random));
  return toCompact(
    hosts.map((host) => `[${host}]:${1 + random(65_535)}`),
    16,
  );
}

/** A value of any kind and size. */
export function anything(random: Random, depth = 0): Bencodable {
  const makers: readonly (() => Bencodable)[] = [
    () => random(2 ** 31) - 2 ** 30,
    () =>
      some([0, -1, 255, 65_535, 65_536, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER], random),
    () => new Uint8Array(random(64)).fill(random(256)),
    () => new Uint8Array(some([0, 1, 6, 18, 20, 26, 32, 64, 1_001], random)).fill(random(256)),
    () => some(["", "q", "r", "get_peers", "announce", "__proto__", "constructor"], random),
    () => peerList(random),
    () => (depth > 3 ? 0 : Array.from({ length: random(4) }, () => anything(random, depth + 1))),
    () => (depth > 3 ? 0 : new Map([[`k${random(9)}`, anything(random, depth + 1)]])),
  ];
  return some(makers, random)();
}

/** A dictionary with fields of other kinds, missing ones and strange ones; every third in changed bytes. */
export function distorted(fields: ReadonlyMap<string, Bencodable>, random: Random): Uint8Array {
  const changed = new Map<string, Bencodable>();
  for (const [name, value] of fields) {
    const fate = random(10);
    if (fate === 0) continue;
    if (fate === 1) changed.set(name, anything(random));
    else if (fate === 2 && value instanceof Map) {
      const inner = [...value].map(([key, each]): [string, Bencodable] => [
        String(key),
        random(3) === 0 ? anything(random) : each,
      ]);
      changed.set(name, new Map(inner));
    } else changed.set(name, value);
  }
  if (random(8) === 0)
    changed.set(some(["zz", "a", "files", "__proto__"], random), anything(random));
  const bytes = encodeBencode(changed);
  return random(3) === 0 ? mutated(bytes, random) : bytes;
}

/** Written on its own: whether an address is one of this machine, of its networks, or of no machine. */
export function isInside(address: string): boolean {
  const [, six, four = ""] = /^(?:\[(.+)\]|([^:]+)):\d+$/.exec(address) ?? [];
  if (six !== undefined) return isInside6(six);
  const [a = 0, b = 0] = four.split(".").map(Number);
  if (!isIPv4(four)) return true;
  if ([0, 10, 127].includes(a) || a >= 224) return true;
  const isShared = a === 100 && b >= 64 && b < 128;
  const isPrivate = (a === 172 && b >= 16 && b < 32) || (a === 192 && b === 168);
  return isShared || isPrivate || (a === 169 && b === 254);
}

function isInside6(text: string): boolean {
  const url = URL.parse(`http://[${text}]/`);
  const short = url?.hostname.slice(1, -1) ?? "::1";
  const [, high = "", low = ""] = /^::ffff:([0-9a-f]+):([0-9a-f]+)$/.exec(short) ?? [];
  if (high !== "") {
    const [first, second] = [Number.parseInt(high, 16), Number.parseInt(low, 16)];
    const parts = [first >> 8, first & 255, second >> 8, second & 255];
    return isInside(`${parts.join(".")}:1`);
  }
  const first = short.split(":")[0]?.padStart(4, "0") ?? "";
  return short === "::" || short === "::1" || /^(?:f[cd]|fe[89ab]|ff)/.test(first);
}

export function addressOf(bound: unknown): string {
  const port = typeof bound === "object" && bound !== null && "port" in bound ? bound.port : 0;
  return `${LOCALHOST}:${String(port)}`;
}

export async function bind(port = 0): Promise<Socket> {
  const socket = createSocket("udp4");
  socket.on("error", () => {});
  socket.bind(port, LOCALHOST);
  await once(socket, "listening");
  return socket;
}

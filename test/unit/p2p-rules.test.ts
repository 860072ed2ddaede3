import { describe, expect, it } from "vitest";
import { AddressSet } from "../../src/p2p/address-set.ts";
import { formatAddress, parseAddress } from "../../src/p2p/addresses.ts";
import { type Ban, Bans, banName } from "../../src/p2p/bans.ts";
import { Blame } from "../../src/p2p/blame.ts";
import { BAN_MS_MAX } from "../../src/p2p/engine-limits.ts";
import { BAN_MS, BANS_MAX, BLOCK_MAX_BYTES } from "../../src/p2p/limits.ts";
import { PieceParts } from "../../src/p2p/piece-parts.ts";
import { Places } from "../../src/p2p/places.ts";

const lie = { reason: "PIECE_BAD", evidence: { piece: 7, got: "x".repeat(5_000) } };

describe("a ban", () => {
  it("lasts twice as long each time, up to a day, and is written down", () => {
    const saved: Ban[] = [];
    const bans = new Bans({ all: () => [], save: (ban) => saved.push(ban), onLifted: () => {} });
    let nowMs = 0;
    for (const lengthMs of [BAN_MS, 2 * BAN_MS, 4 * BAN_MS]) {
      expect(bans.add("host 192.0.2.1", nowMs, lie).untilMs).toBe(nowMs + lengthMs);
      expect(bans.has("host 192.0.2.1", nowMs + lengthMs - 1)).toBe(true);
      expect(bans.has("host 192.0.2.1", nowMs + lengthMs)).toBe(false);
      nowMs += 10 * lengthMs;
    }
    for (let time = 0; time < 40; time += 1) bans.add("host 192.0.2.1", nowMs, lie);
    expect(bans.add("host 192.0.2.1", nowMs, lie).untilMs).toBe(nowMs + BAN_MS_MAX);
    expect(saved).toHaveLength(44);
    const later = new Bans({ all: () => saved, save: () => {}, onLifted: () => {} });
    expect(later.has("host 192.0.2.1", nowMs)).toBe(true);
  });

  it("is one of a bounded number", () => {
    const bans = new Bans();
    for (let count = 0; count <= BANS_MAX; count += 1) bans.add(`host ${count}`, 0, lie);
    expect(bans.count).toBe(BANS_MAX);
    expect(bans.has("host 0", 1)).toBe(false);
  });

  it("names a key before an address, all of a /64, and on this machine the port too", () => {
    const name = (host: string, provenKey?: string) =>
      banName({ provenKey, wire: { host, address: formatAddress(host, 6_881) } });
    expect(name("192.0.2.1", "ab")).toBe("key ab");
    expect(name("192.0.2.1")).toBe("host 192.0.2.1");
    expect(name("2001:db8::1")).toBe(name("2001:db8::ffff:1"));
    expect(name("2001:db8::1")).not.toBe(name("2001:db8:0:1::1"));
    expect(name("::1")).toBe("address [::1]:6881");
  });
});

describe("blame", () => {
  const good = new Uint8Array(3 * BLOCK_MAX_BYTES).fill(1);

  function tried(givers: readonly string[], liars: readonly string[]): PieceParts {
    const parts = new PieceParts(7, good.length, { owner: givers[0] ?? "", isSolo: false });
    for (const [place, giver] of givers.entries()) {
      const block = { index: 7, offset: place * BLOCK_MAX_BYTES, length: BLOCK_MAX_BYTES };
      const bytes = good.slice(block.offset, block.offset + block.length);
      if (liars.includes(giver)) bytes[9] = 0;
      parts.put(block, giver, bytes);
    }
    return parts;
  }

  it("falls on who brought a bad piece alone, at once", () => {
    const blame = new Blame();
    const lie = blame.bad(tried(["liar", "liar", "liar"], ["liar"]), "expected");
    expect(lie).toMatchObject({ giver: "liar", piece: 7, expected: "expected" });
    expect(blame.isSuspect(7)).toBe(false);
  });

  it("falls on nobody but the liar when several had part in the piece", () => {
    const blame = new Blame();
    expect(blame.bad(tried(["a", "liar", "b"], ["liar"]), "expected")).toBeUndefined();
    expect(blame.isSuspect(7)).toBe(true);
    const lies = blame.good(tried(["c", "c", "c"], []));
    expect(lies.map(({ giver }) => giver)).toEqual(["liar"]);
    expect(lies[0]?.expected).not.toBe(lies[0]?.got);
    expect(blame.isSuspect(7)).toBe(false);
  });

  it("finds two who lied in different tries", () => {
    const blame = new Blame();
    blame.bad(tried(["a", "first", "b"], ["first"]), "expected");
    blame.bad(tried(["second", "a", "a"], ["second"]), "expected");
    const liars = blame.good(tried(["b", "b", "b"], [])).map(({ giver }) => giver);
    expect(liars.toSorted()).toEqual(["first", "second"]);
  });
});

it("asks one peer alone for a piece that was bad, and takes it from nobody else", () => {
  const parts = new PieceParts(3, 2 * BLOCK_MAX_BYTES, { owner: "one", isSolo: true });
  const terms = { nowMs: 0, mayDouble: true, isSupplier: false };
  expect(parts.available({ ...terms, peer: "two" }, 9)).toEqual([]);
  const blocks = parts.available({ ...terms, peer: "one" }, 9);
  expect(blocks).toHaveLength(2);
  const bytes = new Uint8Array(BLOCK_MAX_BYTES);
  const [first = { index: 3, offset: 0, length: 0 }] = blocks;
  expect(parts.put(first, "two", bytes)).toBeUndefined();
  expect(parts.put(first, "one", bytes)).toEqual([]);
});

describe("the places of a swarm", () => {
  const placesOf = (isSeeding: boolean) =>
    new Places({
      peersMax: 40,
      statics: ["198.51.100.9:6881"],
      uploadTo: undefined,
      downloadFrom: undefined,
      isSeeding: () => isSeeding,
    });
  const peers = (count: number, hostOf: (number: number) => string, isOutgoing = false) =>
    Array.from({ length: count }, (_, number) => ({ host: hostOf(number), isOutgoing }));

  it("go to few peers of one network, unless they were named beforehand", () => {
    const places = placesOf(true);
    const near = peers(4, (number) => `198.51.100.${number}`);
    expect(places.isCrowded("198.51.100.77", near.slice(1))).toBe(false);
    expect(places.isCrowded("198.51.100.77", near)).toBe(true);
    expect(places.isCrowded("198.51.100.9", near)).toBe(false);
    expect(places.isCrowded("198.51.101.1", near)).toBe(false);
    const wide = peers(12, (number) => `203.0.${number}.1`);
    expect(places.isCrowded("203.0.200.1", wide)).toBe(true);
    expect(places.isCrowded("203.1.0.1", wide)).toBe(false);
    const six = peers(4, (number) => `2001:db8:0:${number}::1`);
    expect(places.isCrowded("2001:db8:0:ff::1", six)).toBe(true);
    expect(places.isCrowded("2001:db8:0:100::1", six)).toBe(false);
    expect(
      places.isCrowded(
        "127.0.0.1",
        peers(39, () => "127.0.0.1"),
      ),
    ).toBe(false);
  });

  it("are kept half for peers that a fetching node chose itself", () => {
    const incoming = peers(20, (number) => `10.${number}.0.1`);
    expect(placesOf(false).isFullOfStrangers("11.0.0.1", incoming)).toBe(true);
    expect(placesOf(false).isFullOfStrangers("11.0.0.1", incoming.slice(1))).toBe(false);
    expect(placesOf(true).isFullOfStrangers("11.0.0.1", incoming)).toBe(false);
    expect(placesOf(false).isFullOfStrangers("198.51.100.9", incoming)).toBe(false);
    const outgoing = peers(39, (number) => `10.${number}.0.1`, true);
    expect(placesOf(false).isFullOfStrangers("11.0.0.1", outgoing)).toBe(false);
  });
});

it("knows an address however it is written", () => {
  expect(parseAddress("[0:0:0:0:0:0:0:1]:80")).toEqual({ host: "::1", port: 80 });
  expect(parseAddress("[::ffff:192.0.2.1]:80")?.host).toBe("192.0.2.1");
  const set = new AddressSet(["192.0.2.0/30", "[2001:db8::]/32", "[2001:dba::1]:6881"]);
  const hosts = ["192.0.2.3", "192.0.2.4", "2001:db8:5::1", "2001:db9::1", "2001:dba::1", "nobody"];
  expect(hosts.filter((host) => set.has(host))).toEqual([
    "192.0.2.3",
    "2001:db8:5::1",
    "2001:dba::1",
  ]);
});

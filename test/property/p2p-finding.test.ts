// Goal: what strangers send to be found by, or to be found with, never throws and never costs much.
// Method: honest messages with bytes changed, cut and repeated; and any bytes at all.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeBencode } from "../../src/p2p/bencode.ts";
import { Bitfield } from "../../src/p2p/bitfield.ts";
import { compactPeers, toCompact } from "../../src/p2p/compact-peers.ts";
import { isDhtMessage } from "../../src/p2p/dht-socket.ts";
import type { ExtensionPeer } from "../../src/p2p/extension-port.ts";
import { PEX_PEERS_MAX } from "../../src/p2p/limits.ts";
import { readLocal } from "../../src/p2p/lsd.ts";
import { parseMagnet } from "../../src/p2p/magnet.ts";
import { serveMetadata } from "../../src/p2p/metadata.ts";
import { exchangePeers } from "../../src/p2p/pex.ts";
import { PieceLru } from "../../src/p2p/piece-lru.ts";
import { decodeResume, encodeResume } from "../../src/p2p/resume-record.ts";
import { makeFilm } from "../unit/p2p-kit.ts";

const numRuns = Number(process.env["ACE_TEST_RUNS"] ?? 2_000);
const seed = Number(process.env["ACE_SEED"] ?? 11);
const runs = { numRuns, seed };

/** The bytes with some changed, then cut at some place. */
function mutated(bytes: Uint8Array): fc.Arbitrary<Uint8Array> {
  const change = fc.record({ at: fc.nat(bytes.length - 1), to: fc.nat(255) });
  return fc
    .record({ changes: fc.array(change, { maxLength: 6 }), end: fc.nat(bytes.length) })
    .map(({ changes, end }) => {
      const copy = Uint8Array.from(bytes);
      for (const { at, to } of changes) copy[at] = to;
      return end % 3 === 0 ? copy.subarray(0, end) : copy;
    });
}

const peerAt = (address: string) => {
  const sent: Uint8Array[] = [];
  const peer: ExtensionPeer = {
    id: address,
    address,
    isOutgoing: true,
    send: (body) => void sent.push(body),
    close: () => {},
  };
  return { peer, sent };
};

const addresses = fc.array(
  fc.record({ host: fc.ipV4(), port: fc.integer({ min: 1, max: 65_535 }) }),
  { maxLength: 300 },
);

describe("messages of strangers", () => {
  const pex = encodeBencode(
    new Map([
      ["added", toCompact(["203.0.113.5:6881", "8.8.8.8:1"], 4)],
      ["added.f", Buffer.from([0, 0])],
    ]),
  );

  it("an exchange of peers names no more than allowed, and nothing inside", () => {
    fc.assert(
      fc.property(fc.oneof(mutated(pex), fc.uint8Array({ maxLength: 5_000 })), (body) => {
        const found: string[] = [];
        const extension = exchangePeers({ nowMs: () => 0, onPeer: (at) => found.push(at) });
        const { peer } = peerAt("8.8.4.4:6881");
        extension.onPeer(peer, new Map());
        extension.onMessage(peer, body);
        expect(found.length).toBeLessThanOrEqual(PEX_PEERS_MAX);
        for (const at of found) expect(at).not.toMatch(/^(?:10|127|169\.254|192\.168|0)\./);
      }),
      runs,
    );
  });

  it("who floods the exchange of peers is not heard", () => {
    fc.assert(
      fc.property(addresses, (list) => {
        const found: string[] = [];
        const extension = exchangePeers({ nowMs: () => 0, onPeer: (at) => found.push(at) });
        const { peer } = peerAt("8.8.4.4:6881");
        extension.onPeer(peer, new Map());
        for (const { host, port } of list) {
          const added = toCompact([`${host}:${port}`], 4);
          extension.onMessage(peer, encodeBencode(new Map([["added", added]])));
        }
        expect(found.length).toBeLessThanOrEqual(3);
      }),
      { ...runs, numRuns: 200 },
    );
  });

  it("metadata goes out in answer to requests alone, twice over at most", () => {
    const info = new Uint8Array(40_000).fill(1);
    const request = encodeBencode(
      new Map([
        ["msg_type", 0],
        ["piece", 1],
      ]),
    );
    fc.assert(
      fc.property(fc.array(mutated(request), { maxLength: 40 }), (bodies) => {
        const extension = serveMetadata(info);
        const { peer, sent } = peerAt("8.8.4.4:6881");
        extension.onPeer(peer, new Map());
        for (const body of bodies) extension.onMessage(peer, body);
        const payload = sent.filter(({ length }) => length > 1_000);
        expect(payload.length).toBeLessThanOrEqual(6);
      }),
      { ...runs, numRuns: 500 },
    );
  });
});

describe("datagrams and links of strangers", () => {
  it("are read or refused, from the DHT and from the local network", () => {
    const hear = Buffer.from(`BT-SEARCH * HTTP/1.1\r\nPort: 1\r\nInfohash: ${"ab".repeat(20)}\r\n`);
    const ask = Buffer.from(`d1:ad2:id20:${"a".repeat(20)}e1:q4:ping1:t2:aa1:y1:qe`);
    expect(isDhtMessage(ask)).toBe(true);
    fc.assert(
      fc.property(mutated(ask), mutated(hear), fc.uint8Array(), (datagram, said, any) => {
        isDhtMessage(datagram);
        isDhtMessage(any);
        expect(
          readLocal(said)?.infohashes.every((hash) => /^[0-9a-f]{40}$/.test(hash)) ?? true,
        ).toBe(true);
        expect(compactPeers(any, 4).length).toBe(Math.floor(any.length / 6));
      }),
      runs,
    );
  });

  it("a magnet link is read, or refused by its code", () => {
    const text = fc.oneof(
      fc.string(),
      fc.string().map((rest) => `magnet:?xt=urn:btih:${rest}`),
    );
    fc.assert(
      fc.property(text, (link) => {
        try {
          expect(parseMagnet(link).infohash).toMatch(/^[0-9a-f]{40}$/);
        } catch (error) {
          expect(error).toMatchObject({ code: "MAGNET_INVALID" });
        }
      }),
      runs,
    );
  });
});

it("addresses of either family come back from their bytes", () => {
  fc.assert(
    fc.property(addresses, (list) => {
      const texts = list.map(({ host, port }) => `${host}:${port}`);
      expect(compactPeers(toCompact(texts, 4), 4)).toEqual(texts);
    }),
    { ...runs, numRuns: 300 },
  );
});

it("a resume record with any byte changed, or cut, is none", async () => {
  await using film = await makeFilm(500_000);
  const pieces = Bitfield.full(film.torrent.pieceHashes.length);
  const stamps = [{ size: 500_000, changedNs: 1_700_000_000_123_456_789n }];
  const bytes = encodeResume(film.torrent, { pieces, stamps, isOpen: true, savedMs: 1 });
  expect(decodeResume(film.torrent, bytes)).toMatchObject({ stamps, savedMs: 1 });
  fc.assert(
    fc.property(mutated(bytes), (changed) => {
      const isSame = Buffer.from(changed).equals(bytes);
      expect(decodeResume(film.torrent, changed) === undefined).toBe(!isSame);
    }),
    { ...runs, numRuns: 500 },
  );
});

it("a store with a cap never holds more, and lets go of what was used longest ago", () => {
  const use = fc.record({ index: fc.nat(12), isPut: fc.boolean() });
  fc.assert(
    fc.property(fc.array(use, { maxLength: 60 }), (uses) => {
      const lru = new PieceLru(50);
      let model: number[] = [];
      for (const { index, isPut } of uses) {
        const wasHeld = model.includes(index);
        if (isPut || wasHeld) model = [...model.filter((held) => held !== index), index];
        if (!isPut) lru.touch(index);
        const gone = isPut ? lru.add(index, 10) : [];
        expect(gone).toEqual(model.slice(0, Math.max(0, model.length - 5)));
        model = model.slice(-5);
        expect(lru.indexes).toEqual(model);
      }
    }),
    runs,
  );
});

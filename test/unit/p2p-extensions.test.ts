import { describe, expect, it } from "vitest";
import type { Bencoded } from "../../src/p2p/bencode.ts";
import type { Extension, ExtensionPeer } from "../../src/p2p/extension-port.ts";
import type { GatePolicy } from "../../src/p2p/link-gate.ts";
import {
  goodToken,
  hexOf,
  joinLeech,
  joinSeed,
  makeFilm,
  newKey,
  until,
  verifier,
} from "./p2p-kit.ts";

interface Heard {
  readonly peers: Map<string, ExtensionPeer>;
  readonly fields: ReadonlyMap<string, Bencoded>[];
  readonly messages: string[];
  gone: number;
  ticks: number;
}

/** An extension that greets each peer it is shown, and writes down what it is told. */
function listening(
  needs: Extension["needs"],
  more: Partial<Extension> = {},
): { readonly extension: Extension; readonly heard: Heard } {
  const heard: Heard = { peers: new Map(), fields: [], messages: [], gone: 0, ticks: 0 };
  const extension: Extension = {
    name: "ut_test",
    needs,
    handshakeFields: () => ({ test_size: 77 }),
    onPeer: (peer, fields) => {
      heard.peers.set(peer.id, peer);
      heard.fields.push(fields);
      peer.send(Buffer.from("hello"));
    },
    onMessage: (_peer, body) => heard.messages.push(Buffer.from(body).toString()),
    onGone: () => {
      heard.gone += 1;
    },
    tick: () => {
      heard.ticks += 1;
    },
    ...more,
  };
  return { extension, heard };
}

describe("an extension of a public swarm", () => {
  it("sees each peer at its handshake, hears it, and is told once when it goes", async () => {
    await using film = await makeFilm(100_000);
    const [one, two] = [listening("both"), listening("both")];
    await using seed = await joinSeed(film, undefined, { extensions: [one.extension] });
    {
      await using leech = await joinLeech(film, [seed.address], undefined, {
        extensions: [two.extension],
      });
      await until(() => one.heard.messages.length + two.heard.messages.length === 2, "both spoke");
      expect(two.heard.messages).toEqual(["hello"]);
      expect(two.heard.fields[0]?.get("test_size")).toBe(77);
      expect(one.heard.fields[0]?.get("p")).toBe(leech.listener.port);
      await until(() => one.heard.ticks > 0, "the extension was ticked");
    }
    await until(() => one.heard.gone === 1, "the peer was gone");
    expect([one.heard.gone, two.heard.gone]).toEqual([1, 1]);
  });

  it("is shown a peer that does not know it, and says nothing to that peer", async () => {
    await using film = await makeFilm(100_000);
    const { extension, heard } = listening("both");
    await using seed = await joinSeed(film, undefined, { extensions: [extension] });
    await using _leech = await joinLeech(film, [seed.address]);
    await until(() => heard.peers.size === 1, "the peer was shown");
  });

  it("closes the wire of a peer whose message is longer than it takes", async () => {
    await using film = await makeFilm(100_000);
    const one = listening("both", { messageMaxBytes: 8 });
    const two = listening("both", {
      onPeer: (peer) => peer.send(Buffer.alloc(9)),
    });
    await using seed = await joinSeed(film, undefined, { extensions: [one.extension] });
    await using _leech = await joinLeech(film, [seed.address], undefined, {
      extensions: [two.extension],
    });
    await until(() => (seed.swarm.stats().closed["FRAME_TOO_LARGE"] ?? 0) > 0, "it was cut off");
    expect(one.heard.messages).toEqual([]);
  });
});

describe("an extension of a gated swarm", () => {
  it("speaks in the direction that its gate is open, and not before", async () => {
    await using film = await makeFilm(100_000);
    const [serverKey, viewerKey] = [newKey(), newKey()];
    const [giving, taking] = [listening("admitted"), listening("opened")];
    const [early, late] = [listening("both"), listening("both")];
    const both = (...extensions: readonly Extension[]) => ({
      extensions: extensions.map((extension, place) => ({ ...extension, name: `ut_${place}` })),
    });
    const server: GatePolicy = { deviceKey: serverKey, upload: verifier };
    await using seed = await joinSeed(film, server, both(giving.extension, early.extension));
    const { promise: mayBuy, resolve: buy } = Promise.withResolvers<void>();
    const tokens = {
      token: async () => {
        await mayBuy;
        return goodToken(film.torrent, viewerKey);
      },
    };
    const viewer: GatePolicy = {
      deviceKey: viewerKey,
      download: { serverKeys: [hexOf(serverKey)], tokens },
    };
    await using leech = await joinLeech(
      film,
      [seed.address],
      viewer,
      both(taking.extension, late.extension),
    );
    await until(() => leech.swarm.stats().links[0]?.address !== undefined, "they are connected");
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect([giving.heard.peers.size, taking.heard.peers.size]).toEqual([0, 0]);
    buy();
    await until(() => taking.heard.messages.length > 0, "the viewer heard the server");
    expect(giving.heard.peers.size).toBe(1);
    expect(taking.heard.fields[0]?.get("test_size")).toBe(77);
    // The viewer admits nobody, and the server was opened nothing: neither end has both directions.
    expect([early.heard.peers.size, late.heard.peers.size]).toEqual([0, 0]);
  });
});

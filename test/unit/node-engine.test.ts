// Goal: a viewer's engine gives away nothing it fetched under a licence, whatever records it is shown.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { openNodeClient } from "../../src/client/http.ts";
import { networkId } from "../../src/contracts/service-network.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { silentEvents } from "../../src/lib/events.ts";
import { accountFromBytes } from "../../src/lib/strkey.ts";
import { openEngine } from "../../src/node/engine.ts";
import { type ContentRecord, describeTorrent } from "../../src/p2p/content-record.ts";
import { network } from "../support/runtime-kit.ts";
import { makeFilm, newKey } from "./p2p-kit.ts";

async function engineIn(dataDir: string) {
  const viewer = {
    node: openNodeClient("http://127.0.0.1:1", AbortSignal.timeout(20_000)),
    network,
    signer: () => Promise.reject(new Error("nobody signs in here")),
    device: newKey(),
    clock: systemClock,
  };
  return await openEngine({ viewer, dataDir, events: silentEvents });
}

it("a film that was gated is not shared without a gate because a later record calls it public", async () => {
  await using film = await makeFilm(100_000);
  const folder = await mkdtemp(join(tmpdir(), "ace-engine-"));
  const gated: ContentRecord = {
    v: 1,
    title: "A film",
    mime: "video/mp4",
    access: "gated",
    contract: "412",
    network: networkId(network),
    trackers: [],
    peers: [],
    serverKeys: ["4".repeat(64)],
    publisher: accountFromBytes(newKey().publicKey),
    publishedAtS: 1_800_000_000,
    torrent: Buffer.from(film.torrentBytes).toString("base64"),
    ...describeTorrent(film.torrent),
  };
  const open = { ...gated, access: "public", contract: "" } as const;
  {
    await using engine = await engineIn(folder);
    await using _swarm = await engine.join(gated);
  }
  // Another start of the engine, and another publisher: neither makes it public.
  await using engine = await engineIn(folder);
  await expect(engine.join(open)).rejects.toMatchObject({ code: "CONTENT_INVALID" });

  await using other = await engineIn(join(folder, "other"));
  await using swarm = await other.join(open);
  expect(swarm.stats().access).toBe("none");
  await rm(folder, { recursive: true, force: true });
});

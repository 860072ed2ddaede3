/** Act three: who has no licence gets nothing, with this software or any other. */
import { join } from "node:path";
import { z } from "zod";
import { AceError } from "../../lib/errors.ts";
import type { Works } from "./act-owner.ts";
import { strangerTries } from "./stranger.ts";
import type { World } from "./world.ts";

const Fetched = z.object({ received: z.int(), bytesDown: z.int(), peers: z.int() });

export interface Refused {
  readonly unlicensedBytes: number;
  readonly strangerBytes: number;
}

export async function strangersAct(world: World, { film, filmName }: Works): Promise<Refused> {
  const { stage, narrator } = world;
  const out = join(stage.folder, "unlicensed.mp4");
  const tried = await stage.play(["stream", "get", film.contentId, "--out", out, "--as", "viewer"]);
  const { received, bytesDown } = Fetched.parse(tried.data);
  const unlicensedBytes = Math.max(received, bytesDown);
  if (tried.ok || unlicensedBytes > 0) {
    throw new AceError("CHECK_FAILED", `a viewer without a licence got ${unlicensedBytes} bytes`);
  }
  narrator.tell(
    "unlicensed",
    "A viewer without a licence joins the swarm and gets 0 bytes.",
    { bytes: unlicensedBytes, refusal: tried.code },
    [`${tried.code}: ${tried.message}`],
  );

  narrator.wait("a stranger's BitTorrent client tries for some seconds");
  const { torrent, peers } = film.record.record;
  const stranger = await strangerTries(stage.folder, {
    torrent: Uint8Array.fromBase64(torrent),
    infohash: film.infohash,
    peer: peers[0] ?? "",
    name: filmName,
    length: film.length,
  });
  if (stranger.bytes > 0) {
    throw new AceError("CHECK_FAILED", `${stranger.client} got ${stranger.bytes} bytes`);
  }
  narrator.tell("stranger", `A stranger with ${stranger.client} gets 0 bytes.`, { ...stranger });
  return { unlicensedBytes, strangerBytes: stranger.bytes };
}

/** Act three: who has no licence gets nothing, with this software or any other. */
import { join } from "node:path";
import { z } from "zod";
import { AceError } from "../../lib/errors.ts";
import type { Works } from "./act-owner.ts";
import { proofLine } from "./narrator.ts";
import type { Played } from "./stage.ts";
import { strangerTries } from "./stranger.ts";
import type { World } from "./world.ts";

const Fetched = z.object({ received: z.int(), bytesDown: z.int() });
/** Shaped like a token, signed by nobody. */
const FORGED_TOKEN = `${btoa("{}")}.${btoa("{}")}.${"A".repeat(86)}`;

export interface Refused {
  readonly unlicensedBytes: number;
  readonly strangerBytes: number;
}

export async function strangersAct(world: World, { film, filmName }: Works): Promise<Refused> {
  const { stage, narrator } = world;
  const out = join(stage.folder, "unlicensed.mp4");
  const get = ["stream", "get", film.contentId, "--out", out, "--as", "viewer"];
  const asked = await stage.play(get);
  // Who does not take no for an answer joins the swarm all the same, with a token of its own making.
  const pushed = await stage.play([...get, "--token", FORGED_TOKEN]);
  const unlicensedBytes = bytesOf(asked) + bytesOf(pushed);
  const isRefused = asked.code === "LICENCE_MISSING" && pushed.code === "TOKEN_INVALID";
  if (!isRefused || unlicensedBytes > 0) {
    const codes = `${asked.code}, ${pushed.code}`;
    throw new AceError("CHECK_FAILED", `without a licence: ${unlicensedBytes} bytes, ${codes}`);
  }
  narrator.tell(
    "unlicensed",
    "A viewer without a licence is given no token, joins the swarm all the same, and gets 0 bytes.",
    {
      bytes: unlicensedBytes,
      issuer: asked.code,
      swarm: pushed.code,
      hash: film.hash,
      ledger: film.ledger,
    },
    [
      `the issuer says ${asked.code}`,
      `the peers say ${pushed.code} to a forged token`,
      `published by ${proofLine(film)}`,
    ],
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
  narrator.tell(
    "stranger",
    `A stranger with ${stranger.client} gets 0 bytes.`,
    { ...stranger, hash: film.hash, ledger: film.ledger },
    [`published by ${proofLine(film)}`],
  );
  return { unlicensedBytes, strangerBytes: stranger.bytes };
}

function bytesOf({ data }: Played): number {
  const { received, bytesDown } = Fetched.parse(data);
  return Math.max(received, bytesDown);
}

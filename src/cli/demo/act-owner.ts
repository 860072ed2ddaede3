/** Act two: an owner deploys a split and a licence, and publishes a film under it. */
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { sha256Hex } from "../../lib/hash.ts";
import type { Founding } from "./act-founding.ts";
import { proofLine } from "./narrator.ts";
import { InLedger, Published, type World } from "./world.ts";

const Deployed = InLedger.extend({ number: z.string(), address: z.string(), codeHash: z.string() });
type Deployed = z.infer<typeof Deployed>;

export interface Works {
  readonly split: Deployed;
  readonly licence: Deployed;
  readonly film: Published;
  readonly filmName: string;
  readonly filmSha256: string;
  readonly trailer: Published;
}

const EXAMPLES = new URL("../../../contracts-examples/", import.meta.url);
/** 5 XLM, for ever. */
const PRICE = "50000000";
const TRAILER_BYTES = 300_000;

export async function ownerAct(world: World, { accounts }: Founding): Promise<Works> {
  const { stage, narrator, filmPath } = world;
  const shares = [
    { to: accounts.artist, ppm: "700000" },
    { to: accounts.label, ppm: "200000" },
    { to: accounts.crew, ppm: "100000" },
  ].toSorted((left, right) => (left.to < right.to ? -1 : 1));
  const split = await deploy(world, "revenue-split", [JSON.stringify(shares)]);
  narrator.tell(
    "split",
    "The owner deploys a contract that divides income 70/20/10.",
    { ...split },
    [`contract ${split.number}, code ${split.codeHash}`, proofLine(split)],
  );
  const licence = await deploy(world, "licence", ["XLM", PRICE, "0", split.number]);
  await stage.must(InLedger, [
    "contract",
    "call",
    split.number,
    "allow",
    licence.address,
    "--as",
    "owner",
  ]);
  narrator.tell(
    "licence",
    "The owner deploys the licence: 5 XLM, for ever, income through the split.",
    { ...licence },
    [`contract ${licence.number}, pay to ${licence.address}`, proofLine(licence)],
  );

  const filmName = "lighthouse.mp4";
  const film = join(stage.folder, filmName);
  copyFileSync(filmPath, film);
  const bytes = readFileSync(film);
  const trailer = join(stage.folder, "trailer.mp4");
  writeFileSync(trailer, bytes.subarray(0, TRAILER_BYTES));
  const published = await publish(world, film, licence.number);
  const second = await publish(world, trailer, licence.number);
  const filmSha256 = sha256Hex(bytes);
  narrator.tell(
    "publish",
    "The owner publishes a film under it; the node seeds it behind the gate.",
    {
      contentId: published.contentId,
      infohash: published.infohash,
      bytes: published.length,
      filmSha256,
      hash: published.hash,
      ledger: published.ledger,
    },
    [`content ${published.contentId}`, proofLine(published)],
  );
  return { split, licence, film: published, filmName, filmSha256, trailer: second };
}

async function deploy({ stage }: World, name: string, args: readonly string[]): Promise<Deployed> {
  const file = fileURLToPath(new URL(`${name}/${name}.ts`, EXAMPLES));
  return await stage.must(Deployed, ["contract", "deploy", file, ...args, "--as", "owner"]);
}

async function publish({ stage }: World, path: string, licence: string): Promise<Published> {
  return await stage.must(Published, [
    "content",
    "publish",
    path,
    "--licence",
    licence,
    "--as",
    "owner",
  ]);
}

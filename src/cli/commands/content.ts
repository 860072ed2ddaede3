import { basename, extname, join, resolve } from "node:path";
import type { Command } from "commander";
import { callOperations } from "../../client/build.ts";
import type { ContentJson } from "../../client/content-schemas.ts";
import { networkId } from "../../contracts/service-network.ts";
import { parseArguments } from "../../contracts/value-json.ts";
import { AceError } from "../../lib/errors.ts";
import { readAdminToken } from "../../node/admin-token.ts";
import { ADMIN_TOKEN_FILE } from "../../node/http.ts";
import type { EncryptionKind } from "../../p2p/cipher-key.ts";
import {
  type ContentRecord,
  describeTorrent,
  type SignedContentRecord,
  signContentRecord,
} from "../../p2p/content-record.ts";
import { makeTorrent, readTorrent, withWebSeeds } from "../../p2p/torrent.ts";
import type { Context } from "../context.ts";
import { contractInfo, methodOf } from "../contract-info.ts";
import { bringKey, type EncryptedFilm, encryptFilm, encryptionWords } from "../encrypt-content.ts";
import type { Flags } from "../flags.ts";
import { examples } from "../help.ts";
import { identity } from "../identity.ts";
import { demandReachable } from "../named-addresses.ts";
import type { Run } from "../run.ts";
import { openSession, type Session, sendCall } from "../session.ts";

const MIME: Readonly<Record<string, string>> = {
  ".mp4": "video/mp4",
  ".m4v": "video/mp4",
  ".mkv": "video/x-matroska",
  ".webm": "video/webm",
  ".ts": "video/mp2t",
  ".mp3": "audio/mpeg",
  ".m4a": "audio/mp4",
  ".ogg": "audio/ogg",
  ".png": "image/png",
  ".jpg": "image/jpeg",
};

/** `ace content`: publishes a file under a licence, and lists what the node knows. */
export function register(noun: Command, run: Run): void {
  const command = noun
    .command("publish <file>")
    .description("makes the torrent, names it in the licence contract, and seeds it on your node")
    .option("--licence <contract>", "the licence that opens it; without one anybody may watch")
    .option("--title <text>", "what people see (default: the file's name)")
    .option("--encrypt <how>", "hls or file: only who holds the licence gets the key")
    .option("--seed <who>", "of what is encrypted: licensed (default), or open to any peer")
    .option("--data <folder>", "data folder of your running node (default: <home>/node)");
  command.addHelpText("after", TEACHING);
  examples(
    command,
    "ace content publish film.mp4 --licence 257 --as owner",
    "ace content publish film.mp4 --licence 257 --encrypt hls --seed open --as owner",
  ).action(run((context, [file = ""], flags) => publish(context, file, flags)));
  examples(
    noun.command("list").description("contents that the node lists"),
    "ace content list",
  ).action(run((context) => list(context)));
  examples(
    noun.command("show <id>").description("one content, by content id or infohash"),
    "ace content show 5b1c…90",
  ).action(run((context, [id = ""]) => show(context, id)));
}

const TEACHING = `
With --licence alone the swarm is gated: peers must show a token, and get the
film in the clear. With --encrypt only ciphertext travels, and your node gives
the key to licence holders:
  hls    segments that players decrypt themselves: for web pages and all HLS
         players. ffmpeg makes them, unless the film is MPEG-TS already.
  file   the file as it is, with seeking: for mp4 and mkv. The viewer's own
         engine decrypts it.
With --seed open anybody may help to carry the ciphertext, who paid or not.`;

interface Wish {
  readonly path: string;
  readonly dataDir: string;
  readonly adminToken: string;
  readonly licence: string | undefined;
  readonly title: string | undefined;
  readonly encrypt: EncryptionKind | undefined;
  readonly seed: "open" | "licensed" | undefined;
}

async function publish(context: Context, file: string, flags: Flags): Promise<unknown> {
  const wish = wishOf(context, file, flags);
  const session = openSession(context);
  const { swarming } = await session.node.status();
  demandReachable(session.node.url, swarming);
  const { path, dataDir, encrypt } = wish;
  const film =
    encrypt === undefined
      ? undefined
      : await encryptFilm(context, { path, kind: encrypt, dataDir });
  try {
    return await publishFilm(context, session, { wish, film });
  } catch (error) {
    await film?.remove();
    throw error;
  }
}

function wishOf({ settings }: Context, file: string, flags: Flags): Wish {
  const licence = flags.text("licence");
  const encrypt = flags.oneOf("encrypt", ["hls", "file"]);
  const seed = flags.oneOf("seed", ["licensed", "open"]);
  if (encrypt !== undefined && licence === undefined) {
    throw new AceError("USAGE", "--encrypt needs --licence: somebody must be let in");
  }
  if (seed !== undefined && encrypt === undefined) {
    throw new AceError("USAGE", "--seed is about ciphertext: it needs --encrypt");
  }
  const dataDir = resolve(flags.text("data") ?? join(settings.home, "node"));
  const adminToken = readAdminToken(join(dataDir, ADMIN_TOKEN_FILE));
  const title = flags.text("title");
  return { path: resolve(file), dataDir, adminToken, licence, title, encrypt, seed };
}

async function publishFilm(
  context: Context,
  session: Session,
  { wish, film }: { readonly wish: Wish; readonly film: EncryptedFilm | undefined },
): Promise<unknown> {
  const { output } = context;
  const { licence, adminToken } = wish;
  const signed = await makeRecord(context, session, { wish, film });
  const { contentId, infohash, swarm } = signed.record;
  // The key first: a film that is listed and cannot be opened would be sold nonetheless.
  if (film !== undefined)
    await bringKey(session, { content: contentId, key: film.key, adminToken });
  const sent =
    licence === undefined
      ? undefined
      : await nameInLicence(context, session, { licence, contentId, swarm });
  const path = film?.path ?? wish.path;
  const content = await session.node.publish({ record: signed, path }, adminToken);
  output.line(`published "${content.title}", seeding ${content.length} bytes`, "good");
  output.table([
    ["content", contentId],
    ["infohash", infohash],
    ["licence", licence ?? "none: anybody may watch"],
    ["encryption", encryptionWords(content)],
    ["watch", `ace stream get ${contentId}`],
  ]);
  const { hash, ledger } = sent ?? {};
  return { ...content, hash, ledger };
}

async function makeRecord(
  context: Context,
  { node, network }: Session,
  { wish, film }: { readonly wish: Wish; readonly film: EncryptedFilm | undefined },
): Promise<SignedContentRecord> {
  const { licence, title, seed } = wish;
  const { swarming } = await node.status();
  const progress = context.output.progress("hashing");
  const path = film?.path ?? wish.path;
  const made = await makeTorrent(path, {
    announce: [swarming.tracker],
    name: basename(path),
    onProgress: (done, total) => progress.update(done, total),
  });
  progress.done();
  const torrent = readTorrent(made);
  const bytes =
    swarming.webSeed === undefined
      ? made
      : withWebSeeds(made, [`${swarming.webSeed}${torrent.infohash}/`]);
  const signer = await identity(context);
  const record: ContentRecord = {
    v: 1,
    title: title ?? basename(wish.path, extname(wish.path)),
    ...describeTorrent(torrent),
    mime: film?.mime ?? MIME[extname(path).toLowerCase()] ?? "application/octet-stream",
    access: licence === undefined ? "public" : "gated",
    contract: licence ?? "",
    network: networkId(network),
    trackers: [swarming.tracker],
    peers: [swarming.peer],
    serverKeys: [swarming.serverKey],
    publisher: signer.account,
    publishedAtS: Math.floor(context.clock.nowMs() / 1_000),
    ...(film === undefined ? {} : { encryption: film.encryption }),
    ...(seed === undefined ? {} : { seed }),
    torrent: Buffer.from(bytes).toString("base64"),
  };
  return await signContentRecord(record, signer);
}

export async function nameInLicence(
  context: Context,
  session: Session,
  { licence, contentId, swarm }: { licence: string; contentId: string; swarm: string },
) {
  const contract = await contractInfo(session.node, licence);
  if (!contract.implements.includes("licence/1")) {
    throw new AceError("METHOD_UNKNOWN", `contract ${licence} sells no licences`);
  }
  const args = parseArguments(methodOf(contract, "addContent").args, [contentId, swarm]);
  const operations = callOperations({ contract: contract.id, method: "addContent", args });
  return await sendCall(context, session, operations, [
    `put ${contentId} under licence ${licence}`,
  ]);
}

async function list(context: Context): Promise<unknown> {
  const items = await openSession(context).node.contents();
  const headings = ["content", "kind", "licence", "encryption", "bytes", "title"];
  context.output.table(items.map(row), headings);
  return { items };
}

function row({ contentId, live, licence, encryption, length, title }: ContentJson) {
  const kind = live === undefined ? "film" : "live";
  const bytes = live === undefined ? length : "–";
  return [contentId, kind, licence ?? "public", encryption ?? "none", bytes, title];
}

async function show(context: Context, id: string): Promise<unknown> {
  const content = await openSession(context).node.content(id);
  const { swarm } = content;
  context.output.table([
    ["title", content.title],
    ["content", content.contentId],
    ["infohash", content.infohash],
    ["licence", content.licence ?? "none: anybody may watch"],
    ["encryption", encryptionWords(content)],
    ["bytes", String(content.length)],
    ["seeding", content.seeding ? "yes" : "no"],
    ...(swarm === undefined
      ? []
      : [
          ["peers", String(swarm.peers)],
          ["sent", `${swarm.bytesUp} bytes, ${swarm.ungatedBytesUp} of them ungated`],
          [
            "let go",
            Object.entries(swarm.closed)
              .map(([why, count]) => `${why} ${count}`)
              .join(", "),
          ],
        ]),
  ]);
  return content;
}

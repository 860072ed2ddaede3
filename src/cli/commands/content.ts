import { basename, extname, join, resolve } from "node:path";
import type { Command } from "commander";
import { callOperations } from "../../client/build.ts";
import type { ContentJson } from "../../client/schemas.ts";
import { networkId } from "../../contracts/service-network.ts";
import { parseArguments } from "../../contracts/value-json.ts";
import { AceError } from "../../lib/errors.ts";
import { readAdminToken } from "../../node/admin-token.ts";
import { ADMIN_TOKEN_FILE } from "../../node/http.ts";
import {
  type ContentRecord,
  describeTorrent,
  type SignedContentRecord,
  signContentRecord,
} from "../../p2p/content-record.ts";
import { makeTorrent, readTorrent } from "../../p2p/torrent.ts";
import type { Context } from "../context.ts";
import { contractInfo, methodOf } from "../contract-info.ts";
import type { Flags } from "../flags.ts";
import { examples } from "../help.ts";
import { identity } from "../identity.ts";
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
  examples(
    noun
      .command("publish <file>")
      .description("makes the torrent, names it in the licence contract, and seeds it on your node")
      .option("--licence <contract>", "the licence that opens it; without one anybody may watch")
      .option("--title <text>", "what people see (default: the file's name)")
      .option("--data <folder>", "data folder of your running node (default: <home>/node)"),
    "ace content publish film.mp4 --licence 257 --as owner",
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

async function publish(context: Context, file: string, flags: Flags): Promise<unknown> {
  const { output, settings } = context;
  const session = openSession(context);
  const path = resolve(file);
  const adminToken = readAdminToken(
    join(flags.text("data") ?? join(settings.home, "node"), ADMIN_TOKEN_FILE),
  );
  const licence = flags.text("licence");
  const signed = await makeRecord(context, session, { path, licence, title: flags.text("title") });
  const { contentId, infohash, swarm } = signed.record;
  const sent =
    licence === undefined
      ? undefined
      : await nameInLicence(context, session, { licence, contentId, swarm });
  const content = await session.node.publish({ record: signed, path }, adminToken);
  output.line(`published "${content.title}", seeding ${content.length} bytes`, "good");
  output.table([
    ["content", contentId],
    ["infohash", infohash],
    ["licence", licence ?? "none: anybody may watch"],
    ["watch", `ace stream get ${contentId}`],
  ]);
  const { hash, ledger } = sent ?? {};
  return { ...content, hash, ledger };
}

async function makeRecord(
  context: Context,
  { node, network }: Session,
  {
    path,
    licence,
    title,
  }: { path: string; licence: string | undefined; title: string | undefined },
): Promise<SignedContentRecord> {
  const { swarming } = await node.status();
  const progress = context.output.progress("hashing");
  const bytes = await makeTorrent(path, {
    announce: [swarming.tracker],
    name: basename(path),
    onProgress: (done, total) => progress.update(done, total),
  });
  progress.done();
  const torrent = readTorrent(bytes);
  const signer = await identity(context);
  const record: ContentRecord = {
    v: 1,
    title: title ?? basename(path, extname(path)),
    ...describeTorrent(torrent),
    mime: MIME[extname(path).toLowerCase()] ?? "application/octet-stream",
    access: licence === undefined ? "public" : "gated",
    contract: licence ?? "",
    network: networkId(network),
    trackers: [swarming.tracker],
    peers: [swarming.peer],
    serverKeys: [swarming.serverKey],
    publisher: signer.account,
    publishedAtS: Math.floor(context.clock.nowMs() / 1_000),
    torrent: Buffer.from(bytes).toString("base64"),
  };
  return await signContentRecord(record, signer);
}

async function nameInLicence(
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
  context.output.table(items.map(row), ["content", "licence", "bytes", "title"]);
  return { items };
}

function row({ contentId, licence, length, title }: ContentJson) {
  return [contentId, licence ?? "public", length, title];
}

async function show(context: Context, id: string): Promise<unknown> {
  const content = await openSession(context).node.content(id);
  const { swarm } = content;
  context.output.table([
    ["title", content.title],
    ["content", content.contentId],
    ["infohash", content.infohash],
    ["licence", content.licence ?? "none: anybody may watch"],
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

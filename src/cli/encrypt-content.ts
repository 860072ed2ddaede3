/**
 * What `ace content publish --encrypt` does before the torrent is made: encrypts beside the node, and
 * brings the key to the node that will release it.
 */
import { randomBytes } from "node:crypto";
import { rm, stat } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import type { ContentJson } from "../client/content-schemas.ts";
import { toHex } from "../lib/bytes.ts";
import { AceError } from "../lib/errors.ts";
import { NONCE_BYTES } from "../p2p/cipher-file.ts";
import { type EncryptionKind, keyCheck, makeContentKey } from "../p2p/cipher-key.ts";
import type { Encryption } from "../p2p/content-record.ts";
import { encryptFile } from "../p2p/package-file.ts";
import { PLAYLIST_NAME, packageHls } from "../p2p/package-hls.ts";
import { readAsTs } from "../p2p/package-source.ts";
import type { Context } from "./context.ts";
import type { Session } from "./session.ts";

export interface EncryptedFilm {
  /** What the torrent is made of: a file, or the folder of a package. */
  readonly path: string;
  readonly key: Uint8Array;
  readonly encryption: Encryption;
  /** Undefined when it is still that of the film. */
  readonly mime: string | undefined;
  /** Removes what was written: for a publication that failed. */
  remove(): Promise<void>;
}

const NAME_BYTES = 8;
const LOOPBACK = new Set(["127.0.0.1", "localhost", "[::1]"]);

/** @param dataDir The node's own folder: it seeds from there. */
export async function encryptFilm(
  context: Context,
  film: { readonly path: string; readonly kind: EncryptionKind; readonly dataDir: string },
): Promise<EncryptedFilm> {
  const folder = join(film.dataDir, "encrypted", randomBytes(NAME_BYTES).toString("hex"));
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    const made = film.kind === "hls" ? hlsOf : fileOf;
    return { ...(await made(context, film.path, folder)), remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** What a person is told of a content's encryption. */
export function encryptionWords({
  encryption,
  seed,
}: Pick<ContentJson, "encryption" | "seed">): string {
  if (encryption === undefined) return "none: it travels in the clear";
  const who = seed === "open" ? "anybody may carry it" : "licence holders carry it";
  return `${forms[encryption]}; ${who}`;
}

const forms: Readonly<Record<NonNullable<ContentJson["encryption"]>, string>> = {
  file: "the file, AES-256",
  hls: "HLS segments, AES-128",
  live: "live, AES-128, keys that change",
};

export async function bringKey(
  { node }: Session,
  { content, key, adminToken }: { content: string; key: Uint8Array; adminToken: string },
): Promise<void> {
  requirePrivateWay(node.url);
  await node.keepKey(content, { epoch: 0, key: toHex(key) }, adminToken);
}

/** @throws AceError `CONFIG_INVALID` rather than send a key in the clear over a network. */
export function requirePrivateWay(nodeUrl: string): void {
  const { protocol, hostname } = new URL(nodeUrl);
  if (protocol === "https:" || LOOPBACK.has(hostname)) return;
  const what = `${nodeUrl} is another machine without https: a key would be read on its way`;
  throw new AceError("CONFIG_INVALID", what);
}

async function fileOf(context: Context, path: string, folder: string) {
  const key = makeContentKey("file");
  const nonce = randomBytes(NONCE_BYTES);
  const to = join(folder, basename(path));
  await withProgress(context, path, async (onProgress) => {
    const secret = { key, nonce };
    await encryptFile({ from: path, to, secret, onProgress }, context.signal);
  });
  const encryption = { kind: "file", nonce: toHex(nonce), keyCheck: keyCheck(key) } as const;
  return { path: to, key, encryption, mime: undefined };
}

async function hlsOf(context: Context, path: string, folder: string) {
  const key = makeContentKey("hls");
  const to = join(folder, basename(path, extname(path)));
  await withProgress(context, path, async (onProgress) => {
    await packageHls(readAsTs(path, context.signal), { folder: to, key, onProgress });
  });
  const encryption = { kind: "hls", playlist: PLAYLIST_NAME, keyCheck: keyCheck(key) } as const;
  return { path: to, key, encryption, mime: "application/vnd.apple.mpegurl" };
}

async function withProgress(
  { output }: Context,
  path: string,
  work: (onProgress: (doneBytes: number) => void) => Promise<void>,
): Promise<void> {
  const sizeBytes = await stat(path).then(
    ({ size }) => size,
    () => 0,
  );
  const progress = output.progress("encrypting");
  try {
    await work((doneBytes) => progress.update(Math.min(doneBytes, sizeBytes), sizeBytes));
  } finally {
    progress.done();
  }
}

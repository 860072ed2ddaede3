/**
 * A package of HLS as players get it: segments as the swarm carries them, and the key beside them.
 *
 * Players decrypt by themselves. The playlist is read when somebody proves to have the key: without
 * it nothing of the content would be fetched for them.
 *
 * Errors  Of the swarm, of the keys, and `CONTENT_INVALID` for a package that is none.
 */
import { concatBytes } from "../lib/bytes.ts";
import { AceError } from "../lib/errors.ts";
import { requireKey } from "./cipher-key.ts";
import type { Encryption } from "./content-record.ts";
import { type HlsPackage, readPackage, writePlaylist } from "./hls-package.ts";
import type { KeyProvider } from "./key-port.ts";
import { PLAYLIST_MAX_BYTES } from "./limits.ts";
import { filesOf, type MediaFile, type PackageMedia } from "./media.ts";
import type { Swarm } from "./swarm-port.ts";

const SEGMENT_MIME = "video/mp2t";

export interface PackageOptions {
  readonly title: string;
  readonly encryption: Encryption & { readonly kind: "hls" };
  readonly keys: KeyProvider;
}

export function packageMedia(
  swarm: Swarm,
  { title, encryption, keys }: PackageOptions,
): PackageMedia {
  const { infohash, contentId } = swarm.torrent;
  const files = filesOf(swarm, (...range) => swarm.read(...range));
  let read: { readonly content: HlsPackage; readonly segments: readonly MediaFile[] } | undefined;
  const opened = () => {
    if (read !== undefined) return read;
    throw new AceError("CONTENT_UNREACHABLE", `the playlist of "${title}" is not here yet`);
  };
  const key = async (epoch: number, signal: AbortSignal): Promise<Uint8Array> =>
    requireKey(await keys.key(contentId, epoch, signal), encryption);
  return {
    kind: "package",
    infohash,
    contentId,
    title,
    isEncrypted: true,
    get segments() {
      return opened().segments;
    },
    writePlaylist: (urls) => writePlaylist(opened().content, urls),
    key,
    stats: () => swarm.stats(),
    ready: async (signal) => {
      await swarm.ready(signal);
      await key(0, signal);
      if (read !== undefined) return;
      const content = readPackage(
        await playlistOf(files, encryption, signal, swarm),
        swarm.torrent,
      );
      requireEncrypted(content);
      read = { content, segments: segmentsOf(content, files, swarm) };
    },
    [Symbol.asyncDispose]: () => swarm[Symbol.asyncDispose](),
  };
}

/** A whole package is under one key; a segment in the clear would be one that nobody vouched for. */
function requireEncrypted({ segments }: HlsPackage): void {
  if (segments.every(({ epoch }) => epoch === 0)) return;
  throw new AceError("CONTENT_INVALID", "not every segment of the package is under its key");
}

async function playlistOf(
  files: readonly MediaFile[],
  { playlist }: { readonly playlist: string },
  signal: AbortSignal,
  { torrent }: Swarm,
): Promise<Uint8Array> {
  const index = torrent.files.findIndex(({ path }) => path === playlist);
  const file = files[index];
  if (file === undefined || file.length > PLAYLIST_MAX_BYTES) {
    throw new AceError("CONTENT_INVALID", `${torrent.infohash} has no playlist ${playlist}`);
  }
  const chunks: Uint8Array[] = [];
  for await (const chunk of file.read(0, file.length, signal)) chunks.push(chunk);
  return concatBytes(...chunks);
}

function segmentsOf(
  { segments }: HlsPackage,
  files: readonly MediaFile[],
  { torrent }: Swarm,
): readonly MediaFile[] {
  const places = new Map(torrent.files.map(({ path }, place) => [path, files[place]]));
  return segments.flatMap(({ file }) => {
    const found = places.get(file.path);
    return found === undefined ? [] : [{ ...found, mime: SEGMENT_MIME }];
  });
}

/**
 * A content as players get it, encrypted or not: who may watch what is encrypted is whom a key is
 * released to.
 */
import { plainReader, type ReadBytes } from "./cipher-file.ts";
import { requireKey } from "./cipher-key.ts";
import { decryptSegment } from "./cipher-segment.ts";
import type { ContentRecord, Encryption } from "./content-record.ts";
import { packageMedia } from "./hls-media.ts";
import type { KeyProvider } from "./key-port.ts";
import { filmMedia, type Media, type PackageMedia } from "./media.ts";
import type { Swarm } from "./swarm-port.ts";

type Described = Pick<ContentRecord, "title" | "mime" | "encryption">;

/** @param keys Where the keys of encrypted content come from. */
export function mediaOf(swarm: Swarm, record: Described, keys: KeyProvider): Media {
  const { encryption, title, mime } = record;
  if (encryption === undefined) return filmMedia(swarm, { title, mime });
  if (encryption.kind === "hls") return packageMedia(swarm, { title, encryption, keys });
  const { plain, unlock } = plainFile(swarm, encryption, keys);
  return filmMedia(swarm, { title, mime, plain, unlock });
}

/** All of a content in the clear, in order: the file, or the segments of a package one after another. */
export async function* readPlain(media: Media, signal: AbortSignal): AsyncIterable<Uint8Array> {
  await media.ready(signal);
  if (media.kind === "film") {
    for (const file of media.files) yield* file.read(0, file.length, signal);
  }
  if (media.kind === "package") yield* readSegments(media, signal);
}

function plainFile(
  swarm: Swarm,
  encryption: Encryption & { readonly kind: "file" },
  keys: KeyProvider,
) {
  const nonce = Uint8Array.fromHex(encryption.nonce);
  const keyOf = async (signal: AbortSignal) =>
    requireKey(await keys.key(swarm.torrent.contentId, 0, signal), encryption);
  // The key is asked for with every read: it is kept as long as the right, and then no longer.
  const plain: ReadBytes = async function* (offset, length, signal, use) {
    const secret = { key: await keyOf(signal), nonce };
    yield* plainReader((...range) => swarm.read(...range), secret)(offset, length, signal, use);
  };
  const unlock = async (signal: AbortSignal): Promise<void> => {
    await keyOf(signal);
  };
  return { plain, unlock };
}

async function* readSegments(media: PackageMedia, signal: AbortSignal): AsyncIterable<Uint8Array> {
  for (const [number, segment] of media.segments.entries()) {
    const chunks: Uint8Array[] = [];
    for await (const chunk of segment.read(0, segment.length, signal)) chunks.push(chunk);
    const key = await media.key(0, signal);
    yield decryptSegment(key, number, Buffer.concat(chunks));
  }
}

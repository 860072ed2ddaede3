/**
 * Encrypts one file into another of the same length, for a torrent that anybody may carry.
 *
 * Errors  `FILE_UNREADABLE`, `STORE_FULL`.
 */
import { createReadStream, createWriteStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { pipeline } from "node:stream/promises";
import { AceError } from "../lib/errors.ts";
import { type FileSecret, fileCipher } from "./cipher-file.ts";

export interface EncryptedFile {
  readonly from: string;
  /** Its folder is made when it is not there; a file that is there is an error. */
  readonly to: string;
  readonly secret: FileSecret;
  readonly onProgress?: (doneBytes: number) => void;
}

export async function encryptFile(
  { from, to, secret, onProgress }: EncryptedFile,
  signal: AbortSignal,
): Promise<void> {
  const encrypt = fileCipher(secret, 0);
  let doneBytes = 0;
  const encrypted = async function* (chunks: AsyncIterable<Buffer>) {
    for await (const chunk of chunks) {
      doneBytes += chunk.length;
      onProgress?.(doneBytes);
      yield encrypt(chunk);
    }
  };
  try {
    await mkdir(dirname(to), { recursive: true });
    await pipeline(createReadStream(from), encrypted, createWriteStream(to, { flags: "wx" }), {
      signal,
    });
  } catch (cause) {
    signal.throwIfAborted();
    const isFull = cause instanceof Error && "code" in cause && cause.code === "ENOSPC";
    const code = isFull ? "STORE_FULL" : "FILE_UNREADABLE";
    throw new AceError(code, `cannot encrypt ${from} into ${to}`, { cause });
  }
}

/**
 * Writes all of a run of bytes, or fails.
 *
 * A disk that fills up takes part of it first without a word, and says so only at the next write.
 *
 * Source  POSIX write(2): fewer bytes than asked for may be written.
 */
import { AceError } from "../lib/errors.ts";

/** What is needed of a file. */
interface Writable {
  write(
    bytes: Uint8Array,
    offset: number,
    length: number,
    position: number,
  ): Promise<{ readonly bytesWritten: number }>;
}

/** Errors  `STORE_FULL` when the file takes nothing any more and does not say why. */
export async function writeWhole(
  file: Writable,
  bytes: Uint8Array,
  position: number,
): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const left = bytes.length - done;
    const { bytesWritten } = await file.write(bytes, done, left, position + done);
    if (bytesWritten <= 0) throw new AceError("STORE_FULL", "the disk takes nothing any more");
    done += bytesWritten;
  }
}

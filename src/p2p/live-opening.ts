/**
 * The beginning of a source's input: waited for until the first piece of it stands, so that nothing
 * is said of a stream before there is one. All that was read to know it comes again to who reads on.
 *
 * Range   What is held is no more than a cutter takes to find a beginning: `RAP_WAIT_MAX_BYTES`.
 * Errors  `MEDIA_INVALID` for an input that is no stream, or ends before a piece; what reading it gives.
 */
import { cutChunk, type Ingest, nothingToPlay } from "./live-source.ts";
import { TsCutter } from "./ts-cutter.ts";

export interface LiveOpening extends AsyncDisposable {
  /** From the beginning of the first piece on, or a little before it. */
  readonly ingest: Ingest;
}

type Chunk = Ingest extends AsyncIterable<infer Each> ? Each : never;

export async function awaitOpening(ingest: Ingest, signal: AbortSignal): Promise<LiveOpening> {
  const chunks = ingest[Symbol.asyncIterator]();
  const close = async () => void (await chunks.return?.());
  try {
    const held = await untilPiece(chunks, signal);
    return { ingest: followed(held, chunks), [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function untilPiece(chunks: AsyncIterator<Chunk>, signal: AbortSignal): Promise<Chunk[]> {
  const cutter = new TsCutter();
  let held: Chunk[] = [];
  for (;;) {
    const { value, done } = await chunks.next();
    signal.throwIfAborted();
    if (done) {
      if (cutter.flush().length > 0) return held;
      throw nothingToPlay();
    }
    held.push(value);
    if (cutChunk(cutter, value).length > 0) return held;
    // What came before a break and made no piece makes none after it.
    if (value === "break") held = [];
  }
}

async function* followed(held: Chunk[], chunks: AsyncIterator<Chunk>): Ingest {
  for (let next = held.shift(); next !== undefined; next = held.shift()) yield next;
  for (;;) {
    const { value, done } = await chunks.next();
    if (done) return;
    yield value;
  }
}

/**
 * Where the transport stream of a source comes from: a file, standard input, an address to fetch, or
 * an address to be sent to.
 *
 * Errors  `FILE_UNREADABLE`; `PORT_IN_USE` for an address to be sent to. An address that does not
 *         answer is tried again for as long as the source runs.
 */
import { constants, createReadStream, openSync, statSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { Socket } from "node:net";
import { addAbortSignal, type Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { AceError } from "../lib/errors.ts";
import type { Events } from "../lib/events.ts";
import { INGEST_CHUNK_BYTES, INGEST_RETRY_MS } from "./limits.ts";
import type { Ingest } from "./live-source.ts";
import { TS_START_BYTES } from "./ts-cutter.ts";
import { TsLoop } from "./ts-loop.ts";

/**
 * A file that begins anew goes on as one stream where that can be, and breaks where it cannot. One of
 * less than a few packets ends at once: begun anew without end, it would take a core and give nothing.
 */
export async function* fileIngest(path: string, isLoop: boolean, signal: AbortSignal): Ingest {
  const loop = new TsLoop();
  for (let round = 0; round === 0 || isLoop; round += 1) {
    if (round > 0 && !loop.nextRound()) yield "break";
    let sizeBytes = 0;
    for await (const bytes of fileBytes(path, signal)) {
      sizeBytes += bytes.length;
      yield isLoop ? loop.take(bytes) : bytes;
    }
    if (sizeBytes < TS_START_BYTES) return;
  }
}

async function* fileBytes(path: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of openFile(path, signal)) yield Uint8Array.from(Buffer.from(chunk));
  } catch (cause) {
    signal.throwIfAborted();
    throw new AceError("FILE_UNREADABLE", `${path} cannot be read`, { cause });
  }
}

/** A named pipe read as a file holds a thread that nothing calls back: then not even exit ends. */
function openFile(path: string, signal: AbortSignal): Readable {
  if (!statSync(path).isFIFO())
    return createReadStream(path, { highWaterMark: INGEST_CHUNK_BYTES });
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  return addAbortSignal(signal, new Socket({ fd, readable: true, writable: false }));
}

/** The signal ends it also while nothing comes. */
export async function* streamIngest(stream: Readable, signal: AbortSignal): Ingest {
  for await (const chunk of addAbortSignal(signal, stream)) {
    if (chunk instanceof Uint8Array) yield chunk;
  }
}

/** With what the system says, such as ECONNREFUSED, where it says something. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  return cause instanceof Error ? `${error.message}: ${cause.message}` : error.message;
}

/** Fetches without end: a server that closes or fails is asked again. */
export async function* httpIngest(url: string, events: Events, signal: AbortSignal): Ingest {
  for (;;) {
    try {
      yield* answerOf(url, signal);
    } catch (error) {
      signal.throwIfAborted();
      // What is wrong with the bytes themselves no second try makes right.
      if (error instanceof AceError) throw error;
      events.warn("live.ingest_failed", { url, reason: reasonOf(error) });
    }
    yield "break";
    await sleep(INGEST_RETRY_MS, undefined, { signal });
  }
}

async function* answerOf(url: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const response = await fetch(url, { signal, redirect: "follow" });
  if (!response.ok || response.body === null) throw new Error(`status ${response.status}`);
  let sizeBytes = 0;
  for await (const chunk of response.body) {
    sizeBytes += chunk.length;
    yield chunk;
  }
  if (sizeBytes === 0) throw new Error("an answer of no bytes");
}

export interface PushIngest extends AsyncDisposable {
  /** Where to send a stream by PUT or POST. */
  readonly url: string;
  readonly ingest: Ingest;
}

/** Takes one sender at a time; when it goes, the next one may come. A web page is never one. */
export async function openPushIngest(
  { host, port }: { readonly host: string; readonly port: number },
  signal: AbortSignal,
): Promise<PushIngest> {
  let waiting = Promise.withResolvers<ServerResponse>();
  let isBusy = false;
  const server = createServer((request, response) => {
    const status = refusalOf(request, isBusy);
    if (status !== undefined) {
      response.writeHead(status, { connection: "close" }).end();
      return;
    }
    isBusy = true;
    waiting.resolve(response);
  });
  // A stream has no end, and its sender may pause.
  server.requestTimeout = 0;
  await listen(server, host, port);
  const bound = server.address();
  const actual = typeof bound === "object" && bound !== null ? bound.port : port;
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
  aborted.catch(() => {});
  const ingest = async function* (): Ingest {
    for (;;) {
      const response = await Promise.race([waiting.promise, aborted]);
      waiting = Promise.withResolvers();
      try {
        yield* streamIngest(response.req, signal);
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof AceError) throw error;
      }
      isBusy = false;
      // Who is told so may send the next at once.
      response.writeHead(204).end();
      yield "break";
    }
  };
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${actual}/`,
    ingest: ingest(),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** Pages of any site may send to this machine, and browsers say so: what they send must not be signed. */
function refusalOf({ method, headers }: IncomingMessage, isBusy: boolean): number | undefined {
  if (headers.origin !== undefined || headers["sec-fetch-site"] !== undefined) return 403;
  if (method !== "PUT" && method !== "POST") return 405;
  return isBusy ? 409 : undefined;
}

async function listen(server: Server, host: string, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause) => {
      reject(new AceError("PORT_IN_USE", `cannot listen on ${host}, port ${port}`, { cause }));
    });
    server.listen(port, host, resolve);
  });
}

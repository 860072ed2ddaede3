// What the tests of live streams share: a source that is fed by hand or from a loop, and watchers.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../src/lib/clock.ts";
import type { EventFields, Events } from "../../src/lib/events.ts";
import { sha256 } from "../../src/lib/hash.ts";
import { type Listener, openListener } from "../../src/p2p/listener.ts";
import { type LiveCounter, openLiveCounter } from "../../src/p2p/live-counter.ts";
import { describeLive, type LiveDescriptor } from "../../src/p2p/live-descriptor.ts";
import { type HeadBatch, type LiveHead, signHeads } from "../../src/p2p/live-head.ts";
import type { LivePiece } from "../../src/p2p/live-port.ts";
import { type Ingest, runLiveSource } from "../../src/p2p/live-source.ts";
import { openLiveSwarm } from "../../src/p2p/live-swarm.ts";
import type { LiveCipher, LiveSwarm, LiveSwarmOptions } from "../../src/p2p/live-swarm-port.ts";
import { makeTs } from "../support/ts-maker.ts";
import { newKey } from "./p2p-kit.ts";

export interface Told {
  readonly name: string;
  readonly fields: EventFields;
}

export class EventLog implements Events {
  readonly told: Told[] = [];

  info(name: string, fields: EventFields = {}): void {
    this.told.push({ name, fields });
  }

  warn(name: string, fields: EventFields = {}): void {
    this.told.push({ name, fields });
  }

  bans(): readonly EventFields[] {
    return this.told.filter(({ name }) => name === "live.peer_banned").map(({ fields }) => fields);
  }
}

export const broadcaster = newKey();

export interface LiveParty extends AsyncDisposable {
  readonly listener: Listener;
  readonly swarm: LiveSwarm;
  readonly address: string;
  readonly log: EventLog;
}

export function descriptorOf(name: string): LiveDescriptor {
  return describeLive(broadcaster.publicKey, name);
}

export async function joinLive(
  options: Partial<LiveSwarmOptions> & Pick<LiveSwarmOptions, "descriptor" | "role">,
): Promise<LiveParty> {
  const listener = await openListener({ host: "127.0.0.1", port: 0, clock: systemClock });
  const log = new EventLog();
  const swarm = await openLiveSwarm({
    title: options.descriptor.name,
    listener,
    events: log,
    clock: systemClock,
    ...options,
  });
  return {
    listener,
    swarm,
    log,
    address: `127.0.0.1:${listener.port}`,
    [Symbol.asyncDispose]: async () => {
      await swarm[Symbol.asyncDispose]();
      await listener[Symbol.asyncDispose]();
    },
  };
}

/** A place of a source that nobody needs after the test. */
export function memoryCounter(): LiveCounter {
  let seq = 0;
  return {
    epoch: 1,
    get nextSeq() {
      return seq;
    },
    next: async () => {
      seq += 1;
      return seq - 1;
    },
    close: async () => {},
  };
}

export interface HandMade {
  readonly batch: HeadBatch;
  readonly bytes: Uint8Array;
}

/** Pieces made by hand: every `rapEvery`th is a place to begin at. */
export class HandSource {
  readonly #descriptor: LiveDescriptor;
  readonly #rapEvery: number;
  readonly #bytes: number;
  seq: number;

  constructor(
    descriptor: LiveDescriptor,
    options: { rapEvery?: number; firstSeq?: number; bytes?: number } = {},
  ) {
    this.#descriptor = descriptor;
    this.#rapEvery = options.rapEvery ?? 5;
    this.#bytes = options.bytes ?? 188 * 10;
    this.seq = options.firstSeq ?? 0;
  }

  next(captureMs = Date.now()): HandMade {
    const bytes = pieceBytes(this.seq, this.#bytes);
    const head = { ...headOf(this.seq, bytes, this.seq % this.#rapEvery === 0), captureMs };
    this.seq += 1;
    return { batch: signHeads([head], this.#descriptor, broadcaster), bytes };
  }

  /** Makes pieces and gives them to the swarm; answers what was made. */
  publish(
    swarm: Pick<LiveSwarm, "publish">,
    count: number,
    captureMs?: (seq: number) => number,
  ): readonly HandMade[] {
    const made = this.make(count, captureMs);
    for (const { batch, bytes } of made) swarm.publish(batch, [bytes]);
    return made;
  }

  make(count: number, captureMs?: (seq: number) => number): readonly HandMade[] {
    return Array.from({ length: count }, () => this.next(captureMs?.(this.seq)));
  }
}

export function pieceBytes(seq: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length).fill(seq & 0xff);
  new DataView(bytes.buffer).setUint32(0, seq);
  return bytes;
}

export function headOf(seq: number, bytes: Uint8Array, isRandomAccess = true): LiveHead {
  return {
    epoch: 1,
    seq,
    isRandomAccess,
    isDiscontinuity: false,
    isEnd: false,
    mediaMs: seq * 200,
    captureMs: Date.now(),
    length: bytes.length,
    sha256: sha256(bytes),
  };
}

/** A film that begins anew without end. */
async function* loop(film: Uint8Array, times = Number.POSITIVE_INFINITY): Ingest {
  for (let round = 0; round < times; round += 1) {
    if (round > 0) yield "break";
    yield film;
  }
}

export async function playFilm(
  party: LiveParty,
  descriptor: LiveDescriptor,
  {
    film = makeTs({ seconds: 2 }),
    signal,
    cipher,
  }: { film?: Uint8Array; signal: AbortSignal; cipher?: LiveCipher },
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "ace-live-"));
  try {
    const counter = await openLiveCounter(join(folder, "counter.json"), 1);
    const source = {
      descriptor,
      key: broadcaster,
      counter,
      swarm: party.swarm,
      clock: systemClock,
    };
    await runLiveSource(
      loop(film),
      { ...source, ...(cipher ? { cipher } : {}), aheadMs: 0 },
      signal,
    ).catch((error) => {
      if (!signal.aborted) throw error;
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export async function take(
  stream: AsyncIterable<LivePiece>,
  count: number,
): Promise<readonly LivePiece[]> {
  const pieces: LivePiece[] = [];
  for await (const piece of stream) {
    pieces.push(piece);
    if (pieces.length >= count) break;
  }
  return pieces;
}

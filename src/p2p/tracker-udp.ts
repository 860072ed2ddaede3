/**
 * Trackers over UDP.
 *
 * The socket is connected, so only the tracker's own address is heard, and each question has a random
 * number that its answer must repeat: a stranger cannot put peers into our mouth.
 *
 * Units   Bytes big-endian, as on the wire.
 * Errors  Rejects with what went wrong; the caller tries again later.
 * Source  BEP 15; its long waits of 15 s and more are left to the caller's schedule.
 */
import { randomBytes } from "node:crypto";
import { createSocket, type Socket } from "node:dgram";
import { lookup } from "node:dns/promises";
import { once } from "node:events";
import { compactPeers } from "./compact-peers.ts";
import {
  type Announce,
  type AskedTracker,
  askedAnew,
  boundedIntervalMs,
  PEERS_WANTED,
  type Scrape,
  type TrackerAnswer,
  type TrackerLink,
} from "./tracker-port.ts";
import { pinHearsay } from "./web-address.ts";

const ACTION = { connect: 0, announce: 1, scrape: 2, error: 3 } as const;
const EVENTS = { completed: 1, started: 2, stopped: 3 } as const;
const PROTOCOL_ID = 0x41727101980n;
/** A datagram may be lost: the question is put again. */
const RESEND_MS = 2_000;

export function udpTracker(tracker: AskedTracker): TrackerLink {
  return askedAnew(tracker, { announce: announceTo, scrape: scrapeOf });
}

async function announceTo(
  tracker: AskedTracker,
  announce: Announce,
  signal: AbortSignal,
): Promise<TrackerAnswer> {
  await using talk = await openTalk(tracker, signal);
  const answer = await talk.ask(ACTION.announce, announceBody(announce));
  if (answer.length < 12) throw new Error("the tracker's answer is too short");
  const peers = compactPeers(answer.subarray(12), talk.addressBytes);
  return { peers, intervalMs: boundedIntervalMs(answer.readUInt32BE(0)) };
}

async function scrapeOf(
  tracker: AskedTracker,
  infohash: string,
  signal: AbortSignal,
): Promise<Scrape> {
  await using talk = await openTalk(tracker, signal);
  const answer = await talk.ask(ACTION.scrape, Buffer.from(infohash, "hex"));
  if (answer.length < 12) throw new Error("the tracker does not know this swarm");
  return {
    seeds: answer.readUInt32BE(0),
    completed: answer.readUInt32BE(4),
    leeches: answer.readUInt32BE(8),
  };
}

function announceBody({ infohash, peerId, port, leftBytes, event }: Announce): Buffer {
  const body = Buffer.alloc(82);
  body.set(Buffer.from(infohash, "hex"), 0);
  body.set(peerId, 20);
  body.writeBigUInt64BE(BigInt(leftBytes), 48);
  body.writeUInt32BE(event === undefined ? 0 : EVENTS[event], 64);
  body.set(randomBytes(4), 72);
  body.writeInt32BE(PEERS_WANTED, 76);
  body.writeUInt16BE(port, 80);
  return body;
}

interface Talk extends AsyncDisposable {
  readonly addressBytes: 4 | 16;
  /** Resolves with what follows action and transaction in the answer. */
  ask(action: number, body: Uint8Array): Promise<Buffer>;
}

async function openTalk({ url, hearsay }: AskedTracker, signal: AbortSignal): Promise<Talk> {
  const { hostname, port } = url;
  const found =
    hearsay === undefined
      ? await lookup(hostname.replace(/^\[|\]$/g, ""))
      : await pinHearsay(url, hearsay);
  signal.throwIfAborted();
  const socket = createSocket(found.family === 6 ? "udp6" : "udp4");
  const close = async () => {
    socket.close();
  };
  try {
    socket.connect(Number(port) || 80, found.address);
    await once(socket, "connect", { signal });
    const hello = await exchange(socket, protocolHead(), Buffer.alloc(0), signal);
    const connection = Buffer.from(hello.subarray(0, 8));
    if (connection.length < 8) throw new Error("the tracker's answer is too short");
    return {
      addressBytes: found.family === 6 ? 16 : 4,
      ask: (action, body) => exchange(socket, { connection, action }, body, signal),
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

interface Head {
  readonly connection: Buffer;
  readonly action: number;
}

function protocolHead(): Head {
  const connection = Buffer.alloc(8);
  connection.writeBigUInt64BE(PROTOCOL_ID);
  return { connection, action: ACTION.connect };
}

async function exchange(
  socket: Socket,
  { connection, action }: Head,
  body: Uint8Array,
  signal: AbortSignal,
): Promise<Buffer> {
  const transaction = randomBytes(4);
  const kind = Buffer.alloc(4);
  kind.writeUInt32BE(action);
  const question = Buffer.concat([connection, kind, transaction, body]);
  const resend = setInterval(() => socket.send(question), RESEND_MS);
  try {
    socket.send(question);
    return await answerTo(socket, transaction, action, signal);
  } finally {
    clearInterval(resend);
  }
}

async function answerTo(
  socket: Socket,
  transaction: Buffer,
  action: number,
  signal: AbortSignal,
): Promise<Buffer> {
  for (;;) {
    const [message]: Buffer[] = await once(socket, "message", { signal });
    if (message === undefined || message.length < 8) continue;
    if (!message.subarray(4, 8).equals(transaction)) continue;
    const kind = message.readUInt32BE(0);
    const rest = message.subarray(8);
    if (kind === action) return rest;
    throw new Error(kind === ACTION.error ? rest.toString("latin1", 0, 200) : "a wrong answer");
  }
}

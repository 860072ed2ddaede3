/**
 * How an answer travels: as it is, or with the faults of transport that its source was told to have.
 *
 * Flow    Delay and outage come before the answer is made; what damages it comes after.
 */
import type { ServerResponse } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { concatBytes, uint32Bytes } from "../lib/bytes.ts";
import type { Devnet } from "./devnet.ts";
import type { FaultName } from "./fault-catalogue.ts";
import type { Fault } from "./faults.ts";

export interface Reply {
  readonly status: number;
  readonly type: string;
  readonly body: Uint8Array;
}

export type ServedSource = "rpc" | "lake" | "archive";

const MS_PER_SECOND = 1_000;
const MIB = 1024 * 1024;
const TOO_MANY_REQUESTS = 429;
const UNAVAILABLE = 503;
const WEB_PAGE = "<!doctype html><title>Welcome</title><p>Please enable JavaScript.";
const JUNK = "this does not belong here";

/** True when the fault answered in place of the source. */
export async function meetsOutage(
  net: Devnet,
  source: ServedSource,
  response: ServerResponse,
): Promise<boolean> {
  const take = (what: FaultName): Fault | undefined => net.faults.take(source, what);
  const delay = take("delay");
  if (delay !== undefined) await pause(delay.value * MS_PER_SECOND, undefined, { ref: false });
  if (take("down") !== undefined) {
    response.destroy();
    return true;
  }
  const busy = take("http-429");
  if (busy !== undefined) {
    response.writeHead(TOO_MANY_REQUESTS, { "retry-after": String(Math.ceil(busy.value)) }).end();
    return true;
  }
  if (take("http-503") !== undefined) {
    response.writeHead(UNAVAILABLE).end();
    return true;
  }
  if (take("html") === undefined) return false;
  response.writeHead(200, { "content-type": "text/html" }).end(WEB_PAGE);
  return true;
}

export async function send(
  net: Devnet,
  source: ServedSource | undefined,
  reply: Reply,
  response: ServerResponse,
): Promise<void> {
  const damage = source === undefined ? undefined : takeDamage(net, source, reply);
  const { status, type } = reply;
  const headers = { "content-type": type };
  const bytes = damage === undefined ? reply.body : damaged(damage, source, reply.body);
  if (damage?.what === "cut") {
    const length = { "content-length": String(reply.body.length) };
    response.writeHead(status, { ...headers, ...length }).write(bytes);
    response.destroy();
    return;
  }
  response.writeHead(status, headers);
  if (damage?.what === "drip") await drip(response, bytes, damage.value);
  if (damage?.what === "over-cap") await flood(response, damage.value);
  response.end(damage?.what === "drip" || damage?.what === "over-cap" ? undefined : bytes);
}

const DAMAGES = ["cut", "drip", "truncated", "junk", "bomb", "over-cap"] as const;

/** Only what was to be a true answer is worth damaging. */
function takeDamage(net: Devnet, source: ServedSource, reply: Reply): Fault | undefined {
  if (reply.status !== 200) return undefined;
  for (const what of DAMAGES) {
    const fault = net.faults.take(source, what);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function damaged(fault: Fault, source: ServedSource | undefined, body: Uint8Array): Uint8Array {
  const half = body.subarray(0, body.length >> 1);
  switch (fault.what) {
    case "cut":
    case "truncated":
      return half;
    case "junk":
      return concatBytes(body, Buffer.from(JUNK));
    case "bomb":
      return source === "lake" ? zstdBomb(fault.value) : gzipBomb(fault.value);
    default:
      return body;
  }
}

async function drip(response: ServerResponse, body: Uint8Array, stepMs: number): Promise<void> {
  for (const byte of body) {
    if (response.destroyed) return;
    response.write(Uint8Array.of(byte));
    await pause(stepMs, undefined, { ref: false });
  }
}

async function flood(response: ServerResponse, mebibytes: number): Promise<void> {
  const spaces = Buffer.alloc(MIB, " ");
  for (let sent = 0; sent < mebibytes && !response.destroyed; sent += 1) {
    if (response.write(spaces)) continue;
    const { promise, resolve } = Promise.withResolvers<void>();
    response.once("drain", resolve).once("close", resolve);
    await promise;
  }
}

const ZSTD_MAGIC = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd);
/** No checksum, no content size; a window of 8 MiB. */
const ZSTD_HEADER = Uint8Array.of(0, 0x68);
const ZSTD_BLOCK_BYTES = 128 * 1024;
const RLE = 1;

/** One frame of blocks that each say: this byte, 131,072 times. */
function zstdBomb(mebibytes: number): Uint8Array {
  const count = Math.max(1, (mebibytes * MIB) / ZSTD_BLOCK_BYTES);
  const blocks = Array.from({ length: count }, (_, index) => {
    const isLast = index === count - 1 ? 1 : 0;
    const header = (ZSTD_BLOCK_BYTES << 3) | (RLE << 1) | isLast;
    return Uint8Array.of(header & 0xff, (header >> 8) & 0xff, (header >> 16) & 0xff, 0);
  });
  return concatBytes(ZSTD_MAGIC, ZSTD_HEADER, ...blocks);
}

/** Members that inflate to a record longer than anything that is read. */
function gzipBomb(mebibytes: number): Uint8Array {
  const zeros = Buffer.alloc(MIB);
  const mark = gzipSync(uint32Bytes(0xff_ff_ff_ff));
  const member = gzipSync(zeros);
  return concatBytes(mark, ...Array.from({ length: Math.max(1, mebibytes) }, () => member));
}

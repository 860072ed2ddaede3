// Goal: a tracker over WebSocket holds no more of our memory than one message takes, whatever it sends.
// Method: a tracker that never stops, and servers that are none.
import { hash } from "node:crypto";
import { createServer } from "node:http";
import type { Duplex } from "node:stream";
import { expect, it } from "vitest";
import { openTracker } from "../../src/p2p/tracker-tier.ts";
import { addressOf, expectCalm, infohash, LOCALHOST } from "../support/strangers.ts";

expectCalm();

const FIN = 0x80;

function frame(opcode: number, body: Uint8Array, isLast = true): Buffer {
  const long = body.length < 126 ? [body.length] : [126, body.length >> 8, body.length & 0xff];
  return Buffer.concat([Buffer.from([(isLast ? FIN : 0) | opcode, ...long]), body]);
}

/** A head alone: its body is yet to come. */
function longHead(bytes: bigint): Buffer {
  const head = Buffer.alloc(10);
  head[0] = FIN | 1;
  head[1] = 127;
  head.writeBigUInt64BE(bytes, 2);
  return head;
}

const endless = (each: Buffer): readonly Buffer[] => Array.from({ length: 1_000 }, () => each);

function tooLong(): Buffer {
  const part = Buffer.alloc(40_000, 0x20);
  return Buffer.concat([frame(1, part, false), frame(0, part, false)]);
}

/** Answers whoever connects, then says `words` again and again, as fast as they are taken. */
async function openFlood(words: Buffer): Promise<AsyncDisposable & { readonly url: string }> {
  const sockets = new Set<Duplex>();
  const flood = Buffer.concat(
    Array.from({ length: Math.ceil(65_536 / words.length) }, () => words),
  );
  const server = createServer();
  server.on("upgrade", (request, socket) => {
    sockets.add(socket);
    const magic = `${request.headers["sec-websocket-key"] ?? ""}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
    const accept = hash("sha1", magic, "base64");
    const lines = ["HTTP/1.1 101 x", "upgrade: websocket", "connection: upgrade"];
    socket.write([...lines, `sec-websocket-accept: ${accept}`, "", ""].join("\r\n"));
    socket.on("error", () => {});
    const pour = () => {
      while (!socket.destroyed && socket.write(flood));
    };
    socket.on("drain", pour);
    pour();
  });
  await new Promise<void>((resolve) => server.listen(0, LOCALHOST, resolve));
  return {
    url: `ws://${addressOf(server.address())}/`,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const announce = {
  infohash,
  peerId: Buffer.from("-AN0100-abcdefghijkl"),
  port: 7_001,
  leftBytes: 5,
  event: undefined,
};

it.each([
  [
    "one message without an end",
    Buffer.concat([frame(1, Buffer.alloc(9), false), longHead(2n ** 40n)]),
    "breaks the rules",
  ],
  [
    "frames of one message",
    Buffer.concat([frame(1, Buffer.alloc(1), false), ...endless(frame(0, Buffer.alloc(0), false))]),
    "breaks the rules",
  ],
  ["a message too long in several frames", tooLong(), "breaks the rules"],
  ["packed messages", Buffer.from([FIN | 0x40 | 1, 0]), "breaks the rules"],
  ["bytes", frame(2, Buffer.alloc(1)), "instead of text"],
  ["messages", frame(1, Buffer.alloc(60_000, 0x20)), "too much"],
  ["tiny messages", frame(1, Buffer.from("{}")), "too much"],
  ["pings", frame(9, Buffer.alloc(125)), "too much"],
])("a tracker that pours out %s is hung up on", async (_, words, reason) => {
  await using flood = await openFlood(words);
  const tracker = openTracker(flood.url);
  for (let time = 0; time < 3; time += 1) {
    await expect(tracker.announce(announce, AbortSignal.timeout(20_000))).rejects.toThrow(
      new RegExp(reason),
    );
  }
  tracker.close();
});

it("a server that is no tracker over WebSocket is none", async () => {
  const server = createServer((_, response) => response.writeHead(302, { location: "/" }).end());
  server.on("upgrade", (request, socket) => {
    const head = "HTTP/1.1 101 x\r\nupgrade: websocket\r\nconnection: upgrade\r\n";
    if (request.url === "/wrong") socket.end(`${head}sec-websocket-accept: no\r\n\r\n`);
    else socket.end("HTTP/1.1 302 Found\r\nlocation: /\r\ncontent-length: 0\r\n\r\n");
  });
  await new Promise<void>((resolve) => server.listen(0, LOCALHOST, resolve));
  const base = `ws://${addressOf(server.address())}`;
  const asked = (path: string) =>
    openTracker(`${base}${path}`).announce(announce, AbortSignal.timeout(20_000));
  await expect(asked("/wrong")).rejects.toThrow("does not speak");
  await expect(asked("/moved")).rejects.toThrow("answered 302");
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

// Goal: a tracker over WebSocket holds no more of our memory than one message takes, whatever it sends.
// Method: frames made here, cut anywhere; then a tracker that never stops.
import { hash } from "node:crypto";
import { createServer } from "node:http";
import type { Duplex } from "node:stream";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Frame, FrameReader, maskedFrame } from "../../src/p2p/tracker-frames.ts";
import { openTracker } from "../../src/p2p/tracker-tier.ts";
import { addressOf, expectCalm, infohash, LOCALHOST, seed } from "../support/strangers.ts";

expectCalm();

const MESSAGE_MAX = 65_536;
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

function framesOf(chunks: readonly Uint8Array[]): readonly Frame[] {
  const frames: Frame[] = [];
  const reader = new FrameReader((each) => void frames.push(each));
  for (const chunk of chunks) reader.push(chunk);
  return frames;
}

function cut(bytes: Buffer, sizes: readonly number[]): readonly Buffer[] {
  const chunks: Buffer[] = [];
  let rest = bytes;
  for (const size of sizes) {
    chunks.push(rest.subarray(0, size));
    rest = rest.subarray(size);
  }
  return [...chunks, rest];
}

describe("frames", () => {
  it("are the same wherever the network cuts them", () => {
    const message = fc.record({
      texts: fc.array(fc.string({ maxLength: 300 }), { minLength: 1, maxLength: 4 }),
      pings: fc.boolean(),
    });
    const sizes = fc.array(fc.nat({ max: 200 }), { maxLength: 40 });
    fc.assert(
      fc.property(fc.array(message, { maxLength: 5 }), sizes, (messages, chunkSizes) => {
        const bytes = messages.flatMap(({ texts, pings }) =>
          texts.flatMap((text, index) => [
            frame(index === 0 ? 1 : 0, Buffer.from(text), index === texts.length - 1),
            ...(pings ? [frame(9, Buffer.from("x"))] : []),
          ]),
        );
        const read = framesOf(cut(Buffer.concat(bytes), chunkSizes));
        const texts = read.flatMap((each) => (each.kind === "text" ? [each.text] : []));
        expect(texts).toEqual(messages.map((each) => Buffer.from(each.texts.join("")).toString()));
        expect(read.length).toBe(bytes.length);
      }),
      { seed, numRuns: 300 },
    );
  });

  it("that no tracker sends end the talk at once, before their bodies are here", () => {
    const hostile = {
      "longer than a message": longHead(BigInt(MESSAGE_MAX) + 1n),
      "longer than memory": longHead(2n ** 63n),
      "too long in several": Buffer.concat([
        frame(1, Buffer.alloc(40_000), false),
        frame(0, Buffer.alloc(40_000), false),
      ]),
      "a second message in the first": Buffer.concat([
        frame(1, Buffer.alloc(1), false),
        frame(1, Buffer.alloc(1)),
      ]),
      "the end of none": frame(0, Buffer.alloc(1)),
      "a long ping": frame(9, Buffer.alloc(126)),
      "half a ping": frame(9, Buffer.alloc(1), false),
      packed: Buffer.from([FIN | 0x40 | 1, 0]),
      masked: maskedFrame(1, Buffer.from("{}")),
      bytes: frame(2, Buffer.alloc(1)),
    };
    for (const [name, bytes] of Object.entries(hostile)) {
      expect(() => framesOf([bytes]), name).toThrow();
    }
    expect(framesOf([longHead(BigInt(MESSAGE_MAX)), Buffer.alloc(MESSAGE_MAX, 0x20)])).toHaveLength(
      1,
    );
  });
});

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
    "kind|two|long",
  ],
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

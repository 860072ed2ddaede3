// Goal: a hostile tracker, over HTTP, UDP or WebSocket, throws nothing and keeps nothing: its answers are
//       numbers and addresses, or an error with a reason.
// Method: trackers of our own that answer true things with parts of them put wrong, from a seed.
import { hash } from "node:crypto";
import { createServer } from "node:http";
import { expect, it } from "vitest";
import type { Bencodable } from "../../src/p2p/bencode.ts";
import type { TrackerLink } from "../../src/p2p/tracker-port.ts";
import { openTracker } from "../../src/p2p/tracker-tier.ts";
import { mutated, type Random, seededRandom } from "../support/mutation.ts";
import {
  addressOf,
  anything,
  bind,
  distorted,
  expectCalm,
  infohash,
  infohashBytes,
  LOCALHOST,
  peerList,
  peerList6,
  scale,
  seed,
  some,
} from "../support/strangers.ts";

expectCalm();

const announce = {
  infohash,
  peerId: Buffer.from("-AN0100-abcdefghijkl"),
  port: 7_001,
  leftBytes: 5,
  event: undefined,
};
const limit = () => AbortSignal.timeout(20_000);

/** Asks again and again; answers how often it was told something. */
async function askOften(url: string, times: number): Promise<number> {
  const tracker = openTracker(url);
  let told = 0;
  for (let time = 0; time < times; time += 1) {
    const asked = time % 5 === 0 ? scrapeOf(tracker) : peersOf(tracker);
    told += await asked.then(
      () => 1,
      (error: unknown) => {
        expect(error).toBeInstanceOf(Error);
        expect(String(error)).not.toMatch(/TypeError: (?!fetch|terminated)|RangeError/);
        return 0;
      },
    );
  }
  tracker.close();
  return told;
}

const scrapeOf = async (tracker: TrackerLink) => {
  for (const count of Object.values(await tracker.scrape(infohash, limit()))) {
    expect(typeof count).toBe("number");
  }
};
const peersOf = async (tracker: TrackerLink) => {
  const { peers, intervalMs } = await tracker.announce(announce, limit());
  expect(intervalMs).toBeGreaterThanOrEqual(60_000);
  expect(intervalMs).toBeLessThanOrEqual(1_800_000);
  expect(peers.every((peer) => typeof peer === "string")).toBe(true);
};

it(`a tracker over HTTP may answer ${2_000 * scale} times what it likes`, async () => {
  const random = seededRandom(seed + 6);
  const server = createServer((_, response) => {
    const counts = new Map([
      ["complete", anything(random)],
      ["downloaded", 5],
    ]);
    const fields = new Map<string, Bencodable>([
      ["interval", some([1_800, 0, -1, 2 ** 53 - 1], random)],
      [
        "peers",
        random(2) === 0
          ? peerList(random)
          : [
              new Map([
                ["ip", "8.8.8.8"],
                ["port", anything(random)],
              ]),
            ],
      ],
      ["peers6", peerList6(random)],
      ["files", new Map([["f", counts]])],
      ...(random(6) === 0 ? ([["failure reason", anything(random)]] as const) : []),
    ]);
    response.writeHead(some([200, 200, 404, 500], random));
    response.end(distorted(fields, random));
  });
  await new Promise<void>((resolve) => server.listen(0, LOCALHOST, resolve));
  const url = `http://${addressOf(server.address())}/announce`;
  expect(await askOften(url, 2_000 * scale)).toBeGreaterThan(100);
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

it(`a tracker over UDP may answer ${2_000 * scale} times what it likes`, async () => {
  const random = seededRandom(seed + 7);
  const socket = await bind();
  socket.on("message", (question, from) => {
    const action = question.readUInt32BE(8);
    const head = Buffer.concat([question.subarray(8, 12), question.subarray(12, 16)]);
    const body = action === 0 ? Buffer.alloc(8, 3) : Buffer.alloc(random(200), random(256));
    const answer = Buffer.concat([head, body]);
    // What is no answer at all is waited out: seldom, and an error besides.
    const isSpoilt = random(3) === 0;
    if (isSpoilt) socket.send(mutated(answer, random), from.port, from.address);
    const refusal = Buffer.concat([Buffer.from([0, 0, 0, 3]), head.subarray(4), body]);
    socket.send(random(5) === 0 ? refusal : answer, from.port, from.address);
  });
  const url = `udp://${addressOf(socket.address())}`;
  expect(await askOften(url, 1_000 * scale)).toBeGreaterThan(100);
  socket.close();
});

it(`a tracker over WebSocket may say ${1_000 * scale} times what it likes`, async () => {
  const random = seededRandom(seed + 8);
  const server = createServer();
  using parts = new DisposableStack();
  server.on("upgrade", (request, socket) => {
    parts.defer(() => socket.destroy());
    const magic = `${request.headers["sec-websocket-key"] ?? ""}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
    const accept = hash("sha1", magic, "base64");
    const lines = ["HTTP/1.1 101 x", "upgrade: websocket", "connection: upgrade"];
    socket.write([...lines, `sec-websocket-accept: ${accept}`, "", ""].join("\r\n"));
    socket.on("error", () => {});
    socket.on("data", () => {
      // Some of what is true and some of what is not, and in the end an answer.
      for (let count = 0; count < 2; count += 1) socket.write(textFrame(spokenTo(random)));
      const action = ["announce", "scrape"];
      for (const each of action) socket.write(textFrame(JSON.stringify({ action: each })));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, LOCALHOST, resolve));
  expect(await askOften(`ws://${addressOf(server.address())}`, 500 * scale)).toBeGreaterThan(100);
  parts.dispose();
  await new Promise((resolve) => server.close(resolve));
});
function textFrame(text: string): Buffer {
  const body = Buffer.from(text);
  const head = Buffer.alloc(4);
  head[0] = 0x81;
  head[1] = 126;
  head.writeUInt16BE(body.length, 2);
  return Buffer.concat([head, body]);
}

/** JSON that a tracker could say, with kinds in the place of others. */
function spokenTo(random: Random): string {
  const odd = () =>
    some([0, -1, null, "x", [], {}, 1e308, "\u0000", { __proto__: 1 }, true, "announce"], random);
  const name = infohashBytes.toString("latin1");
  const said = {
    action: random(3) === 0 ? odd() : some(["announce", "scrape"], random),
    info_hash: random(3) === 0 ? odd() : name,
    interval: random(2) === 0 ? odd() : 120,
    ...(random(3) === 0 ? { "failure reason": odd() } : {}),
    ...(random(4) === 0 ? { offer: odd(), offer_id: odd() } : {}),
    files: random(3) === 0 ? odd() : { [name]: random(2) === 0 ? odd() : { complete: odd() } },
  };
  const text = JSON.stringify(said);
  return random(5) === 0 ? text.slice(0, random(text.length)) : text;
}

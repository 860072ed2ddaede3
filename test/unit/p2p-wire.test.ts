// Goal: what a peer says is understood however it is cut, and what it may not say ends the wire.
// Method: the guarded protocol by itself, fed with messages byte for byte and of every wrong length.
import { describe, expect, it } from "vitest";
import { FRAME_MAX_BYTES } from "../../src/p2p/limits.ts";
import { Ear, frame, handshake, numbers } from "../support/wire-talk.ts";

const BLOCK_BYTES = 16_384;
const block = Buffer.alloc(BLOCK_BYTES, 7);
const talk = Buffer.concat([
  handshake(),
  frame(1),
  frame(2),
  frame(20, Buffer.concat([Buffer.from([0]), Buffer.from("d1:md8:ace_gatei3eee")])),
  frame(4, numbers(3)),
  numbers(0),
  frame(7, Buffer.concat([numbers(0, 0), block])),
  frame(7, Buffer.concat([numbers(0, BLOCK_BYTES), block])),
  frame(6, numbers(2, 0, BLOCK_BYTES)),
]);

function heard(chunks: readonly Uint8Array[]): Ear {
  const ear = new Ear();
  ear.protocol.on("unchoke", () => {
    for (const offset of [0, BLOCK_BYTES]) ear.ask(0, offset);
  });
  for (const chunk of chunks) ear.hear(chunk);
  ear.end();
  return ear;
}

describe("a wire", () => {
  it.each([1, 2, 3, 5, 67, 1_000, 16_397, 16_399, 1_000_000])(
    "understands what comes in parts of %i bytes",
    (size) => {
      const chunks = Array.from({ length: Math.ceil(talk.length / size) }, (_, place) =>
        talk.subarray(place * size, (place + 1) * size),
      );
      const ear = heard(chunks);
      expect(ear.faults).toEqual([]);
      expect(ear).toMatchObject({ gotBytes: 2 * BLOCK_BYTES, servedBytes: BLOCK_BYTES });
      expect(ear.extensions).toBe(1);
      expect(ear.protocol.peerHas?.has(3) ?? true).toBe(true);
    },
  );

  it("gives the bytes of a block as they were sent, though its parts came in one buffer", () => {
    const shared = new Uint8Array(1_000);
    const ear = new Ear();
    const got: Buffer[] = [];
    ear.protocol.on("unchoke", () => {
      ear.protocol.request(0, 0, BLOCK_BYTES, (_error, bytes) =>
        got.push(Buffer.from(bytes ?? [])),
      );
    });
    const sent = Buffer.from(Array.from({ length: BLOCK_BYTES }, (_, place) => place % 251));
    const said = Buffer.concat([
      handshake(),
      frame(1),
      frame(7, Buffer.concat([numbers(0, 0), sent])),
    ]);
    for (let at = 0; at < said.length; at += shared.length) {
      const part = said.subarray(at, at + shared.length);
      shared.set(part);
      ear.hear(shared.subarray(0, part.length));
    }
    ear.end();
    expect(got.map((bytes) => bytes.equals(sent))).toEqual([true]);
  });
});

describe("a wire closes", () => {
  /** What each message has behind its id; those that vary have a least length. */
  const bodies: Readonly<Record<number, number>> = {
    0: 0,
    1: 0,
    2: 0,
    3: 0,
    4: 4,
    6: 12,
    8: 12,
    9: 2,
    13: 4,
    14: 0,
    15: 0,
    16: 12,
    17: 4,
  };

  it("on every message of a wrong length, up to the longest frame", () => {
    const lengths = [...Array(64).keys(), 255, 256, 4_096, 16_384, 16_397, FRAME_MAX_BYTES - 1];
    let refused = 0;
    for (const [id, right] of Object.entries(bodies)) {
      for (const length of lengths.filter((each) => each !== right)) {
        const ear = new Ear();
        ear.hear(handshake());
        ear.hear(frame(Number(id), new Uint8Array(length)));
        ear.end();
        expect(ear.faults, `message ${id} of ${length} bytes`).toEqual(["FRAME_MALFORMED"]);
        refused += 1;
      }
    }
    expect(refused).toBeGreaterThan(800);
  });

  it.each([
    ["a bitfield for another number of pieces", frame(5, new Uint8Array(4))],
    ["a bitfield with a spare bit", frame(5, new Uint8Array(6).fill(255))],
    ["a block without its place", frame(7, new Uint8Array(7))],
    ["an extension message without its number", frame(20)],
    ["a frame that is longer than any", numbers(FRAME_MAX_BYTES + 1)],
    ["a length that is negative", numbers(-1)],
    ["a piece that is not there", frame(4, numbers(0xffff_ffff))],
    ["another handshake", handshake()],
  ])("on %s", (_what, bytes) => {
    const ear = new Ear();
    ear.hear(handshake());
    ear.hear(bytes);
    ear.end();
    expect(ear.faults).toHaveLength(1);
  });

  it.each([13, 14, 15, 16, 17])("on message %i from a peer without the fast extension", (id) => {
    const ear = new Ear();
    ear.hear(handshake(false));
    ear.hear(frame(id, new Uint8Array(bodies[id] ?? 0)));
    ear.end();
    expect(ear.faults).toEqual(["FRAME_MALFORMED"]);
  });

  it("says nothing about messages that it does not know, of any length", () => {
    const ear = new Ear();
    ear.hear(handshake());
    for (const id of [10, 11, 12, 18, 19, 21, 100, 255]) {
      for (const length of [0, 1, 12, 5_000]) ear.hear(frame(id, new Uint8Array(length)));
    }
    ear.end();
    expect(ear.faults).toEqual([]);
  });
});

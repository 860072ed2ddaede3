// Goal: when nine of ten peers of a live stream are made up by one attacker, a viewer goes on, every piece the
//       broadcaster's.
// Method: one source, and nodes that were given its true heads and forge what they promise, give nothing of
//         what they announce, or keep heads and pieces to themselves, over real sockets.
import { expect, it } from "vitest";
import { descriptorOf, type HandMade, HandSource, joinLive, pieceBytes, take } from "./live-kit.ts";
import { soon } from "./p2p-kit.ts";

const PIECES = 20;
const EACH = 3;
const PIECE_MS = 60;

type Lie = (made: HandMade) => readonly Uint8Array[] | undefined;

const lies: readonly (readonly [string, Lie])[] = [
  ["forging", ({ bytes }) => [bytes.map((byte) => byte ^ 1)]],
  ["announcing and giving nothing", () => [new Uint8Array()]],
  ["withholding heads and pieces", () => undefined],
];

it("a live stream plays on among nine sybils of ten", async () => {
  const descriptor = descriptorOf("sybils");
  await using parts = new AsyncDisposableStack();
  const source = parts.use(await joinLive({ descriptor, role: "source" }));
  const sybils: { readonly address: string; readonly tell: (made: HandMade) => void }[] = [];
  for (const [, lie] of lies) {
    for (let number = 0; number < EACH; number += 1) {
      const { swarm, address } = parts.use(await joinLive({ descriptor, role: "source" }));
      const tell = (made: HandMade) => {
        const pieces = lie(made);
        if (pieces !== undefined) swarm.publish(made.batch, pieces);
      };
      sybils.push({ address, tell });
    }
  }
  const peers = [...sybils.map(({ address }) => address), source.address];
  const viewer = parts.use(await joinLive({ descriptor, role: "viewer", peers }));
  const hand = new HandSource(descriptor);
  const timer = setInterval(() => {
    for (const made of hand.publish(source.swarm, 1)) for (const { tell } of sybils) tell(made);
  }, PIECE_MS);
  parts.defer(() => clearInterval(timer));
  const seen = await take(viewer.swarm.pieces({ behindMs: 0 }, soon()), PIECES);
  const isTrue = ({ seq, bytes }: (typeof seen)[number]) =>
    Buffer.compare(bytes, pieceBytes(seq, bytes.length)) === 0;
  expect(seen).toHaveLength(PIECES);
  expect(seen.every(isTrue)).toBe(true);
  const liars = new Set(sybils.map(({ address }) => `address ${address}`));
  for (const { peer } of viewer.log.bans()) expect(liars).toContain(peer);
});

// Goal: whoever adds up what is told has every byte once, whenever it was counted and told.
import fc from "fast-check";
import { expect, it } from "vitest";
import { type TokenUse, UsageBook } from "../../src/access/usage-book.ts";

const AUD = `btih:${"ab".repeat(20)}`;
const grant = (jti: string, expiresAtS: number) => ({
  jti,
  account: "viewer",
  deviceKey: "device",
  expiresAtS,
});

it("counts payload by token, and tells of each once when it has ended and its wires have closed", () => {
  const told: TokenUse[] = [];
  const book = new UsageBook((use) => told.push(use));
  book.onPayload({ grant: grant("one", 100), aud: AUD, bytes: 16_384 });
  book.onPayload({ grant: grant("one", 100), aud: AUD, bytes: 1_000 });
  book.onPayload({ grant: grant("two", 200), aud: AUD, bytes: 5 });
  expect([book.bytesOf("one"), book.bytesOf("two"), book.bytesOf("three")]).toEqual([17_384, 5, 0]);
  book.closeEnded(100);
  // A wire is closed with the next second, and only then is its last block counted.
  book.onPayload({ grant: grant("one", 100), aud: AUD, bytes: 100 });
  book.closeEnded(109);
  expect(told).toEqual([]);
  book.closeEnded(110);
  book.closeEnded(150);
  expect(told).toEqual([{ ...grant("one", 100), aud: AUD, part: 1, bytes: 17_484 }]);
  expect(book.bytesOf("one")).toBe(0);
  book.onPayload({ grant: grant("one", 100), aud: AUD, bytes: 0 });
  book.onPayload({ grant: grant("", Number.POSITIVE_INFINITY), aud: AUD, bytes: 9 });
  book.closeAll();
  expect(told.slice(1)).toEqual([{ ...grant("two", 200), aud: AUD, part: 1, bytes: 5 }]);
});

it("tells of a web seed's late bytes as a part of their own", () => {
  const told: TokenUse[] = [];
  const book = new UsageBook((use) => told.push(use));
  for (const atS of [200, 300, 400]) {
    book.onPayload({ grant: grant("one", 100), aud: AUD, bytes: atS });
    book.closeEnded(atS);
  }
  expect(told.map(({ part, bytes }) => [part, bytes])).toEqual([
    [1, 200],
    [2, 300],
    [3, 400],
  ]);
});

it("tells early of those that sent nothing for longest when there are too many", () => {
  const told: TokenUse[] = [];
  const book = new UsageBook((use) => told.push(use));
  book.onPayload({ grant: grant("busy", 100), aud: AUD, bytes: 1 });
  for (let number = 0; number < 50_000; number += 1) {
    book.onPayload({ grant: grant(`idle ${number}`, 100), aud: AUD, bytes: 2 });
    if (number === 49_998) book.onPayload({ grant: grant("busy", 100), aud: AUD, bytes: 1 });
  }
  expect(told.map(({ jti, bytes }) => [jti, bytes])).toEqual([["idle 0", 2]]);
  book.onPayload({ grant: grant("idle 0", 100), aud: AUD, bytes: 7 });
  book.closeAll();
  expect(
    told.filter(({ jti }) => jti === "idle 0").map(({ part, bytes }) => [part, bytes]),
  ).toEqual([
    [1, 2],
    [2, 7],
  ]);
});

const steps = fc.array(
  fc.oneof(
    fc.record({ token: fc.nat({ max: 3 }), bytes: fc.nat({ max: 100 }) }),
    fc.record({ atS: fc.nat({ max: 60 }) }),
  ),
  { maxLength: 60 },
);

it("tells every byte in one part, and no number of a token twice, in whatever order things happen", () => {
  fc.assert(
    fc.property(steps, (list) => {
      const told: TokenUse[] = [];
      const sent = [0, 0, 0, 0];
      const book = new UsageBook((use) => told.push(use));
      for (const step of list) {
        if ("atS" in step) {
          book.closeEnded(step.atS);
          continue;
        }
        const { token, bytes } = step;
        sent[token] = (sent[token] ?? 0) + bytes;
        book.onPayload({ grant: grant(`${token}`, 10 * token), aud: AUD, bytes });
      }
      book.closeAll();
      const added = sent.map((_, token) =>
        told.filter(({ jti }) => jti === `${token}`).reduce((sum, { bytes }) => sum + bytes, 0),
      );
      expect(added).toEqual(sent);
      expect(new Set(told.map(({ jti, part }) => `${jti}/${part}`)).size).toBe(told.length);
    }),
  );
});

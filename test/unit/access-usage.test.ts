import { expect, it } from "vitest";
import { type TokenUse, UsageBook } from "../../src/access/usage-book.ts";

const AUD = `btih:${"ab".repeat(20)}`;
const grant = (jti: string, expiresAtS: number) => ({
  jti,
  account: "viewer",
  deviceKey: "device",
  expiresAtS,
});

it("counts payload by token, and tells of each once when it has ended", () => {
  const told: TokenUse[] = [];
  const book = new UsageBook((use) => told.push(use));
  book.onPayload({ grant: grant("one", 100), aud: AUD, bytes: 16_384 });
  book.onPayload({ grant: grant("one", 100), aud: AUD, bytes: 1_000 });
  book.onPayload({ grant: grant("two", 200), aud: AUD, bytes: 5 });
  expect([book.bytesOf("one"), book.bytesOf("two"), book.bytesOf("three")]).toEqual([17_384, 5, 0]);
  book.closeEnded(99);
  expect(told).toEqual([]);
  book.closeEnded(100);
  book.closeEnded(150);
  expect(told).toEqual([{ ...grant("one", 100), aud: AUD, bytes: 17_384 }]);
  expect(book.bytesOf("one")).toBe(0);
});

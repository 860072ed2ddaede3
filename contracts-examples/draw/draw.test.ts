import { expectFail, type TestContract, TestNetwork } from "ace-node/contract-testing";
import { afterAll, beforeAll, expect, it } from "vitest";

const STAKE = 1_000n;
const HOUR_S = 3_600n;
const network = await TestNetwork.open(import.meta);
const [ann, ben, cy] = [network.account("ann"), network.account("ben"), network.account("cy")];
/** Secrets of 32 bytes; a player's would be random. The second line is what `sha256sum` makes of them. */
const secrets = ["11".repeat(32), "22".repeat(32), "33".repeat(32)] as const;
const hashes = [
  "02d449a31fbb267c8f352e9968a79e3e5fc95c1bbeaa502fd6454ebde5a4bedc",
  "9f72ea0cf49536e3c66c787f705186df9a4378083753ae9536d65b3ad7fcddc4",
  "deb0e38ced1e41de6f92e70e80c418d2d356afaaa99e26f5939dbc7d3ef4772a",
] as const;
let draw: TestContract<typeof import("./draw.ts")>;

beforeAll(async () => {
  draw = await network.deploy("draw.ts", { from: ann, args: [STAKE, HOUR_S, HOUR_S] });
});
afterAll(() => network.close());

it("takes one stake and one commitment of each, and no copy of another's", async () => {
  await expectFail("DRAW_STAKE", draw.as(ann).call("enter", [hashes[0]], { pay: STAKE - 1n }));
  await draw.as(ann).call("enter", [hashes[0]], { pay: STAKE });
  await expectFail("DRAW_TWICE", draw.as(ben).call("enter", [hashes[0]], { pay: STAKE }));
  await draw.as(ben).call("enter", [hashes[1]], { pay: STAKE });
  await draw.as(cy).call("enter", [hashes[2]], { pay: STAKE });
});

it("hears no secret before the last may enter, and no wrong one after", async () => {
  await expectFail("DRAW_EARLY", draw.as(ann).call("reveal", [secrets[0]]));
  await network.advance({ seconds: HOUR_S });
  await expectFail("DRAW_LATE", draw.as(ann).call("enter", [hashes[0]], { pay: STAKE }));
  await expectFail("DRAW_SECRET", draw.as(ann).call("reveal", [secrets[1]]));
});

it("pays all stakes to one of those who told their secret, once", async () => {
  await draw.as(ann).call("reveal", [secrets[0]]);
  await draw.as(ben).call("reveal", [secrets[1]]);
  await expectFail("DRAW_SECRET", draw.as(ann).call("reveal", [secrets[0]]));
  await network.advance({ seconds: HOUR_S });
  const { result, payments } = await draw.as(cy).call("settle");
  expect([ann, ben]).toContain(result);
  expect(payments).toEqual([{ to: result, asset: "XLM", amount: 3n * STAKE }]);
  await expectFail("DRAW_OVER", draw.as(cy).call("settle"));
});

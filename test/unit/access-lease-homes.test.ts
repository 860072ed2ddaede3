// Goal: what was ended stays ended, whoever hears of it when, and who signed a token counts it.
// Method: test/support/lease-world.ts, one story each; the account's plays are counted at 0, then 1, then 2.
import { afterAll, beforeEach, expect, it } from "vitest";
import type { Lease } from "../../src/access/lease.ts";
import { revocationOf } from "../../src/access/revocation.ts";
import { closeWorlds, World } from "../support/lease-world.ts";
import { codeOf } from "../support/node-kit.ts";

const ORDER = [0, 1, 2];
const [HOME, NEXT, LAST] = ORDER;
if (HOME === undefined || NEXT === undefined || LAST === undefined) throw new Error("three");
const TOGETHER = [0, 0, 0];
const HOME_ALONE = [0, 1, 1];
let world: World;

afterAll(closeWorlds);
beforeEach(async () => {
  world = new World(3, { limit: 1, evict: "refuse" }, ORDER);
  await world.settle();
});

const take = (place: number, device: number) =>
  world.at(place).take(world.playOf(device), world.times());
const renew = (place: number, device: number, { id }: Lease, signer: number) => {
  const account = world.issuers[signer]?.account ?? "";
  return world.at(place).renew(id, world.playOf(device), world.times(), account);
};
const cut = async (sides: readonly number[]) => {
  world.sides = sides;
  await world.settle();
};
const playing = async (place: number) =>
  (await world.at(place).playing(world.account, world.nowS)).map(({ id }) => id);

it("counts what an issuer has signed on its side, when the home that counted it is cut off", async () => {
  const lease = await take(LAST, 1);
  await cut(HOME_ALONE);
  expect(await playing(NEXT)).toEqual([lease.id]);
  expect(await codeOf(() => take(NEXT, 2))).toBe("LEASE_FULL");
  expect(await codeOf(() => take(LAST, 2))).toBe("LEASE_FULL");
});

it("does not let a play back in that was stopped while its issuer was cut off", async () => {
  const lease = await take(LAST, 1);
  await cut(HOME_ALONE);
  await world.at(HOME).stop(lease.id, world.account);
  world.sides = TOGETHER;
  // Before its issuer has read the home's list.
  for (const place of [NEXT, LAST]) await world.at(place).meet(world.issuers[HOME]?.account ?? "");
  expect(await playing(HOME)).toEqual([]);
  expect(await playing(LAST)).toEqual([]);
  expect(world.issuers[LAST]?.hasEnded(lease.id)).toBe(true);
});

it("refuses the renewal of a play that was stopped, though its issuer has not heard of it", async () => {
  const lease = await take(LAST, 1);
  await world.at(HOME).stop(lease.id, world.account);
  for (const place of [HOME, NEXT, LAST]) {
    expect(await codeOf(() => renew(place, 1, lease, LAST))).toBe("LEASE_LOST");
  }
  expect(world.issuers[LAST]?.hasEnded(lease.id)).toBe(true);
});

it("ends no play on the word of an issuer that comes later", async () => {
  const lease = await take(NEXT, 1);
  const until = { contract: lease.contract.toString(), untilS: lease.untilS };
  world.issuers[LAST]?.list.push(revocationOf("lse", lease.id, until));
  await world.settle();
  for (const place of ORDER) expect(await playing(place)).toEqual([lease.id]);
  expect(world.issuers[NEXT]?.hasEnded(lease.id)).toBe(false);
  world.issuers[HOME]?.list.push(revocationOf("lse", lease.id, until));
  await world.settle();
  expect(world.issuers[NEXT]?.hasEnded(lease.id)).toBe(true);
});

it("asks a home that has not answered no more until it has been met", async () => {
  world.sides = HOME_ALONE;
  const lease = await take(LAST, 1);
  expect(world.at(LAST).up).not.toContain(world.issuers[HOME]?.account);
  world.sides = TOGETHER;
  expect(await playing(HOME)).toEqual([]);
  expect(await playing(LAST)).toEqual([lease.id]);
  await world.settle();
  expect(await playing(HOME)).toEqual([lease.id]);
});

it("ends at once what the home does not let stand, without waiting for its list", async () => {
  world.sides = HOME_ALONE;
  const older = await take(LAST, 1);
  world.pass(5);
  const newer = await take(HOME, 2);
  world.sides = TOGETHER;
  await world.at(NEXT).meet(world.issuers[HOME]?.account ?? "");
  await world.at(LAST).meet(world.issuers[HOME]?.account ?? "");
  expect(await playing(HOME)).toEqual([newer.id]);
  expect(world.issuers[LAST]?.hasEnded(older.id)).toBe(true);
});

it("brings the home what was counted for an issuer that alone did not hear it", async () => {
  const ask = { kind: "take", play: world.playOf(1), untilS: world.times().untilS } as const;
  const from = world.issuers[LAST]?.account ?? "";
  const answer = await world.at(NEXT).serve({ from, ask, atMs: world.nowMs() });
  await world.at(NEXT).meet(world.issuers[HOME]?.account ?? "");
  expect(answer.kind).toBe("leased");
  expect(await codeOf(() => take(HOME, 2))).toBe("LEASE_FULL");
});

it("brings the home what an issuer has brought that alone did not hear it", async () => {
  const play = world.playOf(1);
  const brought = { id: "brought", ...play, startedAtS: world.nowS, untilS: world.times().untilS };
  const ask = { kind: "merge" as const, leases: [brought] };
  const from = world.issuers[LAST]?.account ?? "";
  await world.at(NEXT).serve({ from, ask, atMs: world.nowMs() });
  await world.at(NEXT).meet(world.issuers[HOME]?.account ?? "");
  expect(await playing(HOME)).toEqual([brought.id]);
});

it.each([0, 2])(
  "ends no play for its own ask, which the home heard %i s after its asker went on",
  async (lateS) => {
    const ask = { kind: "take", play: world.playOf(1), untilS: world.times().untilS } as const;
    const from = world.issuers[LAST]?.account ?? "";
    const atMs = world.nowMs();
    world.sides = HOME_ALONE;
    const given: Lease[] = [];
    for (let more = 0; more < 4; more += 1) {
      const lease = await take(LAST, 1);
      given.push(lease);
      world.pass(lateS);
      await world.at(HOME).serve({ from, ask, atMs });
      world.sides = TOGETHER;
      await world.at(LAST).meet(world.issuers[HOME]?.account ?? "");
      expect(await playing(HOME)).toEqual([lease.id]);
      await world.at(LAST).stop(lease.id, world.account);
      world.at(LAST).lose(world.issuers[HOME]?.account ?? "", "NODE_UNREACHABLE");
      world.sides = HOME_ALONE;
    }
    expect(new Set(given.map(({ id }) => id)).size).toBe(given.length);
  },
);

// Goal: however plays, renewals, stops, cuts, lost answers and restarts fall over several issuers, no more
//       devices play than the licence says: times the sides while issuers are cut apart, and once healed
//       no more than the licence says.
// Method: commands against test/support/lease-world.ts, in which the network is cut into sides, answers are
//         lost and issuers begin anew. The model is what viewers hold.
import fc from "fast-check";
import { afterAll, expect, it } from "vitest";
import type { Lease } from "../../src/access/lease.ts";
import { isAceError } from "../../src/lib/errors.ts";
import { closeWorlds, ISSUERS, type Issuer, met, World } from "../support/lease-world.ts";

const SEED = Number(process.env["ACE_SEED"] ?? "20261124");
const RUNS = Number(process.env["ACE_LEASE_RUNS"] ?? "60");
afterAll(closeWorlds);

/** Among issuers that are right about who answers, and have read each other's lists. */
function expectWithin(world: World): void {
  if (!world.isSettled) return;
  world.spread();
  const sides = new Set(world.sides).size;
  expect(world.live()).toBeLessThanOrEqual(world.limit * sides);
}

type Model = Record<string, never>;
type Step = fc.AsyncCommand<Model, World>;

/** What one device does at one issuer. */
abstract class Deed implements Step {
  readonly at: number;
  readonly device: number;
  constructor(at: number, device: number) {
    this.at = at;
    this.device = device;
  }
  check = () => true;
  async run(_model: Model, world: World): Promise<void> {
    const issuer = world.issuers[this.at % world.issuers.length];
    if (issuer === undefined) return;
    try {
      await this.act(issuer, world);
    } catch (error) {
      if (isAceError(error, "LEASE_FULL")) met.refused += 1;
      else if (isAceError(error, "LEASE_LOST")) met.lost += 1;
      else throw error;
    }
    expectWithin(world);
  }
  abstract act(issuer: Issuer, world: World): Promise<void>;
  hold(world: World, issuer: Issuer, { id, untilS }: Lease): void {
    world.playing.set(this.device, { id, signer: issuer.place, untilS });
  }
  toString = () => `${this.constructor.name}(${this.at}, ${this.device})`;
}

class Take extends Deed {
  override async act(issuer: Issuer, world: World): Promise<void> {
    this.hold(world, issuer, await issuer.homes.take(world.playOf(this.device), world.times()));
    if (world.isSettled)
      expect(issuer.hasEnded(world.playing.get(this.device)?.id ?? "")).toBe(false);
  }
}

class Renew extends Deed {
  override async act(issuer: Issuer, world: World): Promise<void> {
    const held = world.playing.get(this.device);
    const signer = world.issuers[held?.signer ?? 0];
    // A token that its issuer has taken back is refused before anybody asks for its lease.
    if (held === undefined || signer === undefined) return;
    if (issuer.hasEnded(held.id, signer.account) || held.untilS <= world.nowS) return;
    const play = world.playOf(this.device);
    const lease = await issuer.homes.renew(held.id, play, world.times(), signer.account);
    expect(lease.id).toBe(held.id);
    this.hold(world, issuer, lease);
  }
}

class Stop extends Deed {
  override async act(issuer: Issuer, world: World): Promise<void> {
    const held = world.playing.get(this.device);
    if (held !== undefined) await issuer.homes.stop(held.id, world.account);
  }
}

class LoseAnswer extends Deed {
  override async act(issuer: Issuer, world: World): Promise<void> {
    world.losesAnswers.add(issuer.place);
    world.isSettled = false;
  }
}

class Restart extends Deed {
  override async act(issuer: Issuer, world: World): Promise<void> {
    issuer.restart();
    world.isSettled = false;
  }
}

class Cut implements Step {
  readonly sides: readonly number[];
  constructor(sides: readonly number[]) {
    this.sides = sides;
  }
  check = () => true;
  async run(_model: Model, world: World): Promise<void> {
    world.sides = world.issuers.map((_, place) => this.sides[place] ?? 0);
    world.isSettled = false;
  }
  toString = () => `Cut(${this.sides.join()})`;
}

class Settle implements Step {
  check = () => true;
  async run(_model: Model, world: World): Promise<void> {
    world.losesAnswers.clear();
    await world.settle();
    expectWithin(world);
  }
  toString = () => "Settle";
}

class Wait implements Step {
  readonly waitS: number;
  constructor(waitS: number) {
    this.waitS = waitS;
  }
  check = () => true;
  async run(_model: Model, world: World): Promise<void> {
    world.pass(this.waitS);
    expectWithin(world);
  }
  toString = () => `Wait(${this.waitS})`;
}

const DEVICES = 4;
const at = fc.nat({ max: ISSUERS - 1 });
const device = fc.nat({ max: DEVICES - 1 });
const place = fc.tuple(at, device);
const steps = fc.commands<Model, World, boolean>(
  [
    place.map((one) => new Take(...one)),
    place.map((one) => new Take(...one)),
    place.map((one) => new Renew(...one)),
    place.map((one) => new Renew(...one)),
    place.map((one) => new Stop(...one)),
    fc.constant(new Settle()),
    fc.constant(new Settle()),
    fc.tuple(at, at, at).map((sides) => new Cut(sides)),
    fc.constant(new Cut([0, 0, 0])),
    fc.integer({ min: 5, max: 50 }).map((waitS) => new Wait(waitS)),
    place.map((one) => new LoseAnswer(...one)),
    place.map((one) => new Restart(...one)),
  ],
  { maxCommands: 60, size: "max" },
);

it("live leases of several issuers stay within the licence on each side, and in all once they are healed", async () => {
  await fc.assert(
    fc.asyncProperty(
      steps,
      fc.integer({ min: 2, max: ISSUERS }),
      fc.integer({ min: 1, max: 2 }),
      fc.constantFrom("oldest" as const, "refuse" as const),
      async (commands, count, limit, evict) => {
        const world = new World(count, { limit, evict });
        await world.settle();
        await fc.asyncModelRun(() => ({ model: {}, real: world }), commands);
        world.sides = world.issuers.map(() => 0);
        world.losesAnswers.clear();
        await world.settle();
        expectWithin(world);
      },
    ),
    { numRuns: RUNS, seed: SEED },
  );
  // The property is not held by issuers among whom nothing ever happens.
  for (const count of Object.values(met)) expect(count).toBeGreaterThan(0);
});

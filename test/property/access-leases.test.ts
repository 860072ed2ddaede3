// Goal: no order of plays, renewals, stops, evictions, lapses and restarts lets more devices play at once
//       than the licence says.
// Method: commands against the desk over the outbox on a real disk. The model is a viewer's own view: who
//         was told that it plays, until when, and who was told that it does not any more.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, expect, it } from "vitest";
import { LeaseDesk, type Play } from "../../src/access/lease.ts";
import { isAceError } from "../../src/lib/errors.ts";
import { type Outbox, openOutbox } from "../../src/store/outbox.ts";

const SEED = Number(process.env["ACE_SEED"] ?? "20261123");
const START_S = 1_900_000_000;
const LIFE_S = 60;
const folder = mkdtempSync(join(tmpdir(), "ace-leases-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Playing {
  readonly id: string;
  untilS: number;
}

interface Model {
  nowS: number;
  /** By device and content. */
  readonly playing: Map<string, Playing>;
  evictions: number;
  refusals: number;
  losses: number;
  brought: number;
}

class World {
  readonly account: string;
  readonly limit: number;
  readonly evict: "oldest" | "refuse";
  outbox: Outbox;
  desk: LeaseDesk;

  constructor(account: string, limit: number, evict: "oldest" | "refuse") {
    this.account = account;
    this.limit = limit;
    this.evict = evict;
    this.outbox = openOutbox(folder);
    this.desk = new LeaseDesk(this.outbox);
  }

  reopen(): void {
    this.outbox[Symbol.dispose]();
    this.outbox = openOutbox(folder);
    this.desk = new LeaseDesk(this.outbox);
  }

  play(device: number, content: number): Play {
    return {
      contract: 412n,
      account: this.account,
      deviceKey: `device ${device}`,
      content: `content ${content}`,
      limit: BigInt(this.limit),
      evict: this.evict,
    };
  }
}

const nameOf = (device: number, content: number) => `${device} ${content}`;
const timesOf = ({ nowS }: Model) => ({ nowS, untilS: nowS + LIFE_S });

function codeOf(work: () => void): string {
  try {
    work();
    return "";
  } catch (error) {
    return isAceError(error) ? error.code : String(error);
  }
}

/** After every step, on disk and as the viewers were told. */
function expectWithin(model: Model, world: World): void {
  const told = [...model.playing.values()].filter(({ untilS }) => untilS > model.nowS);
  expect(told.length).toBeLessThanOrEqual(world.limit);
  const live = world.desk.playing(world.account, model.nowS);
  expect(live.map(({ id }) => id).sort()).toEqual(told.map(({ id }) => id).sort());
}

type Step = fc.Command<Model, World>;

/** What one device does with one content. */
class Place {
  readonly device: number;
  readonly content: number;
  constructor(device: number, content: number) {
    this.device = device;
    this.content = content;
  }
}

class Take extends Place implements Step {
  check = () => true;
  run(model: Model, world: World): void {
    const times = timesOf(model);
    const code = codeOf(() => {
      const { lease, evicted } = world.desk.take(world.play(this.device, this.content), times);
      for (const { id } of evicted) {
        model.evictions += 1;
        for (const [name, held] of model.playing) if (held.id === id) model.playing.delete(name);
      }
      model.playing.set(nameOf(this.device, this.content), { id: lease.id, untilS: lease.untilS });
    });
    if (code === "LEASE_FULL") model.refusals += 1;
    else expect(code).toBe("");
    if (world.evict === "oldest") expect(code).toBe("");
    expectWithin(model, world);
  }
  override toString = () => `take(${this.device}, ${this.content})`;
}

class Renew extends Place implements Step {
  check = ({ playing }: Readonly<Model>) => playing.has(nameOf(this.device, this.content));
  run(model: Model, world: World): void {
    const name = nameOf(this.device, this.content);
    const held = model.playing.get(name);
    if (held === undefined) return;
    const wasLive = held.untilS > model.nowS;
    const code = codeOf(() => {
      const play = world.play(this.device, this.content);
      held.untilS = world.desk.renew(held.id, play, timesOf(model)).lease.untilS;
    });
    if (wasLive) expect(code).toBe("");
    if (code === "LEASE_LOST") {
      model.losses += 1;
      model.playing.delete(name);
    }
    expectWithin(model, world);
  }
  override toString = () => `renew(${this.device}, ${this.content})`;
}

/** Comes with a lease of another issuer, whose node is down. */
class Come extends Place implements Step {
  check = ({ playing }: Readonly<Model>) => !playing.has(nameOf(this.device, this.content));
  run(model: Model, world: World): void {
    const id = `of another ${this.device} ${this.content} ${model.nowS}`;
    const play = world.play(this.device, this.content);
    expect(codeOf(() => world.desk.renew(id, play, timesOf(model)))).toBe("LEASE_LOST");
    const code = codeOf(() => {
      const { lease } = world.desk.renew(id, play, timesOf(model), true);
      expect(lease.id).toBe(id);
      model.playing.set(nameOf(this.device, this.content), { id, untilS: lease.untilS });
      model.brought += 1;
    });
    expect(["", "LEASE_LOST"]).toContain(code);
    expectWithin(model, world);
  }
  override toString = () => `come(${this.device}, ${this.content})`;
}

class Stop extends Place implements Step {
  check = ({ playing }: Readonly<Model>) => playing.has(nameOf(this.device, this.content));
  run(model: Model, world: World): void {
    const name = nameOf(this.device, this.content);
    const held = model.playing.get(name);
    expect(world.desk.stop(held?.id ?? "", "somebody else")).toBeUndefined();
    world.desk.stop(held?.id ?? "", world.account);
    model.playing.delete(name);
    expectWithin(model, world);
  }
  override toString = () => `stop(${this.device}, ${this.content})`;
}

class Wait implements Step {
  readonly waitS: number;
  constructor(waitS: number) {
    this.waitS = waitS;
  }
  check = () => true;
  run(model: Model, world: World): void {
    model.nowS += this.waitS;
    expectWithin(model, world);
  }
  toString = () => `wait(${this.waitS})`;
}

class Restart implements Step {
  check = () => true;
  run(model: Model, world: World): void {
    world.reopen();
    expectWithin(model, world);
  }
  toString = () => "restart";
}

const device = fc.nat({ max: 2 });
const content = fc.nat({ max: 1 });
const steps = fc.commands<Model, World>(
  [
    fc.tuple(device, content).map((one) => new Take(...one)),
    fc.tuple(device, fc.constant(0)).map((one) => new Take(...one)),
    fc.tuple(device, content).map((one) => new Renew(...one)),
    fc.tuple(device, content).map((one) => new Come(...one)),
    fc.tuple(device, content).map((one) => new Stop(...one)),
    fc.integer({ min: 20, max: 80 }).map((waitS) => new Wait(waitS)),
    fc.constant(new Restart()),
  ],
  { maxCommands: 30, size: "max" },
);

it("live leases never exceed what the licence allows", () => {
  let account = 0;
  const met = { evictions: 0, refusals: 0, losses: 0, brought: 0 };
  fc.assert(
    fc.property(
      steps,
      fc.integer({ min: 1, max: 2 }),
      fc.constantFrom("oldest" as const, "refuse" as const),
      (commands, limit, evict) => {
        account += 1;
        const real = new World(`account ${account}`, limit, evict);
        const none = { evictions: 0, refusals: 0, losses: 0, brought: 0 };
        const model = { nowS: START_S, playing: new Map(), ...none };
        try {
          fc.modelRun(() => ({ model, real }), commands);
        } finally {
          real.outbox[Symbol.dispose]();
        }
        met.evictions += model.evictions;
        met.refusals += model.refusals;
        met.losses += model.losses;
        met.brought += model.brought;
      },
    ),
    { numRuns: 100, seed: SEED },
  );
  // The property is not held by a desk where nothing ever happens.
  for (const count of Object.values(met)) expect(count).toBeGreaterThan(0);
});

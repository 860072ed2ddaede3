// Goal: however plays, renewals, stops, cuts, lost answers and restarts fall over several issuers, no more
//       devices play than the licence says: times the sides while issuers are cut apart, and once healed
//       no more than the licence says.
// Method: commands against real issuers' halves, signed messages and outboxes on disk, over a network that
//         is cut into sides. The model is what viewers hold: a play lives while its token does, and that
//         ends only by time or by the word of who signed it.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Keypair } from "@stellar/stellar-sdk";
import fc from "fast-check";
import { afterAll, expect, it } from "vitest";
import { loadDeviceKey } from "../../src/access/device-key.ts";
import { makeIssuerSet, thumbprint } from "../../src/access/issuer-set.ts";
import { type Lease, LeaseDesk, type Play } from "../../src/access/lease.ts";
import { LeaseHomes } from "../../src/access/lease-homes.ts";
import { LeasePost } from "../../src/access/lease-post.ts";
import {
  leaseMark,
  type Revocation,
  RevocationSet,
  revocationOf,
} from "../../src/access/revocation.ts";
import { toHex } from "../../src/lib/bytes.ts";
import { AceError, isAceError } from "../../src/lib/errors.ts";
import type { Events } from "../../src/lib/events.ts";
import { openOutbox } from "../../src/store/outbox.ts";

const SEED = Number(process.env["ACE_SEED"] ?? "20261124");
const RUNS = Number(process.env["ACE_LEASE_RUNS"] ?? "60");
const START_S = 1_900_000_000;
const RUN_S = 100_000;
const LIFE_S = 60;
const SPARE_S = 30;
const ISSUERS = 3;
const DEVICES = 4;
const CONTRACT = 412n;
const ROUNDS = 3;
const folder = mkdtempSync(join(tmpdir(), "ace-lease-homes-"));
const outboxes = Array.from({ length: ISSUERS }, (_, place) =>
  openOutbox(join(folder, `${place}`)),
);
afterAll(() => {
  for (const outbox of outboxes) outbox[Symbol.dispose]();
  rmSync(folder, { recursive: true, force: true });
});

const keys = Array.from({ length: ISSUERS }, (_, place) => {
  const seed = `${place + 1}a`.repeat(32);
  const key = toHex(loadDeviceKey(seed).publicKey);
  const account = Keypair.fromRawEd25519Seed(Buffer.alloc(32, place + 1)).publicKey();
  return { seed, key, account, kid: thumbprint(key) };
});

const met = { forwarded: 0, fallback: 0, refused: 0, lost: 0, reconciled: 0, unanswered: 0 };
const events: Events = {
  info: (name, fields = {}) => {
    if (name === "access.lease_forwarded") met.forwarded += 1;
    if (name === "access.lease_fallback") met.fallback += 1;
    if (name === "access.lease_merged" && Number(fields["ended"]) > 0) met.reconciled += 1;
  },
  warn: () => {},
};

class Issuer {
  readonly place: number;
  readonly world: World;
  readonly revocations = new RevocationSet();
  /** What it has published. */
  readonly list: Revocation[] = [];
  homes: LeaseHomes;
  post: LeasePost;

  constructor(place: number, world: World) {
    this.place = place;
    this.world = world;
    this.post = this.#newPost();
    this.homes = this.#newHomes();
  }

  get account(): string {
    return keys[this.place]?.account ?? "";
  }

  restart(): void {
    this.post = this.#newPost();
    this.homes = this.#newHomes();
  }

  hasEnded(id: string, issuer = this.account): boolean {
    const mark = leaseMark(issuer, { id, contract: CONTRACT });
    return this.revocations.codeOf([mark], this.world.nowS) !== undefined;
  }

  #newPost(): LeasePost {
    const { seed, kid } = keys[this.place] ?? { seed: "", kid: "" };
    const issuers = makeIssuerSet(this.world.entries);
    return new LeasePost({
      account: this.account,
      kid,
      seed,
      net: "0123456789abcdef",
      issuers: () => issuers,
      ledger: () => 1,
      clock: this.world,
    });
  }

  #newHomes(): LeaseHomes {
    const { world, place } = this;
    const outbox = outboxes[place];
    if (outbox === undefined) throw new Error("no outbox");
    return new LeaseHomes({
      account: this.account,
      desk: new LeaseDesk(outbox),
      issuers: () => world.entries.map(({ account }) => account),
      ask: async (account, ask) => {
        const asked = this.post.ask(account, ask);
        const other = world.issuers.find((issuer) => issuer.account === account);
        if (other === undefined || !world.isReached(place, other.place)) throw silent();
        const body = other.post.heard(asked.message);
        const message = other.post.answer(body, await other.homes.serve(body.from, body.ask));
        if (world.losesAnswers.delete(place)) {
          met.unanswered += 1;
          throw silent();
        }
        return this.post.answered(asked, message).answer;
      },
      end: (leases) => this.#end(leases),
      isEndedBy: (issuer, { id }) => this.hasEnded(id, issuer),
      concurrentOf: async () => BigInt(world.limit),
      events,
      clock: world,
    });
  }

  #end(leases: readonly Lease[]): void {
    const ended = leases.map(({ id, contract, untilS }) =>
      revocationOf("lse", id, { contract: contract.toString(), untilS }),
    );
    this.list.push(...ended);
    this.revocations.add(ended, this.world.nowS, this.account);
  }
}

interface Playing {
  readonly id: string;
  readonly signer: number;
  readonly untilS: number;
}

class World {
  readonly account = Keypair.random().publicKey();
  readonly limit: number;
  readonly evict: "oldest" | "refuse";
  readonly issuers: readonly Issuer[];
  readonly losesAnswers = new Set<number>();
  /** The side that each issuer is on. */
  sides: readonly number[];
  /** No issuer is wrong about who answers. */
  isSettled = false;
  readonly playing = new Map<number, Playing>();
  #ms: number;

  constructor(count: number, limit: number, evict: "oldest" | "refuse", startS: number) {
    this.limit = limit;
    this.evict = evict;
    this.#ms = startS * 1_000;
    this.entries = keys.slice(0, count);
    this.sides = this.entries.map(() => 0);
    this.issuers = this.entries.map((_, place) => new Issuer(place, this));
  }
  readonly entries: readonly { readonly account: string; readonly key: string }[];

  /** Time passes with each look, so that no issuer is over its rate. */
  nowMs(): number {
    this.#ms += 1;
    return this.#ms;
  }

  get nowS(): number {
    return Math.floor(this.#ms / 1_000);
  }

  pass(seconds: number): void {
    this.#ms += seconds * 1_000;
  }

  isReached(one: number, other: number): boolean {
    return this.sides[one] === this.sides[other];
  }

  playOf(device: number): Play {
    const deviceKey = device.toString(16).repeat(64);
    const content = "c".repeat(64);
    const { account, evict } = this;
    const limit = BigInt(this.limit);
    return { contract: CONTRACT, account, deviceKey, content, limit, evict };
  }

  /** News of what others have ended, as far as they are heard. */
  spread(): void {
    for (const issuer of this.issuers) {
      for (const other of this.issuers) {
        if (!this.isReached(issuer.place, other.place)) continue;
        issuer.revocations.add(other.list, this.nowS, other.account);
      }
      issuer.homes.endWhatEnded();
    }
  }

  async settle(): Promise<void> {
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const issuer of this.issuers) await this.#greetAll(issuer);
      this.spread();
    }
    this.isSettled = true;
  }

  async #greetAll({ place, homes }: Issuer): Promise<void> {
    for (const other of this.issuers.filter((each) => each.place !== place)) {
      if (this.isReached(place, other.place)) await homes.meet(other.account);
      else homes.lose(other.account, "NODE_UNREACHABLE");
    }
  }

  live(): number {
    const nowS = this.nowS;
    return [...this.playing.values()].filter(
      ({ id, signer, untilS }) => nowS < untilS && this.issuers[signer]?.hasEnded(id) === false,
    ).length;
  }

  expectWithin(): void {
    if (!this.isSettled) return;
    this.spread();
    const sides = new Set(this.sides).size;
    expect(this.live()).toBeLessThanOrEqual(this.limit * sides);
  }
}

function silent(): AceError {
  return new AceError("NODE_UNREACHABLE", "silence");
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
    world.expectWithin();
  }
  abstract act(issuer: Issuer, world: World): Promise<void>;
  hold(world: World, issuer: Issuer, { id, untilS }: Lease): void {
    world.playing.set(this.device, { id, signer: issuer.place, untilS });
  }
  times(world: World) {
    return { nowS: world.nowS, untilS: world.nowS + LIFE_S + SPARE_S };
  }
  toString = () => `${this.constructor.name}(${this.at}, ${this.device})`;
}

class Take extends Deed {
  override async act(issuer: Issuer, world: World): Promise<void> {
    this.hold(world, issuer, await issuer.homes.take(world.playOf(this.device), this.times(world)));
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
    const lease = await issuer.homes.renew(held.id, play, this.times(world), signer.account);
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
    world.expectWithin();
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
    world.expectWithin();
  }
  toString = () => `Wait(${this.waitS})`;
}

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
  let run = 0;
  await fc.assert(
    fc.asyncProperty(
      steps,
      fc.integer({ min: 2, max: ISSUERS }),
      fc.integer({ min: 1, max: 2 }),
      fc.constantFrom("oldest" as const, "refuse" as const),
      async (commands, count, limit, evict) => {
        run += 1;
        const world = new World(count, limit, evict, START_S + run * RUN_S);
        await world.settle();
        await fc.asyncModelRun(() => ({ model: {}, real: world }), commands);
        world.sides = world.issuers.map(() => 0);
        world.losesAnswers.clear();
        await world.settle();
        world.expectWithin();
      },
    ),
    { numRuns: RUNS, seed: SEED },
  );
  // The property is not held by issuers among whom nothing ever happens.
  for (const count of Object.values(met)) expect(count).toBeGreaterThan(0);
});

// Several issuers that count leases together, in virtual time: real halves, signed messages and outboxes on
// disk, over a network that is cut into sides and loses answers. What lives is what viewers hold: a play does
// while its token does, and that ends only by time or by the word of who signed it.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Keypair } from "@stellar/stellar-sdk";
import { loadDeviceKey } from "../../src/access/device-key.ts";
import { makeIssuerSet, thumbprint } from "../../src/access/issuer-set.ts";
import { type Lease, LeaseDesk, type LeaseTimes, type Play } from "../../src/access/lease.ts";
import { homeOrder } from "../../src/access/lease-home.ts";
import { LeaseHomes } from "../../src/access/lease-homes.ts";
import { LeasePost } from "../../src/access/lease-post.ts";
import {
  leaseMark,
  type Revocation,
  RevocationSet,
  revocationOf,
} from "../../src/access/revocation.ts";
import { toHex } from "../../src/lib/bytes.ts";
import { AceError } from "../../src/lib/errors.ts";
import type { Events } from "../../src/lib/events.ts";
import { openOutbox } from "../../src/store/outbox.ts";

const START_S = 1_900_000_000;
/** Leases of the world before have long lapsed. */
const WORLD_S = 100_000;
const LIFE_S = 60;
const SPARE_S = 30;
export const ISSUERS = 3;
const CONTRACT = 412n;
const ROUNDS = 3;
const folder = mkdtempSync(join(tmpdir(), "ace-lease-homes-"));
const outboxes = Array.from({ length: ISSUERS }, (_, place) =>
  openOutbox(join(folder, `${place}`)),
);
let worlds = 0;

export function closeWorlds(): void {
  for (const outbox of outboxes) outbox[Symbol.dispose]();
  rmSync(folder, { recursive: true, force: true });
}

const keys = Array.from({ length: ISSUERS }, (_, place) => {
  const seed = `${place + 1}a`.repeat(32);
  const key = toHex(loadDeviceKey(seed).publicKey);
  const account = Keypair.fromRawEd25519Seed(Buffer.alloc(32, place + 1)).publicKey();
  return { seed, key, account, kid: thumbprint(key) };
});

export const met = { forwarded: 0, fallback: 0, refused: 0, lost: 0, reconciled: 0, unanswered: 0 };
const events: Events = {
  info: (name, fields = {}) => {
    if (name === "access.lease_forwarded") met.forwarded += 1;
    if (name === "access.lease_fallback") met.fallback += 1;
    if (name === "access.lease_merged" && Number(fields["ended"]) > 0) met.reconciled += 1;
  },
  warn: () => {},
};

export class Issuer {
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
        const message = other.post.answer(body, await other.homes.serve(body));
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

export class World {
  readonly account: string;
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

  /** @param order Places of the issuers by which the account's plays are counted, home first. */
  constructor(
    count: number,
    { limit, evict }: { readonly limit: number; readonly evict: "oldest" | "refuse" },
    order?: readonly number[],
  ) {
    worlds += 1;
    this.limit = limit;
    this.evict = evict;
    this.#ms = (START_S + worlds * WORLD_S) * 1_000;
    this.entries = keys.slice(0, count);
    this.account = accountOf(
      worlds,
      this.entries.map(({ account }) => account),
      order,
    );
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

  at(place: number): LeaseHomes {
    const issuer = this.issuers[place];
    if (issuer === undefined) throw new Error("no such issuer");
    return issuer.homes;
  }

  times(): LeaseTimes {
    return { nowS: this.nowS, untilS: this.nowS + LIFE_S + SPARE_S };
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
}

function silent(): AceError {
  return new AceError("NODE_UNREACHABLE", "silence");
}

function accountOf(
  world: number,
  issuers: readonly string[],
  order: readonly number[] | undefined,
): string {
  for (let salt = 0; ; salt += 1) {
    const seed = Buffer.alloc(32, `${world} ${salt} `);
    const account = Keypair.fromRawEd25519Seed(seed).publicKey();
    const homes = homeOrder(account, issuers).map((issuer) => issuers.indexOf(issuer));
    if (order === undefined || homes.join() === order.join()) return account;
  }
}

// Goal: of three sources one may lie, one lag and one drop: nothing wrong is handed on and nothing is
//         missing, and nobody has to restart anything.
// Method: a true chain, part of which has closed when the follower begins; the rest closes as virtual
//         time passes. A seed decides every fault. The follower is the real one, at trust level 1.
// Replay: SIMULATION_SEED=<seed> npx vitest run --project simulation
import { expect, it } from "vitest";
import { followLedgers } from "../../src/ledger/follow-ledgers.ts";
import { type EvidenceItem, SourcePanel } from "../../src/ledger/source-panel.ts";
import { Trust } from "../../src/ledger/trust.ts";
import { checkValueSignature } from "../../src/ledger/value-signature.ts";
import { toHex } from "../../src/lib/bytes.ts";
import { GENESIS, PASSPHRASE } from "../fixtures/made-ledger.ts";
import { chanceOf, seedsOr } from "../support/chance.ts";
import {
  LIES,
  type LieName,
  lying,
  type Manner,
  ManneredSource,
  makeTruth,
  troubles,
  truncated,
  VALIDATOR,
  World,
} from "../support/stellar-world.ts";
import { VirtualTime } from "../support/virtual-time.ts";

const LONG = 10_000;
const SHORT = 500;
const SEEDS = seedsOr([1, 2]);
const START_MS = (1_700_000_000 + 5 * GENESIS.sequence) * 1_000;

const truth = makeTruth(LONG);

interface Outcome {
  readonly wrong: number;
  readonly handedOn: number;
  readonly panel: SourcePanel;
  readonly trust: Trust;
  readonly evidence: readonly EvidenceItem[];
}

/** Follows three sources to the end of the chain. */
async function play(seed: number, ledgers: number, lie: LieName): Promise<Outcome> {
  const chance = chanceOf(seed);
  const time = new VirtualTime(START_MS, chance);
  const part = truth.slice(0, ledgers);
  const world = new World(part, time, Math.floor(ledgers * 0.6));
  const evidence: EvidenceItem[] = [];
  const manners = mannersOf(
    chance,
    lie,
    GENESIS.sequence + 1 + Math.floor(chance() * ledgers * 0.9),
  );
  const panel = new SourcePanel({
    sources: manners.map((manner) => new ManneredSource(world, manner)),
    events: { info: () => {}, warn: () => {} },
    evidence: { keep: (item) => void evidence.push(item) },
    pollMs: 1_000,
    clock: time,
    pace: time,
  });
  const trust = new Trust({
    required: 1,
    agreeing: 2,
    validators: new Set([toHex(Uint8Array.from(VALIDATOR.rawPublicKey()))]),
    checkValue: (value) => checkValueSignature(value, PASSPHRASE),
  });
  const following = followLedgers({
    panel,
    trust,
    cursor: GENESIS,
    passphrase: PASSPHRASE,
    vaults: [],
  });
  let handedOn = 0;
  let wrong = 0;
  for await (const { sequence, hash, transactions } of following) {
    const expected = part[handedOn];
    const isCall = sequence % 7 === 0;
    const isRight =
      sequence === expected?.sequence &&
      hash === expected.hash &&
      transactions.length === Number(isCall);
    if (!isRight) wrong += 1;
    handedOn += 1;
    if (handedOn === ledgers) break;
  }
  return { wrong, handedOn, panel, trust, evidence };
}

/** In an order that the seed decides, so that each is the fastest once. */
function mannersOf(chance: () => number, lie: LieName, from: number): readonly Manner[] {
  const bulk = { kind: "lake", pageLedgers: 64 } as const;
  const tip = { kind: "rpc", pageLedgers: 8 } as const;
  const manners: readonly Manner[] = [
    { id: "liar", ...tip, latencyMs: 20 + chance() * 200, instead: lying(lie, from) },
    { id: "late", ...bulk, latencyMs: 50 + chance() * 400, lag: () => Math.floor(chance() * 6) },
    {
      id: "shaky",
      ...tip,
      latencyMs: 20 + chance() * 200,
      trouble: troubles(chance),
      instead: truncated(chance),
    },
  ];
  return manners.toSorted(() => chance() - 0.5);
}

function expectTruth({ wrong, handedOn, panel, trust, evidence }: Outcome, ledgers: number): void {
  expect({ wrong, handedOn }).toEqual({ wrong: 0, handedOn: ledgers });
  const states = new Map(panel.status(undefined).map(({ id, state }) => [id, state]));
  expect(states.get("liar")).toBe("quarantined");
  expect(states.get("late")).not.toBe("quarantined");
  expect(states.get("shaky")).not.toBe("quarantined");
  expect(trust.heights.level1).toBeGreaterThanOrEqual(GENESIS.sequence + ledgers);
  expect(evidence).toMatchObject([{ source: "liar", code: "LEDGER_HASH_MISMATCH" }]);
  expect(evidence[0]?.bytes.length).toBeGreaterThan(0);
}

it.each(LIES.flatMap((lie) => SEEDS.map((seed) => ({ lie, seed }))))(
  "hands on the truth while one source tells $lie, one lags and one drops, seed $seed",
  async ({ lie, seed }) => {
    expectTruth(await play(seed, SHORT, lie), SHORT);
  },
);

it("hands on 10,000 ledgers, none wrong and none missing", async () => {
  const [seed = 1] = SEEDS;
  expectTruth(await play(seed, LONG, "results of its own, every hash right"), LONG);
});

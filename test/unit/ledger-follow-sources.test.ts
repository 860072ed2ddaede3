// Goal: with several sources the stream is the truth as long as one of them is good, and stops where
//         nobody can tell what the truth is.
// Method: sources of a made network, each with manners of its own, in virtual time.
import { describe, expect, it } from "vitest";
import { BusyError } from "../../src/ledger/busy-error.ts";
import { type FollowOptions, followLedgers } from "../../src/ledger/follow-ledgers.ts";
import { type EvidenceItem, SourcePanel } from "../../src/ledger/source-panel.ts";
import { checkValueSignature } from "../../src/ledger/value-signature.ts";
import type { SourceStatus } from "../../src/ledger/watched-source.ts";
import { toHex } from "../../src/lib/bytes.ts";
import { AceError, type ErrorCode, isAceError } from "../../src/lib/errors.ts";
import type { EventFields } from "../../src/lib/events.ts";
import { GENESIS, PASSPHRASE } from "../fixtures/made-ledger.ts";
import {
  lying,
  type Manner,
  ManneredSource,
  makeTruth,
  VALIDATOR,
  World,
} from "../support/stellar-world.ts";
import { trustLevel } from "../support/trust.ts";
import { VirtualTime } from "../support/virtual-time.ts";

const FIRST = GENESIS.sequence + 1;
const LEDGERS = 200;
const truth = makeTruth(LEDGERS);
const validators = new Set([toHex(Uint8Array.from(VALIDATOR.rawPublicKey()))]);
const knowing = {
  validators,
  checkValue: (value: Parameters<typeof checkValueSignature>[0]) =>
    checkValueSignature(value, PASSPHRASE),
};

interface Followed {
  readonly count: number;
  readonly wrong: number;
  readonly error: ErrorCode | undefined;
  readonly message: string;
  readonly atMs: readonly number[];
  readonly status: ReadonlyMap<string, SourceStatus>;
  readonly evidence: readonly EvidenceItem[];
  readonly events: readonly (EventFields & { readonly name: string })[];
}

interface Settings extends Partial<FollowOptions> {
  readonly closed?: number;
  readonly minutes?: number;
}

/** Follows until `count` ledgers came, the stream broke, or ten minutes went by. */
async function follow(
  manners: readonly Partial<Manner>[],
  count: number,
  { closed = LEDGERS, minutes = 10, ...more }: Settings = {},
): Promise<Followed> {
  const time = new VirtualTime(0, () => 0.5);
  const world = new World(truth, time, closed);
  const sources = manners.map(
    (manner, index) =>
      new ManneredSource(world, {
        id: `${index}`,
        kind: "rpc",
        latencyMs: 10 + index,
        pageLedgers: 8,
        ...manner,
      }),
  );
  const evidence: EvidenceItem[] = [];
  const events: (EventFields & { readonly name: string })[] = [];
  const note = (name: string, fields: EventFields = {}) => void events.push({ name, ...fields });
  const panel = new SourcePanel({
    sources,
    events: { info: note, warn: note },
    evidence: { keep: (item) => void evidence.push(item) },
    pollMs: 500,
    clock: time,
    pace: time,
  });
  const aborter = new AbortController();
  void time.wait(minutes * 60_000, aborter.signal).then(
    () => aborter.abort(),
    () => undefined,
  );
  const atMs: number[] = [];
  let wrong = 0;
  const told = (error: AceError | undefined): Followed => {
    const status = new Map(panel.status(more.cursor?.sequence).map((each) => [each.id, each]));
    const message = error?.message ?? "";
    return {
      count: atMs.length,
      wrong,
      error: error?.code,
      message,
      atMs,
      status,
      evidence,
      events,
    };
  };
  try {
    const options: FollowOptions = {
      panel,
      trust: trustLevel(0),
      cursor: GENESIS,
      passphrase: PASSPHRASE,
      vaults: [],
      signal: aborter.signal,
      ...more,
    };
    for await (const { hash } of followLedgers(options)) {
      if (hash !== truth[atMs.length]?.hash) wrong += 1;
      atMs.push(time.nowMs());
      if (atMs.length === count) break;
    }
    return told(undefined);
  } catch (error) {
    if (!isAceError(error)) throw error;
    return told(error);
  } finally {
    aborter.abort();
  }
}

const gone = async () => {
  throw new AceError("LEDGER_NO_SOURCE", "the connection was lost");
};
const failing = (code: ErrorCode) => async () => {
  throw new AceError(code, `made for this test: ${code}`);
};
/** Fails from the third answer on: the first is its claim, the second a page of ledgers. */
const fromAnswer = (answers: number, then: () => Promise<void>): NonNullable<Manner["trouble"]> => {
  let answered = 0;
  return async () => {
    answered += 1;
    if (answered > answers) await then();
  };
};

describe("a change of sources", () => {
  it("in mid-stream costs nothing", async () => {
    const followed = await follow([{ trouble: fromAnswer(2, gone) }, {}], 50);
    expect(followed).toMatchObject({ count: 50, wrong: 0, error: undefined });
    expect(followed.atMs.at(-1)).toBeLessThan(500);
    expect(followed.status.get("0")?.state).toBe("backing off");
  });

  it("comes when the best hangs for longer than a ledger takes to close", async () => {
    const hangs = fromAnswer(1, () => new Promise<void>(() => {}));
    const followed = await follow([{ latencyMs: 1, trouble: hangs }, {}], LEDGERS);
    expect(followed).toMatchObject({ count: LEDGERS, wrong: 0 });
    // One and a half times the five seconds that a ledger is taken to need.
    expect(followed.atMs[0]).toBeGreaterThanOrEqual(7_500);
    expect(followed.atMs[0]).toBeLessThan(8_000);
  });

  it("does not wait for one that asks to be left alone, and leaves it alone", async () => {
    const asked: number[] = [];
    const busy: Manner["trouble"] = async (time) => {
      asked.push(time.nowMs());
      throw new BusyError("HTTP 429", 45_000);
    };
    const followed = await follow([{ latencyMs: 1, trouble: busy }, {}], LEDGERS, { closed: 188 });
    expect(followed).toMatchObject({ count: LEDGERS, wrong: 0 });
    expect(asked.slice(0, 2)).toEqual([1, 45_002]);
  });

  it("goes to bulk sources while far behind, and to the fastest at the tip", async () => {
    const bulk: Partial<Manner> = { kind: "lake", latencyMs: 300, lag: () => 5, pageLedgers: 64 };
    const followed = await follow([{ latencyMs: 5 }, bulk], LEDGERS, { closed: 190 });
    expect(followed).toMatchObject({ count: LEDGERS, wrong: 0 });
    // The first page of 64 came from the lake, the last ledger from the server at the tip.
    expect(followed.atMs.slice(0, 64).every((atMs) => atMs === followed.atMs[0])).toBe(true);
    expect(followed.atMs[0]).toBeGreaterThanOrEqual(600);
    expect(followed.status.get("1")?.newest).toBeLessThan(FIRST + LEDGERS - 1);
  });
});

describe("what one source lacks", () => {
  it("is asked of the others, and ends the stream only when none can have it", async () => {
    const lacking = { trouble: fromAnswer(1, failing("LEDGER_RETENTION_EXCEEDED")) };
    expect(await follow([lacking, {}], 20)).toMatchObject({ count: 20, error: undefined });
    const both = [lacking, { trouble: fromAnswer(1, failing("LEDGER_RETENTION_EXCEEDED")) }];
    expect(await follow(both, 20)).toMatchObject({ count: 0, error: "LEDGER_RETENTION_EXCEEDED" });
  });

  it("is no reason to stop where it sends a protocol that nobody else speaks", async () => {
    const odd = { latencyMs: 1, trouble: fromAnswer(1, failing("LEDGER_PROTOCOL_UNKNOWN")) };
    expect(await follow([odd, {}], 20)).toMatchObject({ count: 20, error: undefined });
    const all = [odd, { trouble: fromAnswer(1, failing("LEDGER_PROTOCOL_UNKNOWN")) }];
    expect(await follow(all, 20)).toMatchObject({ error: "LEDGER_PROTOCOL_UNKNOWN" });
  });
});

describe("a source that lies", () => {
  it("is out for good, with what it sent as evidence, and the others go on", async () => {
    const liar = { latencyMs: 1, instead: lying("an altered transaction", FIRST) };
    const followed = await follow([liar, {}], 100);
    expect(followed).toMatchObject({ count: 100, wrong: 0, error: undefined });
    expect(followed.status.get("0")).toMatchObject({
      state: "quarantined",
      fault: { code: "LEDGER_HASH_MISMATCH" },
    });
    expect(followed.evidence).toMatchObject([{ source: "0", ledger: 105 }]);
    expect(followed.events.map(({ name }) => name)).toContain("ledger.source_quarantined");
  });

  it.each(["a chain of its own", "results of its own, every hash right"] as const)(
    "with %s is refuted by two others before anything is handed on",
    async (lie) => {
      const liar = { latencyMs: 1, instead: lying(lie, FIRST + 10) };
      const trust = trustLevel(1, knowing);
      const followed = await follow([liar, {}, {}], 100, { trust });
      expect(followed).toMatchObject({ count: 100, wrong: 0, error: undefined });
      expect(followed.status.get("0")?.state).toBe("quarantined");
      expect(trust.heights.level1).toBeGreaterThanOrEqual(FIRST + 99);
    },
  );

  it("cannot outvote a validator's signature where only one other source is there", async () => {
    const liar = { latencyMs: 1, instead: lying("a chain of its own", FIRST + 10) };
    const trust = trustLevel(1, knowing);
    const followed = await follow([liar, {}], 100, { trust });
    // Nobody is left to agree: the stream waits, as the level asked for wants it.
    expect(followed).toMatchObject({ wrong: 0, error: undefined });
    expect(followed.status.get("0")?.state).toBe("quarantined");
    expect(followed.count).toBeLessThan(20);
  });

  it("stops the stream when no third source and no validator can tell who it is", async () => {
    const liar = { instead: lying("a chain of its own", FIRST + 150) };
    const followed = await follow([{ latencyMs: 1 }, liar], LEDGERS, { closed: 100, minutes: 60 });
    expect(followed.error).toBe("LEDGER_FORK");
    expect(followed.message).toMatch(
      /^ledger \d+ is [0-9a-f]{64} according to \d, and [0-9a-f]{64} to \d$/,
    );
    expect(followed.count).toBeGreaterThanOrEqual(150);
  });

  it("stops the stream when it is the last one", async () => {
    const alone = await follow([{ instead: lying("an altered result", FIRST) }], 100);
    expect(alone).toMatchObject({ count: 4, error: "LEDGER_HASH_MISMATCH" });
    const both = [lying("an altered result", FIRST), lying("an altered transaction", FIRST)];
    const followed = await follow(
      both.map((instead) => ({ instead })),
      100,
    );
    expect(followed).toMatchObject({ count: 4, wrong: 0, error: "LEDGER_FORK" });
    expect(followed.message).toContain("no source is left to believe");
  });
});

describe("another network", () => {
  const start = { sequence: FIRST, hash: truth[0]?.hash ?? "" };
  const other = { sequence: FIRST, hash: "cd".repeat(32) };

  it("is refused before anything is handed on, by passphrase and by founding ledger", async () => {
    const foreign = [
      { trouble: failing("NETWORK_MISMATCH") },
      { trouble: failing("NETWORK_MISMATCH") },
    ];
    expect(await follow(foreign, 1)).toMatchObject({ count: 0, error: "NETWORK_MISMATCH" });
    for (const cursor of [undefined, GENESIS]) {
      const followed = await follow([{}, { kind: "archive" }], 1, { cursor, start: other });
      expect(followed).toMatchObject({ count: 0, error: "NETWORK_MISMATCH" });
    }
  });

  it("costs only its own source where another is of ours", async () => {
    const foreign = { latencyMs: 1, trouble: failing("NETWORK_MISMATCH") };
    const followed = await follow([foreign, {}], 20, { cursor: undefined, start });
    expect(followed).toMatchObject({ count: 20, wrong: 0, error: undefined });
  });
});

describe("a source that comes back", () => {
  it("behind the cursor has no fault any more, and is shown as behind", async () => {
    let answers = 0;
    const restarted: Manner["trouble"] = async () => {
      answers += 1;
      if (answers < 5) await gone();
    };
    const cursor = { sequence: FIRST + 99, hash: truth[99]?.hash ?? "" };
    const followed = await follow([{ trouble: restarted }], 1, { cursor, closed: 10, minutes: 2 });
    expect(followed).toMatchObject({ count: 0, error: undefined });
    const status = followed.status.get("0");
    expect(status).toMatchObject({ state: "behind" });
    expect(status?.fault).toBeUndefined();
  });
});

// Goal: the stream of closed ledgers has no gap, no repeat and no lie, whatever its source does.
// Method: a fake source that plays a script of answers; time passes only where the follower waits.
import { describe, expect, it } from "vitest";
import { type FollowOptions, followLedgers } from "../../src/ledger/follow-ledgers.ts";
import type { LedgerRange, LedgerSource, RawLedger } from "../../src/ledger/ledger-source.ts";
import { SourcePanel } from "../../src/ledger/source-panel.ts";
import { AceError, type ErrorCode, isAceError } from "../../src/lib/errors.ts";
import type { EventFields } from "../../src/lib/events.ts";
import {
  GENESIS,
  type MadeLedger,
  makeChain,
  makeLedger,
  PASSPHRASE,
} from "../fixtures/made-ledger.ts";
import { trustLevel } from "../support/trust.ts";
import { VirtualTime } from "../support/virtual-time.ts";

const chain = makeChain(6);
const rivals = [makeLedger({ ...GENESIS, hash: "cd".repeat(32) })];

type Answer = readonly MadeLedger[] | AceError;

/** Plays one answer per read, then repeats the last one. */
class ScriptedSource implements LedgerSource {
  readonly id = "script";
  readonly kind = "rpc";
  readonly asked: number[] = [];
  readonly #answers: Answer[];

  constructor(...answers: readonly Answer[]) {
    this.#answers = [...answers];
  }

  async range(): Promise<LedgerRange> {
    return { first: 1, last: 1_000 };
  }

  async *read(from: number): AsyncGenerator<RawLedger> {
    this.asked.push(from);
    const [answer = []] = this.#answers;
    if (this.#answers.length > 1) this.#answers.shift();
    if (answer instanceof AceError) throw answer;
    yield* answer;
  }
}

interface Followed {
  readonly sequences: readonly number[];
  readonly error: ErrorCode | undefined;
  readonly message: string;
  /** When each ledger came. */
  readonly atMs: readonly number[];
  readonly events: readonly (EventFields & { readonly name: string })[];
}

interface Settings extends Partial<FollowOptions> {
  readonly pollMs?: number;
}

/** Follows until `count` ledgers came, the stream broke, or an hour went by. */
async function follow(
  source: LedgerSource | readonly LedgerSource[],
  count: number,
  { pollMs = 100, ...more }: Settings = {},
): Promise<Followed> {
  const time = new VirtualTime(0, () => 0.999_999);
  const aborter = new AbortController();
  const events: (EventFields & { readonly name: string })[] = [];
  const sequences: number[] = [];
  const atMs: number[] = [];
  const note = (name: string, fields: EventFields = {}) => void events.push({ name, ...fields });
  const panel = new SourcePanel({
    sources: [source].flat(),
    events: { info: note, warn: note },
    pollMs,
    clock: time,
    pace: time,
  });
  void time.wait(3_600_000, aborter.signal).then(
    () => aborter.abort(),
    () => undefined,
  );
  const options: FollowOptions = {
    panel,
    trust: trustLevel(0),
    cursor: GENESIS,
    passphrase: PASSPHRASE,
    vaults: [],
    signal: aborter.signal,
    ...more,
  };
  const told = { sequences, atMs, events };
  try {
    for await (const ledger of followLedgers(options)) {
      sequences.push(ledger.sequence);
      atMs.push(time.nowMs());
      if (sequences.length === count) break;
    }
    return { ...told, error: undefined, message: "" };
  } catch (error) {
    if (!isAceError(error)) throw error;
    return { ...told, error: error.code, message: error.message };
  } finally {
    aborter.abort();
  }
}

const fault = (code: ErrorCode) => new AceError(code, `made for this test: ${code}`);

describe("a source that serves", () => {
  it("is followed from the ledger after the cursor, in order", async () => {
    const source = new ScriptedSource(chain);
    expect((await follow(source, 6)).sequences).toEqual([101, 102, 103, 104, 105, 106]);
    expect(source.asked).toEqual([101]);
  });

  it("is taken up again from a stored cursor", async () => {
    const [, second] = chain;
    const source = new ScriptedSource(chain.slice(2));
    const cursor = { sequence: 102, hash: second?.hash ?? "" };
    expect((await follow(source, 2, { cursor })).sequences).toEqual([103, 104]);
    expect(source.asked).toEqual([103]);
  });

  it("is asked again at once while it has ledgers, and after a pause when it has none", async () => {
    const source = new ScriptedSource(chain.slice(0, 2), chain.slice(2, 3), [], [], chain.slice(3));
    const followed = await follow(source, 4);
    expect(followed.sequences).toEqual([101, 102, 103, 104]);
    expect(source.asked).toEqual([101, 103, 104, 104, 104]);
    expect(followed.atMs).toEqual([0, 0, 0, 200]);
  });
});

describe("a source with faults", () => {
  it("may lag: the next ledger is waited for, never skipped", async () => {
    const source = new ScriptedSource([], [], [], chain);
    const followed = await follow(source, 1);
    expect(followed.sequences).toEqual([101]);
    expect(followed.atMs).toEqual([300]);
    expect(followed.events).toEqual([]);
  });

  it("may repeat ledgers: each is handed on once", async () => {
    const again = [...chain.slice(0, 2), ...chain.slice(0, 4)];
    expect((await follow(new ScriptedSource(again, chain), 6)).sequences).toEqual([
      101, 102, 103, 104, 105, 106,
    ]);
  });

  it("may leave out a ledger: it is asked for again", async () => {
    const gap = [...chain.slice(0, 1), ...chain.slice(2)];
    const source = new ScriptedSource(gap, chain.slice(1));
    expect((await follow(source, 3)).sequences).toEqual([101, 102, 103]);
    expect(source.asked).toEqual([101, 102]);
  });

  it("may fail for a while: the wait doubles up to a limit, and the operator is told", async () => {
    const down = Array.from({ length: 9 }, () => fault("LEDGER_NO_SOURCE"));
    const followed = await follow(new ScriptedSource(...down, chain), 1);
    expect(followed.sequences).toEqual([101]);
    expect(followed.atMs).toEqual([200 + 400 + 800 + 1_600 + 3_200 + 6_400 + 12_800 + 30_000]);
    expect(followed.events.filter(({ name }) => name === "ledger.source_failed")).toHaveLength(9);
  });

  it("is looked at as often as before once it answers again, even with nothing new", async () => {
    const down = fault("LEDGER_NO_SOURCE");
    const followed = await follow(new ScriptedSource(down, down, [], chain), 1);
    expect(followed.atMs).toEqual([200 + 400 + 100]);
  });

  it("may send broken data: it is asked again, and nothing of it is handed on", async () => {
    const [first = makeLedger(GENESIS)] = chain;
    const broken = { ...first, bytes: first.bytes.subarray(0, 200) };
    const followed = await follow(new ScriptedSource([broken], chain), 1);
    expect(followed.sequences).toEqual([101]);
    expect(followed.events[0]).toMatchObject({ code: "LEDGER_MALFORMED", failures: 1 });
  });

  it("raises an alarm once when no ledger comes for long, and again after the next stall", async () => {
    const silence = Array.from({ length: 4 }, () => []);
    const source = new ScriptedSource(...silence, chain.slice(0, 1), ...silence, chain.slice(1));
    const { events } = await follow(source, 2, { lagAlarmMs: 250 });
    expect(events.map(({ name, ledger }) => [name, ledger])).toEqual([
      ["ledger.no_source", 101],
      ["ledger.no_source", 102],
    ]);
  });
});

describe("a source that lies", () => {
  it("ends the stream at the first ledger, before anything is applied", async () => {
    const followed = await follow(new ScriptedSource(rivals), 1);
    expect(followed.sequences).toEqual([]);
    expect(followed.error).toBe("LEDGER_HASH_MISMATCH");
    expect(followed.message).toContain("ledger 101: the previous header hash should be abab");
  });

  it("ends the stream in the middle, after the last true ledger", async () => {
    const [, , third = makeLedger(GENESIS)] = chain;
    const bytes = Uint8Array.from(third.bytes);
    // In the close time, well inside the header.
    const offset = 4 + 4 + 32 + 4 + 32 + 32 + 7;
    bytes[offset] = (bytes[offset] ?? 0) ^ 1;
    const lie = [...chain.slice(0, 2), { ...third, bytes }, ...chain.slice(3)];
    const followed = await follow(new ScriptedSource(lie), 6);
    expect(followed.sequences).toEqual([101, 102]);
    expect(followed.error).toBe("LEDGER_HASH_MISMATCH");
    expect(followed.message).toContain("ledger 103: the header hash should be");
  });

  it("cannot pass an old ledger off as a new one", async () => {
    const [first = makeLedger(GENESIS)] = chain;
    const followed = await follow(new ScriptedSource([first, { ...first, sequence: 102 }]), 3);
    expect(followed.sequences).toEqual([101]);
    expect(followed.events[0]?.["message"]).toBe(
      "ledger 101 was sent where ledger 102 was promised",
    );
  });
});

describe("what no waiting cures", () => {
  it.each(["LEDGER_RETENTION_EXCEEDED", "NETWORK_MISMATCH", "LEDGER_PROTOCOL_UNKNOWN"] as const)(
    "%s ends the stream",
    async (code) => {
      expect((await follow(new ScriptedSource(fault(code)), 1)).error).toBe(code);
    },
  );

  it("a fault of our own is not taken for a source's", async () => {
    const source: LedgerSource = {
      id: "bug",
      kind: "rpc",
      range: async () => ({ first: 1, last: 1_000 }),
      async *read() {
        yield* [];
        throw new TypeError("a bug");
      },
    };
    await expect(follow(source, 1)).rejects.toThrow("a bug");
  });
});

describe("the founding ledger", () => {
  const [first = makeLedger(GENESIS)] = chain;
  const start = { sequence: 101, hash: first.hash };

  it("is compared before the first ledger is handed on", async () => {
    const source = new ScriptedSource(chain.slice(0, 1), chain.slice(1));
    const followed = await follow(source, 1, { start, cursor: start });
    expect(followed.sequences).toEqual([102]);
    expect(source.asked).toEqual([101, 102]);
  });

  it("of another network is refused", async () => {
    const followed = await follow(new ScriptedSource(rivals), 1, { start, cursor: start });
    expect(followed.error).toBe("NETWORK_MISMATCH");
    expect(followed.sequences).toEqual([]);
  });

  it("that the source has not reached is waited for", async () => {
    const source = new ScriptedSource([], [], chain.slice(0, 1), chain.slice(1));
    const followed = await follow(source, 1, { start, cursor: start });
    expect(followed.atMs).toEqual([200]);
    expect(followed.sequences).toEqual([102]);
  });

  it("that the source no longer keeps is proved by the chain instead", async () => {
    const source = new ScriptedSource(fault("LEDGER_RETENTION_EXCEEDED"), chain.slice(2));
    const cursor = { sequence: 102, hash: chain[1]?.hash ?? "" };
    const followed = await follow(source, 1, { start, cursor });
    expect(followed.sequences).toEqual([103]);
  });
});

describe("an abort", () => {
  it("ends the stream without an error, even during a real wait", async () => {
    const aborter = new AbortController();
    const events = { info: () => {}, warn: () => {} };
    const stream = followLedgers({
      panel: new SourcePanel({ sources: [new ScriptedSource([])], events, pollMs: 60_000 }),
      trust: trustLevel(0),
      cursor: GENESIS,
      passphrase: PASSPHRASE,
      vaults: [],
      signal: aborter.signal,
    });
    const next = stream.next();
    setImmediate(() => aborter.abort());
    expect(await next).toEqual({ done: true, value: undefined });
  });
});

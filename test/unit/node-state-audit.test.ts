// Goal: damage of the state is looked for all the time, at a small share of the processor.
// Method: a store and a clock that take as long as the test says.
import { expect, it } from "vitest";
import { AceError } from "../../src/lib/errors.ts";
import type { EventFields } from "../../src/lib/events.ts";
import { auditState } from "../../src/node/state-audit.ts";
import type { AuditStep } from "../../src/store/state-audit.ts";

class World {
  nowMs = 0;
  workedMs = 0;
  readonly told: [string, EventFields | undefined][] = [];
  readonly #stop = new AbortController();
  readonly #steps: (() => AuditStep)[];

  /** The audit ends after these steps of 20 ms. */
  constructor(...steps: (() => AuditStep)[]) {
    this.#steps = steps;
  }

  async run(): Promise<this> {
    const tell = (name: string, fields?: EventFields): void => {
      this.told.push([name, fields]);
    };
    const wait = async (durationMs: number): Promise<void> => {
      this.nowMs += durationMs;
      if (this.#steps.length === 0) this.#stop.abort();
    };
    const store = {
      auditState: (count: number): AuditStep => {
        expect(count).toBeLessThanOrEqual(1_000);
        this.nowMs += 20;
        this.workedMs += 20;
        return this.#steps.shift()?.() ?? { rows: 0, isEnd: false };
      },
    };
    const clock = { nowMs: () => this.nowMs };
    const events = { info: tell, warn: tell };
    await auditState({ store, events, clock, pace: { wait } }, this.#stop.signal);
    return this;
  }
}

const part = (): AuditStep => ({ rows: 250, isEnd: false });
const end = (): AuditStep => ({ rows: 30, isEnd: true });

it("takes a few hundredths of one processor, and says when it has seen all rows", async () => {
  const world = await new World(...Array.from({ length: 40 }, () => part)).run();
  expect(world.workedMs / world.nowMs).toBeLessThan(0.04);
  expect(world.told).toEqual([]);
  const { told } = await new World(part, part, end, part, end).run();
  expect(told).toEqual([
    ["state.audited", { rows: 530 }],
    ["state.audited", { rows: 280 }],
  ]);
});

it("names what is damaged, once, and looks no further", async () => {
  const broken = (): AuditStep => {
    throw new AceError("DB_CORRUPT", "entry 00 is not as it was written");
  };
  const { told } = await new World(part, broken, part).run();
  const fields = { code: "DB_CORRUPT", message: "entry 00 is not as it was written" };
  expect(told).toEqual([["state.damaged", fields]]);
});

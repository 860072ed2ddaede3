/**
 * Starts of contract processes, watched: a node whose contracts cannot run says so, and does not start.
 *
 * What keeps a process from starting may be anything: a binary that is gone, no memory, no room for
 * another process, a file that may not be read. The runtime meets it when the first call comes, which
 * may be hours later.
 *
 * Errors  `CONTRACT_START_FAILED`, `DEPENDENCY_VERSION_WRONG`.
 */
import { AceError } from "../lib/errors.ts";
import type { Events } from "../lib/events.ts";
import { frameTypes } from "../runtime/process-frames.ts";
import {
  type Child,
  type ChildEvents,
  type SpawnOptions,
  spawnContractProcess,
} from "../runtime/process-spawn.ts";

type Spawn = (events: ChildEvents, options?: SpawnOptions) => Child;

export interface WatchedStarts {
  readonly spawn: Spawn;
  /** Resolves when all that were started until now are ready, rejects with why one is not. */
  ready(): Promise<void>;
}

type StartFault = "CONTRACT_START_FAILED" | "DEPENDENCY_VERSION_WRONG";

const REASON_MAX_CHARS = 400;

export function watchStarts(events: Events, spawn: Spawn = spawnContractProcess): WatchedStarts {
  // Later ones, of which a node may see many, nobody waits for.
  let starts: Promise<void>[] | undefined = [];
  return {
    spawn: (heard, options) => {
      const start = new Start(heard, events);
      starts?.push(start.ready);
      return start.run(spawn, options);
    },
    ready: async () => {
      const awaited = starts ?? [];
      starts = undefined;
      await Promise.all(awaited);
    },
  };
}

class Start {
  readonly ready: Promise<void>;
  readonly #events: Events;
  readonly #heard: ChildEvents;
  readonly #settle = Promise.withResolvers<void>();
  #isOver = false;

  constructor(heard: ChildEvents, events: Events) {
    this.#heard = heard;
    this.#events = events;
    this.ready = this.#settle.promise;
    // After the start of the node nobody waits for it.
    this.ready.catch(() => {});
  }

  run(spawn: Spawn, options: SpawnOptions | undefined): Child {
    const { onFrame, onEnd } = this.#heard;
    try {
      const child = spawn(
        {
          onFrame: (part) => {
            if (part.type === frameTypes.ready) this.#succeed();
            if (part.type === frameTypes.fault) {
              this.#fail(Buffer.from(part.payload).toString(), "DEPENDENCY_VERSION_WRONG");
            }
            onFrame(part);
          },
          onEnd: (reason, isKilled) => {
            this.#fail(reason);
            onEnd(reason, isKilled);
          },
        },
        options,
      );
      return {
        ...child,
        isAlive: () => child.isAlive(),
        kill: () => {
          // Its own side gave it up: it was not ready in time, or nobody needs it any more.
          this.#reject("it was not ready in time", "CONTRACT_START_FAILED");
          child.kill();
        },
      };
    } catch (error) {
      return this.#stillborn(error instanceof Error ? error.message : String(error));
    }
  }

  /** Some faults are thrown and others told: whoever started it hears of both in one way. */
  #stillborn(reason: string): Child {
    this.#fail(reason);
    setImmediate(() => this.#heard.onEnd(reason));
    return { pid: undefined, isAlive: () => false, send: () => {}, kill: () => {} };
  }

  #succeed(): void {
    this.#isOver = true;
    this.#settle.resolve();
  }

  #fail(words: string, code: StartFault = "CONTRACT_START_FAILED"): void {
    if (this.#isOver) return;
    const reason = words.replaceAll(/\s+/g, " ").trim().slice(0, REASON_MAX_CHARS);
    this.#events.warn("contracts.start_failed", { reason });
    this.#reject(reason, code);
  }

  #reject(reason: string, code: StartFault): void {
    this.#isOver = true;
    this.#settle.reject(new AceError(code, `the contract process did not start: ${reason}`));
  }
}

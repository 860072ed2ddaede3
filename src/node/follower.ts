/**
 * The follower: keeps `follow` going through everything that passes by itself, and stops on the rest.
 *
 * A full disk or a silent source is waited out. Sources that contradict one another, a foreign network,
 * a contract fault or damaged state stop it: reads go on, health is red, and the fault names what to do.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { AceError, type ErrorCode } from "../lib/errors.ts";
import { type FollowParts, follow } from "./follow.ts";

export interface FollowerParts extends FollowParts {
  /** What is known of the sources at this moment. */
  readonly sources: FollowedSources;
}

export interface FollowedSources {
  /** Why nothing can come, while no source is any good. */
  readonly fault: AceError | undefined;
  /** The newest ledger that any of them claims to have. */
  readonly newest: number;
}

export interface Follower {
  state(): "following" | "waiting" | "stopped";
  fault(): AceError | undefined;
  /** Settles when the follower has stopped, for whatever reason. Never rejects. */
  readonly stopped: Promise<void>;
}

const PASSES_BY_ITSELF: ReadonlySet<ErrorCode> = new Set(["DISK_FULL", "LEDGER_NO_SOURCE"]);
const RETRY_MS = 2_000;

export function startFollower(parts: FollowerParts, signal: AbortSignal): Follower {
  const { sources, journal, events } = parts;
  let isStopped = false;
  /** Of our own side, until it has passed. */
  let fault: AceError | undefined;
  /** True when following again may help. */
  const attempt = async (): Promise<boolean> => {
    try {
      await follow({ ...parts, journal: { tip: journal.tip, commit } }, signal);
      return false;
    } catch (error) {
      if (signal.aborted) return false;
      fault = asFault(error);
      const { code, message, stack } = fault;
      const place = code === "INTERNAL" ? { stack } : {};
      events.warn("follow.fault", { code, message, ...place });
      return PASSES_BY_ITSELF.has(fault.code);
    }
  };
  const commit: FollowParts["journal"]["commit"] = (batch) => {
    journal.commit(batch);
    fault = undefined;
  };
  const run = async (): Promise<void> => {
    while (await attempt()) {
      await sleep(RETRY_MS, undefined, { signal }).catch(() => undefined);
    }
  };
  const stopped = run().finally(() => {
    isStopped = true;
  });
  const current = (): AceError | undefined => fault ?? (isStopped ? undefined : sources.fault);
  return {
    state: () => {
      if (isStopped) return "stopped";
      const tip = journal.tip()?.sequence;
      // Sources that have not come as far as we are do not carry us on.
      const isCarried = tip !== undefined && sources.newest >= tip;
      return isCarried && current() === undefined ? "following" : "waiting";
    },
    fault: current,
    stopped,
  };
}

function asFault(error: unknown): AceError {
  if (error instanceof AceError) return error;
  const message = error instanceof Error ? error.message : String(error);
  const fault = new AceError("INTERNAL", message, { cause: error });
  if (error instanceof Error && error.stack !== undefined) fault.stack = error.stack;
  return fault;
}

/**
 * The follower: keeps `follow` going through everything that passes by itself, and stops on the rest.
 *
 * A full disk or a silent source is waited out. A lying source, a foreign network, a contract fault
 * or damaged state stops it: reads go on, health is red, and the fault names what to do.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { isErrorCode } from "../lib/catalogue.ts";
import { AceError, type ErrorCode } from "../lib/errors.ts";
import type { Events } from "../lib/events.ts";
import { type FollowParts, follow, type Ledgers } from "./follow.ts";

export interface FollowerParts extends Omit<FollowParts, "ledgers"> {
  /** Ledgers that tell these events of a source that fails. */
  readonly ledgers: (events: Events) => Ledgers;
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
  let state: "following" | "waiting" | "stopped" = "waiting";
  let fault: AceError | undefined;
  const sourceEvents: Events = {
    info: parts.events.info,
    warn: (name, fields = {}) => {
      parts.events.warn(name, fields);
      if (name !== "ledger.source_failed") return;
      const code = String(fields["code"]);
      state = "waiting";
      fault = new AceError(isErrorCode(code) ? code : "INTERNAL", String(fields["message"]));
    },
  };
  const watched: FollowParts = {
    ...parts,
    ledgers: parts.ledgers(sourceEvents),
    journal: {
      tip: () => parts.journal.tip(),
      commit: (ledgers) => {
        parts.journal.commit(ledgers);
        state = "following";
        fault = undefined;
      },
    },
  };
  /** True when following again may help. */
  const attempt = async (): Promise<boolean> => {
    try {
      await follow(watched, signal);
      return false;
    } catch (error) {
      if (signal.aborted) return false;
      fault = asFault(error);
      const { code, message, stack } = fault;
      const place = code === "INTERNAL" ? { stack } : {};
      parts.events.warn("follow.fault", { code, message, ...place });
      return PASSES_BY_ITSELF.has(fault.code);
    }
  };
  const run = async (): Promise<void> => {
    while (await attempt()) {
      state = "waiting";
      await sleep(RETRY_MS, undefined, { signal }).catch(() => undefined);
    }
  };
  const stopped = run().finally(() => {
    state = "stopped";
  });
  return { state: () => state, fault: () => fault, stopped };
}

function asFault(error: unknown): AceError {
  if (error instanceof AceError) return error;
  const message = error instanceof Error ? error.message : String(error);
  const fault = new AceError("INTERNAL", message, { cause: error });
  if (error instanceof Error && error.stack !== undefined) fault.stack = error.stack;
  return fault;
}

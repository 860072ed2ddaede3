/** What is asked of the contract process, and how its questions in between are answered. */
import type { Ground } from "./overlay.ts";
import type { FramePart } from "./process-frames.ts";

export interface ProcessRequest<T> {
  readonly type: number;
  readonly payload: Uint8Array;
  /** Answers what the process asks back; throws `StateMoved` where it cannot. */
  readonly state: Ground;
  /** Reads the answer at once, before any later frame is looked at. */
  readonly read: (answer: Buffer) => T;
  /** What the process learns before it begins; made when the request is sent, and again for a retry. */
  readonly before?: () => readonly FramePart[];
  /** For the second attempt. */
  readonly retryType?: number;
  /** May be sent while the request before it runs, and fails when that one does. */
  readonly isChained?: boolean;
  /** Time that this request may honestly take beyond the watchdog's own. */
  readonly allowanceMs?: number;
  /** A key that the process had to ask for, and the call that needed it. */
  readonly onMiss?: (key: string, call: number) => void;
  /** Names the work for the report of a fault, with the call where that is known. */
  readonly nameOf?: (call: number | undefined) => string;
}

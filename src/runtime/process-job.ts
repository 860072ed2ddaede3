/** A request on its way to the contract process, and how it ends. */
import { AceError } from "../lib/errors.ts";
import type { ProcessRequest } from "./process-request.ts";
import { StateMoved } from "./view-snapshot.ts";

export interface Job {
  readonly request: ProcessRequest<unknown>;
  readonly accept: (answer: Buffer) => void;
  readonly reject: (error: Error) => void;
  attempts: number;
  /** The call that was told last, when calls are told. */
  call: number | undefined;
  /** Whether the process was told that state went on under this request. */
  hasMoved: boolean;
}

export function asBuffer(payload: Uint8Array): Buffer {
  return Buffer.from(payload.buffer, payload.byteOffset, payload.length);
}

export function errorOf(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

export function closedError(): AceError {
  return new AceError("CONTRACT_FAULT", "the contract process is closed");
}

/** The reader begins anew. Nobody else was told to. */
export function refuseMoved(job: Job): void {
  if (!job.hasMoved) throw new Error("state did not go on");
  job.reject(new StateMoved("state went on"));
}

/**
 * The contract process, from the node's side: asked in order, watched, and replaced when it fails.
 *
 * A ledger may be sent while the one before it still runs. When the process fails, all that it had not
 * answered is asked again of a new one: the first alone and call by call, so that a second failure can
 * be named.
 *
 * Errors  `CONTRACT_FAULT` when it fails twice on one request, `DEPENDENCY_VERSION_WRONG` when it will
 *         not start. A failure is never an outcome.
 */
import { AceError, type ErrorCode } from "../lib/errors.ts";
import type { Events } from "../lib/events.ts";
import type { Rules } from "./limits.ts";
import { type FramePart, frameTypes } from "./process-frames.ts";
import { asBuffer, closedError, errorOf, type Job, refuseMoved } from "./process-job.ts";
import { callOf, readQuestion } from "./process-questions.ts";
import type { ProcessRequest } from "./process-request.ts";
import { type Child, spawnContractProcess } from "./process-spawn.ts";
import { StateMoved } from "./view-snapshot.ts";

export interface ContractProcess extends AsyncDisposable {
  /** Sends one request and gives what it makes of the answer. */
  ask<T>(request: ProcessRequest<T>): Promise<T>;
  /** The operating system's id of the running process, for operators and tests. */
  readonly pid: number | undefined;
}

export interface ProcessOptions {
  readonly events: Events;
  /** No answer for so long means that the process hangs. */
  readonly watchdogMs: number;
  /** Each new process runs a rehearsal first, so that no call waits until the engine knows its way. */
  readonly isRehearsed?: boolean;
  /** For the engine, such as `--jitless`: outcomes are the same under all of them. */
  readonly engineFlags?: readonly string[];
  /** Those of version 1 when left out. */
  readonly rules?: Rules;
  readonly spawn?: typeof spawnContractProcess;
  /** A new process was started, which knows nothing. */
  readonly onStart?: () => void;
}

const ATTEMPTS = 2;
const STARTS = 3;
const IN_FLIGHT_MAX = 2;
const START_MS = 30_000;
/** Of what it said last, in messages: its error output may be long. */
const REASON_MAX = 400;
const empty = new Uint8Array();

export function startContractProcess(options: ProcessOptions): ContractProcess {
  return new Host(options);
}

class Host implements ContractProcess {
  readonly #options: ProcessOptions;
  readonly #waiting: Job[] = [];
  readonly #sent: Job[] = [];
  #child: Child | undefined;
  #isReady = false;
  #isClosed = false;
  /** In vain, since the last one that came up. */
  #starts = 0;
  #watchdog: NodeJS.Timeout | undefined;

  constructor(options: ProcessOptions) {
    this.#options = options;
    if (options.isRehearsed) this.#start();
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  async ask<T>(request: ProcessRequest<T>): Promise<T> {
    if (this.#isClosed) throw closedError();
    return new Promise((resolve, reject) => {
      const accept = (answer: Buffer): void => resolve(request.read(answer));
      this.#waiting.push({
        request,
        accept,
        reject,
        attempts: 0,
        call: undefined,
        hasMoved: false,
      });
      this.#pump();
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#stop();
    for (const job of [...this.#sent.splice(0), ...this.#waiting.splice(0)]) {
      job.reject(closedError());
    }
  }

  /** Sends what may be sent, to a process that is started first where there is none. */
  #pump(): void {
    if (this.#isClosed || this.#waiting.length === 0) return;
    if (this.#child === undefined || (this.#isReady && !this.#child.isAlive())) this.#start();
    while (this.#isReady && this.#maySend()) {
      const job = this.#waiting.shift();
      if (job !== undefined) this.#send(job);
    }
  }

  #maySend(): boolean {
    const [next] = this.#waiting;
    if (next === undefined) return false;
    const [head] = this.#sent;
    if (head === undefined) return true;
    const isAhead = next.request.isChained === true && next.attempts === 0 && head.attempts === 0;
    return isAhead && this.#sent.length < IN_FLIGHT_MAX;
  }

  #send(job: Job): void {
    const { type, payload, retryType = type, before } = job.request;
    let parts: readonly FramePart[] = [];
    try {
      parts = before?.() ?? [];
    } catch (error) {
      // The node itself cannot read its state: what runs already may still come out.
      job.reject(errorOf(error));
      this.#rejectChained(errorOf(error));
      return;
    }
    job.hasMoved = false;
    for (const part of parts) this.#child?.send(part);
    this.#child?.send({ type: job.attempts === 0 ? type : retryType, payload });
    this.#sent.push(job);
    if (this.#sent.length === 1) this.#watch();
  }

  /** The watchdog is for the first request that was sent: the others wait for it. */
  #watch(): void {
    clearTimeout(this.#watchdog);
    const [head] = this.#sent;
    const ownMs = this.#isReady ? this.#options.watchdogMs : START_MS;
    if (this.#isReady && head === undefined) return;
    const limitMs = ownMs + (head?.request.allowanceMs ?? 0);
    this.#watchdog = setTimeout(() => this.#fail(`no word in ${limitMs} ms`), limitMs);
  }

  #start(): void {
    this.#isReady = false;
    this.#starts += 1;
    const events = {
      onFrame: (part: FramePart): void => {
        if (this.#child === child) this.#onFrame(part);
      },
      onEnd: (reason: string, isKilled = false): void => {
        if (this.#child !== child) return;
        const isWorthATry = isKilled && !this.#isReady && this.#starts < STARTS;
        if (isWorthATry) this.#stop();
        else this.#fail(reason);
        this.#pump();
      },
    };
    const { spawn = spawnContractProcess } = this.#options;
    const child = spawn(events, this.#options);
    this.#child = child;
    this.#watch();
  }

  #stop(): void {
    clearTimeout(this.#watchdog);
    this.#child?.kill();
    this.#child = undefined;
    this.#isReady = false;
  }

  /** A frame that has no place here is the fault of the process. */
  #onFrame(part: FramePart): void {
    try {
      this.#take(part);
    } catch (error) {
      this.#fail(errorOf(error).message);
    }
  }

  #take(part: FramePart): void {
    const { type, payload } = part;
    switch (type) {
      case frameTypes.ready:
        if (this.#isReady) throw new Error("it was ready before");
        this.#isReady = true;
        this.#starts = 0;
        this.#options.events.info("contracts.started", { pid: this.#child?.pid });
        this.#options.onStart?.();
        if (this.#options.isRehearsed)
          this.#child?.send({ type: frameTypes.rehearse, payload: empty });
        this.#watch();
        this.#pump();
        return;
      case frameTypes.read:
      case frameTypes.scan:
        this.#answer(part);
        return;
      case frameTypes.alive:
        this.#watchdog?.refresh();
        return;
      case frameTypes.begin: {
        const [head] = this.#sent;
        if (head !== undefined) head.call = callOf(payload);
        this.#watchdog?.refresh();
        return;
      }
      case frameTypes.fault:
        this.#fail(asBuffer(payload).toString(), !this.#isReady);
        return;
      case frameTypes.moved:
        this.#settle(refuseMoved);
        return;
      case frameTypes.done:
        this.#settle((job) => job.accept(asBuffer(payload)));
        return;
      default:
        throw new Error(`a frame of type ${type}`);
    }
  }

  #settle(how: (job: Job) => void): void {
    const [job] = this.#sent;
    if (job === undefined) throw new Error("an answer that nobody asked for");
    how(job);
    this.#sent.shift();
    this.#watch();
    this.#pump();
  }

  /** A question is progress: what it costs the node to answer is no sign that the process hangs. */
  #answer(part: FramePart): void {
    const [head] = this.#sent;
    if (head === undefined) throw new Error("a question while nothing was asked");
    const answer = readQuestion(part);
    this.#watchdog?.refresh();
    try {
      this.#child?.send({ type: frameTypes.answer, payload: answer(head.request) });
    } catch (error) {
      if (error instanceof StateMoved) {
        head.hasMoved = true;
        this.#child?.send({ type: frameTypes.moved, payload: empty });
      } else {
        this.#giveUp(errorOf(error));
      }
    }
  }

  /** The node itself cannot answer: no new process would help. */
  #giveUp(error: Error): void {
    this.#stop();
    for (const job of this.#sent.splice(0)) job.reject(error);
    this.#rejectChained(error);
    this.#pump();
  }

  /** Those that build on what did not come out. */
  #rejectChained(error: Error): void {
    while (this.#waiting[0]?.request.isChained === true) this.#waiting.shift()?.reject(error);
  }

  /** `isUnfit`: it said itself that it must not run here. */
  #fail(words: string, isUnfit = false): void {
    const reason = words.replaceAll(/\s+/g, " ").slice(0, REASON_MAX);
    const wasReady = this.#isReady;
    this.#stop();
    const [head] = this.#sent;
    if (!wasReady) {
      this.#refuse(reason, isUnfit ? "DEPENDENCY_VERSION_WRONG" : "CONTRACT_FAULT");
    } else if (head !== undefined) {
      this.#options.events.warn("contracts.fault", { reason });
      head.attempts += 1;
      this.#waiting.unshift(...this.#sent.splice(0));
      if (head.attempts >= ATTEMPTS) this.#refuseHead(reason);
    }
    this.#pump();
  }

  /** It will not start: nothing that waits can be answered. */
  #refuse(reason: string, code: ErrorCode): void {
    this.#starts = 0;
    const error = new AceError(code, `the contract process did not start: ${reason}`);
    for (const job of this.#waiting.splice(0)) job.reject(error);
  }

  /** The first request failed for good, and with it those that build on it. */
  #refuseHead(reason: string): void {
    const head = this.#waiting.shift();
    if (head === undefined) return;
    const name = head.request.nameOf === undefined ? "" : ` in ${head.request.nameOf(head.call)}`;
    const error = new AceError("CONTRACT_FAULT", `the contract process failed${name}: ${reason}`);
    head.reject(error);
    this.#rejectChained(error);
  }
}

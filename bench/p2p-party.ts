// One party of a measured swarm: a process of its own that is told what to do line by line, and what
// it cost: processor seconds of user and system from /proc, its start not counted.
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

export type Engine = "ours" | "libtorrent" | "webtorrent";

/** What a party answers: numbers by name, such as `port` and `ms`. */
export type Answer = Readonly<Record<string, number>>;

const TICKS_PER_S = 100;
const PYTHON = "/usr/bin/python3";
const SCRIPTS: Readonly<Record<Engine, readonly [string, string]>> = {
  ours: [process.execPath, "p2p-node.ts"],
  libtorrent: [PYTHON, "p2p-libtorrent.py"],
  webtorrent: [process.execPath, "p2p-webtorrent.mjs"],
};

export class Party implements AsyncDisposable {
  readonly name: string;
  readonly #child: ChildProcess;
  readonly #answers: AsyncIterator<string>;
  #startS = 0;

  private constructor(name: string, child: ChildProcess, answers: AsyncIterator<string>) {
    this.name = name;
    this.#child = child;
    this.#answers = answers;
  }

  /** Starts a party and waits until it says that it is ready. */
  static async start(engine: Engine, args: readonly string[]): Promise<[Party, Answer]> {
    const [program, script] = SCRIPTS[engine];
    const path = new URL(script, import.meta.url).pathname;
    const flags = engine === "libtorrent" ? [] : ["--no-warnings", "--expose-gc"];
    const child = spawn(program, [...flags, path, ...args], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    const failed = new Promise<never>((_, reject) => child.once("error", reject));
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const party = new Party(engine, child, lines);
    return [party, await Promise.race([party.#next(), failed])];
  }

  /** Tells the party one line. */
  tell(order: Readonly<Record<string, unknown>>): void {
    this.#startS = this.#cpuS();
    this.#child.stdin?.write(`${JSON.stringify(order)}\n`);
  }

  async heard(): Promise<Answer> {
    return await this.#next();
  }

  async ask(order: Readonly<Record<string, unknown>>): Promise<Answer> {
    this.tell(order);
    return await this.#next();
  }

  /** Counts processor time from here on. */
  mark(): void {
    this.#startS = this.#cpuS();
  }

  /** Processor seconds since the last `mark` or order. */
  get spentS(): number {
    return this.#cpuS() - this.#startS;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = new Promise((resolve) => this.#child.once("exit", resolve));
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill("SIGKILL");
    await ended;
  }

  #cpuS(): number {
    return cpuSecondsOf(this.#child.pid ?? 0);
  }

  async #next(): Promise<Answer> {
    const { value, done } = await this.#answers.next();
    if (done === true) throw new Error(`the process of ${this.name} ended before it answered`);
    return JSON.parse(value);
  }
}

/** User and system time of all threads of a process. */
export function cpuSecondsOf(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_S;
}

// Goal: `ace devnet` as people meet it: kept between two lives, spoken to from another terminal.
// Method: the real executable, in a home of its own, on a free port.
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { BIN, makeHome } from "./cli-process.ts";

/** Several processes one after the other, on a machine that may be crowded. */
const START_MS = 240_000;

const home = makeHome();
const running: ChildProcess[] = [];
afterAll(() => {
  for (const child of running) child.kill("SIGKILL");
  home[Symbol.dispose]();
});

const Ready = z.object({
  event: z.literal("ready"),
  data: z.object({
    rpcUrl: z.string(),
    data: z.string().nullable(),
    isResumed: z.boolean(),
    ledger: z.int(),
    accounts: z.array(z.object({ address: z.string(), secret: z.string() })),
  }),
});

async function start(...flags: readonly string[]) {
  const args = ["devnet", "--port", "0", "--close", "manual", "--json", ...flags];
  const child = spawn(process.execPath, [BIN, ...args], {
    env: { PATH: process.env["PATH"], HOME: home.path, ACE_HOME: home.path },
    stdio: ["ignore", "pipe", "inherit"],
  });
  running.push(child);
  const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
  for await (const line of createInterface(child.stdout)) {
    const { data } = Ready.parse(JSON.parse(line));
    const stop = (signal: NodeJS.Signals): Promise<number | null> => {
      child.kill(signal);
      return ended;
    };
    return { ...data, stop };
  }
  throw new Error("the devnet ended before it was ready");
}

it(
  "goes on where it was after Ctrl-C and after kill -9, and begins anew when told to",
  async () => {
    const quorumFile = join(home.path, "quorum.json");
    const first = await start("--accounts", "2", "--quorum-file", quorumFile);
    expect(first).toMatchObject({ isResumed: false, ledger: 2, data: join(home.path, "devnet") });
    expect(first.accounts).toHaveLength(2);
    expect(JSON.parse(readFileSync(quorumFile, "utf8"))).toMatchObject({ threshold: 2 });

    const environment = { ACE_RPC: first.rpcUrl };
    const closed = await home.ace(["devnet", "close", "5", "--json"], { environment });
    expect(JSON.parse(closed.stdout)).toMatchObject({ ok: true, data: { sequence: 7 } });
    const listed = await home.ace(["devnet", "fault", "rpc:lag=2"], { environment });
    expect(listed.stdout).toContain("rpc:lag=2");
    const second = await home.ace(["devnet", "--port", "0"]);
    expect(second).toMatchObject({ exitCode: 6, stdout: "" });
    expect(second.stderr).toMatch(/^error\[DEVNET_DATA\]: process \d+ is running/);
    expect(await first.stop("SIGINT")).toBe(0);

    const next = await start("--accounts", "2");
    expect(next).toMatchObject({ isResumed: true, ledger: 7, accounts: first.accounts });
    await next.stop("SIGKILL");
    const anew = await start("--reset");
    expect(anew).toMatchObject({ isResumed: false, ledger: 1 });
    await anew.stop("SIGTERM");
  },
  START_MS,
);

describe("what a network keeps", () => {
  const kept = join(home.path, "devnet", "ledgers");
  beforeAll(async () => {
    const first = await start();
    await first.stop("SIGTERM");
  });

  it.each([
    [["--reset", "--protocol", "99"], 6, /protocol 99 is not one of/],
    [["--reset", "--fault", "rpc:nope"], 2, /there is no fault "nope"/],
    [["--reset", "--log", "loud"], 2, /--log takes silent, warn, info, debug, not "loud"/],
    [["--reset", "--close", "0s"], 2, /--close takes manual, or 1s to 999s/],
    [["--memory", "--reset"], 2, /--memory keeps nothing/],
  ])(
    "what is asked wrongly with %j drops nothing",
    async (flags, exitCode, message) => {
      const refused = await home.ace(["devnet", "--port", "0", ...flags]);
      expect(refused).toMatchObject({ exitCode, stdout: "" });
      expect(refused.stderr).toMatch(message);
      expect(readdirSync(kept)).not.toEqual([]);
    },
    START_MS,
  );
});

it(
  "keeps nothing with --memory",
  async () => {
    const folder = join(home.path, "devnet");
    const before = existsSync(folder);
    const memory = await start("--memory");
    expect(memory).toMatchObject({ data: null, isResumed: false });
    await memory.stop("SIGTERM");
    expect(existsSync(folder)).toBe(before);
  },
  START_MS,
);

it.each([
  [["devnet", "--memory", "--fault", "rpc:bogus", "--port", "0"], "DEVNET_FAULT_INVALID"],
  [["devnet", "close"], "LEDGER_NO_SOURCE"],
  [["devnet", "warp", "later"], "USAGE"],
])("answers %j with %s and what to do", async (args, code) => {
  const { exitCode, stderr } = await home.ace(args);
  expect(exitCode).not.toBe(0);
  expect(stderr).toMatch(new RegExp(`^error\\[${code}\\]: .+\\n {2}hint: .+`));
});

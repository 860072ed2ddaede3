// Goal: a devnet that is kept goes on where it was, however it ended; what is damaged is said so.
// Method: folders of real networks, torn and damaged by hand; processes of their own, killed.
import { spawn } from "node:child_process";
import {
  appendFileSync,
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Asset, Operation, Transaction, TransactionBuilder } from "@stellar/stellar-sdk/base";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createDevnet, type Devnet } from "../../src/devnet/devnet.ts";
import { dropKeptDevnet, type KeptDevnet, openKeptDevnet } from "../../src/devnet/files-network.ts";
import { serveDevnet } from "../../src/devnet/server.ts";
import { verifyPath } from "../../src/ledger/verify-path.ts";
import { silentEvents } from "../../src/lib/events.ts";
import { type Bench, createBench, keypair, PASSPHRASE } from "../devnet-kit.ts";

const PLAY = join(import.meta.dirname, "..", "support", "devnet-play.ts");
const identity = { passphrase: PASSPHRASE, seed: "kept" };
const root = mkdtempSync(join(tmpdir(), "ace-kept-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const fresh = (): string => mkdtempSync(join(root, "net-"));
const open = (folder: string): KeptDevnet =>
  openKeptDevnet({ folder, closeTime: 1_000n, defaults: identity });
const stateOf = (net: Devnet): readonly string[] =>
  [...net.entries].map((entry) => entry.toXdr("base64")).sort();
const faultOf = (code: string) => expect.objectContaining({ code });

/** 2,040 ledgers with two files of ledgers and two states behind them. */
let model: string;
let latest: { readonly sequence: number; readonly hash: string; readonly state: readonly string[] };
beforeAll(() => {
  model = fresh();
  using kept = open(model);
  const bench = createBench(kept.net);
  bench.fund("alice", "bob");
  kept.net.closeUntil(2_020);
  playLate(bench);
  kept.net.closeUntil(2_040);
  const { sequence, hash } = kept.net.latest;
  latest = { sequence, hash, state: stateOf(kept.net) };
});

/** What only the end of the ledgers holds: somebody else's fee, a failure, an entry that goes. */
function playLate(bench: Bench): void {
  const [alice, bob] = [keypair("alice"), keypair("bob")];
  bench.fund("carol");
  const inner = bench.envelope(
    { from: alice },
    Operation.manageData({ name: "kept", value: "yes" }),
  );
  const parsed = TransactionBuilder.fromXDR(inner, PASSPHRASE);
  if (!(parsed instanceof Transaction)) throw new Error("not a plain transaction");
  const bump = TransactionBuilder.buildFeeBumpTransaction(bob, "200", parsed, PASSPHRASE);
  bump.sign(bob);
  bench.submitted(bump.toXDR());
  const tooMuch = { destination: bob.publicKey(), asset: Asset.native(), amount: "99999" };
  bench.run({ from: alice }, Operation.payment(tooMuch));
  bench.run({ from: alice }, Operation.manageData({ name: "kept", value: null }));
}

function copyOfModel(): string {
  const folder = fresh();
  cpSync(model, folder, { recursive: true });
  return folder;
}

function expectWhole(folder: string): void {
  using kept = open(folder);
  const { sequence, hash } = kept.net.latest;
  expect({ sequence, hash, state: stateOf(kept.net) }).toEqual(latest);
}

describe("a kept devnet", () => {
  it("goes on with the same state, and the same next ledger as one that never stopped", () => {
    using kept = open(copyOfModel());
    expect(kept.isResumed).toBe(true);
    expect(stateOf(kept.net)).toEqual(latest.state);
    const other = createDevnet({ ...identity, closeTime: 1_000n });
    const twin = createBench(other);
    twin.fund("alice", "bob");
    other.closeUntil(2_020);
    playLate(twin);
    other.closeUntil(2_040);
    expect(other.latest.hash).toBe(latest.hash);
    for (const net of [kept.net, other]) createBench(net).fund("dave");
    expect(kept.net.latest.hash).toBe(other.latest.hash);
  });

  it("still serves every ledger and transaction from before", () => {
    using kept = open(copyOfModel());
    expect(kept.net.oldestSequence).toBe(1);
    const second = kept.net.ledger(2);
    expect(second?.transactions).toHaveLength(1);
    const hash = second?.transactions[0]?.hash ?? "";
    expect(kept.net.transaction(hash)).toMatchObject({ ledger: 2, ok: true, order: 1 });
    expect(kept.net.ledger(1_000)?.sequence).toBe(1_000);
    expect(kept.net.ledger(1_999)?.sequence).toBe(1_999);
  });

  it("keeps ledgers that anybody can verify", async () => {
    const files = readdirSync(join(model, "ledgers")).map((name) => join(model, "ledgers", name));
    expect(files).toHaveLength(3);
    for (const file of files) expect((await verifyPath(file)).failureCount).toBe(0);
  });

  it("takes its passphrase and seed from its folder, and refuses others", () => {
    const folder = copyOfModel();
    open(folder)[Symbol.dispose]();
    for (const other of [{ passphrase: "Other ; 1" }, { seed: "other" }]) {
      const options = { folder, closeTime: 1n, defaults: identity, ...other };
      expect(() => openKeptDevnet(options)).toThrow(faultOf("DEVNET_DATA"));
    }
    const asBefore = { folder, closeTime: 1n, defaults: { passphrase: "x", seed: "y" } };
    using kept = openKeptDevnet(asBefore);
    expect(kept.net.passphrase).toBe(PASSPHRASE);
  });

  it("is dropped when told to, with the number of its ledgers; other folders are not", () => {
    const folder = copyOfModel();
    expect(dropKeptDevnet(folder)).toBe(2_040);
    expect(readdirSync(folder)).toEqual([]);
    expect(dropKeptDevnet(join(folder, "nowhere"))).toBe(0);
    using kept = open(folder);
    expect(kept.isResumed).toBe(false);
    const foreign = fresh();
    writeFileSync(join(foreign, "film.mp4"), "");
    expect(() => dropKeptDevnet(foreign)).toThrow(faultOf("DEVNET_DATA"));
    expect(() => open(foreign)).toThrow(faultOf("DEVNET_DATA"));
    expect(readdirSync(foreign)).toContain("film.mp4");
  });

  it("is not shared by two processes", () => {
    const folder = copyOfModel();
    writeFileSync(join(folder, "lock"), `${process.ppid}\n`);
    expect(() => open(folder)).toThrow(String(process.ppid));
    // A process that is gone holds nothing.
    writeFileSync(join(folder, "lock"), "4194304\n");
    expectWhole(folder);
    expect(readdirSync(folder)).not.toContain("lock");
  });
});

const newest = (folder: string, pattern: RegExp): string =>
  join(
    folder,
    readdirSync(folder)
      .filter((name) => pattern.test(name))
      .sort()
      .at(-1) ?? "",
  );

describe("a devnet whose folder", () => {
  it("lost a state, or has a broken one, replays its ledgers instead", () => {
    const broken = copyOfModel();
    writeFileSync(newest(broken, /^state-/), "broken");
    expectWhole(broken);
    const without = copyOfModel();
    for (const name of readdirSync(without)) {
      if (name.startsWith("state-")) rmSync(join(without, name));
    }
    expectWhole(without);
  });

  it("ends in half a ledger goes on from the whole one before", () => {
    const folder = copyOfModel();
    const file = newest(join(folder, "ledgers"), /\.xdr$/);
    appendFileSync(file, Buffer.from([0x80, 0, 1, 0, 1, 2, 3]));
    expectWhole(folder);
    truncateSync(file, readFileSync(file).length - 10);
    using kept = open(folder);
    expect(kept.net.latest.sequence).toBe(2_039);
    expect(kept.net.closeUntil(2_050).sequence).toBe(2_050);
  });

  it("lacks a file of ledgers, or has other bytes in one, is refused and left alone", () => {
    const lacking = copyOfModel();
    rmSync(join(lacking, "ledgers", "0000001000.xdr.zst"));
    expect(() => open(lacking)).toThrow(faultOf("DEVNET_DATA"));
    const altered = copyOfModel();
    const file = newest(join(altered, "ledgers"), /\.xdr$/);
    const bytes = readFileSync(file);
    // The hash of the ledger before, in the header of ledger 2,001.
    const second = 4 + bytes.readUInt32BE(0) - 0x80_00_00_00;
    bytes[second + 60] = (bytes[second + 60] ?? 0) ^ 1;
    writeFileSync(file, bytes);
    for (const name of readdirSync(altered)) {
      if (name === "state-0000002040.zst") rmSync(join(altered, name));
    }
    expect(() => open(altered)).toThrow(faultOf("DEVNET_DATA"));
    expect(readdirSync(altered)).not.toContain("lock");
  });
});

it("a ledger that cannot be kept ends the network, instead of leaving a hole behind", async () => {
  const folder = fresh();
  using kept = open(folder);
  const { net } = kept;
  const clock = { nowMs: () => 0 };
  await using server = await serveDevnet({
    net,
    port: 0,
    closeMs: "manual",
    events: silentEvents,
    clock,
  });
  net.closeUntil(998);
  // The next ledger fills a file, which is then read once more to be compressed.
  rmSync(join(folder, "ledgers"), { recursive: true });
  const close = async () => (await fetch(`${server.url}/close`, { method: "POST" })).status;
  expect(await close()).toBe(500);
  await expect(server.failure).rejects.toThrow(faultOf("DEVNET_DATA"));
  expect(await close()).toBe(500);
});

/** Lines that the process printed until it ended, or until `isEnough` said so and it was killed. */
async function play(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  isEnough: (lines: number) => boolean = () => false,
): Promise<readonly string[]> {
  const child = spawn(process.execPath, [PLAY, ...args], {
    env: { PATH: process.env["PATH"], ...environment },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const lines: string[] = [];
  for await (const line of createInterface(child.stdout)) {
    lines.push(line);
    if (isEnough(lines.length)) child.kill("SIGKILL");
  }
  await ended;
  return lines;
}

it("killed at any moment, a devnet has every ledger that anybody was told of", async () => {
  const folder = fresh();
  const told = new Map<string, string>();
  for (const killAfter of [40, 300]) {
    const lines = await play([folder, "100000"], {}, (count) => count >= killAfter);
    for (const line of lines) {
      const [sequence = "", hash = ""] = line.split(" ");
      expect(told.get(sequence) ?? hash).toBe(hash);
      told.set(sequence, hash);
    }
  }
  using kept = openKeptDevnet({ folder, closeTime: 1n, defaults: identity });
  for (const [sequence, hash] of told) expect(kept.net.ledger(Number(sequence))?.hash).toBe(hash);
});

it("two processes of other language and time zone make the same ledgers", async () => {
  const [one, other] = await Promise.all([
    play(["-", "60"], { TZ: "Asia/Kolkata", LANG: "de_DE.UTF-8", LC_ALL: "de_DE.UTF-8" }),
    play(["-", "60"], { TZ: "America/New_York", LANG: "tr_TR.UTF-8", LC_ALL: "tr_TR.UTF-8" }),
  ]);
  expect(one).toHaveLength(60);
  expect(one).toEqual(other);
});

it("a snapshot in memory brings everything back: state, ledgers, what waits, offers' numbers", () => {
  const net = createDevnet({ ...identity, closeTime: 1_000n });
  const bench = createBench(net);
  bench.fund("alice");
  net.fund([keypair("bob").publicKey()]);
  const start = net.snapshot();
  const first = net.close({ closeTime: 0n });
  bench.fund("carol");
  net.closeUntil(20);
  net.restore(start);
  expect(net.latest.sequence).toBe(2);
  expect(net.ledger(3)).toBeUndefined();
  expect(net.close({ closeTime: 0n })).toMatchObject({ hash: first.hash });
  net.restore(start);
  expect(net.warp(28n * 86_400n)).toMatchObject({ sequence: 3, closeTime: 1_001n + 28n * 86_400n });
});

// Goal: a challenge that signed in once never signs in again, whatever happens to the process.
// Method: a process consumes challenges on a real disk and is killed, again and again; what it said was
//         consumed is posted once more. And one challenge is posted a thousand times at once.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Keypair, Networks, Transaction } from "@stellar/stellar-sdk";
import { afterAll, expect, it } from "vitest";
import { loadDeviceKey, proveRegistration } from "../../src/access/device-key.ts";
import { SignIn } from "../../src/access/sign-in.ts";
import { isAceError } from "../../src/lib/errors.ts";
import { openOutbox } from "../../src/store/outbox.ts";

/** A thousand of each where it is asked for; they cost seconds. */
const CONSUMED = Number(process.env["ACE_REPLAYS"] ?? "300");
const KILLS_MAX = 20;
const EACH = 80;
const POSTS = Number(process.env["ACE_REPLAYS"] ?? "60");
const START_S = 1_900_000_000;
const folder = mkdtempSync(join(tmpdir(), "ace-sign-in-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs until so many are consumed, then kills it without a word. */
async function consumedBy(run: number): Promise<readonly string[]> {
  const args = ["test/support/consume-challenges.ts", join(folder, "kill"), String(run)];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  let said = "";
  for await (const chunk of child.stdout) {
    said += String(chunk);
    if (said.split("\n").length > EACH) child.kill("SIGKILL");
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  // A line that was cut off was not said.
  return said.split("\n").slice(0, -1);
}

it("takes no challenge twice, across processes that were killed", async () => {
  const consumed: string[] = [];
  let kills = 0;
  for (; consumed.length < CONSUMED && kills < KILLS_MAX; kills += 1) {
    consumed.push(...(await consumedBy(kills)));
    using outbox = openOutbox(join(folder, "kill"));
    // The one that was killed had not closed it.
    expect(outbox.wasClosedCleanly).toBe(false);
    expect(consumed.filter((challenge) => outbox.consume(challenge, 2_000_000_000))).toEqual([]);
  }
  expect(consumed.length).toBeGreaterThanOrEqual(CONSUMED);
  expect(kills).toBeGreaterThan(1);
}, 60_000);

it("makes one session of any number of posts of one challenge at once", async () => {
  using outbox = openOutbox(join(folder, "posts"));
  const [server, viewer] = [Keypair.random(), Keypair.random()];
  const networkId = "ab".repeat(32);
  const clock = { nowMs: () => START_S * 1_000 };
  const signIn = new SignIn({
    server: { account: server.publicKey(), sign: (hash) => server.sign(Buffer.from(hash)) },
    passphrase: Networks.TESTNET,
    networkId,
    homeDomain: "club",
    webAuthDomain: "127.0.0.1:7070",
    signers: {
      of: async () => ({
        exists: true,
        signers: [{ key: viewer.publicKey(), weight: 1 }],
        mediumThreshold: 0,
      }),
    },
    consumed: outbox,
    clock,
  });
  const account = viewer.publicKey();
  const challenge = new Transaction(
    signIn.createChallenge({ account }).transaction,
    Networks.TESTNET,
  );
  challenge.sign(viewer);
  const device = loadDeviceKey("07".repeat(32));
  const challengeHash = Buffer.from(challenge.hash()).toString("hex");
  const proof = proveRegistration(device, { networkId, account, challengeHash });
  const key = device.publicKey.toHex();
  const { signal } = new AbortController();
  const posts = Array.from({ length: POSTS }, () =>
    signIn.verifyChallenge(challenge.toXdr(), { key, proof }, signal),
  );
  const settled = await Promise.allSettled(posts);
  const refused = settled.filter((one) => one.status === "rejected");
  expect(settled.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  expect(refused.every(({ reason }) => isAceError(reason, "CHALLENGE_USED"))).toBe(true);
}, 60_000);

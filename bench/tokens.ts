// Goal: what one access token costs a node, next to the same check by jose.
// Method: both verify the same fresh tokens in turns, so that a noisy machine slows both; the median
//         of the rounds counts. Rates are per second of CPU, because jose's work is spread over
//         threads. Remembered tokens are measured on their own.
import { createPublicKey } from "node:crypto";
import { jwtVerify } from "jose";
import { loadDeviceKey } from "../src/access/device-key.ts";
import { privateKeyOf } from "../src/access/ed25519.ts";
import { TokenIssuer } from "../src/access/issue.ts";
import { makeIssuerSet } from "../src/access/issuer-set.ts";
import { TokenVerifier } from "../src/access/verifier.ts";
import { invariant } from "../src/lib/invariant.ts";
import { accountFromBytes } from "../src/lib/strkey.ts";
import { type Figure, median } from "./figure.ts";

const ROUNDS = 7;
const TOKENS_PER_ROUND = 500;
const HITS_PER_ROUND = 50_000;
const NOW_S = 1_900_000_000;
const NET = "0123456789abcdef";
const AUD = `btih:${"ab".repeat(20)}`;
const SEED = "11".repeat(32);

export async function tokenFigures(): Promise<readonly Figure[]> {
  const account = accountFromBytes(loadDeviceKey("33".repeat(32)).publicKey);
  const key = loadDeviceKey(SEED).publicKey.toHex();
  const set = makeIssuerSet([{ account, key }]);
  const privateKey = privateKeyOf(SEED);
  invariant(privateKey !== undefined, "the bench's seed is a seed");
  const theirKey = createPublicKey(privateKey);
  const verifier = new TokenVerifier({ net: NET, issuers: () => set, licenceOf: () => 412n });
  const look = { aud: AUD, nowS: NOW_S };
  const currentDate = new Date(NOW_S * 1_000);
  const theirLook = { algorithms: ["EdDSA"], typ: "ace-access+jwt", audience: AUD, currentDate };

  const ours: number[] = [];
  const theirs: number[] = [];
  const remembered: number[] = [];
  // The first round warms both up and is not counted.
  for (let round = 0; round <= ROUNDS; round += 1) {
    const tokens = await issueMany(account, TOKENS_PER_ROUND);
    const own = await ratePerS(tokens.length, () => {
      for (const token of tokens) invariant(verifier.verify(token, look).ok, "the token is good");
    });
    const hits = await ratePerS(HITS_PER_ROUND, () => {
      for (let hit = 0; hit < HITS_PER_ROUND; hit += 1) {
        invariant(verifier.verify(tokens[hit % tokens.length] ?? "", look).ok, "it is remembered");
      }
    });
    const peer = await ratePerS(tokens.length, async () => {
      for (const token of tokens) await jwtVerify(token, theirKey, theirLook);
    });
    if (round === 0) continue;
    ours.push(own);
    theirs.push(peer);
    remembered.push(hits);
  }
  const value = Math.round(median(ours));
  const peer = Math.round(median(theirs));
  const ratio = Number((value / peer).toFixed(2));
  return [
    { name: "spine.token_verify_per_s", value, unit: "tokens a CPU-second", peer, ratio },
    {
      name: "spine.token_remembered_per_s",
      value: Math.round(median(remembered)),
      unit: "tokens a CPU-second",
    },
  ];
}

async function ratePerS(count: number, work: () => void | Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return count / ((user + system) / 1e6);
}

async function issueMany(account: string, count: number): Promise<readonly string[]> {
  const answer = { ok: true, until: 0n, concurrent: 0n, devices: 0n, role: "viewer" };
  const issuer = new TokenIssuer({
    account,
    seed: SEED,
    net: NET,
    lifeS: () => 300,
    head: () => ({ sequence: 7, closeTime: BigInt(NOW_S), stateRoot: "5e".repeat(32) }),
    contentOf: (id) => ({ id, swarm: AUD, contract: 412n }),
    views: { view: async () => ({ ok: true, code: "", result: new Map(Object.entries(answer)) }) },
    issued: { record: () => {} },
    clock: { nowMs: () => NOW_S * 1_000 },
  });
  const request = { account, deviceKey: loadDeviceKey("22".repeat(32)).publicKey.toHex() };
  const tokens: string[] = [];
  while (tokens.length < count) {
    tokens.push((await issuer.issue({ ...request, content: "c0".repeat(32) })).token);
  }
  return tokens;
}

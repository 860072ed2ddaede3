// Goal: issuers believe each other about leases for signatures of keys in force, for now and once; where an
//       account's leases are counted is the same for everybody.
// Method: the vectors as data, and two issuers' posts that ask each other; every message is bent in turn.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { makeIssuerSet, staleIssuerSet } from "../../src/access/issuer-set.ts";
import { homeOrder } from "../../src/access/lease-home.ts";
import type { LeaseAsk, LeaseMessage } from "../../src/access/lease-message.ts";
import { LeasePost } from "../../src/access/lease-post.ts";
import { codeOf } from "../support/node-kit.ts";
import { askingSeed, homeSeed, leaseVectors, vectorAtMs } from "../vectors/make-leases.ts";

const vectors = leaseVectors();
const [one, two, three] = vectors.issuers;
if (one === undefined || two === undefined || three === undefined) throw new Error("three");
const entries = vectors.issuers.map(({ account, key }) => ({ account, key }));
const NONCE = "AAECAwQFBgcICQoLDA0ODw";
const HELLO: LeaseAsk = { kind: "hello" };
const LEDGER = 100;

function postOf(issuer: (typeof vectors.issuers)[number], seed: string, more: object = {}) {
  const time = { ms: vectorAtMs };
  const set = makeIssuerSet(entries);
  const post = new LeasePost({
    account: issuer.account,
    kid: issuer.kid,
    seed,
    net: vectors.net,
    issuers: () => set,
    ledger: () => LEDGER,
    clock: { nowMs: () => time.ms },
    ...more,
  });
  return { post, time };
}

const asking = (more?: object) => postOf(one, askingSeed, more);
const home = (more?: object) => postOf(two, homeSeed, more);
const stop: LeaseAsk = { kind: "stop", id: "AAECAwQFBgcICQoL", account: one.account };

it("keeps the vectors' file as its maker writes it", () => {
  const kept = readFileSync(new URL("../vectors/leases.json", import.meta.url), "utf8");
  expect(JSON.parse(kept)).toEqual(vectors);
});

it("finds the home of each account as the vectors have it, however the issuers are listed", () => {
  for (const { account, order } of vectors.homes) {
    const accounts = entries.map((entry) => entry.account);
    expect(homeOrder(account, accounts)).toEqual(order);
    expect(homeOrder(account, [...accounts, ...accounts].reverse())).toEqual(order);
    // Who goes moves nobody else.
    const left = order.slice(1);
    expect(homeOrder(account, left)).toEqual(left);
  }
  expect(new Set(vectors.homes.map(({ order }) => order[0])).size).toBe(3);
});

it("reads the vectors' ask, and takes the vectors' answer for the answer to it", () => {
  const body = home().post.heard(vectors.ask);
  expect(body).toMatchObject({ from: one.account, ask: { kind: "take", play: { limit: 1n } } });
  const { from, answer } = asking().post.answered(
    { nonce: NONCE, to: two.account },
    vectors.answer,
  );
  expect(from).toBe(two.account);
  expect(answer).toMatchObject({ kind: "leased", lease: { contract: 412n } });
});

describe("an ask", () => {
  it("counts once, also when its copy comes while it is answered", async () => {
    const { post } = home();
    const { message } = asking().post.ask(two.account, stop);
    post.heard(message);
    expect(await codeOf(() => post.heard(message))).toBe("PROOF_REPLAYED");
  });

  it("counts for half a minute before and after its time, and never from before a restart", async () => {
    const { message } = asking().post.ask(two.account, stop);
    for (const [passedMs, code] of [
      [30_000, "none"],
      [30_001, "LEASE_CALL_INVALID"],
    ] as const) {
      const { post, time } = home();
      time.ms += passedMs;
      expect(await codeOf(() => post.heard(message))).toBe(code);
    }
    const early = home({ clock: { nowMs: () => vectorAtMs - 30_001 } });
    expect(await codeOf(() => early.post.heard(message))).toBe("LEASE_CALL_INVALID");
    const restarted = home({ clock: { nowMs: () => vectorAtMs + 1 } });
    expect(await codeOf(() => restarted.post.heard(message))).toBe("LEASE_CALL_INVALID");
  });

  it("is remembered for as long as it could count", async () => {
    const { post, time } = home();
    const late = asking({ clock: { nowMs: () => vectorAtMs + 30_000 } });
    const { message } = late.post.ask(two.account, stop);
    post.heard(message);
    time.ms += 60_000;
    expect(await codeOf(() => post.heard(message))).toBe("PROOF_REPLAYED");
  });
});

describe("an ask that is not to be believed", () => {
  it("is refused for another issuer, and but a greeting when it is for nobody", async () => {
    const { post } = home();
    const { post: from } = asking();
    expect(await codeOf(() => post.heard(from.ask(three.account, stop).message))).toBe(
      "LEASE_CALL_INVALID",
    );
    expect(await codeOf(() => post.heard(from.ask("", stop).message))).toBe("LEASE_CALL_INVALID");
    expect(post.heard(from.ask("", HELLO).message).ask).toEqual(HELLO);
  });

  it("is refused from another network, from who is no issuer, and from a key that is not in force", async () => {
    const { post } = home();
    const elsewhere = asking({ net: "f".repeat(16) }).post.ask(two.account, stop);
    expect(await codeOf(() => post.heard(elsewhere.message))).toBe("LEASE_CALL_INVALID");
    for (const issuers of [
      makeIssuerSet(entries.slice(1)),
      makeIssuerSet([{ ...one, toLedger: LEDGER - 1 }, two]),
      makeIssuerSet([{ ...one, fromLedger: LEDGER + 1 }, two]),
      staleIssuerSet(makeIssuerSet(entries)),
    ]) {
      const wary = home({ issuers: () => issuers }).post;
      const { message } = asking().post.ask(two.account, stop);
      expect(await codeOf(() => wary.heard(message))).toMatch(/^ISSUER_UNKNOWN$/);
    }
  });

  it("is refused with any part of it changed, and as an answer", async () => {
    const { message } = asking().post.ask(two.account, stop);
    const { post } = home();
    const bent: LeaseMessage[] = [
      { ...message, body: message.body.replace("stop", "hello") },
      { ...message, body: `${message.body} ` },
      { ...message, body: message.body.replace(two.account, three.account) },
      { ...message, kid: two.kid },
      {
        ...message,
        signature: message.signature.replace(/^./, (digit) => (digit === "0" ? "1" : "0")),
      },
      { ...message, signature: "" },
      { ...message, body: "x".repeat(100_000) },
      vectors.answer,
    ];
    for (const each of bent) {
      expect(await codeOf(() => post.heard(each))).toMatch(/LEASE_CALL_INVALID|ISSUER_UNKNOWN/);
    }
    // None of them has used up the good one.
    expect(post.heard(message).ask).toEqual(stop);
  });

  it("may come 500 times a second from one issuer, which does not keep another one out", async () => {
    const { post } = home();
    const { post: from } = asking();
    for (let count = 0; count < 500; count += 1) post.heard(from.ask(two.account, stop).message);
    expect(await codeOf(() => post.heard(from.ask(two.account, stop).message))).toBe(
      "RATE_LIMITED",
    );
    const own = post.ask(two.account, stop).message;
    expect(post.heard(own).from).toBe(two.account);
  });
});

it("takes no answer to another ask, from another issuer, or meant for another", async () => {
  const { post } = asking();
  const asked = post.ask(two.account, stop);
  const { post: at } = home();
  const body = at.heard(asked.message);
  const answer = at.answer(body, { kind: "stopped", leases: [] });
  expect(post.answered(asked, answer).answer).toEqual({ kind: "stopped", leases: [] });
  const others = [
    () => post.answered(post.ask(two.account, stop), answer),
    () => post.answered({ ...asked, to: three.account }, answer),
    () => postOf(three, "cc".repeat(32)).post.answered(asked, answer),
    () => post.answered(asked, { ...answer, kid: one.kid }),
    () => post.answered(asked, asked.message),
  ];
  for (const other of others) expect(await codeOf(other)).toBe("LEASE_CALL_INVALID");
});

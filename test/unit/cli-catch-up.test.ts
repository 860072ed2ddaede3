// Goal: whoever waits for a node to catch up sees how far it is, how fast, and how long yet.
import { expect, it } from "vitest";
import { CatchUpMeter, catchUpText } from "../../src/cli/catch-up.ts";
import {
  protocolWarnings,
  sourceFaults,
  sourceRows,
  statusRows,
} from "../../src/cli/node-status.ts";
import type { StatusJson } from "../../src/client/schemas.ts";

it("measures rate, part and rest, from the first look until it is at the tip", () => {
  let nowMs = 0;
  const meter = new CatchUpMeter({ nowMs: () => nowMs });
  expect(meter.measure(1_000, 9_000)).toMatchObject({ percent: 0, secondsLeft: undefined });
  nowMs = 2_000;
  const half = meter.measure(5_000, 9_000);
  expect(half).toEqual({
    ledger: 5_000,
    newest: 9_000,
    ledgersPerS: 2_000,
    percent: 50,
    secondsLeft: 2,
  });
  expect(half && catchUpText(half)).toBe(
    "catching up: ledger 5000 of 9000 (50 %), 2000 ledgers/s, 2 s left",
  );
  nowMs = 4_000;
  expect(meter.measure(9_000, 9_000)).toBeUndefined();
});

it("does not call a few ledgers catching up", () => {
  const meter = new CatchUpMeter({ nowMs: () => 0 });
  expect(meter.measure(1_000, 1_100)).toBeUndefined();
});

it("tells hours and minutes where seconds say little", () => {
  const found = { ledger: 1, newest: 100_000, ledgersPerS: 10, percent: 0, secondsLeft: 9_999 };
  expect(catchUpText(found)).toContain("2 h 46 min left");
});

const hash = "ab".repeat(32);
const status: StatusJson = {
  version: "0.1.0",
  network: { id: hash, name: "film", passphrase: "Test", vault: "G" },
  genesisLedger: 2,
  protocol: { version: 1, known: [1] },
  tip: {
    sequence: 130,
    headerHash: hash,
    closeTime: 1,
    ledgerHash: hash,
    stateRoot: hash,
    receiptsRoot: hash,
  },
  lagS: 4,
  trust: { required: 1, level: 1, words: "independent sources agree", verified: 131, level1: 130 },
  sources: [
    { id: "rpc one", kind: "rpc", state: "following", newest: 131, latencyMs: 12, lagMs: 4_200 },
    {
      id: "lake two",
      kind: "lake",
      state: "quarantined",
      fault: { code: "LEDGER_HASH_MISMATCH", message: "ledger 9: a lie\nmore" },
    },
    {
      id: "rpc three",
      kind: "rpc",
      state: "backing off",
      fault: { code: "LEDGER_NO_SOURCE", message: "HTTP 429" },
      retryMs: 6_500,
    },
  ],
  state: "following",
  contents: 0,
  swarming: { tracker: "", peer: "", serverKey: hash },
  issues: false,
};

it("warns of a version of the protocol that is to come, louder when this release lacks it", () => {
  expect(protocolWarnings(status)).toEqual([]);
  const next = { version: 2, fromLedger: 17_411 };
  const known = { version: 1, known: [1, 2], next };
  expect(protocolWarnings({ ...status, protocol: known })).toEqual([
    "protocol version 2 begins at ledger 17411, in about 24 hours; this release has it",
  ]);
  expect(protocolWarnings({ ...status, protocol: { ...known, known: [1] } })).toEqual([
    "protocol version 2 begins at ledger 17411, in about 24 hours; this release lacks it: the node will stop before that ledger",
    "hint: install a release that has it before then, and start the node again",
  ]);
});

it("shows the level of the tip in words, and all heights", () => {
  const rows = new Map(statusRows(status).map(([name = "", value = ""]) => [name, value]));
  expect(rows.get("trust level")).toBe("1: independent sources agree");
  expect(rows.get("verified")).toBe("up to ledger 131");
  expect(rows.get("agreed on")).toBe("up to ledger 130");
  expect(rows.get("anchored")).toContain("no checkpoint yet");
});

it("counts films and live streams apart", () => {
  const told = (more: Partial<StatusJson>) =>
    new Map(statusRows({ ...status, ...more }).map(([name = "", value = ""]) => [name, value])).get(
      "contents",
    );
  expect(told({ contents: 1, liveStreams: 2 })).toBe("1 film, 2 live streams");
  expect(told({ contents: 3, liveStreams: 1 })).toBe("3 films, 1 live stream");
  // A node of an earlier release says nothing of them.
  expect(told({})).toBe("0 films");
});

it("shows each source with its state, and beneath them what is wrong", () => {
  expect(sourceRows(status)).toEqual([
    ["rpc one", "following", "131", "12 ms", "4 s"],
    ["lake two", "quarantined", "", "", ""],
    ["rpc three", "backing off", "", "", ""],
  ]);
  expect(sourceFaults(status)).toEqual([
    "lake two (quarantined): LEDGER_HASH_MISMATCH: ledger 9: a lie",
    "rpc three (backing off, again in 7 s): LEDGER_NO_SOURCE: HTTP 429",
  ]);
});

it("says when ledgers wait for the level asked for", () => {
  const held = { ...status, trust: { ...status.trust, verified: 190 } };
  const rows = new Map(statusRows(held).map(([name = "", value = ""]) => [name, value]));
  expect(rows.get("state")).toBe("following: 60 ledgers are verified and wait for level 1");
});

// Goal: who looks at the view sees how it goes, and titles of strangers cannot forge it.
import { expect, it } from "vitest";
import { barText, rateText, sizeText, timeText } from "../../src/cli/amounts.ts";
import { viewLines } from "../../src/cli/stream-view.ts";
import { textWidth } from "../../src/cli/table.ts";
import type { EngineOverview } from "../../src/p2p/player-overview.ts";

const NOW_MS = 1_800_000_000_000;

const view: EngineOverview = {
  version: "1.2.3",
  nowMs: NOW_MS,
  contents: [
    {
      kind: "live",
      title: "News \u001b[31m at nine, and everything that happened before it",
      infohash: "5".repeat(40),
      contentId: "6".repeat(64),
      isEncrypted: true,
      players: 1,
      peers: 3,
      pieces: 100,
      piecesHad: 100,
      bytesUp: 5_000,
      bytesDown: 1_000_000,
      bytesFromPeers: 900_000,
      bytesFromWebSeeds: 100_000,
      bytesUpPerS: 1_500,
      bytesDownPerS: 275_000,
      access: "granted",
      closed: { GATE_REQUIRED: 12, TOKEN_EXPIRED: 2, SURPLUS: 3 },
      denied: { LEASE_LOST: 1 },
      links: [
        { address: "192.0.2.1:6881", isAdmitted: true, bytesUp: 5, bytesDown: 900 },
        { address: "[2001:db8::1]:6881", isAdmitted: false, bytesUp: 0, bytesDown: 0 },
        { address: "192.0.2.2:6881", isAdmitted: false, bytesUp: 0, bytesDown: 70 },
      ],
      window: {
        firstSeq: 0,
        lastSeq: 99,
        firstCaptureMs: NOW_MS - 90_000,
        lastCaptureMs: NOW_MS,
      },
    },
  ],
  sessions: [
    {
      id: "a".repeat(32),
      playbackUrl: "http://127.0.0.1:6878/ace/r/a/live.ts",
      kind: "live",
      title: "News",
      infohash: "5".repeat(40),
      output: "stream",
      caller: "127.0.0.1",
      startedAtMs: NOW_MS - 65_000,
      sentBytes: 1_234_567,
      position: { seq: 90, captureMs: NOW_MS - 2_500 },
    },
  ],
};

it("shows rates, shares, refusals by reason, players and where in the stream they are", () => {
  const text = viewLines(view, 120)
    .map((line) => line.text)
    .join("\n");
  for (const part of [
    "1 player   1 open",
    "down 275 kB/s   up 1.5 kB/s   3 peers   1.0 MB in, 5.0 kB out",
    "90 %   from CDN 10 %",
    "live, encrypted",
    "1:30 back",
    "2.5 s behind",
    "1.2 MB",
    "at our gate   GATE_REQUIRED 12   TOKEN_EXPIRED 2",
    "at others'    LEASE_LOST 1",
    "other wires   SURPLUS 3",
    "192.0.2.1:6881",
    "admitted",
    "gives to us",
  ]) {
    expect(text).toContain(part);
  }
  expect(text).not.toContain("\u001b");
});

it("says of a stream whose source is silent that it is, and not that the viewer waits for a right", () => {
  const [content] = view.contents;
  const right = (more: Partial<EngineOverview["contents"][number]>) =>
    viewLines({ ...view, contents: content ? [{ ...content, ...more }] : [] }, 160).find(
      ({ text }) => text.includes("live, encrypted"),
    );
  expect(right({ access: "waiting" })?.text).toMatch(/ waiting$/);
  const silent = right({ access: "waiting", isSilent: true });
  expect(silent).toMatchObject({
    tone: "warn",
    text: expect.stringMatching(/% {2}source silent$/),
  });
  expect(right({ access: "none", isSilent: true })?.text).toMatch(/public, source silent$/);
  expect(right({ access: "granted", isSilent: true })?.text).toMatch(/granted, source silent$/);
  const refused = right({ access: "refused", accessCode: "LICENCE_EXPIRED", isSilent: true });
  expect(refused).toMatchObject({ tone: "bad", text: expect.stringMatching(/LICENCE_EXPIRED$/) });
});

it("says nothing of another engine of this home, which is refused to nobody's harm", () => {
  const [content] = view.contents;
  const met = (closed: Record<string, number>, denied: Record<string, number>) =>
    viewLines({ ...view, contents: content ? [{ ...content, closed, denied }] : [] }, 120)
      .map((line) => line.text)
      .join("\n");
  expect(met({ GATE_SELF: 7 }, { GATE_SELF: 5 })).not.toMatch(/GATE_SELF|refused and closed/);
  const text = met({ GATE_SELF: 7, GATE_REQUIRED: 2 }, { GATE_SELF: 5, LEASE_LOST: 1 });
  expect(text).toContain("at our gate   GATE_REQUIRED 2\n");
  expect(text).toContain("at others'    LEASE_LOST 1\n");
});

it("is as wide as the terminal and no wider", () => {
  for (const columns of [60, 80, 120]) {
    const rows = viewLines(view, columns).slice(3);
    expect(Math.max(...rows.map((line) => textWidth(line.text)))).toBeLessThanOrEqual(columns);
  }
});

it("says so when there is nothing to show", () => {
  const text = viewLines({ ...view, contents: [], sessions: [] }, 80).map((line) => line.text);
  expect(text.join("\n")).toContain("nothing has come yet");
  expect(text.join("\n")).toContain("nobody plays");
});

it("amounts read at a glance", () => {
  expect([0, 999, 1_000, 12_345, 123_456_789].map(sizeText)).toEqual([
    "0 B",
    "999 B",
    "1.0 kB",
    "12.3 kB",
    "123 MB",
  ]);
  expect(rateText(2_500_000)).toBe("2.5 MB/s");
  expect([800, 65_000, 3_725_000].map(timeText)).toEqual(["0.8 s", "1:05", "1:02:05"]);
  expect(barText(0.5, 4)).toBe("██░░");
});

it("says what the operator allows beside what is in use", () => {
  const text = (limits: EngineOverview["limits"]) =>
    viewLines({ ...view, ...(limits === undefined ? {} : { limits }) }, 100)
      .map((line) => line.text)
      .join("\n");
  expect(text(undefined)).toContain("up 1.5 kB/s   3 peers");
  const limits = { uploadBytesPerS: 500_000, downloadBytesPerS: 0, peersMax: 40 };
  expect(text(limits)).toContain("down 275 kB/s   up 1.5 kB/s of 500 kB/s   3 peers of 40");
});

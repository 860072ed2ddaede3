import { Writable } from "node:stream";
import { describe, expect, it } from "vitest";
import { openTelemetry } from "../../src/node/events.ts";
import {
  STRANGER_LINE_MS,
  STRANGER_LINES_BURST,
  StrangerLines,
} from "../../src/node/stranger-lines.ts";
import { openTrackerServer } from "../../src/p2p/tracker-server.ts";

describe("the log of a node", () => {
  it("is not filled by nonsense that strangers ask its tracker, and counts all of it", async () => {
    const lines: string[] = [];
    const log = new Writable({
      write: (chunk, _encoding, done) => {
        lines.push(String(chunk));
        done();
      },
    });
    const events = openTelemetry("info", log);
    await using tracker = await openTrackerServer({
      host: "127.0.0.1",
      port: 0,
      isServed: () => false,
      events,
    });
    const asked = 5 * STRANGER_LINES_BURST;
    for (let count = 0; count < asked; count += 1) {
      await fetch(`${tracker.announceUrl}?${"x".repeat(2_000)}=${count}`);
    }
    const told = lines.filter((line) => line.includes("p2p.tracker_refused"));
    expect(told.length).toBeGreaterThan(0);
    expect(told.length).toBeLessThan(2 * STRANGER_LINES_BURST);
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThan(400);
    expect(await events.metrics()).toContain(
      `ace_events_total{event="p2p.tracker_refused"} ${asked}`,
    );
  });

  it("says how many such lines were left out once there is room again", () => {
    const clock = { now: 1_000_000, nowMs: () => clock.now };
    const lines = new StrangerLines(clock);
    const admitted = Array.from({ length: 50 }, () => lines.admit("p2p.peer_refused"));
    expect(admitted.filter((leftOut) => leftOut === 0)).toHaveLength(STRANGER_LINES_BURST);
    expect(lines.admit("p2p.denied")).toBe(0);
    clock.now += STRANGER_LINE_MS;
    expect(lines.admit("p2p.peer_refused")).toBe(50 - STRANGER_LINES_BURST);
    expect(lines.admit("p2p.peer_refused")).toBeUndefined();
    clock.now -= 10 * STRANGER_LINE_MS;
    expect(lines.admit("p2p.peer_refused")).toBeUndefined();
  });

  it("keeps every line of what the node does itself", () => {
    const lines = new StrangerLines({ nowMs: () => 0 });
    const admitted = Array.from({ length: 500 }, () => lines.admit("ledger.applied"));
    expect(admitted.every((leftOut) => leftOut === 0)).toBe(true);
    expect(lines.admit("p2p.peer_banned")).toBe(0);
  });
});

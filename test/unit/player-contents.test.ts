// Goal: contents and sessions of players are given back whatever happens, and none is kept by accident.
// Method: contents made by hand, whose joining and leaving fail when a test wants it.
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { type ContentSource, type OpenContent, shareContents } from "../../src/p2p/contents.ts";
import { PLAYER_SESSIONS_MAX } from "../../src/p2p/limits.ts";
import { liveMedia, type Media } from "../../src/p2p/media.ts";
import { PlayerSessions } from "../../src/p2p/player-session.ts";
import { Playhead } from "../../src/p2p/playhead.ts";
import { MadeLive } from "./player-kit.ts";

const name = { kind: "infohash", value: "5".repeat(40) } as const;
const { signal } = new AbortController();

function sourceWith(join: () => Promise<Media>): ContentSource {
  return { find: async ({ value }) => ({ infohash: value }), join };
}

describe("contents that players share", () => {
  it("can be opened again after one could not be left in order", async () => {
    let left = 0;
    const join = async () => ({
      ...liveMedia(new MadeLive()),
      [Symbol.asyncDispose]: async () => {
        left += 1;
        throw new Error("the disk is full");
      },
    });
    await using contents = shareContents(sourceWith(join), 1);
    for (let turn = 1; turn <= 2; turn += 1) {
      const { release } = await contents.open(name, signal);
      release();
      await expect.poll(() => left, { timeout: 10_000 }).toBe(turn);
    }
  });

  it("are not joined any more once the engine stops", async () => {
    let joined = 0;
    const asked = Promise.withResolvers<void>();
    const answered = Promise.withResolvers<void>();
    const contents = shareContents({
      find: async ({ value }) => {
        asked.resolve();
        await answered.promise;
        return { infohash: value };
      },
      join: async () => {
        joined += 1;
        return liveMedia(new MadeLive());
      },
    });
    const opening = contents.open(name, signal);
    await asked.promise;
    await contents[Symbol.asyncDispose]();
    answered.resolve();
    await expect(opening).rejects.toMatchObject({ code: "CONTENT_UNREACHABLE" });
    expect(joined).toBe(0);
  });
});

describe("sessions of players", () => {
  const media = liveMedia(new MadeLive());
  let released = 0;
  const content: OpenContent = {
    media,
    release: () => {
      released += 1;
    },
  };
  const wish = {
    content,
    file: undefined,
    output: "stream",
    isLowLatency: true,
    caller: "127.0.0.1",
  } as const;

  it("make room for a player that asks anew at every seek, and never at the cost of who plays", async () => {
    using sessions = new PlayerSessions();
    const playing = sessions.start(wish);
    const hold = sessions.hold(playing);
    const first = sessions.start(wish);
    for (let seek = 0; seek < 3 * PLAYER_SESSIONS_MAX; seek += 1) {
      // The clock tells them apart.
      if (seek < 2) await sleep(2);
      sessions.start(wish);
    }
    expect(sessions.all()).toHaveLength(PLAYER_SESSIONS_MAX);
    expect(released).toBe(2 * PLAYER_SESSIONS_MAX + 2);
    expect(sessions.peek(playing.id)).toBe(playing);
    expect(await first.ended).toBe("idle");
    hold[Symbol.dispose]();
  });

  it("refuse one more when all are being played", () => {
    using sessions = new PlayerSessions();
    for (let one = 0; one < PLAYER_SESSIONS_MAX; one += 1) sessions.hold(sessions.start(wish));
    expect(() => sessions.start(wish)).toThrowError(
      expect.objectContaining({ code: "RATE_LIMITED" }),
    );
  });

  it("know the last place they were told to go to", async () => {
    const playhead = new Playhead();
    const first = playhead.next();
    playhead.seek({ fromMs: 1 });
    playhead.seek({ fromMs: 2 });
    expect(await first).toEqual({ fromMs: 1 });
    expect(playhead.sought).toEqual({ fromMs: 2 });
  });
});

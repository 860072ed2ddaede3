// Goal: an operator sees who is banned and why, and lets in again whom it trusts, without stopping a node.
import { join } from "node:path";
import { expect, it } from "vitest";
import { systemClock } from "../../src/lib/clock.ts";
import { silentEvents } from "../../src/lib/events.ts";
import { BAN_FILE, openBanFile } from "../../src/p2p/ban-file.ts";
import { Bans } from "../../src/p2p/bans.ts";
import { makeHome } from "./cli-process.ts";
import { until } from "./p2p-kit.ts";

it("shows who is banned, by what evidence, and lets one in again while the node runs", async () => {
  using home = makeHome();
  const file = join(home.path, "node", BAN_FILE);
  using book = openBanFile(file, { clock: systemClock, events: silentEvents, lookMs: 50 });
  const bans = new Bans(book);
  const evidence = { piece: 7, expected: "aa", got: "bb" };
  bans.add("host 192.0.2.1", Date.now(), { reason: "PIECE_BAD", evidence });
  const shown = await home.ace(["node", "bans"]);
  expect(shown.stdout).toContain("host 192.0.2.1");
  expect(shown.stdout).toContain("piece 7, expected aa, got bb");
  expect((await home.ace(["stream", "bans"])).stdout).toContain("nobody is banned");
  const wrong = await home.ace(["node", "bans", "--lift", "host 192.0.2.9"]);
  expect([wrong.exitCode, wrong.stderr.includes("is not banned")]).toEqual([2, true]);
  const lifted = await home.ace(["node", "bans", "--lift", "host 192.0.2.1"]);
  expect(lifted.exitCode).toBe(0);
  await until(() => !bans.has("host 192.0.2.1", Date.now()), "the running node let it in");
}, 60_000);

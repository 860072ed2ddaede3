// Goal: what an operator reads at `/metrics` of swarms is what the swarms counted, once.
import { Registry } from "prom-client";
import { expect, it } from "vitest";
import { p2pMetrics } from "../../src/node/p2p-metrics.ts";
import type { SwarmStats } from "../../src/p2p/swarm-stats.ts";

const quiet: SwarmStats = {
  peers: 0,
  pieces: 1,
  piecesHad: 1,
  bytesUp: 0,
  bytesDown: 0,
  bytesDownBySource: { peer: 0, webseed: 0 },
  bytesUpPerS: 0,
  bytesDownPerS: 0,
  ungatedBytesUp: 0,
  admitted: 0,
  closed: {},
  denied: {},
  access: "none",
  accessCode: undefined,
  links: [],
};

it("counts who was let in at the gate beside who was refused, also of swarms that are gone", async () => {
  const registry = new Registry();
  const metrics = p2pMetrics(registry);
  let film: SwarmStats = quiet;
  let stream: SwarmStats = quiet;
  using _film = metrics.watch(() => film);
  const watched = metrics.watch(() => stream);
  const lines = async () =>
    (await registry.metrics()).split("\n").filter((line) => line.startsWith("ace_gate_total{"));
  expect(await lines()).toEqual([]);
  film = { ...quiet, admitted: 2, closed: { TOKEN_EXPIRED: 1, SURPLUS: 4 } };
  stream = { ...quiet, admitted: 1, denied: { LEASE_LOST: 1 } };
  await lines();
  stream = { ...stream, admitted: 3 };
  watched[Symbol.dispose]();
  const expected = [
    'ace_gate_total{result="admitted"} 5',
    'ace_gate_total{result="TOKEN_EXPIRED"} 1',
    'ace_gate_total{result="denied_us_LEASE_LOST"} 1',
  ];
  for (let look = 0; look < 2; look += 1) {
    expect((await lines()).toSorted()).toEqual(expected.toSorted());
  }
});

it("says what all swarms may do together", async () => {
  const registry = new Registry();
  p2pMetrics(registry).limits({ uploadBytesPerS: 500_000, downloadBytesPerS: 0, peersMax: 400 });
  const text = await registry.metrics();
  expect(text).toContain('ace_p2p_rate_limit_bytes_per_second{direction="up"} 500000');
  expect(text).toContain('ace_p2p_rate_limit_bytes_per_second{direction="down"} 0');
  expect(text).toContain("ace_p2p_peers_max 400");
});

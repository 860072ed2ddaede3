// Goal: whoever owns one network does not own the swarm of a live stream: few of its peers have a place, whether
//       they come or are dialled, and the next has one when one of them goes.
// Method: a real swarm on a listener that lets connections come from anywhere: they are real, their addresses not.
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { PEERS_PER_NET16, PEERS_PER_NET24 } from "../../src/p2p/engine-limits.ts";
import { Wire } from "../../src/p2p/wire.ts";
import { handshake } from "../support/wire-talk.ts";
import { descriptorOf, joinLive } from "./live-kit.ts";
import { until } from "./p2p-kit.ts";

const PEER_ID_AT = 48;
const descriptor = descriptorOf("crowd");

/** Lets connections in as if they came from wherever the test says. */
class Crowd implements AsyncDisposable {
  readonly #server = createServer();
  readonly #sockets: Socket[] = [];
  #accept: (wire: Wire) => void = () => {};
  #came = 0;
  readonly listener = {
    host: "127.0.0.1",
    port: 1,
    register: (_infohash: string, accept: (wire: Wire) => void) => {
      this.#accept = accept;
      return () => {};
    },
    [Symbol.asyncDispose]: async () => {},
  };

  /** Answers what ends the connection. */
  async come(host: string): Promise<() => void> {
    if (!this.#server.listening) await once(this.#server.listen(0, "127.0.0.1"), "listening");
    const { port } = Object(this.#server.address());
    const far = connect(port, "127.0.0.1");
    const [near] = await once(this.#server, "connection");
    Object.defineProperty(near, "remoteAddress", { value: host });
    this.#sockets.push(far, near);
    const wire = new Wire(near, false, () => this.#accept(wire));
    far.on("error", () => {});
    this.#came += 1;
    const hello = Buffer.from(handshake());
    hello.writeUInt32BE(this.#came, PEER_ID_AT);
    far.write(hello);
    return () => far.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

async function open(parts: AsyncDisposableStack) {
  const crowd = parts.use(new Crowd());
  const { listener } = crowd;
  const { swarm } = parts.use(await joinLive({ descriptor, role: "source", listener }));
  const sentAway = () => swarm.stats().closed["SWARM_CROWDED"] ?? 0;
  /** Comes from there, and is in or sent away. */
  const come = async (host: string) => {
    const before = swarm.stats().peers + sentAway();
    const leave = await crowd.come(host);
    await until(() => swarm.stats().peers + sentAway() > before, `${host} is in or sent away`);
    return leave;
  };
  return { swarm, sentAway, come };
}

it("few peers of one network have a place in a live stream, and the next when one goes", async () => {
  await using parts = new AsyncDisposableStack();
  const { swarm, sentAway, come } = await open(parts);
  const leave = await come("198.51.100.1");
  for (let at = 1; at < PEERS_PER_NET24; at += 1) await come(`198.51.100.${at + 1}`);
  expect(sentAway()).toBe(0);
  await come("198.51.100.77");
  expect([swarm.stats().peers, sentAway()]).toEqual([PEERS_PER_NET24, 1]);
  leave();
  await until(() => swarm.stats().peers === PEERS_PER_NET24 - 1, "one has gone");
  await come("198.51.100.77");
  expect([swarm.stats().peers, sentAway()]).toEqual([PEERS_PER_NET24, 1]);
  for (let at = 0; at <= PEERS_PER_NET16; at += 1) await come(`203.0.${at}.1`);
  expect([swarm.stats().peers, sentAway()]).toEqual([PEERS_PER_NET24 + PEERS_PER_NET16, 2]);
  for (let at = 0; at <= PEERS_PER_NET24; at += 1) await come(`2001:db8:0:${at}::1`);
  expect(sentAway()).toBe(3);
});

it.each(["127.0.0", "192.168.7", "10.0.0", "fd00:"])(
  "peers of this machine or of a private network (%s) have a place however many there are",
  async (net) => {
    await using parts = new AsyncDisposableStack();
    const { swarm, sentAway, come } = await open(parts);
    const mark = net.includes(":") ? ":" : ".";
    for (let at = 1; at <= 2 * PEERS_PER_NET16; at += 1) await come(`${net}${mark}${at}`);
    expect([swarm.stats().peers, sentAway()]).toEqual([2 * PEERS_PER_NET16, 0]);
  },
);

/** Leads to this machine on every one, and is counted as an address like any other. */
const host = "0.0.0.0";

it("a live stream does not dial one more of a network that has its places, until one goes", async () => {
  await using parts = new AsyncDisposableStack();
  const { swarm, come } = await open(parts);
  const leave = await come(host);
  for (let at = 1; at < PEERS_PER_NET24; at += 1) await come(host);
  let dialled = 0;
  const server = createServer((socket) => {
    dialled += 1;
    socket.on("error", () => {});
    parts.defer(() => void socket.destroy());
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  parts.defer(() => void server.close());
  swarm.addPeer(`${host}:${Object(server.address()).port}`);
  await sleep(500);
  expect(dialled).toBe(0);
  leave();
  await until(() => dialled > 0, "it is dialled");
});

// A bad line between two nodes: each way is late by half the round trip and some jitter, and by a
// seeded chance a connection falls silent for good, or is reset.
import { connect, createServer, type Socket } from "node:net";
import { seededChance } from "../src/p2p/chance.ts";

export interface Relay extends AsyncDisposable {
  readonly address: string;
}

export interface Line {
  readonly delayMs: number;
  readonly jitterMs: number;
  /** Of all connections, how many in a hundred fail within each `faultEveryMs`. */
  readonly faultPct: number;
  readonly faultEveryMs: number;
}

type Chance = ReturnType<typeof seededChance>;

/** Forwards to `port` of this machine. */
export async function openRelay(port: number, line: Line, seed: number): Promise<Relay> {
  const chance = seededChance(seed);
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(port, "127.0.0.1");
    const state = { isSilent: false };
    for (const socket of [near, far]) {
      socket.setNoDelay(true);
      sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => sockets.delete(socket));
    }
    forward(near, far, { line, chance, state });
    forward(far, near, { line, chance, state });
    const timer = setInterval(() => {
      if (chance.below(10_000) >= line.faultPct * 100) return;
      clearInterval(timer);
      state.isSilent = chance.below(2) === 0;
      if (!state.isSilent) near.resetAndDestroy();
    }, line.faultEveryMs);
    near.on("close", () => clearInterval(timer));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const bound = server.address();
  return {
    address: `127.0.0.1:${typeof bound === "object" && bound !== null ? bound.port : 0}`,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function forward(
  from: Socket,
  to: Socket,
  { line, chance, state }: { line: Line; chance: Chance; state: { readonly isSilent: boolean } },
): void {
  const queue: { readonly bytes: Buffer; readonly dueMs: number }[] = [];
  let isWaiting = false;
  let lastMs = 0;
  const flush = () => {
    isWaiting = false;
    while (queue[0] !== undefined && queue[0].dueMs <= performance.now()) {
      const next = queue.shift();
      if (next !== undefined && to.writable) to.write(next.bytes);
    }
    wait();
  };
  const wait = () => {
    if (isWaiting || queue[0] === undefined) return;
    isWaiting = true;
    setTimeout(flush, Math.max(0, queue[0].dueMs - performance.now()));
  };
  from.on("data", (bytes: Buffer) => {
    if (state.isSilent) return;
    // Nothing overtakes on a connection.
    lastMs = Math.max(lastMs, performance.now() + line.delayMs + chance.below(line.jitterMs + 1));
    queue.push({ bytes, dueMs: lastMs });
    wait();
  });
  from.on("close", () => to.destroy());
}

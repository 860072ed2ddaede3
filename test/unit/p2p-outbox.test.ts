import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { expect, it } from "vitest";
import { Outbox } from "../../src/p2p/wire-outbox.ts";

/** More than the buffers of both ends of a connection hold. */
const MANY_BYTES = 64 * 1_048_576;

async function pair(stack: AsyncDisposableStack): Promise<{ near: Socket; far: Socket }> {
  const server = createServer({ pauseOnConnect: true });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const bound = server.address();
  const port = typeof bound === "object" && bound !== null ? bound.port : 0;
  const near = connect(port, "127.0.0.1");
  const [far] = await once(server, "connection");
  stack.defer(async () => {
    near.destroy();
    far.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return { near, far };
}

it("memory that is being sent is let go when the last byte has left, not before", async () => {
  await using stack = new AsyncDisposableStack();
  const { near, far } = await pair(stack);
  const outbox = new Outbox(near);
  let sent = 0;
  const allSent = new Promise<void>((resolve) => {
    outbox.push(new Uint8Array(MANY_BYTES));
    outbox.onceSent(() => {
      sent += 1;
      resolve();
    });
  });
  outbox.flush();
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  expect(sent).toBe(0);
  far.resume();
  await allSent;
  expect(sent).toBe(1);
});

it("memory that was being sent when the connection ended is never let go", async () => {
  await using stack = new AsyncDisposableStack();
  const { near, far } = await pair(stack);
  const outbox = new Outbox(near);
  let sent = 0;
  outbox.push(new Uint8Array(MANY_BYTES));
  outbox.onceSent(() => {
    sent += 1;
  });
  outbox.flush();
  near.on("error", () => {});
  const closed = once(near, "close");
  far.resetAndDestroy();
  near.destroy();
  await closed;
  outbox.push(new Uint8Array(1));
  outbox.onceSent(() => {
    sent += 1;
  });
  outbox.flush();
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  expect(sent).toBe(0);
});

it("what is said in one turn arrives whole and in order, small and large", async () => {
  await using stack = new AsyncDisposableStack();
  const { near, far } = await pair(stack);
  const outbox = new Outbox(near);
  const sizes = [1, 5, 17, 16_397, 3, 512, 513, 9, 9, 40_000, 1];
  const messages = sizes.map((size, place) => new Uint8Array(size).fill(place + 1));
  const wanted = Buffer.concat(messages);
  for (const message of messages) outbox.push(message);
  const got: Buffer[] = [];
  far.on("data", (bytes: Buffer) => got.push(bytes));
  far.resume();
  while (Buffer.concat(got).length < wanted.length) await once(far, "data");
  expect(Buffer.concat(got).equals(wanted)).toBe(true);
});

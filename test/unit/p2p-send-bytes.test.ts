// Goal: who sends bytes to a player that takes none is told when it is over, and holds nothing any more.
// Method: a real server whose answer is larger than all buffers, to a connection that reads nothing; and
// requests behind others on one connection, as a player or a stranger may send them.
import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import { connect } from "node:net";
import { expect, it } from "vitest";
import { sendBytes } from "../../src/p2p/send-bytes.ts";

/** More than the buffers of both ends of a connection hold. */
const MANY_BYTES = 64 * 1_048_576;

async function askSilently(
  stack: AsyncDisposableStack,
  requests: number,
): Promise<{ responses: readonly ServerResponse[]; leave: () => void }> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const bound = server.address();
  const socket = connect(typeof bound === "object" && bound !== null ? bound.port : 0, "127.0.0.1");
  socket.on("error", () => {});
  stack.defer(async () => {
    socket.destroy();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const responses: ServerResponse[] = [];
  const all = new Promise<void>((resolve) => {
    server.on("request", (_request, response) => {
      responses.push(response);
      if (responses.length === requests) resolve();
    });
  });
  socket.write("GET / HTTP/1.1\r\nhost: film\r\n\r\n".repeat(requests));
  await all;
  return { responses, leave: () => socket.destroy() };
}

it("a player that reads nothing is not waited for when its session is over", async () => {
  await using stack = new AsyncDisposableStack();
  const { responses } = await askSilently(stack, 1);
  const over = new AbortController();
  const sending = responses.map((response) =>
    sendBytes(response, new Uint8Array(MANY_BYTES), over.signal),
  );
  over.abort(new Error("the session is over"));
  await expect(Promise.all(sending)).rejects.toThrow("the session is over");
  const late = responses.map((response) => sendBytes(response, new Uint8Array(1), over.signal));
  await expect(Promise.all(late)).rejects.toThrow("the session is over");
});

it("of several questions on one connection none is held when the connection is gone", async () => {
  await using stack = new AsyncDisposableStack();
  const { responses, leave } = await askSilently(stack, 2);
  const { signal } = new AbortController();
  const sending = responses.map((response) =>
    sendBytes(response, new Uint8Array(MANY_BYTES), signal),
  );
  leave();
  await Promise.all(sending);
});

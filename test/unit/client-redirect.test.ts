// Goal: a token, a proof or a session reaches the node that was named, and no other place.
// Method: a real server that sends every request on to another, in each way that HTTP knows.
import { createServer, type RequestListener } from "node:http";
import { expect, it } from "vitest";
import { openNodeClient } from "../../src/client/http.ts";

async function serve(listener: RequestListener) {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${Object(server.address()).port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise<unknown>((resolve) => server.close(resolve));
    },
  };
}

const id = "ab".repeat(32);

it.each([301, 302, 303, 307, 308])("a node that answers %s is not followed", async (status) => {
  const seen: (string | undefined)[] = [];
  await using other = await serve((request, response) => {
    seen.push(request.url);
    response.end("{}");
  });
  await using moved = await serve((request, response) => {
    response.writeHead(status, { location: `${other.url}${request.url ?? ""}` }).end();
  });
  const node = openNodeClient(moved.url, AbortSignal.timeout(20_000));
  const requests = [
    () => node.status(),
    () => node.content(id),
    () => node.publish({}, "admin"),
    () => node.token({}, "session"),
    () => node.renew("token", "proof"),
    () => node.leases("session"),
    () => node.key({}, "token", "proof"),
    () => node.keepKey(id, {}, "admin"),
  ];
  for (const request of requests) {
    await expect(request()).rejects.toMatchObject({
      code: "NODE_MOVED",
      message: expect.stringContaining(`${other.url}, where nothing was sent`),
      hint: expect.stringContaining("--node"),
    });
  }
  expect(seen).toEqual([]);
});

it("a redirect that names no place is an answer as wrong as any", async () => {
  await using lost = await serve((_, response) => response.writeHead(302).end());
  const node = openNodeClient(lost.url, AbortSignal.timeout(20_000));
  await expect(node.status()).rejects.toMatchObject({ code: "NODE_UNREACHABLE" });
});

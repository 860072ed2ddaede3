// Goal: what a source says of an account is never confused with a source that says nothing. Sign-in
// trusts the key of an account that does not exist, so an outage must not look like that.
import { createServer } from "node:http";
import { expect, it } from "vitest";
import { openStellar } from "../../src/client/stellar.ts";

const account = "GBM3R2KMSCLNIHFAXKCMFYAYPK636F5VON6GYSEDD27SYBLJZUTQKIGF";

async function source(status: number, body: string) {
  const server = createServer((_request, response) => {
    response.writeHead(status, { "content-type": "application/json" }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const bound = server.address();
  const port = typeof bound === "object" && bound !== null ? bound.port : 0;
  const stellar = openStellar({
    rpcUrl: `http://127.0.0.1:${port}`,
    passphrase: "test",
    signal: AbortSignal.timeout(45_000),
  });
  const close = () => new Promise<void>((resolve) => server.close(() => resolve()));
  return { stellar, [Symbol.asyncDispose]: close };
}

const answer = (result: object) => JSON.stringify({ jsonrpc: "2.0", id: 1, result });

it("an account that the source does not have does not exist", async () => {
  await using none = await source(200, answer({ entries: [], latestLedger: 5 }));
  expect(await none.stellar.signers(account)).toBeUndefined();
  expect(await none.stellar.balance(account)).toBeUndefined();
  await expect(none.stellar.account(account)).rejects.toMatchObject({ code: "ACCOUNT_MISSING" });
});

it.each<[string, number, string]>([
  ["fails", 500, "{}"],
  ["limits its callers", 429, "slow down"],
  ["is no RPC", 200, "<html></html>"],
  [
    "answers with an error",
    200,
    JSON.stringify({ jsonrpc: "2.0", id: 1, error: { code: -32603, message: "busy" } }),
  ],
])("an account is not called missing by a source that %s", async (_what, status, body) => {
  await using broken = await source(status, body);
  const fault = { code: "LEDGER_NO_SOURCE" };
  await expect(broken.stellar.signers(account)).rejects.toMatchObject(fault);
  await expect(broken.stellar.balance(account)).rejects.toMatchObject(fault);
  await expect(broken.stellar.account(account)).rejects.toMatchObject(fault);
});

it("an account is not called missing when nothing answers", async () => {
  const signal = AbortSignal.timeout(45_000);
  const stellar = openStellar({ rpcUrl: "http://127.0.0.1:1", passphrase: "test", signal });
  await expect(stellar.signers(account)).rejects.toMatchObject({ code: "LEDGER_NO_SOURCE" });
  await expect(stellar.account(account)).rejects.toMatchObject({ code: "LEDGER_NO_SOURCE" });
});

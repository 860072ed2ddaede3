// Goal: a stranger's request costs the node little, and is refused in words.
// Method: the server over ports that do nothing; requests are injected, without a socket.
import { afterAll, expect, it } from "vitest";
import { isShallowJson } from "../../src/api/json-depth.ts";
import { createServer } from "../../src/api/server.ts";
import { AceError } from "../../src/lib/errors.ts";
import { silentEvents } from "../../src/lib/events.ts";

const unused = () => {
  throw new AceError("NOT_FOUND", "this port is not part of the test");
};
const app = await createServer(
  {
    status: {
      status: unused,
      network: unused,
      fault: () => "CONTRACT_FAULT",
      link: unused,
      metrics: unused,
    },
    contracts: {
      contract: unused,
      view: unused,
      simulate: unused,
      receipts: unused,
      payables: unused,
    },
    codes: { code: unused, parts: unused, gas: unused },
    proofs: { proveState: unused, proveReceipts: unused, chain: unused },
    contents: { list: () => [], find: () => undefined, publish: unused, adminToken: "secret" },
    keys: { release: unused, keep: unused, adminToken: "secret" },
    issuers: { issuers: unused },
    auth: undefined,
  },
  { version: "1", events: silentEvents, hosts: [] },
);
afterAll(() => app.close());

const json = { host: "localhost", "content-type": "application/json" };
const nested = (depth: number) => `{"args":[${"[".repeat(depth)}${"]".repeat(depth)}]}`;

it("publishing without the operator's token is refused before a byte of the body is read", async () => {
  // Too long, no JSON and nested: whoever looks at it first would say so.
  const payload = "[".repeat(9_000_000);
  const answer = await app.inject({ method: "POST", url: "/v1/contents", headers: json, payload });
  expect(answer.statusCode).toBe(403);
  expect(answer.json()).toMatchObject({ code: "FORBIDDEN" });
});

it("whatever a node answers while its state stands still says so, and why", async () => {
  for (const url of ["/v1/contents", "/v1/contracts/1"]) {
    const { headers } = await app.inject({ url, headers: { host: "localhost" } });
    expect(headers["ace-stale"]).toBe("CONTRACT_FAULT");
  }
});

it("only a publication may be long", async () => {
  const payload = JSON.stringify({ args: ["a".repeat(200_000)] });
  const url = "/v1/contracts/1/views/access";
  const view = await app.inject({ method: "POST", url, headers: json, payload });
  expect(view.statusCode).toBe(413);

  const headers = { ...json, authorization: "Bearer secret" };
  const record = JSON.stringify({ record: "a".repeat(200_000) });
  const publication = { method: "POST", url: "/v1/contents", headers, payload: record } as const;
  expect((await app.inject(publication)).json()).toMatchObject({ code: "NOT_FOUND" });
});

it("a body is nested as deep as calls need, and no deeper", async () => {
  const url = "/v1/contracts/1/views/access";
  const post = (payload: string) => app.inject({ method: "POST", url, headers: json, payload });
  expect((await post(nested(20))).json()).toMatchObject({ code: "NOT_FOUND" });
  const deep = await post(nested(31));
  expect(deep.statusCode).toBe(400);
  expect(deep.json()).toMatchObject({ code: "BODY_INVALID" });
});

it.each([
  ['{"a":"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["}', true],
  [`{"a":"\\"${"[".repeat(40)}"}`, true],
  [`{"a":"\\\\"${"[".repeat(40)}"}`, false],
  [`["a${"\\".repeat(4)}",${"[".repeat(40)}`, false],
  [`"${"[".repeat(40)}`, true],
  [`${"[]".repeat(1_000)}`, true],
])("brackets in texts do not count as nesting: %s", (text, isShallow) => {
  expect(isShallowJson(text)).toBe(isShallow);
});

// Goal: a node that signs no tokens itself hears what other issuers take back, and passes on what they say.
// Method: two desks over HTTP, the one asking the other; keys, words and lists are real.
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { loadDeviceKey } from "../../src/access/device-key.ts";
import { privateKeyOf } from "../../src/access/ed25519.ts";
import { type IssuerEntry, thumbprint } from "../../src/access/issuer-set.ts";
import { readWord } from "../../src/access/issuer-word.ts";
import { revocationOf } from "../../src/access/revocation.ts";
import { signDelta } from "../../src/access/revocation-delta.ts";
import { silentEvents } from "../../src/lib/events.ts";
import { invariant } from "../../src/lib/invariant.ts";
import { accountFromBytes } from "../../src/lib/strkey.ts";
import { type IssuerDesk, openIssuerDesk } from "../../src/node/issuer-desk.ts";
import { openPolicy } from "../../src/node/policy.ts";

const NOW_S = 1_900_000_000;
const SEED = "11".repeat(32);
const folder = mkdtempSync(join(tmpdir(), "ace-issuer-desk-"));
const clock = { nowMs: () => NOW_S * 1_000 };
const account = accountFromBytes(loadDeviceKey("55".repeat(32)).publicKey);
const key = loadDeviceKey(SEED).publicKey.toHex();
const newcomer = accountFromBytes(loadDeviceKey("66".repeat(32)).publicKey);
const founding: readonly IssuerEntry[] = [{ account, key }];
let server: Server;
let issuing: IssuerDesk;

const open = (name: string, more: object) => {
  const networkId = "ab".repeat(32);
  const guard = openPolicy({ networkId, issuers: founding, licenceOf: () => 412n, clock });
  const desk = openIssuerDesk({
    guard,
    founding,
    dataDir: join(folder, name),
    operator: undefined,
    tip: () => ({
      sequence: 100,
      headerHash: "",
      closeTime: BigInt(NOW_S),
      receiptsRoot: "",
      stateRoot: "",
      ledgerHash: "1e".repeat(32),
    }),
    nodes: [],
    events: silentEvents,
    clock,
    ...more,
  });
  return { guard, desk };
};

function deltas() {
  const secret = privateKeyOf(SEED);
  invariant(secret !== undefined, "the seed is one");
  const revocations = [revocationOf("jti", "one", { contract: "412", untilS: NOW_S + 300 })];
  const said = { net: "ab".repeat(8), issuer: account, kid: thumbprint(key), seq: 1, ledger: 100 };
  return [signDelta({ ...said, revocations }, secret)];
}

beforeAll(async () => {
  issuing = open("issuing", { operator: { account, tokenSeed: SEED } }).desk;
  server = createServer(({ url = "" }, response) => {
    const { pathname, searchParams } = new URL(url, "http://localhost");
    const since = Number(searchParams.get("since"));
    const body =
      pathname === "/v1/issuers"
        ? issuing.ports.issuers(since)
        : { next: 1, deltas: deltas().slice(since) };
    response.setHeader("content-type", "application/json").end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
afterAll(async () => {
  await issuing[Symbol.asyncDispose]();
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

it("says who the issuers are with the ledger that it read, and nothing before or of another", () => {
  expect(issuing.ports.issuers(0)).toEqual({ words: [] });
  issuing.onRead(founding, 99);
  expect(issuing.ports.issuers(0)).toEqual({ words: [] });
  issuing.onRead(founding, 100);
  const [word] = issuing.ports.issuers(0).words;
  expect(word && readWord(word)).toMatchObject({ issuer: account, ledger: 100, atS: NOW_S });
});

it("hears another issuer's revocations and words where it signs nothing itself, and passes the words on", async () => {
  const address = server.address();
  invariant(typeof address === "object" && address !== null, "it listens");
  const nodes = [`http://127.0.0.1:${address.port}`];
  const { guard, desk } = open("verifying", { nodes });
  await using _ = desk;
  const isHeard = () => guard.revocations.size === 1 && desk.ports.issuers(0).words.length === 1;
  while (!isHeard()) await sleep(10);
  expect(desk.ports.issuers(0)).toEqual(issuing.ports.issuers(0));
  desk.onRead(founding, 100);
  expect(desk.ports.issuers(0).words).toHaveLength(1);
});

it("tells its own word also while nobody has signed it in", async () => {
  const operator = { account: newcomer, tokenSeed: "22".repeat(32) };
  const { desk } = open("newcomer", { operator });
  await using _ = desk;
  const added = { account: newcomer, key: loadDeviceKey("22".repeat(32)).publicKey.toHex() };
  desk.onRead(founding, 100);
  expect(desk.ports.issuers(0).words).toEqual([]);
  desk.onRead([...founding, { ...added, fromLedger: 90 }], 100);
  const [word] = desk.ports.issuers(0).words;
  expect(word && readWord(word)).toMatchObject({ issuer: newcomer });
});

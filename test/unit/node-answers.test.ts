// Goal: a node that hangs, or answers without end, holds up nobody who has others to ask, or who goes.
// Method: a real HTTP server that sends without end; nodes that never answer; votes signed by real keys.
import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { loadDeviceKey } from "../../src/access/device-key.ts";
import { thumbprint } from "../../src/access/issuer-set.ts";
import { IssuerSpeaker } from "../../src/access/issuer-speaker.ts";
import { type NodeClient, openNodeClient } from "../../src/client/http.ts";
import { networkId, type ServiceNetwork } from "../../src/contracts/service-network.ts";
import { AceError, type ErrorCode } from "../../src/lib/errors.ts";
import { silentEvents } from "../../src/lib/events.ts";
import { accountFromBytes } from "../../src/lib/strkey.ts";
import { askIssuers } from "../../src/node/known-issuers.ts";
import { networkPrefix } from "../../src/node/policy.ts";
import { poll } from "../../src/node/polling.ts";
import { openTokenDesk, tokenSourceOf } from "../../src/node/token-source.ts";
import { codeOf } from "../support/node-kit.ts";

const seed = "11".repeat(32);
const key = loadDeviceKey(seed).publicKey.toHex();
const founder = { account: accountFromBytes(loadDeviceKey("33".repeat(32)).publicKey), key };
const newcomer = {
  account: accountFromBytes(loadDeviceKey("34".repeat(32)).publicKey),
  key: loadDeviceKey("22".repeat(32)).publicKey.toHex(),
};
const network: ServiceNetwork = Object.assign(Object.create(null), { issuers: [founder] });
/** Longer than a node is waited for. */
const TYPING_MS = 5_500;
const never = () => new Promise<never>(() => {});

it("learns who the issuers are while one of the nodes that it asks hangs, and another is down", async () => {
  const speaker = new IssuerSpeaker({
    account: founder.account,
    kid: thumbprint(key),
    publicKey: key,
    seed,
    net: networkPrefix(networkId(network)),
  });
  const word = speaker.speak({
    ledger: 9,
    ledgerHash: "ab".repeat(32),
    closeTimeS: 1_900_000_000,
    entries: [founder, newcomer],
  });
  const answers = { issuers: async () => ({ words: word === undefined ? [] : [word] }) };
  const down = { issuers: () => Promise.reject(new Error("down")) };
  const issuers = await askIssuers(network, [{ issuers: never }, down, answers]);
  expect(issuers.map(({ account }) => account)).toContain(newcomer.account);
  expect(await askIssuers(network, [down])).toEqual([founder]);
});

it("gives no node up while a passphrase is still being typed", async () => {
  const nodeAt = (url: string, code: ErrorCode): NodeClient =>
    Object.assign(Object.create(null), {
      url,
      challenge: () => Promise.reject(new AceError(code, url)),
    });
  const signer = { account: founder.account, sign: () => new Uint8Array(64) };
  const typed = sleep(TYPING_MS, signer);
  const viewer = {
    node: nodeAt("http://answers.example", "CHALLENGE_INVALID"),
    others: [nodeAt("http://down.example", "NODE_UNREACHABLE")],
    network,
    signer: () => typed,
    device: loadDeviceKey(seed),
    clock: { nowMs: () => 0 },
  };
  const content = "ab".repeat(32);
  const asked = [
    codeOf(() => openTokenDesk(viewer).ask(content)),
    codeOf(() => tokenSourceOf(viewer, content).token()),
  ];
  expect(await Promise.all(asked)).toEqual(["CHALLENGE_INVALID", "CHALLENGE_INVALID"]);
});

it("ends at once while a node keeps a look waiting", async () => {
  const stop = new AbortController();
  const terms = { node: { url: "" }, everyMs: 1, everyMsMax: 1, unanswered: "access.unheard" };
  const polling = poll({ ...terms, events: silentEvents }, never, stop.signal);
  await sleep(1);
  stop.abort();
  await polling;
  await poll({ ...terms, events: silentEvents }, never, stop.signal);
});

it("does not read on what a node sends without end", async () => {
  const part = Buffer.alloc(1024 * 1024, " ");
  let sent = 0;
  const server = createServer((_, response) => {
    const send = () => {
      while (!response.destroyed && response.write(part)) sent += part.length;
      response.once("drain", send);
    };
    send();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const node = openNodeClient(`http://127.0.0.1:${port}`, AbortSignal.timeout(60_000));
  expect(await codeOf(() => node.issuers(0))).toBe("NODE_UNREACHABLE");
  expect(sent).toBeLessThan(256 * 1024 * 1024);
  server.closeAllConnections();
  server.close();
});

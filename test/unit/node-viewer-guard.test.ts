// Goal: a viewer's engine, which follows no ledger, keeps up with issuers by what their nodes tell it, and goes
//       on from there after a restart; its tokens are renewed by whichever of them answers.
// Method: real words and signatures; nodes are ports that answer or do not.
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, expect, it } from "vitest";
import { loadDeviceKey } from "../../src/access/device-key.ts";
import { privateKeyOf } from "../../src/access/ed25519.ts";
import { ISSUERS_MAX_AGE_S } from "../../src/access/issuer-book.ts";
import { ENDED_AT_ONCE, type IssuerEntry, thumbprint } from "../../src/access/issuer-set.ts";
import { type SignedWord, signWord } from "../../src/access/issuer-word.ts";
import { revocationOf } from "../../src/access/revocation.ts";
import { type SignedDelta, signDelta } from "../../src/access/revocation-delta.ts";
import type { NodeClient } from "../../src/client/http.ts";
import { networkId, type ServiceNetwork } from "../../src/contracts/service-network.ts";
import { AceError } from "../../src/lib/errors.ts";
import type { EventFields } from "../../src/lib/events.ts";
import { invariant } from "../../src/lib/invariant.ts";
import { accountFromBytes } from "../../src/lib/strkey.ts";
import { openViewerGuard } from "../../src/node/viewer-guard.ts";

const NOW_S = 1_900_000_000;
const folder = mkdtempSync(join(tmpdir(), "ace-viewer-guard-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const seedOf = (name: number) => `${name}${name}`.repeat(32);
const entry = (name: number, fromLedger = 0, toLedger?: number): IssuerEntry => ({
  account: accountFromBytes(loadDeviceKey(seedOf(name + 4)).publicKey),
  key: loadDeviceKey(seedOf(name)).publicKey.toHex(),
  fromLedger,
  ...(toLedger === undefined ? {} : { toLedger }),
});
const [ann, ben] = [entry(1), entry(2, 110)];
const network: ServiceNetwork = Object.assign(Object.create(null), {
  name: "test",
  issuers: [{ account: ann.account, key: ann.key }],
});
const net = networkId(network).slice(0, 16);

function secretOf(name: number) {
  const key = privateKeyOf(seedOf(name));
  invariant(key !== undefined, "the seed is one");
  return key;
}

function word(
  name: number,
  ledger: number,
  entries: readonly IssuerEntry[],
  atS = NOW_S,
): SignedWord {
  const { account: issuer, key } = entry(name);
  const kid = thumbprint(key);
  return signWord(
    { net, issuer, kid, ledger, ledgerHash: "1e".repeat(32), atS, entries },
    secretOf(name),
  );
}

function list(name: number, jti: string): SignedDelta {
  const { account: issuer, key } = entry(name);
  const revocations = [revocationOf("jti", jti, { contract: "412", untilS: NOW_S + 300 })];
  return signDelta(
    { net, issuer, kid: thumbprint(key), seq: 1, ledger: 150, revocations },
    secretOf(name),
  );
}

/** An engine over a node that answers with these. */
function open(
  dir: string,
  tells: { words: readonly SignedWord[]; deltas?: readonly SignedDelta[] },
  nowS = NOW_S,
) {
  const events: { name: string; fields: EventFields }[] = [];
  const tell = (name: string, fields: EventFields = {}) => void events.push({ name, fields });
  let asked = 0;
  const node: NodeClient = Object.assign(Object.create(null), {
    url: "http://node.example",
    revocations: async (since: number) => ({
      next: tells.deltas?.length ?? 0,
      deltas: tells.deltas?.slice(since) ?? [],
    }),
    issuers: async () => {
      asked += 1;
      return { words: tells.words };
    },
  });
  const viewer = {
    node,
    network,
    signer: () => Promise.reject(new AceError("INTERNAL", "nobody signs in here")),
    device: loadDeviceKey(seedOf(9)),
    clock: { nowMs: () => nowS * 1_000 },
  };
  const guard = openViewerGuard({
    viewer,
    licenceOf: () => 412n,
    dir: join(folder, dir),
    events: { info: tell, warn: tell },
  });
  const signs = (name: number, at = 150) => {
    const { account, key } = entry(name);
    return (
      guard.issuers.current().refusalOf({ account, kid: thumbprint(key), ledger: at })?.code ??
      "good"
    );
  };
  const heard = async () => {
    while (asked === 0) await sleep(1);
    await sleep(1);
  };
  const all = () => events.map(({ name }) => name);
  const told = () => all().filter((name) => name.startsWith("access.issuers_"));
  return { guard, signs, heard, told, all };
}

it("learns of a new issuer, keeps it through a restart, and takes its lists of revocations", async () => {
  const both = [ann, ben];
  const words = [word(1, 100, both), word(1, 120, both), word(2, 121, both)];
  {
    const { guard, signs, heard } = open("rotates", { words, deltas: [list(2, "one")] });
    await using _ = guard;
    expect([signs(1), signs(2)]).toEqual(["good", "ISSUER_UNKNOWN"]);
    await heard();
    expect([signs(1), signs(2), signs(2, 109)]).toEqual(["good", "good", "ISSUER_UNKNOWN"]);
  }
  const again = open("rotates", { words: [], deltas: [list(2, "one")] });
  await using _ = again.guard;
  expect([again.signs(1), again.signs(2)]).toEqual(["good", "good"]);
  await again.heard();
  expect(again.guard.revocations.size).toBe(1);
  const marks = [
    `${ben.account}/412/jti/${revocationOf("jti", "one", { contract: "412", untilS: 0 }).prefix}`,
  ];
  expect(again.guard.revocations.codeOf(marks, NOW_S)).toBe("TOKEN_REVOKED");
});

it("reads a list again whose issuer it did not know yet, and only until it does", async () => {
  const engine = open("early", { words: [], deltas: [list(2, "one")] });
  await using _ = engine.guard;
  await engine.heard();
  expect(engine.guard.revocations.size).toBe(0);
  engine.guard.issuers.hear([ann, ben]);
  while (engine.guard.revocations.size === 0) await sleep(10);
  expect(engine.all().filter((name) => name === "access.revocations_refused")).toHaveLength(1);
});

it("ends a key, and the tokens of open wires with it, and does not take it back after a restart", async () => {
  const words = [
    word(1, 120, [ann, ben]),
    word(2, 150, [{ ...ann, toLedger: ENDED_AT_ONCE }, ben]),
  ];
  const { told } = await (async () => {
    const engine = open("ends", { words });
    await using _ = engine.guard;
    await engine.heard();
    expect([engine.signs(1), engine.signs(2)]).toEqual(["ISSUER_UNKNOWN", "good"]);
    const mark = `//kid/${revocationOf("kid", thumbprint(ann.key), { contract: "", untilS: 0 }).prefix}`;
    expect(engine.guard.revocations.codeOf([mark], NOW_S)).toBe("TOKEN_REVOKED");
    return engine;
  })();
  expect(told()).toContain("access.issuers_changed");
  const again = open("ends", { words: [word(1, 200, [ann])] });
  await using _ = again.guard;
  expect(again.signs(1)).toBe("ISSUER_UNKNOWN");
  await again.heard();
  expect(again.signs(1)).toBe("ISSUER_UNKNOWN");
});

it("refuses and tells what is forged, older or signed by too few", async () => {
  const both = [ann, ben];
  const good = [word(1, 120, both), word(2, 121, both)];
  const forged = { body: word(1, 130, both).body, signature: good[0]?.signature ?? "" };
  const engine = open("refuses", {
    words: [...good, forged, word(1, 120, [ann]), word(2, 140, [ben, entry(3)])],
  });
  await using _ = engine.guard;
  await engine.heard();
  expect(engine.told()).toEqual([
    "access.issuers_changed",
    "access.issuers_forged",
    "access.issuers_older",
    "access.issuers_undersigned",
  ]);
  expect(engine.signs(3)).toBe("ISSUER_UNKNOWN");
});

it("begins with network.json and says so when its file is damaged", async () => {
  const first = open("damaged", { words: [word(1, 120, [ann, ben])] });
  await first.heard();
  await first.guard[Symbol.asyncDispose]();
  const [name = ""] = readdirSync(join(folder, "damaged"));
  writeFileSync(join(folder, "damaged", name), '{"v":1,"wor');
  const again = open("damaged", { words: [] });
  await using _ = again.guard;
  expect(again.told()).toEqual(["access.issuers_file_damaged"]);
  expect([again.signs(1), again.signs(2)]).toEqual(["good", "ISSUER_UNKNOWN"]);
});

it("admits nobody when issuers have not confirmed for a week, also after a restart, until they do", async () => {
  const first = open("old", { words: [word(1, 120, [ann, ben])] });
  await first.heard();
  await first.guard[Symbol.asyncDispose]();
  const laterS = NOW_S + ISSUERS_MAX_AGE_S + 1;
  const stale = open("old", { words: [word(2, 121, [ann, ben], laterS)] }, laterS);
  expect([stale.signs(1), stale.signs(2)]).toEqual(["ISSUERS_STALE", "ISSUERS_STALE"]);
  expect(stale.told()).toContain("access.issuers_stale");
  await stale.heard();
  expect(stale.signs(1)).toBe("ISSUERS_STALE");
  await stale.guard[Symbol.asyncDispose]();
  const confirmed = open(
    "old",
    { words: [1, 2].map((name) => word(name, 130, [ann, ben], laterS)) },
    laterS,
  );
  await using _ = confirmed.guard;
  await confirmed.heard();
  expect([confirmed.signs(1), confirmed.signs(2)]).toEqual(["good", "good"]);
});

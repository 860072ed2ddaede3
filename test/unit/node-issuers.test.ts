// Goal: a node goes by the issuers that the ledger names, from the very ledger that names them.
// Method: the watch over a view that answers as the DAO does; ledgers are told by hand.
import { createHash } from "node:crypto";
import { expect, it } from "vitest";
import { loadDeviceKey } from "../../src/access/device-key.ts";
import { ISSUERS_MAX_AGE_S, IssuerBook } from "../../src/access/issuer-book.ts";
import { IssuerEnds } from "../../src/access/issuer-ends.ts";
import { thumbprint } from "../../src/access/issuer-set.ts";
import { RevocationSet } from "../../src/access/revocation.ts";
import { type KeptDelta, RevocationLog } from "../../src/access/revocation-log.ts";
import type { RevocationsJson } from "../../src/client/content-schemas.ts";
import type { CborValue } from "../../src/lib/cbor.ts";
import { AceError } from "../../src/lib/errors.ts";
import { silentEvents } from "../../src/lib/events.ts";
import { accountFromBytes } from "../../src/lib/strkey.ts";
import { watchIssuers } from "../../src/node/issuer-watch.ts";
import { openPolicy } from "../../src/node/policy.ts";
import { followRevocations } from "../../src/node/revocation-feed.ts";
import type { Applied } from "../../src/runtime/applied.ts";

const NOW_S = 1_900_000_000;
const DAO_KEY = new Uint8Array([0, 0, 0, 0, 0, 0, 0, 1, 9]);
const keyOf = (name: number) => loadDeviceKey(`${name}${name}`.repeat(32)).publicKey;
const founder = accountFromBytes(keyOf(1));
const newcomer = accountFromBytes(keyOf(2));

function row(name: number, fromLedger: bigint, toLedger: bigint): Map<string, CborValue> {
  const account = keyOf(name);
  return new Map<string, CborValue>([
    ["key", keyOf(name)],
    ["account", account],
    ["fromLedger", fromLedger],
    ["toLedger", toLedger],
  ]);
}

async function open() {
  const world = { rows: [] as CborValue[], sequence: 100, nowS: NOW_S, isBusy: false };
  const clock = { nowMs: () => world.nowS * 1_000 };
  const issuers = [{ account: founder, key: keyOf(1).toHex() }];
  const guard = openPolicy({
    networkId: "ab".repeat(32),
    issuers,
    licenceOf: () => undefined,
    clock,
  });
  let tell: (ledgers: readonly Applied[]) => void = () => {};
  await watchIssuers({
    guard,
    network: Object.assign(Object.create(null), { issuers }),
    views: {
      view: async () => {
        if (world.isBusy) throw new AceError("NODE_BEHIND", "busy");
        return { ok: true, code: "", result: world.rows };
      },
    },
    head: () => ({ sequence: world.sequence }),
    onLedger: (listener) => {
      tell = listener;
    },
    events: silentEvents,
    clock,
  });
  const ledger = async (sequence: number, isVoted: boolean) => {
    world.sequence = sequence;
    const writes = isVoted ? [{ key: DAO_KEY, value: undefined }] : [];
    tell([
      {
        sequence,
        writes,
        headerHash: "",
        closeTime: 0n,
        receipts: [],
        encodedReceipts: [],
        receiptsRoot: "",
        stateRoot: "",
        ledgerHash: "",
      },
    ]);
    await new Promise((resolve) => setTimeout(resolve, 0));
  };
  const signs = (name: number, account: string, at: number) =>
    guard.issuers.current().refusalOf({
      account,
      kid: thumbprint(keyOf(name).toHex()),
      ledger: at,
    })?.code ?? "good";
  return { world, guard, ledger, signs };
}

it("rotates with an overlap in which both keys sign", async () => {
  const { world, ledger, signs } = await open();
  expect([signs(1, founder, 100), signs(2, newcomer, 100)]).toEqual(["good", "ISSUER_UNKNOWN"]);
  world.rows = [row(2, 110n, 0n)];
  await ledger(105, true);
  expect([signs(2, newcomer, 109), signs(2, newcomer, 110)]).toEqual(["ISSUER_UNKNOWN", "good"]);
  expect(signs(2, founder, 110)).toBe("ISSUER_UNKNOWN");
  world.rows = [row(2, 110n, 0n), row(1, 0n, 120n)];
  await ledger(112, true);
  expect([signs(1, founder, 120), signs(1, founder, 121)]).toEqual(["good", "ISSUER_UNKNOWN"]);
  await ledger(300, false);
  expect(signs(1, founder, 120)).toBe("good");
  await ledger(301, false);
  expect(signs(1, founder, 120)).toBe("ISSUER_UNKNOWN");
});

it("ends a stolen key and every wire under it with the ledger of the vote", async () => {
  const { world, guard, ledger, signs } = await open();
  let heard = 0;
  guard.policy.onChange(() => {
    heard += 1;
  });
  world.rows = [row(1, 0n, 1n)];
  await ledger(150, true);
  expect(signs(1, founder, 149)).toBe("ISSUER_UNKNOWN");
  expect(guard.revocations.size).toBe(1);
  expect(heard).toBe(1);
});

it("goes by the keys it knows when a vote names one that anybody can sign for", async () => {
  const { world, ledger, signs } = await open();
  const unsound = row(3, 0n, 0n).set("key", new Uint8Array(32));
  world.rows = [unsound, row(2, 110n, 0n)];
  await ledger(112, true);
  expect([signs(1, founder, 112), signs(2, newcomer, 112)]).toEqual(["good", "good"]);
});

it("does not take an ended key back while it cannot read who signs, and reads again", async () => {
  const { world, ledger, signs } = await open();
  world.rows = [row(1, 0n, 1n)];
  await ledger(200, true);
  expect(signs(1, founder, 199)).toBe("ISSUER_UNKNOWN");
  world.isBusy = true;
  world.rows = [row(1, 0n, 1n), row(2, 201n, 0n)];
  await ledger(201, true);
  expect([signs(1, founder, 199), signs(2, newcomer, 201)]).toEqual([
    "ISSUER_UNKNOWN",
    "ISSUER_UNKNOWN",
  ]);
  world.isBusy = false;
  await ledger(202, false);
  expect([signs(1, founder, 199), signs(2, newcomer, 201)]).toEqual(["ISSUER_UNKNOWN", "good"]);
});

it("admits nobody when nothing was heard of the issuers for a week, and goes on when it is", async () => {
  const { world, ledger, signs } = await open();
  world.nowS += ISSUERS_MAX_AGE_S + 1;
  expect(signs(1, founder, 100)).toBe("ISSUERS_STALE");
  await ledger(200, false);
  expect(signs(1, founder, 100)).toBe("good");
});

/** What a viewer's engine knows of issuers, and one look at what its node tells. */
function openEngine(world: { nowS: number }) {
  const clock = { nowMs: () => world.nowS * 1_000 };
  const issuers = [1, 2].map((name) => ({
    account: accountFromBytes(keyOf(name)),
    key: keyOf(name).toHex(),
  }));
  const guard = openPolicy({
    networkId: "ab".repeat(32),
    issuers,
    licenceOf: () => undefined,
    clock,
  });
  const look = async (deltas: RevocationsJson["deltas"]) => {
    const stop = new AbortController();
    const node = {
      url: "http://node.example",
      revocations: async () => {
        setImmediate(() => stop.abort());
        return { next: 0, deltas };
      },
    };
    await followRevocations({ node, guard, issuers, events: silentEvents, clock }, stop.signal);
  };
  return { guard, look };
}

it("ends a stolen key for engines too, which follow no ledger, for as long as it stays ended", async () => {
  const { world, guard, ledger } = await open();
  const engine = openEngine(world);
  const tokenOfThief = [
    `/kid/${createHash("sha256")
      .update(thumbprint(keyOf(1).toHex()))
      .digest("hex")
      .slice(0, 32)}`,
  ];
  const lists: KeptDelta[] = [];
  const log = new RevocationLog({
    issuer: newcomer,
    kid: thumbprint(keyOf(2).toHex()),
    seed: "22".repeat(32),
    net: guard.net,
    store: {
      lastDelta: () => lists.length,
      keepDelta: (list) => void lists.push(list),
      deltasAfter: (seq) => lists.slice(seq),
    },
    set: guard.revocations,
  });
  const ends = new IssuerEnds(guard.issuers, log);
  const tell = () => ends.tell({ ledger: world.sequence, nowS: world.nowS });
  tell();
  expect(lists).toEqual([]);
  world.rows = [row(1, 0n, 1n)];
  await ledger(150, true);
  for (const untilS = NOW_S + 3_000; world.nowS < untilS; world.nowS += 5) {
    tell();
    if ((world.nowS - NOW_S) % 60 === 0) await engine.look([...log.since(0).deltas]);
    expect(engine.guard.revocations.codeOf(tokenOfThief, world.nowS)).toBe("TOKEN_REVOKED");
  }
  expect(lists.length).toBe(10);
});

it("lets an engine that its node answers go on for longer than a week", async () => {
  const world = { nowS: NOW_S };
  const { guard, look } = openEngine(world);
  world.nowS += ISSUERS_MAX_AGE_S + 1;
  expect(guard.issuers.isStale).toBe(true);
  await look([{ body: "00", signature: "00" }]);
  expect(guard.issuers.isStale).toBe(true);
  await look([]);
  expect(guard.issuers.isStale).toBe(false);
});

it("is the same set, as an object, while nothing in it changes", () => {
  const book = new IssuerBook([{ account: founder, key: keyOf(1).toHex() }], () => NOW_S);
  const before = book.current();
  expect(book.hear([{ account: founder, key: keyOf(1).toHex() }])).toBe(false);
  expect(book.current()).toBe(before);
  expect(new RevocationSet().version).toBe(0);
});

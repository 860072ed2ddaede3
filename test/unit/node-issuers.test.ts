// Goal: a node goes by the issuers that the ledger names, from the very ledger that names them.
// Method: the watch over a view that answers as the DAO does; ledgers are told by hand.
import { expect, it } from "vitest";
import { loadDeviceKey } from "../../src/access/device-key.ts";
import { ISSUERS_MAX_AGE_S, IssuerBook } from "../../src/access/issuer-book.ts";
import { thumbprint } from "../../src/access/issuer-set.ts";
import { RevocationSet } from "../../src/access/revocation.ts";
import type { CborValue } from "../../src/lib/cbor.ts";
import { AceError } from "../../src/lib/errors.ts";
import { silentEvents } from "../../src/lib/events.ts";
import { accountFromBytes } from "../../src/lib/strkey.ts";
import { watchIssuers } from "../../src/node/issuer-watch.ts";
import { openPolicy } from "../../src/node/policy.ts";
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
  const read: { readonly keys: readonly string[]; readonly sequence: number }[] = [];
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
    onRead: (entries, sequence) => read.push({ keys: entries.map(({ key }) => key), sequence }),
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
  return { world, guard, ledger, signs, read };
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

it("says nothing of issuers that it has not read, and all that were ever named when it has", async () => {
  const { world, ledger, read } = await open();
  world.isBusy = true;
  world.rows = [row(1, 0n, 1n), row(2, 110n, 0n)];
  await ledger(150, true);
  expect(read).toEqual([]);
  world.isBusy = false;
  await ledger(151, false);
  expect(read).toEqual([{ keys: [keyOf(1).toHex(), keyOf(2).toHex()], sequence: 151 }]);
});

it("tells open wires once that a key has ended, not with every ledger", async () => {
  const { world, guard, ledger } = await open();
  world.rows = [row(1, 0n, 1n)];
  await ledger(150, true);
  const { version } = guard.revocations;
  world.nowS += 5;
  await ledger(151, false);
  expect(guard.revocations.version).toBe(version);
});

it("is the same set, as an object, while nothing in it changes", () => {
  const book = new IssuerBook([{ account: founder, key: keyOf(1).toHex() }], () => NOW_S);
  const before = book.current();
  expect(book.hear([{ account: founder, key: keyOf(1).toHex() }])).toBe(false);
  expect(book.current()).toBe(before);
  expect(new RevocationSet().version).toBe(0);
});

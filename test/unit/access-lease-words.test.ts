// Goal: a home decides on the right it is asked for and on no other, whatever it answers; and many leases
//       are brought home without a look at all of them for each message.
// Method: one issuer's half over leases in memory, with a home that answers as it is told to.
import { expect, it } from "vitest";
import { type Lease, LeaseDesk, type LeaseStore, type Play } from "../../src/access/lease.ts";
import { homeOrder } from "../../src/access/lease-home.ts";
import { LeaseHomes } from "../../src/access/lease-homes.ts";
import type { LeaseAnswer, LeaseAsk } from "../../src/access/lease-message.ts";
import { silentEvents } from "../../src/lib/events.ts";
import { accountFromBytes } from "../../src/lib/strkey.ts";
import { codeOf } from "../support/node-kit.ts";

const NOW_S = 1_900_000_000;
const UNTIL_S = NOW_S + 330;
const times = { nowS: NOW_S, untilS: UNTIL_S };
const [own, home] = [1, 2].map((byte) => accountFromBytes(new Uint8Array(32).fill(byte)));
if (own === undefined || home === undefined) throw new Error("two issuers");

/** Accounts that this issuer counts itself, or that the other does. */
function accountOf(issuer: string, from = 3): string {
  for (let byte = from; ; byte += 1) {
    const account = accountFromBytes(new Uint8Array(32).fill(byte));
    if (homeOrder(account, [own ?? "", home ?? ""])[0] === issuer) return account;
  }
}

const content = "cc".repeat(32);
const playOf = (account: string, device = "d1"): Play => {
  const deviceKey = device.repeat(32);
  return { contract: 412n, account, deviceKey, content, limit: 1n, evict: "oldest" };
};
const leaseOf = (id: string, { contract, account, deviceKey }: Play): Lease => {
  return { id, contract, account, deviceKey, content, startedAtS: NOW_S, untilS: UNTIL_S };
};

function open(answer: (ask: LeaseAsk) => LeaseAnswer) {
  const leases = new Map<string, Lease>();
  const seen = { looks: 0, brought: [] as string[], ended: [] as string[] };
  const store: LeaseStore = {
    leasesOf: (contract, account) =>
      [...leases.values()].filter((one) => one.contract === contract && one.account === account),
    lease: (id) => leases.get(id),
    leasesOfAccount: (account) => [...leases.values()].filter((one) => one.account === account),
    liveLeases: () => {
      seen.looks += 1;
      return [...leases.values()];
    },
    changeLeases: ({ put, drop }) => {
      for (const id of drop) leases.delete(id);
      for (const lease of put) leases.set(lease.id, lease);
    },
  };
  const homes = new LeaseHomes({
    account: own ?? "",
    desk: new LeaseDesk(store),
    issuers: () => [own ?? "", home ?? ""],
    ask: async (_issuer, ask) => {
      if (ask.kind !== "merge") return answer(ask);
      seen.brought.push(...ask.leases.map(({ id }) => id));
      return { kind: "merged", ended: [] };
    },
    end: (ended) => seen.ended.push(...ended.map(({ id }) => id)),
    isEndedBy: () => false,
    concurrentOf: async () => 1n,
    events: silentEvents,
    clock: { nowMs: () => NOW_S * 1_000 },
  });
  return { homes, leases, seen };
}

const ours = playOf(accountOf(own));
const theirs = playOf(accountOf(home));

it("ends no play of another account that a home says had to give way", async () => {
  const { homes, leases, seen } = open(() => ({
    kind: "leased",
    lease: leaseOf("new", theirs),
    evicted: [leaseOf("other", theirs), leaseOf("own", theirs)],
  }));
  await homes.meet(home);
  leases.set("other", leaseOf("other", ours));
  leases.set("own", leaseOf("own", playOf(theirs.account, "d2")));
  await homes.take(theirs, times);
  expect(seen.ended).toEqual(["own"]);
  expect([...leases.keys()].toSorted()).toEqual(["new", "other"]);
});

it("ends no play of another account that a home says is lost", async () => {
  const { homes, leases, seen } = open(() => ({
    kind: "refused",
    code: "LEASE_LOST",
    message: "lost",
  }));
  await homes.meet(home);
  leases.set("other", leaseOf("other", ours));
  expect(await codeOf(() => homes.renew("other", theirs, times, home))).toBe("LEASE_LOST");
  expect(seen.ended).toEqual([]);
  expect(leases.has("other")).toBe(true);
});

it("takes no lease under a name that another account's has", async () => {
  const { homes, leases } = open(() => ({
    kind: "leased",
    lease: leaseOf("other", theirs),
    evicted: [],
  }));
  await homes.meet(home);
  leases.set("other", leaseOf("other", ours));
  expect(await codeOf(() => homes.take(theirs, times))).toBe("LEASE_LOST");
  expect(await codeOf(() => homes.renew("mine", theirs, times, home))).toBe("LEASE_CALL_INVALID");
  expect(leases.get("other")?.account).toBe(ours.account);
});

it("brings a home a thousand leases with few looks at all of them, and none that was stopped", async () => {
  const { homes, leases, seen } = open(() => ({ kind: "stopped", leases: [] }));
  const names = Array.from({ length: 1_000 }, (_, place) => `lease-${place}`);
  for (const name of names) leases.set(name, leaseOf(name, theirs));
  const meeting = homes.meet(home);
  leases.delete("lease-999");
  await meeting;
  expect(seen.brought).toEqual(names.slice(0, -1));
  expect(seen.looks).toBeLessThan(10);
});

// Goal: whatever is sent to it, the devnet loses no coin, counts its entries and breaks nothing.
// Method: random histories of a few accounts, good and bad operations alike; random bytes besides.
import {
  Asset,
  Claimant,
  type Keypair,
  Operation,
  StrKey,
  type xdr,
} from "@stellar/stellar-sdk/base";
import fc from "fast-check";
import { expect, it } from "vitest";
import { extensionOf, newAccount, writeAccount } from "../../src/devnet/account.ts";
import type { Devnet } from "../../src/devnet/devnet.ts";
import { accountKey, accountOf, keyOfData, ledgerKey } from "../../src/devnet/entries.ts";
import { reserveWeight, sponsorOfEntry } from "../../src/devnet/sponsorship.ts";
import { LedgerState } from "../../src/devnet/state.ts";
import { isAceError } from "../../src/lib/errors.ts";
import { type Bench, createBench, keypair } from "../devnet-kit.ts";

const ENDINGS = ["removed", "let go", "handed on"] as const;
const NAMES = ["alice", "bob", "carol"] as const;
const TOTAL = 10n ** 18n;

const name = fc.constantFrom(...NAMES);
const amount = fc.constantFrom("0.0000001", "1", "9000", "9998.5", "20000");
const USD = new Asset("USD", keypair("carol").publicKey());
const EUR = new Asset("EUR", keypair("bob").publicKey());
const asset = fc.constantFrom(Asset.native(), USD);

const operation = fc.oneof(
  fc
    .record({ to: fc.constantFrom(...NAMES, "ghost"), asset, amount })
    .map((each) => Operation.payment({ ...each, destination: keypair(each.to).publicKey() })),
  fc
    .record({ to: fc.nat({ max: 3 }), startingBalance: amount })
    .map(({ to, startingBalance }) =>
      Operation.createAccount({ destination: keypair(`new ${to}`).publicKey(), startingBalance }),
    ),
  fc
    .record({ name: fc.constantFrom("a", "b", "c"), value: fc.constantFrom("1", null) })
    .map((each) => Operation.manageData(each)),
  fc
    .record({ code: fc.constantFrom("USD", "EUR"), limit: fc.constantFrom("0", "100", "20000") })
    .map(({ code, limit }) => {
      const line = new Asset(code, keypair("carol").publicKey());
      return Operation.changeTrust({ asset: line, limit });
    }),
  fc.record({ key: name, weight: fc.nat({ max: 2 }) }).map(({ key, weight }) => {
    const ed25519PublicKey = keypair(`signer ${key}`).publicKey();
    return Operation.setOptions({ signer: { ed25519PublicKey, weight } });
  }),
  fc.record({ asset, amount, claimant: name }).map(({ claimant, ...each }) => {
    const claimants = [new Claimant(keypair(claimant).publicKey())];
    return Operation.createClaimableBalance({ ...each, claimants });
  }),
);

/** An operation of an account, where it need not be the transaction's. */
const authority = fc
  .record({ of: name, to: name, kind: fc.nat({ max: 9 }), flag: fc.boolean(), index: fc.nat(3) })
  .map(({ of, to, kind, flag, index }) => {
    const source = keypair(of).publicKey();
    const other = keypair(to).publicKey();
    const data = "abc".charAt(index % 3);
    switch (kind) {
      case 0:
        return Operation.accountMerge({ source, destination: other });
      case 1:
        return Operation.createAccount({
          source,
          destination: keypair(`new ${index}`).publicKey(),
          startingBalance: flag ? "0" : "2",
        });
      case 2:
        return Operation.setOptions({
          source,
          signer: { ed25519PublicKey: keypair(`signer ${to}`).publicKey(), weight: flag ? 0 : 1 },
        });
      case 3:
        return Operation.revokeDataSponsorship({ source, account: other, name: data });
      case 4:
        return Operation.revokeAccountSponsorship({ source, account: other });
      case 5:
        return Operation.revokeSignerSponsorship({
          source,
          account: other,
          signer: { ed25519PublicKey: keypair(`signer ${of}`).publicKey() },
        });
      case 6:
        return Operation.revokeTrustlineSponsorship({ source, account: other, asset: USD });
      case 7:
        return Operation.setTrustLineFlags({
          source: keypair("carol").publicKey(),
          trustor: other,
          asset: USD,
          flags: { authorized: flag },
        });
      case 8:
        return Operation.manageData({ source, name: data, value: flag ? "1" : null });
      default:
        return Operation.changeTrust({ source, asset: USD, limit: flag ? "20000" : "0" });
    }
  });

/** What an account may do while another one pays its reserves; mostly it succeeds. */
const welcome = fc
  .record({ to: name, kind: fc.nat({ max: 3 }), index: fc.nat(2) })
  .map(({ to, kind, index }) => (account: string) => {
    const source = keypair(account).publicKey();
    switch (kind) {
      case 0:
        return Operation.manageData({ source, name: "abc".charAt(index), value: "1" });
      case 1:
        return Operation.changeTrust({ source, asset: EUR, limit: "20000" });
      case 2:
        return Operation.changeTrust({ source, asset: USD, limit: "20000" });
      default:
        return Operation.setOptions({
          source,
          signer: { ed25519PublicKey: keypair(`signer ${to}`).publicKey(), weight: 1 },
        });
    }
  });

/** Operations inside a sponsorship that is begun, and mostly ended. */
const sponsored = fc
  .record({
    sponsor: fc.nat({ max: 2 }),
    account: fc.nat({ max: 2 }),
    kept: fc.array(welcome, { minLength: 1, maxLength: 2 }),
    other: fc.option(authority, { freq: 2 }),
    isEnded: fc.integer({ max: 9, min: 0 }).map((chance) => chance > 0),
  })
  .map(({ sponsor, account, kept, other, isEnded }) => {
    const [sponsorName, accountName] = [NAMES.at(sponsor), NAMES.at(account - 3)];
    if (sponsorName === undefined || accountName === undefined) throw new Error("no such name");
    const sponsoredId = keypair(accountName).publicKey();
    const source = keypair(sponsorName).publicKey();
    return [
      Operation.beginSponsoringFutureReserves({ source, sponsoredId }),
      ...kept.map((each) => each(accountName)),
      ...(other === null ? [] : [other]),
      ...(isEnded ? [Operation.endSponsoringFutureReserves({ source: sponsoredId })] : []),
    ];
  });

const sponsoredHistory = fc.array(
  fc.record({
    from: name,
    operations: fc.oneof(
      sponsored,
      authority.map((operation) => [operation]),
    ),
  }),
  { minLength: 4, maxLength: 12 },
);

const history = fc.array(
  fc.record({ from: name, operations: fc.array(operation, { minLength: 1, maxLength: 4 }) }),
  { minLength: 1, maxLength: 8 },
);

const snapshot = ({ entries }: Devnet): ReadonlyMap<string, string> =>
  new Map([...entries].map((entry) => [keyOfData(entry.data), entry.toXdr("base64")]));

it("keeps every coin, counts every entry and lets no balance fall below zero", () => {
  fc.assert(
    fc.property(history, (sent) => {
      const bench = createBench();
      bench.fund(...NAMES);
      for (const { from, operations } of sent) {
        bench.run({ from: keypair(from) }, ...operations);
        expectSoundness(bench.net);
      }
    }),
    { numRuns: 40 },
  );
});

it("counts what is sponsored on both sides, however reserves change hands", () => {
  const codes = new Map<string, number>();
  fc.assert(
    fc.property(sponsoredHistory, fc.constantFrom(...ENDINGS), (sent, ending) => {
      const bench = createBench();
      bench.fund(...NAMES);
      for (const { from, operations } of sent) {
        if (bench.net.entry(ledgerKeyOf(from)) === undefined) continue;
        const signers = signersFor(from, operations);
        const { result } = bench.run({ from: keypair(from), signers }, ...operations);
        codes.set(result.type, (codes.get(result.type) ?? 0) + 1);
        expectSoundness(bench.net);
      }
      for (const { by, operations } of endingsOf(bench.net, ending)) {
        const signers = signersFor(by, operations);
        bench.run({ from: keypair(by), signers }, ...operations);
        expectSoundness(bench.net);
      }
    }),
    { numRuns: 25 },
  );
  // A property of refusals alone would say little.
  expect(codes.get("txSuccess") ?? 0).toBeGreaterThan(20);
});

it("lets a failed transaction change nothing but its fee and its sequence number", () => {
  fc.assert(
    fc.property(history, (sent) => {
      const bench = createBench();
      bench.fund(...NAMES);
      for (const { from, operations } of sent) expectFailureIsClean(bench, from, operations);
    }),
    { numRuns: 40 },
  );
});

it("gives the same hashes to the same history", () => {
  fc.assert(
    fc.property(history, (sent) => {
      const [left, right] = [0, 1].map(() => {
        const bench = createBench();
        bench.fund(...NAMES);
        for (const { from, operations } of sent) bench.run({ from: keypair(from) }, ...operations);
        return bench.net.latest.hash;
      });
      expect(left).toBe(right);
    }),
    { numRuns: 15 },
  );
});

it("survives any envelope: cut, changed or invented", () => {
  const bench = createBench();
  bench.fund(...NAMES);
  const good = Buffer.from(
    bench.envelope({ from: keypair("alice") }, Operation.manageData({ name: "a", value: "1" })),
    "base64",
  );
  const changed = fc
    .record({ at: fc.nat({ max: good.length - 1 }), value: fc.nat({ max: 255 }) })
    .map(({ at, value }) => Buffer.from(good.with(at, value)));
  const cut = fc.nat({ max: good.length }).map((length) => good.subarray(0, length));
  const invented = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes));
  fc.assert(
    fc.property(fc.oneof(changed, cut, invented), (bytes) => {
      try {
        bench.net.submit(bytes.toString("base64"));
      } catch (error) {
        expect(isAceError(error, "DEVNET_BAD_ENVELOPE")).toBe(true);
      }
      bench.net.close({ closeTime: 0n });
      expectSoundness(bench.net);
    }),
    { numRuns: 200 },
  );
});

it("rolls its state back to the byte, however deep the scopes nest", () => {
  type Step = { readonly key: number; readonly keep: boolean; readonly inner: readonly Step[] };
  const within = (inner: fc.Arbitrary<readonly Step[]>): fc.Arbitrary<readonly Step[]> =>
    fc.array(fc.record({ key: fc.nat({ max: 4 }), keep: fc.boolean(), inner }), { maxLength: 4 });
  const steps = within(within(within(fc.constant([]))));
  fc.assert(
    fc.property(steps, (list) => {
      const state = new LedgerState();
      const play = ({ key, keep, inner }: Step): void => {
        const before = [...state.values()];
        const { changes } = state.scope(
          () => {
            toggle(state, key);
            inner.forEach(play);
          },
          () => keep,
        );
        if (keep) return;
        expect(changes).toEqual([]);
        expect(new Set(state.values())).toEqual(new Set(before));
      };
      list.forEach(play);
    }),
  );
});

function expectSoundness(net: Devnet): void {
  const all = [...net.entries].map(({ data }) => data);
  const accounts = all.flatMap((data) => (data.type === "account" ? [data.account] : []));
  const balances = all.flatMap((data) =>
    data.type === "claimableBalance" ? [data.claimableBalance] : [],
  );
  const locked = balances
    .filter((each) => each.asset.type === "assetTypeNative")
    .reduce((sum, each) => sum + each.amount, 0n);
  const held = accounts.reduce((sum, { balance }) => sum + balance, 0n);
  expect(held + locked + net.latest.header.feePool).toBe(TOTAL);

  for (const account of accounts) {
    expect(account.balance).toBeGreaterThanOrEqual(0n);
    expectCounters(account, [...net.entries]);
  }
}

/** The counters of one account, counted again from all that is there. */
function expectCounters(account: xdr.AccountEntry, entries: readonly xdr.LedgerEntry[]): void {
  const { accountId } = account;
  const owned = entries.filter(({ data }) => ownerOf(data)?.equals(accountId) === true);
  const { numSponsored, numSponsoring, signerSponsors } = extensionOf(account);
  const subentries = owned.filter(({ data }) => data.type !== "account");
  expect(account.numSubEntries).toBe(weightOf(subentries) + account.signers.length);
  expect(signerSponsors.length).toBe(account.signers.length);
  const sponsoredSigners = signerSponsors.filter((sponsor) => sponsor !== null).length;
  const sponsoredOwned = owned.filter((entry) => sponsorOfEntry(entry) !== undefined);
  expect(numSponsored).toBe(weightOf(sponsoredOwned) + sponsoredSigners);
  const paid = entries.filter((entry) => sponsorOfEntry(entry)?.equals(accountId) === true);
  const paidSigners = entries
    .flatMap(({ data }) => (data.type === "account" ? [data.account] : []))
    .flatMap((each) => extensionOf(each).signerSponsors)
    .filter((sponsor) => sponsor?.equals(accountId) === true).length;
  expect(numSponsoring).toBe(weightOf(paid) + paidSigners);
}

interface Sent {
  readonly by: string;
  readonly operations: readonly xdr.Operation[];
}

/** For all that is sponsored: its owner removes it, or its sponsor lets go of it or hands it on. */
function endingsOf({ entries }: Devnet, ending: (typeof ENDINGS)[number]): readonly Sent[] {
  return [...entries].flatMap((entry) => {
    const { data } = entry;
    if (data.type === "data") return endingOf(ending, data.data.accountId, sponsorOfEntry(entry));
    if (data.type !== "account") return [];
    const { accountId, signers } = data.account;
    const sponsors = extensionOf(data.account).signerSponsors;
    return signers.flatMap(({ key }, index) =>
      endingOf(ending, accountId, sponsors[index] ?? undefined, key),
    );
  });
}

function endingOf(
  ending: (typeof ENDINGS)[number],
  owner: xdr.PublicKey,
  sponsor: xdr.PublicKey | undefined,
  signer?: xdr.SignerKey,
): readonly Sent[] {
  const [ownerName, sponsorName] = [owner, sponsor].map((id) =>
    NAMES.find((each) => id?.equals(keypair(each).xdrPublicKey()) === true),
  );
  if (ownerName === undefined || sponsorName === undefined) return [];
  const account = keypair(ownerName).publicKey();
  const ed25519PublicKey =
    signer?.type === "signerKeyTypeEd25519"
      ? StrKey.encodeEd25519PublicKey(signer.ed25519.toBytes())
      : undefined;
  const isSigner = ed25519PublicKey !== undefined;
  if (ending === "removed") {
    const removals = isSigner
      ? [Operation.setOptions({ signer: { ed25519PublicKey, weight: 0 } })]
      : ["a", "b", "c"].map((each) => Operation.manageData({ name: each, value: null }));
    return removals.map((operation) => ({ by: ownerName, operations: [operation] }));
  }
  const source = keypair(sponsorName).publicKey();
  const revocations = isSigner
    ? [Operation.revokeSignerSponsorship({ account, signer: { ed25519PublicKey }, source })]
    : ["a", "b", "c"].map((each) =>
        Operation.revokeDataSponsorship({ account, name: each, source }),
      );
  const third = NAMES.find((each) => each !== sponsorName) ?? sponsorName;
  const begin = Operation.beginSponsoringFutureReserves({
    source: keypair(third).publicKey(),
    sponsoredId: source,
  });
  const end = Operation.endSponsoringFutureReserves({ source });
  return revocations.map((operation) => ({
    by: sponsorName,
    operations: ending === "handed on" ? [begin, operation, end] : [operation],
  }));
}

function weightOf(entries: readonly xdr.LedgerEntry[]): number {
  return entries.reduce((sum, { data }) => sum + reserveWeight(data), 0);
}

function ownerOf(data: xdr.LedgerEntryData): xdr.PublicKey | undefined {
  switch (data.type) {
    case "account":
      return data.account.accountId;
    case "trustline":
      return data.trustLine.accountId;
    case "data":
      return data.data.accountId;
    default:
      return undefined;
  }
}

/** Exactly those whose signature is asked for: one too many would fail the transaction. */
function signersFor(from: string, operations: readonly xdr.Operation[]): readonly Keypair[] {
  const known = [...NAMES, "new 0", "new 1", "new 2", "new 3"].map(keypair);
  const sources = operations.flatMap(({ sourceAccount }) =>
    sourceAccount === null ? [] : [accountOf(sourceAccount)],
  );
  const needed = [keypair(from).xdrPublicKey(), ...sources];
  return known.filter((each) => needed.some((source) => source.equals(each.xdrPublicKey())));
}

function ledgerKeyOf(owner: string): xdr.LedgerKey {
  return ledgerKey(accountKey(keypair(owner).xdrPublicKey()));
}

function expectFailureIsClean(
  bench: Bench,
  from: string,
  operations: readonly xdr.Operation[],
): void {
  const owner = keypair(from);
  const [before, account] = [snapshot(bench.net), bench.account(owner)];
  const { result, feeCharged } = bench.run({ from: owner }, ...operations);
  if (result.type === "txSuccess") return;
  const after = bench.account(owner);
  const now = snapshot(bench.net);
  const changed = [...now].filter(([key, value]) => before.get(key) !== value);
  expect(now.size).toBe(before.size);
  // Nothing at all changes when the submission itself was refused.
  if (changed.length === 0) return;
  expect(changed.map(([key]) => key)).toEqual([accountKey(owner.xdrPublicKey())]);
  expect(after.balance).toBe(account.balance - feeCharged);
  expect(after.seqNum).toBe(account.seqNum + 1n);
  expect(after.signers.length).toBe(account.signers.length);
  expect(after.numSubEntries).toBe(account.numSubEntries);
}

function toggle(state: LedgerState, index: number): void {
  const owner = keypair(`toggled ${index}`).xdrPublicKey();
  const key = accountKey(owner);
  if (state.get(key) === undefined) writeAccount(state, newAccount(owner, 1n, 0n));
  else state.remove(key);
}

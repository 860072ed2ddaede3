// Goal: who pays a reserve pays it, as long as it is his to pay, and gets it back.
// Method: transactions against the pure network, closed by hand; each test is one rule.
import { Asset, Claimant, type Keypair, Operation, xdr } from "@stellar/stellar-sdk/base";
import { beforeEach, describe, expect, it } from "vitest";
import { extensionOf } from "../../src/devnet/account.ts";
import { accountKey, dataKey, ledgerKey } from "../../src/devnet/entries.ts";
import { minimumBalance } from "../../src/devnet/reserve.ts";
import { sponsorOfEntry } from "../../src/devnet/sponsorship.ts";
import {
  type Bench,
  codeOf,
  codesOf,
  createBench,
  keypair,
  setOptions,
  XLM,
} from "../devnet-kit.ts";

const alice = keypair("alice");
const bob = keypair("bob");
const carol = keypair("carol");
const child = keypair("child");
const native = Asset.native();
const BASE_RESERVE = 5_000_000n;

const source = (of: Keypair) => ({ source: of.publicKey() });
const begin = (sponsor: Keypair, sponsored: Keypair) =>
  Operation.beginSponsoringFutureReserves({
    ...source(sponsor),
    sponsoredId: sponsored.publicKey(),
  });
const end = (sponsored: Keypair) => Operation.endSponsoringFutureReserves(source(sponsored));
const data = (of: Keypair, value: string | null = "1") =>
  Operation.manageData({ ...source(of), name: "d", value });
const revoke = (owner: Keypair, by: Keypair) =>
  Operation.revokeDataSponsorship({ ...source(by), account: owner.publicKey(), name: "d" });
const create = (startingBalance: string) =>
  Operation.createAccount({ ...source(bob), destination: child.publicKey(), startingBalance });

let bench: Bench;
beforeEach(() => {
  bench = createBench();
  bench.fund("alice", "bob", "carol");
});

const run = (by: readonly [Keypair, ...Keypair[]], ...operations: readonly xdr.Operation[]) =>
  codeOf(bench.run({ from: by[0], signers: by }, ...operations));
const counts = (of: Keypair) => {
  const { numSponsored, numSponsoring } = extensionOf(bench.account(of));
  return { subentries: bench.account(of).numSubEntries, numSponsored, numSponsoring };
};
const reserve = (of: Keypair) => minimumBalance(bench.account(of), BASE_RESERVE) / BASE_RESERVE;
const sponsorOfData = (owner: Keypair) => {
  const key = dataKey(owner.xdrPublicKey(), new xdr.XdrString("d"));
  const entry = bench.net.entry(ledgerKey(key));
  return entry === undefined ? undefined : sponsorOfEntry(entry);
};

describe("an account that somebody sponsors", () => {
  it("may start with nothing, and its sponsor holds both of its reserves", () => {
    expect(run([bob], create("0"))).toBe("createAccountLowReserve");
    expect(run([bob, child], begin(bob, child), create("0"), end(child))).toBe("txSuccess");
    expect(bench.account(child).balance).toBe(0n);
    expect(counts(child)).toEqual({ subentries: 0, numSponsored: 2, numSponsoring: 0 });
    expect([reserve(child), reserve(bob)]).toEqual([0n, 4n]);
    expect(counts(bob).numSponsoring).toBe(2);
  });

  it("gives the reserves back to its sponsor when it is merged away", () => {
    run([bob, child], begin(bob, child), create("1"), end(child));
    const merge = Operation.accountMerge({ destination: alice.publicKey() });
    bench.net.close({ closeTime: 0n });
    expect(run([child], merge)).toBe("txSuccess");
    expect(counts(bob).numSponsoring).toBe(0);
    expect(bench.net.entry(ledgerKey(accountKey(child.xdrPublicKey())))).toBeUndefined();
  });

  it("cannot be let go of before it can pay for itself", () => {
    run([bob, child], begin(bob, child), create("0"), end(child));
    const letGo = Operation.revokeAccountSponsorship({ account: child.publicKey() });
    expect(run([bob], letGo)).toBe("revokeSponsorshipLowReserve");
    run([bob], Operation.payment({ destination: child.publicKey(), amount: "1", asset: native }));
    expect(run([bob], letGo)).toBe("txSuccess");
    expect([reserve(child), reserve(bob)]).toEqual([2n, 2n]);
  });
});

describe("a sponsored entry", () => {
  beforeEach(() => {
    expect(run([bob, alice], begin(bob, alice), data(alice), end(alice))).toBe("txSuccess");
  });

  it("counts as its owner's subentry and as its sponsor's reserve", () => {
    expect(counts(alice)).toEqual({ subentries: 1, numSponsored: 1, numSponsoring: 0 });
    expect(counts(bob)).toEqual({ subentries: 0, numSponsored: 0, numSponsoring: 1 });
    expect([reserve(alice), reserve(bob)]).toEqual([2n, 3n]);
    expect(sponsorOfData(alice)?.equals(bob.xdrPublicKey())).toBe(true);
  });

  it("keeps its sponsor when it changes, and gives the reserve back when it goes", () => {
    expect(run([alice], Operation.manageData({ name: "d", value: "2" }))).toBe("txSuccess");
    expect(sponsorOfData(alice)?.equals(bob.xdrPublicKey())).toBe(true);
    expect(run([alice], data(alice, null))).toBe("txSuccess");
    expect([counts(alice).numSponsored, counts(bob).numSponsoring]).toEqual([0, 0]);
  });

  it("is handed to whoever sponsors its sponsor at that moment", () => {
    expect(run([bob, carol], begin(carol, bob), revoke(alice, bob), end(bob))).toBe("txSuccess");
    expect(sponsorOfData(alice)?.equals(carol.xdrPublicKey())).toBe(true);
    expect([counts(bob).numSponsoring, counts(carol).numSponsoring]).toEqual([0, 1]);
    expect(counts(alice).numSponsored).toBe(1);
  });

  it("falls back to its owner when that is who sponsors its sponsor", () => {
    expect(run([bob, alice], begin(alice, bob), revoke(alice, bob), end(bob))).toBe("txSuccess");
    expect(sponsorOfData(alice)).toBeUndefined();
    expect([counts(alice).numSponsored, counts(bob).numSponsoring]).toEqual([0, 0]);
  });

  it("is nobody else's to let go of", () => {
    expect(run([alice], revoke(alice, alice))).toBe("revokeSponsorshipNotSponsor");
    expect(run([carol], revoke(alice, carol))).toBe("revokeSponsorshipNotSponsor");
  });
});

describe("a sponsored signer", () => {
  const key = (preimage: string) => xdr.SignerKey.signerKeyTypeHashX(Buffer.alloc(32, preimage));
  const signer = (preimage: string) =>
    new xdr.Operation({
      sourceAccount: alice.xdrMuxedAccount(),
      body: setOptions({ signer: new xdr.Signer({ key: key(preimage), weight: 1 }) }),
    });

  it("stands beside its sponsor, also when others are put in front of it", () => {
    run([bob, alice], begin(bob, alice), signer("m"), end(alice));
    run([alice], signer("a"), signer("z"));
    const { signers } = bench.account(alice);
    const { signerSponsors } = extensionOf(bench.account(alice));
    expect(signers.map((each) => each.key.equals(key("m")))).toEqual([false, true, false]);
    expect(signerSponsors.map((each) => each?.equals(bob.xdrPublicKey()) ?? null)).toEqual([
      null,
      true,
      null,
    ]);
    expect(counts(alice)).toEqual({ subentries: 3, numSponsored: 1, numSponsoring: 0 });
  });

  it("does not keep its account from being merged, and its sponsor is released", () => {
    run([bob, alice], begin(bob, alice), signer("m"), end(alice));
    expect(run([alice], Operation.accountMerge({ destination: bob.publicKey() }))).toBe(
      "txSuccess",
    );
    expect(counts(bob).numSponsoring).toBe(0);
  });
});

describe("a sponsorship", () => {
  it("that is not ended fails the transaction, and nothing of it stays but its fee", () => {
    const before = bench.account(bob);
    const result = bench.run({ from: bob, signers: [bob, alice] }, begin(bob, alice), data(alice));
    expect(result.result.type).toBe("txBadSponsorship");
    expect(bench.account(bob).balance).toBe(before.balance - 200n);
    expect(counts(alice)).toEqual({ subentries: 0, numSponsored: 0, numSponsoring: 0 });
    expect(sponsorOfData(alice)).toBeUndefined();
  });

  it("binds neither the sponsor's own entries nor a sponsor's sponsor", () => {
    const result = bench.run(
      { from: bob, signers: [bob, alice, carol] },
      begin(bob, alice),
      data(bob),
      begin(carol, bob),
      end(alice),
    );
    expect(codesOf(result).slice(1)).toEqual([
      "manageDataSuccess",
      "beginSponsoringFutureReservesRecursive",
      "endSponsoringFutureReservesSuccess",
    ]);
  });

  it("covers a claimable balance, which then is the sponsor's and not its creator's", () => {
    const lock = Operation.createClaimableBalance({
      ...source(alice),
      asset: native,
      amount: "1",
      claimants: [new Claimant(bob.publicKey()), new Claimant(carol.publicKey())],
    });
    expect(run([bob, alice], begin(bob, alice), lock, end(alice))).toBe("txSuccess");
    expect(counts(alice)).toEqual({ subentries: 0, numSponsored: 0, numSponsoring: 0 });
    expect(counts(bob).numSponsoring).toBe(2);
    const entry = [...bench.net.entries].find(({ data: { type } }) => type === "claimableBalance");
    if (entry?.data.type !== "claimableBalance") throw new Error("no balance");
    const balanceId = entry.data.claimableBalance.balanceId.toXdr("hex");
    expect(run([carol], Operation.claimClaimableBalance({ balanceId }))).toBe("txSuccess");
    expect(counts(bob).numSponsoring).toBe(0);
    expect(bench.account(carol).balance).toBe(10_001n * XLM - 100n);
  });

  it("needs the reserve to be there", () => {
    const { balance } = bench.account(carol);
    const left = balance - 2n * BASE_RESERVE - 500n;
    const units = `${left / XLM}.${String(left % XLM).padStart(7, "0")}`;
    run([carol], Operation.payment({ destination: bob.publicKey(), amount: units, asset: native }));
    expect(run([carol, alice], begin(carol, alice), data(alice), end(alice))).toBe(
      "manageDataLowReserve",
    );
  });
});

// Goal: of several faults, a transaction is told the one that Stellar checks first.
// Method: one transaction with every fault at once, which are taken away one by one; and rules of
// merging that the devnet's own ledgers cannot show, asked of the operation itself.
import { Asset, type Keypair, Operation, type TransactionBuilder } from "@stellar/stellar-sdk/base";
import { expect, it } from "vitest";
import { newAccount, startingSequence, writeAccount } from "../../src/devnet/account.ts";
import { withLastSequences } from "../../src/devnet/apply.ts";
import { readEnvelope } from "../../src/devnet/envelope.ts";
import { accountMergeRule } from "../../src/devnet/op-account-merge.ts";
import { createSponsorships } from "../../src/devnet/sponsorships.ts";
import { LedgerState } from "../../src/devnet/state.ts";
import { sha256 } from "../../src/lib/hash.ts";
import { codeOf, createBench, keypair, PASSPHRASE } from "../devnet-kit.ts";

const alice = keypair("alice");
const bob = keypair("bob");
const ghost = keypair("ghost");
const data = Operation.manageData({ name: "a", value: "1" });
const pay = (to: Keypair, amount: string, from?: Keypair) =>
  Operation.payment({
    destination: to.publicKey(),
    amount,
    asset: Asset.native(),
    ...(from === undefined ? {} : { source: from.publicKey() }),
  });
const RULES = {
  sequence: 5,
  closeTime: 1n,
  protocol: 27,
  baseFee: 100n,
  baseReserve: 5_000_000n,
};

it("the first check that fails names the fault, in Stellar's order", () => {
  const bench = createBench();
  bench.fund("alice", "bob");
  bench.run({ from: alice }, data, pay(bob, "9990"));
  const sequence = bench.account(alice).seqNum;
  const [early, late] = [
    { minTime: 9_999_999, maxTime: 0 },
    { minTime: 0, maxTime: 1 },
  ];
  const build = (builder: TransactionBuilder) => builder.setMinAccountSequenceAge(3_600n);
  const [low, high] = ["1", "4000000000"];
  const signers = [bob];
  const results = [
    bench.run({ from: ghost, sequence: 1n, fee: low, signers, build, time: early }),
    bench.run({ from: ghost, sequence: 1n, fee: low, signers, build, time: early }, data),
    bench.run({ from: ghost, sequence: 1n, fee: low, signers, build, time: late }, data),
    bench.run({ from: ghost, sequence: 1n, fee: low, signers, build }, data),
    bench.run({ from: ghost, sequence: 1n, fee: high, signers, build }, data),
    bench.run({ from: alice, sequence: 1n, fee: high, signers, build }, data),
    bench.run({ from: alice, sequence, fee: high, signers, build }, data),
    bench.run({ from: alice, sequence, fee: high, signers }, data),
    bench.run({ from: alice, sequence, fee: high, signers: [alice, bob] }, data),
    bench.run({ from: alice, signers: [alice, bob] }, pay(bob, "1", ghost)),
    bench.run({ from: alice, signers: [alice, bob] }, data),
    bench.run({ from: alice }, data),
  ];
  expect(results.map(codeOf)).toEqual([
    "txMissingOperation",
    "txTooEarly",
    "txTooLate",
    "txInsufficientFee",
    "txNoAccount",
    "txBadSeq",
    "txBadMinSeqAgeOrGap",
    "txBadAuth",
    "txInsufficientBalance",
    "opBadAuth",
    "txBadAuthExtra",
    "txSuccess",
  ]);
});

it("an account whose later transaction is still to come in the ledger is not merged below it", () => {
  const sequence = 5;
  const state = new LedgerState();
  state.sequence = sequence;
  const next = startingSequence(sequence);
  writeAccount(state, newAccount(alice.xdrPublicKey(), 10n ** 9n, next - 2n));
  writeAccount(state, newAccount(bob.xdrPublicKey(), 10n ** 9n, 0n));
  const merge = Operation.accountMerge({ destination: bob.publicKey() });
  const bench = createBench();
  const networkId = sha256(Buffer.from(PASSPHRASE));
  const sent = [next - 2n, next - 1n].map((before) =>
    readEnvelope(bench.envelope({ from: alice, sequence: before }, merge), networkId),
  );
  const codes = [sent.slice(0, 1), sent].map((ofThisLedger) => {
    const ledger = withLastSequences(RULES, ofThisLedger);
    const { result } = state.scope(
      () =>
        accountMergeRule(bob.xdrMuxedAccount()).apply({
          state,
          ledger,
          source: alice.xdrPublicKey(),
          transaction: { source: alice.xdrPublicKey(), sequence: next - 1n },
          index: 0,
          sponsorships: createSponsorships(),
        }),
      () => false,
    );
    return result.type === "opInner" ? result.tr.value.type : result.type;
  });
  expect(codes).toEqual(["accountMergeSuccess", "accountMergeSeqnumTooFar"]);
});

it("preconditions of CAP-21 hold to the ledger, the second and the signer", () => {
  const bench = createBench();
  bench.fund("alice", "bob");
  const { sequence } = bench.net.latest;
  const bounds = (minLedger: number, maxLedger: number) => (builder: TransactionBuilder) =>
    builder.setLedgerbounds(minLedger, maxLedger);
  const gap = (ledgers: number) => (builder: TransactionBuilder) =>
    builder.setMinAccountSequenceLedgerGap(ledgers);
  const countersigned = (builder: TransactionBuilder) => builder.setExtraSigners([bob.publicKey()]);
  const codes = [
    bench.run({ from: alice, build: bounds(sequence + 2, 0) }, data),
    bench.run({ from: alice, build: bounds(0, sequence + 1) }, data),
    bench.run({ from: alice, build: bounds(sequence + 1, sequence + 2) }, data),
    bench.run({ from: alice, build: gap(2) }, data),
    bench.run({ from: alice, build: gap(1) }, data),
    bench.run({ from: alice, build: countersigned }, data),
    bench.run({ from: alice, build: countersigned, signers: [alice, bob] }, data),
  ].map(codeOf);
  expect(codes).toEqual([
    "txTooEarly",
    "txTooLate",
    "txSuccess",
    "txBadMinSeqAgeOrGap",
    "txSuccess",
    "txBadAuth",
    "txSuccess",
  ]);
});

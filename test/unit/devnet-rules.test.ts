// Goal: the rules of Stellar most easily got wrong hold on the devnet.
// Method: transactions against the pure network, closed by hand; each test is one rule.
import { hash } from "node:crypto";
import {
  Asset,
  Claimant,
  type Keypair,
  Memo,
  Operation,
  TransactionBuilder,
  xdr,
} from "@stellar/stellar-sdk/base";
import { describe, expect, it } from "vitest";
import { extensionOf } from "../../src/devnet/account.ts";
import { createDevnet } from "../../src/devnet/devnet.ts";
import {
  type Bench,
  codeOf,
  codesOf,
  createBench,
  keypair,
  PASSPHRASE,
  XLM,
} from "../devnet-kit.ts";

const alice = keypair("alice");
const bob = keypair("bob");
const carol = keypair("carol");
const ghost = keypair("ghost");
const native = Asset.native();

const pay = (to: string, amount: string, source?: Keypair) =>
  Operation.payment({
    destination: to,
    amount,
    asset: native,
    ...(source === undefined ? {} : { source: source.publicKey() }),
  });
const data = (name: string, value: string | null, source?: Keypair) =>
  Operation.manageData({
    name,
    value,
    ...(source === undefined ? {} : { source: source.publicKey() }),
  });

function openBench(): Bench {
  const bench = createBench();
  bench.fund("alice", "bob", "carol");
  return bench;
}

describe("fees", () => {
  it("are taken for the whole ledger before its first transaction is applied", () => {
    // Whichever comes first: what alice pays for bob is gone when she sends all that she has.
    const orders = inSomeOrders((memo) => {
      const bench = openBench();
      const inner = TransactionBuilder.fromXDR(
        bench.envelope({ from: bob }, data("a", "1")),
        PASSPHRASE,
      );
      if ("innerTransaction" in inner) throw new Error("not a plain transaction");
      const bump = TransactionBuilder.buildFeeBumpTransaction(alice, "2500", inner, PASSPHRASE);
      bump.sign(alice);
      const all = amount(bench.account(alice).balance - XLM - 100n);
      const build = (builder: TransactionBuilder) => builder.addMemo(memo);
      const { hash: id } = bench.send({ from: alice, build }, pay(bob.publicKey(), all));
      expect(bench.net.submit(bump.toXDR()).status).toBe("PENDING");
      bench.net.close({ closeTime: 0n });
      const transaction = bench.net.transaction(id);
      const result = xdr.TransactionResult.fromXdr(transaction?.result ?? new Uint8Array());
      expect(codeOf(result)).toBe("paymentUnderfunded");
      // The base fee is 100 an operation, whatever was bid; a fee bump counts as one more.
      expect(bench.account(alice).balance).toBe(10_000n * XLM - 300n);
      expect(bench.net.latest.header.feePool).toBe(600n);
      return transaction?.order ?? 0;
    });
    expect(orders).toEqual(new Set([1, 2]));
  });

  it("rise to the lowest bid when a ledger is full, and the rest waits", () => {
    const bench = createBench();
    const names = Array.from({ length: 11 }, (_, index) => `sender ${index}`);
    bench.fund(...names);
    const operations = Array.from({ length: 100 }, (_, index) => data(`n${index}`, "1"));
    const answers = names.map((name, index) =>
      bench.send({ from: keypair(name), fee: String((200 + index) * 100) }, ...operations),
    );
    const [first, ...others] = answers.map((answer) => answer.hash);
    const full = bench.net.close({ closeTime: 0n });
    expect(full.transactions.map((each) => each.hash).sort()).toEqual(others.sort());
    expect(full.feeRates).toEqual(others.map(() => 201n));
    const rest = bench.net.close({ closeTime: 0n });
    expect(rest.transactions.map((each) => each.hash)).toEqual([first]);
    expect(rest.feeRates).toEqual([100n]);
  });

  it("of all that waits must be payable by their source", () => {
    const bench = openBench();
    const bump = (of: Keypair) => {
      const inner = TransactionBuilder.fromXDR(
        bench.envelope({ from: of }, data("a", "1")),
        PASSPHRASE,
      );
      if ("innerTransaction" in inner) throw new Error("not a plain transaction");
      const outer = TransactionBuilder.buildFeeBumpTransaction(
        alice,
        "30000000000",
        inner,
        PASSPHRASE,
      );
      outer.sign(alice);
      return bench.net.submit(outer.toXDR());
    };
    expect(bump(bob).status).toBe("PENDING");
    const second = bump(carol);
    if (second.status !== "ERROR") throw new Error(second.status);
    const result = xdr.TransactionResult.fromXdr(second.errorResultXdr, "base64");
    expect(codeOf(result)).toBe("txInsufficientBalance");
  });
});

describe("a failed transaction", () => {
  it("keeps its fee and sequence number, and every operation reports a code", () => {
    const bench = openBench();
    const before = bench.account(alice);
    const result = bench.run(
      { from: alice },
      data("kept?", "no"),
      pay(ghost.publicKey(), "1"),
      pay(bob.publicKey(), "1"),
      pay(bob.publicKey(), "9999999"),
    );
    expect(result.feeCharged).toBe(400n);
    expect(codesOf(result)).toEqual([
      "manageDataSuccess",
      "paymentNoDestination",
      "paymentSuccess",
      "paymentUnderfunded",
    ]);
    const after = bench.account(alice);
    expect(after.balance).toBe(before.balance - 400n);
    expect(after.seqNum).toBe(before.seqNum + 1n);
    expect(after.numSubEntries).toBe(0);
    expect(bench.account(bob).balance).toBe(10_000n * XLM);
  });

  it("tells of no account where an earlier operation did not create it", () => {
    const bench = openBench();
    const result = bench.run(
      { from: alice, signers: [alice, ghost] },
      Operation.createAccount({ destination: ghost.publicKey(), startingBalance: "20000" }),
      data("a", "1", ghost),
    );
    expect(codesOf(result)).toEqual(["createAccountUnderfunded", "opNoAccount"]);
  });

  it("shows nothing of its operations in the metadata", () => {
    const bench = openBench();
    const { hash: id } = bench.send({ from: alice }, data("a", "1"), pay(ghost.publicKey(), "1"));
    bench.net.close({ closeTime: 0n });
    const bytes = bench.net.transaction(id)?.meta ?? new Uint8Array();
    const meta = xdr.TransactionMeta.fromXdr(bytes);
    if (meta.type !== "v4") throw new Error(meta.type);
    expect(meta.v4.operations).toEqual([]);
    expect(meta.v4.txChangesBefore.map(({ type }) => type)).toEqual([
      "ledgerEntryState",
      "ledgerEntryUpdated",
    ]);
  });
});

describe("sequence numbers", () => {
  it("of a new account start at its ledger's number, shifted", () => {
    expect(openBench().account(alice).seqNum).toBe(2n << 32n);
  });

  it("are consumed when a transaction was good at submission and bad when applied", () => {
    const orders = inSomeOrders((memo) => {
      const bench = openBench();
      const disarm = Operation.setOptions({ masterWeight: 0, source: alice.publicKey() });
      const build = (builder: TransactionBuilder) => builder.addMemo(memo);
      bench.send({ from: carol, signers: [carol, alice], build }, disarm);
      const { hash: id } = bench.send({ from: alice }, data("a", "1"));
      bench.net.close({ closeTime: 0n });
      const transaction = bench.net.transaction(id);
      const result = xdr.TransactionResult.fromXdr(transaction?.result ?? new Uint8Array());
      expect(codeOf(result)).toBe(transaction?.order === 1 ? "txSuccess" : "txBadAuth");
      expect(result.feeCharged).toBe(100n);
      expect(bench.account(alice).seqNum).toBe((2n << 32n) + 1n);
      return transaction?.order ?? 0;
    });
    expect(orders).toEqual(new Set([1, 2]));
  });

  it("may leave a gap when the transaction allows it", () => {
    const bench = openBench();
    const sequence = (2n << 32n) + 10n;
    const build = (builder: TransactionBuilder) => builder.setMinAccountSequence("1");
    expect(codeOf(bench.run({ from: alice, sequence, build }, data("a", "1")))).toBe("txSuccess");
    expect(bench.account(alice).seqNum).toBe(sequence + 1n);
  });

  it("allow one waiting transaction an account", () => {
    const bench = openBench();
    const envelope = bench.envelope({ from: alice }, data("a", "1"));
    expect(bench.net.submit(envelope).status).toBe("PENDING");
    expect(bench.net.submit(envelope).status).toBe("DUPLICATE");
    expect(bench.send({ from: alice }, data("b", "1")).status).toBe("TRY_AGAIN_LATER");
    bench.net.close({ closeTime: 0n });
    expect(codeOf(bench.submitted(envelope))).toBe("txBadSeq");
  });
});

describe("time bounds", () => {
  it("compare with the close time: what is too late by then is in no ledger", () => {
    const bench = openBench();
    const closeTime = bench.net.latest.closeTime + 10n;
    const time = { minTime: 0, maxTime: Number(closeTime) - 1 };
    const { hash: id, status } = bench.send({ from: alice, time }, data("a", "1"));
    expect(status).toBe("PENDING");
    expect(bench.net.close({ closeTime }).transactions).toEqual([]);
    expect(bench.net.transaction(id)).toBeUndefined();
    expect(bench.account(alice).seqNum).toBe(2n << 32n);
  });

  it("hold to the second", () => {
    const bench = openBench();
    const closeTime = bench.net.latest.closeTime + 10n;
    const time = { minTime: 0, maxTime: Number(closeTime) };
    bench.send({ from: alice, time }, data("a", "1"));
    expect(bench.net.close({ closeTime }).transactions).toHaveLength(1);
  });

  it("meet close times that only ever grow", () => {
    const { net } = openBench();
    const before = net.latest.closeTime;
    expect(net.close({ closeTime: 0n }).closeTime).toBe(before + 1n);
    expect(net.close({ closeTime: before + 60n }).closeTime).toBe(before + 60n);
  });
});

describe("signatures", () => {
  it("of several signers add up to a threshold", () => {
    const bench = openBench();
    bench.run(
      { from: alice },
      Operation.setOptions({ signer: { ed25519PublicKey: bob.publicKey(), weight: 1 } }),
      Operation.setOptions({
        signer: { ed25519PublicKey: carol.publicKey(), weight: 1 },
        lowThreshold: 1,
        medThreshold: 2,
        highThreshold: 3,
      }),
    );
    const by = (signers: readonly Keypair[], operation: xdr.Operation) =>
      codeOf(bench.run({ from: alice, signers }, operation));
    const raise = Operation.setOptions({ highThreshold: 3 });
    expect(by([bob], data("a", "1"))).toBe("opBadAuth");
    expect(by([bob, carol], data("a", "1"))).toBe("txSuccess");
    expect(by([bob, carol], raise)).toBe("opBadAuth");
    expect(by([alice, bob, carol], raise)).toBe("txSuccess");
    expect(by([alice, bob, carol], data("a", "2"))).toBe("txBadAuthExtra");
    expect(by([bob, bob], data("a", "2"))).toBe("opBadAuth");
    expect(bench.account(alice).numSubEntries).toBe(3);
  });

  it("are needed even where the threshold is 0, and a master key of weight 0 counts for nothing", () => {
    const bench = openBench();
    expect(codeOf(bench.run({ from: alice, signers: [] }, data("a", "1")))).toBe("txBadAuth");
    bench.run(
      { from: alice },
      Operation.setOptions({
        masterWeight: 0,
        signer: { ed25519PublicKey: bob.publicKey(), weight: 1 },
      }),
    );
    expect(codeOf(bench.run({ from: alice }, data("a", "1")))).toBe("txBadAuth");
    expect(codeOf(bench.run({ from: alice, signers: [bob] }, data("a", "1")))).toBe("txSuccess");
  });

  it("may be the preimage of a hash", () => {
    const bench = openBench();
    const secret = Buffer.from("open sesame");
    const lock = hash("sha256", secret, "buffer");
    bench.run({ from: alice }, Operation.setOptions({ signer: { sha256Hash: lock, weight: 1 } }));
    const unsigned = bench.envelope({ from: alice, signers: [] }, data("a", "1"));
    const transaction = TransactionBuilder.fromXDR(unsigned, PASSPHRASE);
    transaction.signHashX(secret);
    expect(codeOf(bench.submitted(transaction.toXDR()))).toBe("txSuccess");
  });

  it("are not needed for a transaction authorized beforehand, which spends that signer even in vain", () => {
    const bench = openBench();
    const sequence = bench.account(alice).seqNum + 1n;
    const planned = bench.envelope(
      { from: alice, sequence, signers: [] },
      pay(ghost.publicKey(), "1"),
    );
    const preAuthTx = TransactionBuilder.fromXDR(planned, PASSPHRASE).hash();
    bench.run({ from: alice }, Operation.setOptions({ signer: { preAuthTx, weight: 1 } }));
    expect(bench.account(alice).numSubEntries).toBe(1);
    expect(codeOf(bench.submitted(planned))).toBe("paymentNoDestination");
    expect(bench.account(alice).signers).toEqual([]);
    expect(bench.account(alice).numSubEntries).toBe(0);
  });
});

it("a signer for one transaction is spent also when that is refused at the last moment", () => {
  const orders = inSomeOrders((memo) => {
    const bench = openBench();
    const sequence = bench.account(alice).seqNum + 1n;
    const planned = bench.envelope({ from: alice, sequence, signers: [] }, data("a", "1"));
    const preAuthTx = TransactionBuilder.fromXDR(planned, PASSPHRASE).hash();
    bench.run({ from: alice }, Operation.setOptions({ signer: { preAuthTx, weight: 1 } }));
    const raise = Operation.setOptions({ lowThreshold: 2, source: alice.publicKey() });
    const build = (builder: TransactionBuilder) => builder.addMemo(memo);
    bench.send({ from: carol, signers: [carol, alice], build }, raise);
    const { hash: id } = bench.net.submit(planned);
    bench.net.close({ closeTime: 0n });
    const transaction = bench.net.transaction(id);
    expect(transaction?.ok).toBe(transaction?.order === 1);
    expect(bench.account(alice).signers).toEqual([]);
    return transaction?.order ?? 0;
  });
  expect(orders).toEqual(new Set([1, 2]));
});

describe("the reserve", () => {
  it("is held by each entry and let go with it", () => {
    const bench = openBench();
    const usd = new Asset("USD", carol.publicKey());
    bench.run({ from: alice }, data("a", "1"), Operation.changeTrust({ asset: usd }));
    expect(bench.account(alice).numSubEntries).toBe(2);
    bench.run({ from: alice }, data("a", null), Operation.changeTrust({ asset: usd, limit: "0" }));
    expect(bench.account(alice).numSubEntries).toBe(0);
    expect([...bench.net.entries]).toHaveLength(4);
  });

  it("of a claimable balance is its creator's, one for each claimant", () => {
    const bench = openBench();
    const claimants = [new Claimant(bob.publicKey()), new Claimant(carol.publicKey())];
    bench.run(
      { from: alice },
      Operation.createClaimableBalance({ asset: native, amount: "5", claimants }),
    );
    const { numSubEntries } = bench.account(alice);
    expect(numSubEntries).toBe(0);
    expect(extensionOf(bench.account(alice)).numSponsoring).toBe(2);
    const spendable = bench.account(alice).balance - 2n * XLM - 100n;
    const beyond = pay(bob.publicKey(), amount(spendable + 1n));
    expect(codeOf(bench.run({ from: alice }, beyond))).toBe("paymentUnderfunded");
    const all = pay(bob.publicKey(), amount(spendable - 100n));
    expect(codeOf(bench.run({ from: alice }, all))).toBe("txSuccess");
    const entry = [...bench.net.entries].find(({ data: { type } }) => type === "claimableBalance");
    const sponsor = entry?.ext.type === "v1" ? entry.ext.v1.sponsoringId : null;
    expect(sponsor?.equals(alice.xdrPublicKey())).toBe(true);
  });
});

it("a claimable balance counts relative times from its own close", () => {
  const bench = openBench();
  const within = new Claimant(bob.publicKey(), Claimant.predicateBeforeRelativeTime("60"));
  const until = new Claimant(
    carol.publicKey(),
    Claimant.predicateNot(Claimant.predicateBeforeRelativeTime("30")),
  );
  bench.run(
    { from: alice },
    Operation.createClaimableBalance({ asset: native, amount: "5", claimants: [within, until] }),
  );
  const { closeTime } = bench.net.latest;
  const data = [...bench.net.entries].map((entry) => entry.data);
  const balance = data.find((each) => each.type === "claimableBalance");
  expect(balance?.claimableBalance.claimants.map(({ v0 }) => v0.predicate.toJson())).toEqual([
    { before_absolute_time: String(closeTime + 60n) },
    { not: { before_absolute_time: String(closeTime + 30n) } },
  ]);
});

it("an issued asset comes from its issuer and ends there", () => {
  const bench = openBench();
  const usd = new Asset("USD", carol.publicKey());
  const move = (to: Keypair, value: string) =>
    Operation.payment({ destination: to.publicKey(), asset: usd, amount: value });
  bench.run({ from: alice }, Operation.changeTrust({ asset: usd, limit: "100" }));
  bench.run({ from: bob }, Operation.changeTrust({ asset: usd, limit: "100" }));
  expect(codeOf(bench.run({ from: carol }, move(alice, "60")))).toBe("txSuccess");
  expect(codeOf(bench.run({ from: alice }, move(bob, "50"), move(carol, "10")))).toBe("txSuccess");
  expect(codeOf(bench.run({ from: alice }, move(bob, "1")))).toBe("paymentUnderfunded");
  const lines = [...bench.net.entries].flatMap(({ data: each }) =>
    each.type === "trustline" ? [each.trustLine.balance] : [],
  );
  expect(lines.sort()).toEqual([0n, 50n * XLM]);
});

it("a muxed address is the account under it", () => {
  const bench = openBench();
  const muxed = xdr.MuxedAccount.keyTypeMuxedEd25519(
    new xdr.MuxedAccountMed25519({ id: 412n, ed25519: bob.rawPublicKey() }),
  );
  const operation = new xdr.PaymentOp({
    destination: muxed,
    asset: xdr.Asset.assetTypeNative(),
    amount: XLM,
  });
  const body = xdr.OperationBody.payment(operation);
  bench.run({ from: alice }, new xdr.Operation({ sourceAccount: null, body }));
  expect(bench.account(bob).balance).toBe(10_001n * XLM);
});

it("an old v0 envelope is taken as the v1 that it means", () => {
  const bench = openBench();
  const text = bench.envelope({ from: alice }, data("a", "1"));
  const envelope = xdr.TransactionEnvelope.fromXdr(text, "base64");
  if (envelope.type !== "envelopeTypeTx") throw new Error(envelope.type);
  const { tx, signatures } = envelope.v1;
  const v0 = new xdr.TransactionV0({
    sourceAccountEd25519: alice.rawPublicKey(),
    fee: tx.fee,
    seqNum: tx.seqNum,
    timeBounds: new xdr.TimeBounds({ minTime: 0n, maxTime: 0n }),
    memo: tx.memo,
    operations: tx.operations,
    ext: xdr.TransactionV0Ext.v0(),
  });
  const old = xdr.TransactionEnvelope.envelopeTypeTxV0(
    new xdr.TransactionV0Envelope({ tx: v0, signatures }),
  );
  expect(codeOf(bench.submitted(old.toXdr("base64")))).toBe("txSuccess");
});

describe("what is not modelled", () => {
  it("is refused by name, with a result that says so", () => {
    const warnings: unknown[] = [];
    const events = { info: () => {}, warn: (...event: unknown[]) => warnings.push(event) };
    const bench = createBench(
      createDevnet({ passphrase: PASSPHRASE, seed: "test", closeTime: 1n, events }),
    );
    bench.fund("alice");
    const contract = Operation.extendFootprintTtl({ extendTo: 1 });
    const answer = bench.send({ from: alice }, data("a", "1"), contract, Operation.inflation());
    if (answer.status !== "ERROR") throw new Error(answer.status);
    const result = xdr.TransactionResult.fromXdr(answer.errorResultXdr, "base64");
    expect(codesOf(result)).toEqual(["manageDataSuccess", "opNotSupported", "inflationSuccess"]);
    // Stellar itself no longer knows inflation: that is an answer, not a gap.
    const operations = "extendFootprintTtl";
    expect(warnings).toEqual([["devnet.unsupported", { hash: answer.hash, operations }]]);
  });

  it("includes the public networks: no test signature shall be valid there", () => {
    const passphrase = "Public Global Stellar Network ; September 2015";
    const open = () => createDevnet({ passphrase, seed: "", closeTime: 1n });
    expect(open).toThrow(expect.objectContaining({ code: "DEVNET_PASSPHRASE" }));
  });

  it("includes protocols that this version does not know", () => {
    const open = () => createDevnet({ passphrase: "x", seed: "", closeTime: 1n, protocol: 99 });
    expect(open).toThrow(expect.objectContaining({ code: "DEVNET_UNSUPPORTED" }));
  });

  it("includes text that is no envelope", () => {
    const { net } = openBench();
    for (const text of ["", "AAAA", "not base64 at all", "AAAAAgAAAAA="]) {
      expect(() => net.submit(text)).toThrow(
        expect.objectContaining({ code: "DEVNET_BAD_ENVELOPE" }),
      );
    }
  });
});

it("old ledgers are forgotten with their transactions, beyond the limit", () => {
  const net = createDevnet({
    passphrase: PASSPHRASE,
    seed: "",
    closeTime: 1n,
    historyLedgersMax: 3,
  });
  const { hash: id } = net.fund([alice.publicKey()]);
  net.close({ closeTime: 0n });
  expect(net.transaction(id)).toBeDefined();
  for (let count = 0; count < 3; count += 1) net.close({ closeTime: 0n });
  expect(net.transaction(id)).toBeUndefined();
  expect([net.oldestSequence, net.ledger(2), net.ledger(3)?.sequence]).toEqual([3, undefined, 3]);
});

/** The order of applying depends on hashes: runs with other memos until both orders were seen. */
function inSomeOrders(run: (memo: Memo) => number): ReadonlySet<number> {
  const orders = new Set<number>();
  for (let nonce = 0; orders.size < 2 && nonce < 64; nonce += 1) {
    orders.add(run(Memo.text(`nonce ${nonce}`)));
  }
  return orders;
}

function amount(stroops: bigint): string {
  return `${stroops / XLM}.${String(stroops % XLM).padStart(7, "0")}`;
}

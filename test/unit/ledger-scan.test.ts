// Goal: every node finds the same calls, payments and locks in a ledger, and nothing in their guise.
// Method: transactions built and signed with the SDK, closed into ledgers that verify, then scanned.
import {
  Account,
  Asset,
  Claimant,
  Keypair,
  Memo,
  MuxedAccount,
  Operation,
  TransactionBuilder,
  xdr,
} from "@stellar/stellar-sdk/base";
import { describe, expect, it } from "vitest";
import type { StellarTransaction } from "../../src/ledger/closed-ledger.ts";
import { scanLedger } from "../../src/ledger/scan.ts";
import { verifyLedger } from "../../src/ledger/verify-ledger.ts";
import { sha256 } from "../../src/lib/hash.ts";
import { muxedAddress } from "../../src/lib/strkey.ts";
import {
  bumped,
  failed,
  GENESIS,
  type MadeTransaction,
  makeLedger,
  makeTransaction,
  PASSPHRASE,
  paid,
  stored,
  succeeded,
} from "../fixtures/made-ledger.ts";
import { miniLake, TESTNET } from "../fixtures/stellar-data.ts";

const keyOf = (name: string): Keypair =>
  Keypair.fromRawEd25519Seed(sha256(new TextEncoder().encode(name)));
const [caller, vault, other, issuer, sponsor] = ["caller", "vault", "other", "issuer", "sponsor"]
  .map(keyOf)
  .map((pair) => ({ pair, id: pair.publicKey() }));
if (!caller || !vault || !other || !issuer || !sponsor) throw new Error("five keys");

const CONTRACT = muxedAddress(vault.id, 412n);
const USD = new Asset("USD", issuer.id);

const chunk = (text: string, source?: string) =>
  Operation.manageData({ name: "ace:1", value: text, ...(source && { source }) });
const erase = () => Operation.manageData({ name: "ace:1", value: null });
const pay = (destination: string, amount = "1.5") =>
  Operation.payment({ destination, asset: Asset.native(), amount });

function scan(...transactions: readonly MadeTransaction[]): readonly StellarTransaction[] {
  const made = makeLedger(GENESIS, transactions);
  const ledger = verifyLedger(made.bytes, { passphrase: PASSPHRASE });
  return scanLedger(ledger, [vault?.id ?? ""]).transactions;
}

const textOf = (transaction: StellarTransaction | undefined): readonly string[] =>
  (transaction?.chunks ?? []).map((bytes) => new TextDecoder().decode(bytes));

describe("chunks", () => {
  it("are the values of the operations named ace:1, in operation order", () => {
    const transaction = makeTransaction(caller.pair, [chunk("one"), pay(other.id), chunk("two")]);
    const [found] = scan(succeeded(transaction, [stored, paid, stored]));
    expect(textOf(found)).toEqual(["one", "two"]);
    expect(found?.source).toBe(caller.id);
    expect(found?.hash).toBe(transaction.hash().toHex());
  });

  it("do not count a delete between them", () => {
    const transaction = makeTransaction(caller.pair, [chunk("one"), erase(), chunk("two")]);
    expect(textOf(scan(succeeded(transaction, [stored, stored, stored]))[0])).toEqual([
      "one",
      "two",
    ]);
  });

  it("may fill all hundred operations of a transaction", () => {
    const texts = Array.from({ length: 100 }, (_, index) => `chunk ${index}`);
    const transaction = makeTransaction(
      caller.pair,
      texts.map((text) => chunk(text)),
    );
    const results = texts.map(() => stored);
    expect(textOf(scan(succeeded(transaction, results))[0])).toEqual(texts);
  });

  it("carry no call once another account is the source of one of them", () => {
    const transaction = makeTransaction(caller.pair, [
      chunk("mine"),
      chunk("theirs", other.id),
      pay(CONTRACT),
    ]);
    const [found] = scan(succeeded(transaction, [stored, stored, paid]));
    expect(found?.chunks).toEqual([]);
    expect(found?.transfers).toHaveLength(1);
  });

  it("may name the transaction's own account as their source", () => {
    const transaction = makeTransaction(caller.pair, [chunk("mine", caller.id)]);
    expect(textOf(scan(succeeded(transaction, [stored]))[0])).toEqual(["mine"]);
  });

  it("come from the G account when the source is muxed", () => {
    const source = new MuxedAccount(new Account(caller.id, "1"), "7");
    const builder = new TransactionBuilder(source, {
      fee: "100",
      networkPassphrase: PASSPHRASE,
    });
    const transaction = builder.addOperation(chunk("muxed")).setTimeout(0).build();
    transaction.sign(caller.pair);
    const [found] = scan(succeeded(transaction, [stored]));
    expect(found?.source).toBe(caller.id);
    expect(textOf(found)).toEqual(["muxed"]);
  });
});

describe("bytes that only look like a call", () => {
  it.each(["ace:2", "ace:10", "ACE:1", "ace:1 "])("are not found under the name %j", (name) => {
    const other = Operation.manageData({ name, value: "ace:1" });
    expect(scan(succeeded(makeTransaction(caller.pair, [other]), [stored]))).toEqual([]);
  });

  it("are not found in a failed transaction", () => {
    const transaction = makeTransaction(caller.pair, [chunk("never"), pay(CONTRACT)]);
    expect(scan(failed(transaction, [stored, paid]))).toEqual([]);
  });

  it("are not found in the bytes of a memo or of another operation's value", () => {
    const needle = `\0\0\0\u0005ace:1\0\0\0`;
    const builder = new TransactionBuilder(new Account(caller.id, "1"), {
      fee: "100",
      networkPassphrase: PASSPHRASE,
    });
    const hidden = Operation.manageData({ name: "note", value: needle });
    const transaction = builder
      .addOperation(hidden)
      .addMemo(Memo.text(needle))
      .setTimeout(0)
      .build();
    transaction.sign(caller.pair);
    expect(scan(succeeded(transaction, [stored]))).toEqual([]);
  });
});

describe("a fee bump", () => {
  it("carries the call of the transaction inside, under the outer hash", () => {
    const inner = makeTransaction(caller.pair, [chunk("inside")]);
    const outcome = xdr.InnerTransactionResultResult.txSuccess([
      xdr.OperationResult.opInner(stored),
    ]);
    const outer = bumped(sponsor.pair, inner, outcome);
    const [found] = scan(outer);
    expect(found?.source).toBe(caller.id);
    expect(found?.hash).toBe(outer.hash);
    expect(found?.hash).not.toBe(inner.hash().toHex());
    expect(textOf(found)).toEqual(["inside"]);
  });

  it("whose inner transaction failed carries nothing", () => {
    const inner = makeTransaction(caller.pair, [chunk("inside")]);
    const outcome = xdr.InnerTransactionResultResult.txFailed([
      xdr.OperationResult.opInner(stored),
    ]);
    expect(scan(bumped(sponsor.pair, inner, outcome))).toEqual([]);
  });
});

describe("transfers", () => {
  it("name the receiver as the operation does, M or G, and count every payment", () => {
    const transaction = makeTransaction(caller.pair, [pay(CONTRACT), pay(other.id, "0.0000001")]);
    expect(scan(succeeded(transaction, [paid, paid]))[0]?.transfers).toEqual([
      { operation: 0, from: caller.id, to: CONTRACT, asset: "XLM", amount: 15_000_000n },
      { operation: 1, from: caller.id, to: other.id, asset: "XLM", amount: 1n },
    ]);
  });

  it("take what a path payment delivered from its result", () => {
    const send = Operation.pathPaymentStrictSend({
      sendAsset: Asset.native(),
      sendAmount: "10",
      destination: CONTRACT,
      destAsset: USD,
      destMin: "0.1",
      path: [],
    });
    const last = new xdr.SimplePaymentResult({
      destination: xdr.PublicKey.publicKeyTypeEd25519(vault.pair.rawPublicKey()),
      asset: USD.toXdrObject(),
      amount: 4_242n,
    });
    const success = new xdr.PathPaymentStrictSendResultSuccess({ offers: [], last });
    const result = xdr.OperationResultTr.pathPaymentStrictSend(
      xdr.PathPaymentStrictSendResult.pathPaymentStrictSendSuccess(success),
    );
    const transaction = makeTransaction(caller.pair, [send]);
    expect(scan(succeeded(transaction, [result]))[0]?.transfers).toEqual([
      { operation: 0, from: caller.id, to: CONTRACT, asset: `USD:${issuer.id}`, amount: 4_242n },
    ]);
  });

  it("know a strict receive as well, and an operation's own source", () => {
    const receive = Operation.pathPaymentStrictReceive({
      sendAsset: USD,
      sendMax: "10",
      destination: vault.id,
      destAsset: Asset.native(),
      destAmount: "0.0000009",
      path: [],
      source: other.id,
    });
    const last = new xdr.SimplePaymentResult({
      destination: xdr.PublicKey.publicKeyTypeEd25519(vault.pair.rawPublicKey()),
      asset: xdr.Asset.assetTypeNative(),
      amount: 9n,
    });
    const success = new xdr.PathPaymentStrictReceiveResultSuccess({ offers: [], last });
    const result = xdr.OperationResultTr.pathPaymentStrictReceive(
      xdr.PathPaymentStrictReceiveResult.pathPaymentStrictReceiveSuccess(success),
    );
    const transaction = makeTransaction(caller.pair, [receive]);
    expect(scan(succeeded(transaction, [result]))[0]?.transfers).toEqual([
      { operation: 0, from: other.id, to: vault.id, asset: "XLM", amount: 9n },
    ]);
  });

  it("out of the vault are kept too, for the vault's own books", () => {
    const transaction = makeTransaction(vault.pair, [pay(other.id)]);
    expect(scan(succeeded(transaction, [paid]))[0]?.source).toBe(vault.id);
  });

  it("between strangers are none of our business", () => {
    const transaction = makeTransaction(caller.pair, [pay(other.id)]);
    expect(scan(succeeded(transaction, [paid]))).toEqual([]);
  });
});

describe("locks", () => {
  it("have their id from the result, claimants and predicates from the operation", () => {
    const until = Claimant.predicateBeforeAbsoluteTime("1700000000");
    const lock = Operation.createClaimableBalance({
      asset: Asset.native(),
      amount: "2",
      claimants: [
        new Claimant(caller.id, Claimant.predicateNot(until)),
        new Claimant(
          other.id,
          Claimant.predicateAnd(
            Claimant.predicateUnconditional(),
            Claimant.predicateOr(until, Claimant.predicateBeforeRelativeTime("60")),
          ),
        ),
      ],
    });
    const id = sha256(new Uint8Array([9]));
    const result = xdr.OperationResultTr.createClaimableBalance(
      xdr.CreateClaimableBalanceResult.createClaimableBalanceSuccess(
        xdr.ClaimableBalanceId.claimableBalanceIdTypeV0(id),
      ),
    );
    const transaction = makeTransaction(caller.pair, [chunk("lock"), lock]);
    const before = { kind: "before", time: 1_700_000_000n };
    expect(scan(succeeded(transaction, [stored, result]))[0]?.locks).toEqual([
      {
        operation: 1,
        id: id.toHex(),
        from: caller.id,
        asset: "XLM",
        amount: 20_000_000n,
        claimants: [
          { account: caller.id, predicate: { kind: "not", of: before } },
          {
            account: other.id,
            predicate: {
              kind: "and",
              of: [
                { kind: "always" },
                { kind: "or", of: [before, { kind: "within", seconds: 60n }] },
              ],
            },
          },
        ],
      },
    ]);
  });
});

describe("a ledger", () => {
  it("keeps its transactions in the order they were applied", () => {
    const names = ["c", "a", "b"];
    const made = names.map((name) =>
      succeeded(makeTransaction(keyOf(name), [chunk(name)]), [stored]),
    );
    expect(scan(...made).flatMap((found) => textOf(found))).toEqual(names);
  });

  it("hands on its header even when nothing in it concerns us", () => {
    const made = makeLedger(GENESIS, [], { closeTime: 1_700_000_123n });
    const closed = scanLedger(verifyLedger(made.bytes, { passphrase: PASSPHRASE }), [vault.id]);
    expect(closed).toEqual({
      sequence: 101,
      hash: made.hash,
      previousHash: GENESIS.hash,
      closeTime: 1_700_000_123n,
      protocolVersion: 23,
      transactions: [],
    });
  });

  it("of the real testnet yields the payments of an account taken for the vault", () => {
    const [raw = new Uint8Array()] = miniLake();
    const ledger = verifyLedger(raw, { passphrase: TESTNET });
    const [first] = ledger.transactions;
    const source = first && xdr.TransactionEnvelope.fromXdr(first.envelope);
    if (source?.type !== "envelopeTypeTx") throw new Error("testnet ledger 997 is known");
    const key = source.v1.tx.sourceAccount;
    if (key.type !== "keyTypeEd25519") throw new Error("its source is known");
    const account = new Keypair({ type: "ed25519", publicKey: key.ed25519.toBytes() }).publicKey();
    const found = scanLedger(ledger, [account]).transactions;
    expect(found.length).toBeGreaterThan(0);
    expect(found[0]?.hash).toBe(first?.hash);
  });

  it("with a result that does not fit its operation is malformed", () => {
    const transaction = makeTransaction(caller.pair, [chunk("one")]);
    expect(() => scan(succeeded(transaction, [paid]))).toThrow(/result of another operation/);
    expect(() => scan(succeeded(transaction, []))).toThrow(/1 operations but 0 results/);
  });
});

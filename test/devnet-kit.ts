/** A devnet to test with: named keys, and transactions built, sent and closed in one step. */
import { hash } from "node:crypto";
import { Account, Keypair, TransactionBuilder, xdr } from "@stellar/stellar-sdk/base";
import { createDevnet, type Devnet } from "../src/devnet/devnet.ts";
import type { SubmitAnswer } from "../src/devnet/queue.ts";

export const PASSPHRASE = "Ace Test ; devnet";
export const XLM = 10_000_000n;

interface Sending {
  readonly from: Keypair;
  /** `from` when not given; none when empty. */
  readonly signers?: readonly Keypair[];
  /** Of the whole transaction, in stroops. */
  readonly fee?: string;
  readonly sequence?: bigint;
  readonly time?: { readonly minTime: number; readonly maxTime: number };
  readonly build?: (builder: TransactionBuilder) => TransactionBuilder;
}

export interface Bench {
  readonly net: Devnet;
  readonly root: Keypair;
  /** Funds accounts of these names with 10,000 XLM each, in one ledger. */
  fund(...names: readonly string[]): void;
  envelope(sending: Sending, ...operations: readonly xdr.Operation[]): string;
  send(sending: Sending, ...operations: readonly xdr.Operation[]): SubmitAnswer;
  /** Sends, closes, and gives the result, of the submission when that is where it ended. */
  run(sending: Sending, ...operations: readonly xdr.Operation[]): xdr.TransactionResult;
  submitted(envelope: string): xdr.TransactionResult;
  account(owner: Keypair): xdr.AccountEntry;
}

export function keypair(name: string): Keypair {
  return Keypair.fromRawEd25519Seed(hash("sha256", name, "buffer"));
}

export function createBench(
  net = createDevnet({ passphrase: PASSPHRASE, seed: "test", closeTime: 1_000n }),
): Bench {
  const account = (owner: Keypair): xdr.AccountEntry => {
    const data = net.entry(accountLedgerKey(owner))?.data;
    if (data?.type !== "account") throw new Error(`${owner.publicKey()} is not there`);
    return data.account;
  };
  const envelope: Bench["envelope"] = (sending, ...operations) => {
    const { from, signers = [from], fee = String(100 * Math.max(1, operations.length)) } = sending;
    const sequence = sending.sequence ?? account(from).seqNum;
    const plain = new TransactionBuilder(new Account(from.publicKey(), String(sequence)), {
      fee: "100",
      networkPassphrase: PASSPHRASE,
      timebounds: sending.time ?? { minTime: 0, maxTime: 0 },
    });
    for (const operation of operations) plain.addOperation(operation);
    const builder = sending.build?.(plain) ?? plain;
    const transaction = withFee(builder.build().toEnvelope(), Number(fee));
    return signed(transaction, signers);
  };
  const submitted: Bench["submitted"] = (text) => {
    const answer = net.submit(text);
    if (answer.status === "ERROR") {
      return xdr.TransactionResult.fromXdr(answer.errorResultXdr, "base64");
    }
    net.close({ closeTime: 0n });
    const transaction = net.transaction(answer.hash);
    if (transaction === undefined) throw new Error(`${answer.status}: not in a ledger`);
    return xdr.TransactionResult.fromXdr(transaction.result);
  };
  return {
    net,
    root: Keypair.master(PASSPHRASE),
    account,
    envelope,
    submitted,
    fund: (...names) => {
      net.fund(names.map((name) => keypair(name).publicKey()));
      net.close({ closeTime: 0n });
    },
    send: (sending, ...operations) => net.submit(envelope(sending, ...operations)),
    run: (sending, ...operations) => submitted(envelope(sending, ...operations)),
  };
}

/** Settings of an account that the SDK's own operation would refuse to make. */
export function setOptions(
  changes: Partial<ConstructorParameters<typeof xdr.SetOptionsOp>[0]>,
): xdr.OperationBody {
  const none = {
    inflationDest: null,
    clearFlags: null,
    setFlags: null,
    masterWeight: null,
    lowThreshold: null,
    medThreshold: null,
    highThreshold: null,
    homeDomain: null,
    signer: null,
  };
  return xdr.OperationBody.setOptions(new xdr.SetOptionsOp({ ...none, ...changes }));
}

/** `txSuccess`, or the transaction's code, or the code of its first operation that failed. */
export function codeOf({ result }: xdr.TransactionResult): string {
  if (result.type === "txFailed") return firstFault(result.results);
  if (result.type !== "txFeeBumpInnerFailed") return result.type;
  const inner = result.innerResultPair.result.result;
  return inner.type === "txFailed" ? firstFault(inner.results) : inner.type;
}

/** The code of each operation, in order. */
export function codesOf({ result }: xdr.TransactionResult): readonly string[] {
  const isPlain = result.type === "txFailed" || result.type === "txSuccess";
  return isPlain ? result.results.map(operationCode) : [];
}

function accountLedgerKey(owner: Keypair): xdr.LedgerKey {
  return xdr.LedgerKey.account(new xdr.LedgerKeyAccount({ accountId: owner.xdrPublicKey() }));
}

function firstFault(results: readonly xdr.OperationResult[]): string {
  return results.map(operationCode).find((code) => !code.endsWith("Success")) ?? "none";
}

function operationCode(result: xdr.OperationResult): string {
  return result.type === "opInner" ? result.tr.value.type : result.type;
}

/** The SDK's builder multiplies a fee by the number of operations and takes none below 100. */
function withFee(envelope: xdr.TransactionEnvelope, fee: number): xdr.TransactionEnvelope {
  if (envelope.type !== "envelopeTypeTx") throw new Error("not a plain transaction");
  const tx = new xdr.Transaction({ ...envelope.v1.tx, fee });
  return xdr.TransactionEnvelope.envelopeTypeTx(
    new xdr.TransactionV1Envelope({ tx, signatures: [] }),
  );
}

function signed(envelope: xdr.TransactionEnvelope, signers: readonly Keypair[]): string {
  const transaction = TransactionBuilder.fromXDR(envelope.toXdr("base64"), PASSPHRASE);
  for (const signer of signers) transaction.sign(signer);
  return transaction.toXDR();
}

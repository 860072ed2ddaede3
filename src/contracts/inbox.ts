/**
 * The inbox: the rule by which a Stellar transaction is recognised as calls of contracts.
 *
 * Every node must judge alike, so nothing here throws on what a transaction holds.
 *
 * Source  docs/spec/calldata.md, "From a transaction to calls"
 */
import { concatBytes } from "../lib/bytes.ts";
import { splitAddress } from "../lib/strkey.ts";
import type { Call, Lock, Transfer } from "./call.ts";
import { type CallRequest, GAS_LIMIT_DEFAULT, readCall } from "./calldata-frame.ts";

/** What the inbox needs to know of a transaction. The same shape as the follower's. */
export interface InboxTransaction {
  readonly hash: string;
  readonly source: string;
  readonly chunks: readonly Uint8Array[];
  readonly transfers: readonly Transfer[];
  readonly locks: readonly Lock[];
}

/** The calls of one transaction, in the order in which they run. */
export function callsOf(
  transaction: InboxTransaction,
  { vault }: { readonly vault: string },
): readonly Call[] {
  const deposits = depositsOf(transaction.transfers, vault);
  if (transaction.chunks.length === 0) {
    return toContracts(deposits).map((deposit, index) => receiveCall(transaction, deposit, index));
  }
  const read = readCall(concatBytes(...transaction.chunks));
  if (!read.ok) return [malformedCall(transaction, deposits)];
  return explicitCalls(transaction, read.call, toContracts(deposits));
}

interface Deposit {
  /** Undefined for a payment to the bare vault, which names no contract. */
  readonly contract: bigint | undefined;
  readonly transfer: Transfer;
}

interface ContractDeposit {
  readonly contract: bigint;
  readonly transfer: Transfer;
}

/**
 * Payments that brought money into the vault. What the vault pays to itself brings none: counting it
 * would make money out of nothing.
 */
function depositsOf(transfers: readonly Transfer[], vault: string): readonly Deposit[] {
  return transfers.flatMap((transfer) => {
    if (transfer.from === vault) return [];
    const { account, id } = splitAddress(transfer.to);
    return account === vault ? [{ contract: id, transfer }] : [];
  });
}

function toContracts(deposits: readonly Deposit[]): readonly ContractDeposit[] {
  return deposits.flatMap(({ contract, transfer }) =>
    contract === undefined ? [] : [{ contract, transfer }],
  );
}

function explicitCalls(
  transaction: InboxTransaction,
  { contract, method, args, gas }: CallRequest,
  deposits: readonly ContractDeposit[],
): readonly Call[] {
  const own = deposits.filter((deposit) => deposit.contract === contract);
  const others = deposits.filter((deposit) => deposit.contract !== contract);
  const call: Call = {
    ...common(transaction, 0),
    kind: "call",
    contract,
    method,
    args,
    gasLimit: gas ?? GAS_LIMIT_DEFAULT,
    paid: own.map(({ transfer }) => transfer),
  };
  return [call, ...others.map((deposit, index) => receiveCall(transaction, deposit, index + 1))];
}

function receiveCall(
  transaction: InboxTransaction,
  { contract, transfer }: ContractDeposit,
  index: number,
): Call {
  return {
    ...common(transaction, index),
    kind: "receive",
    contract,
    method: "receive",
    args: [],
    gasLimit: GAS_LIMIT_DEFAULT,
    paid: [transfer],
  };
}

/** It names no contract, so all that it paid into the vault goes back. */
function malformedCall(transaction: InboxTransaction, deposits: readonly Deposit[]): Call {
  return {
    ...common(transaction, 0),
    kind: "malformed",
    contract: 0n,
    method: "",
    args: [],
    gasLimit: GAS_LIMIT_DEFAULT,
    paid: deposits.map(({ transfer }) => transfer),
  };
}

function common({ hash, source, transfers, locks }: InboxTransaction, index: number) {
  return { txHash: hash, index, caller: source, transfers, locks };
}

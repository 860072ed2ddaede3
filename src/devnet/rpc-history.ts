/**
 * Closed ledgers and transactions over JSON-RPC.
 *
 * A start outside the ledgers kept is -32600; a cursor at the tip is -32602 until the next close,
 * which clients of stellar-rpc must live with and so must clients of the devnet.
 *
 * Source  stellar-rpc, get_ledgers.go, get_transaction.go and get_transactions.go.
 */
import { z } from "zod";
import type { DevnetLedger, DevnetTransaction } from "./devnet-ledger.ts";
import {
  INVALID_PARAMS,
  INVALID_REQUEST,
  type RpcAnswer,
  type RpcMethod,
  refusal,
  success,
  toBase64,
  windowOf,
  wrongParams,
  xdrFormat,
} from "./rpc-answer.ts";
import type { ServedNetwork } from "./served-chain.ts";

const PAGE_DEFAULT = 50;
const PAGE_MAX = 200;
/** Bits of a transaction cursor below the ledger: transaction, then operation (SEP-35). */
const LEDGER_SHIFT = 32n;
const ORDER_SHIFT = 12n;
const ORDER_MASK = (1n << (LEDGER_SHIFT - ORDER_SHIFT)) - 1n;

const uint32 = z
  .int()
  .min(0)
  .max(2 ** 32 - 1);

const PageRequest = z.object({
  startLedger: uint32.default(0),
  pagination: z
    .object({
      cursor: z
        .string()
        .regex(/^\d{0,19}$/)
        .default(""),
      limit: uint32.default(0),
    })
    .default({ cursor: "", limit: 0 }),
  xdrFormat,
});

const HashRequest = z.object({ hash: z.string(), xdrFormat });
const HASH = /^[0-9a-fA-F]{64}$/;

interface Page {
  readonly start: number;
  readonly limit: number;
  readonly cursor: string;
}

export const getLedgers: RpcMethod = ({ net }, params) => {
  const page = readPage(net, params);
  if (!("limit" in page)) return page;
  const first = page.cursor === "" ? page.start : Number(page.cursor) + 1;
  if (page.cursor !== "" && !holds(net, first)) return cursorRefusal(net, page.cursor);

  const ledgers = ledgersFrom(net, first).take(page.limit).toArray();
  const { latestLedger, latestTime, oldestLedger, oldestTime } = windowOf(net);
  return success({
    ledgers: ledgers.map(ledgerReply),
    latestLedger,
    latestLedgerCloseTime: latestTime,
    oldestLedger,
    oldestLedgerCloseTime: oldestTime,
    cursor: String(ledgers.at(-1)?.sequence ?? first - 1),
  });
};

export const getTransaction: RpcMethod = ({ net }, params) => {
  const request = HashRequest.safeParse(params);
  if (!request.success) return wrongParams(request.error);
  const { hash } = request.data;
  if (!HASH.test(hash)) return refusal(INVALID_PARAMS, `unexpected hash length (${hash.length})`);

  const { latestLedger, latestTime, oldestLedger, oldestTime } = windowOf(net);
  const transaction = net.transaction(hash.toLowerCase());
  return success({
    latestLedger,
    latestLedgerCloseTime: String(latestTime),
    oldestLedger,
    oldestLedgerCloseTime: String(oldestTime),
    ...(transaction === undefined
      ? { status: "NOT_FOUND", txHash: hash, createdAt: "0" }
      : { ...transactionReply(transaction), createdAt: String(transaction.closeTime) }),
  });
};

export const getTransactions: RpcMethod = ({ net }, params) => {
  const page = readPage(net, params);
  if (!("limit" in page)) return page;
  const after = page.cursor === "" ? BigInt(page.start) << LEDGER_SHIFT : BigInt(page.cursor);
  const first = Number(after >> LEDGER_SHIFT);
  if (page.cursor !== "" && !holds(net, first)) return cursorRefusal(net, page.cursor);

  const transactions = ledgersFrom(net, first)
    .flatMap((ledger) => ledger.transactions)
    .filter((transaction) => cursorOf(transaction) > after)
    .take(page.limit)
    .toArray();
  const last = transactions.at(-1);
  const isFull = last !== undefined && transactions.length === page.limit;
  const { latestLedger, latestTime, oldestLedger, oldestTime } = windowOf(net);
  return success({
    transactions: transactions.map((transaction) => ({
      ...transactionReply(transaction),
      createdAt: Number(transaction.closeTime),
    })),
    latestLedger,
    latestLedgerCloseTimestamp: latestTime,
    oldestLedger,
    oldestLedgerCloseTimestamp: oldestTime,
    // A page that reached the tip goes on with whatever comes after it.
    cursor: String(isFull ? cursorOf(last) : endOf(latestLedger)),
  });
};

function readPage(net: ServedNetwork, params: unknown): Page | RpcAnswer {
  const request = PageRequest.safeParse(params);
  if (!request.success) return wrongParams(request.error);
  const { startLedger: start, pagination } = request.data;
  const { cursor, limit } = pagination;
  if (limit > PAGE_MAX) return refusal(INVALID_REQUEST, `limit must not exceed ${PAGE_MAX}`);
  if (cursor !== "" && start !== 0) {
    return refusal(INVALID_REQUEST, "startLedger and cursor cannot both be set");
  }
  if (cursor === "" && !holds(net, start)) {
    const { oldestLedger, latestLedger } = windowOf(net);
    return refusal(
      INVALID_REQUEST,
      `start ledger must be between the oldest ledger: ${oldestLedger} and the latest ledger: ${latestLedger} for this rpc instance`,
    );
  }
  return { start, cursor, limit: limit === 0 ? PAGE_DEFAULT : limit };
}

function holds({ latest, oldestSequence }: ServedNetwork, sequence: number): boolean {
  return sequence >= oldestSequence && sequence <= latest.sequence;
}

function cursorRefusal(net: ServedNetwork, cursor: string): RpcAnswer {
  const { oldestLedger, latestLedger } = windowOf(net);
  return refusal(
    INVALID_PARAMS,
    `cursor ('${cursor}') must be between the oldest ledger: ${oldestLedger} and the latest ledger: ${latestLedger} for this rpc instance`,
  );
}

function* ledgersFrom(net: ServedNetwork, first: number): Generator<DevnetLedger> {
  for (let sequence = first; sequence <= net.latest.sequence; sequence += 1) {
    const closed = net.ledger(sequence);
    if (closed !== undefined) yield closed;
  }
}

function ledgerReply(ledger: DevnetLedger): unknown {
  return {
    hash: ledger.hash,
    sequence: ledger.sequence,
    ledgerCloseTime: String(ledger.closeTime),
    headerXdr: toBase64(ledger.headerEntry),
    metadataXdr: toBase64(ledger.meta),
  };
}

function transactionReply(transaction: DevnetTransaction): Readonly<Record<string, unknown>> {
  return {
    status: transaction.ok ? "SUCCESS" : "FAILED",
    txHash: transaction.hash,
    applicationOrder: transaction.order,
    feeBump: transaction.isFeeBump,
    envelopeXdr: toBase64(transaction.envelope),
    resultXdr: toBase64(transaction.result),
    resultMetaXdr: toBase64(transaction.meta),
    events: {},
    ledger: transaction.ledger,
  };
}

function cursorOf({ ledger, order }: DevnetTransaction): bigint {
  return (BigInt(ledger) << LEDGER_SHIFT) | (BigInt(order) << ORDER_SHIFT);
}

function endOf(ledger: number): bigint {
  return (BigInt(ledger) << LEDGER_SHIFT) | (ORDER_MASK << ORDER_SHIFT);
}

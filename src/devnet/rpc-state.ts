/**
 * The present state over JSON-RPC, and sending transactions to change it.
 *
 * Source  stellar-rpc, get_ledger_entries.go, send_transaction.go, get_events.go and
 *         simulate_transaction.go. There are no contracts here, so no events and no simulation.
 */
import { xdr } from "@stellar/stellar-sdk/base";
import { z } from "zod";
import { isAceError } from "../lib/errors.ts";
import type { SubmitAnswer } from "./queue.ts";
import {
  INVALID_PARAMS,
  type RpcMethod,
  refusal,
  success,
  windowOf,
  wrongParams,
  xdrFormat,
} from "./rpc-answer.ts";

const KEYS_MAX = 200;

const EntriesRequest = z.object({ keys: z.array(z.string()), xdrFormat });
const SendRequest = z.object({ transaction: z.string(), xdrFormat });

export const getLedgerEntries: RpcMethod = ({ net }, params) => {
  const request = EntriesRequest.safeParse(params);
  if (!request.success) return wrongParams(request.error);
  const { keys } = request.data;
  if (keys.length > KEYS_MAX) {
    const message = `key count (${keys.length}) exceeds maximum supported (${KEYS_MAX})`;
    return refusal(INVALID_PARAMS, message);
  }
  const known = keys.map((text) => ({ text, key: readKey(text) }));
  const bad = known.findIndex(({ key }) => key === undefined);
  if (bad >= 0) {
    return refusal(INVALID_PARAMS, `cannot unmarshal key value ${keys[bad]} at index ${bad}`);
  }
  const entries = known.flatMap(({ text, key }) => {
    const entry = key === undefined ? undefined : net.entry(key);
    if (entry === undefined) return [];
    const { data, ext, lastModifiedLedgerSeq } = entry;
    const extXdr = ext.toXdr("base64");
    return [{ key: text, xdr: data.toXdr("base64"), lastModifiedLedgerSeq, extXdr }];
  });
  return success({ entries, latestLedger: net.latest.sequence });
};

export const sendTransaction: RpcMethod = ({ net }, params) => {
  const request = SendRequest.safeParse(params);
  if (!request.success) return wrongParams(request.error);
  const answer = submit((envelope) => net.submit(envelope), request.data.transaction);
  if (answer === undefined) return refusal(INVALID_PARAMS, "invalid_xdr");
  const { status, hash } = answer;
  const { latestLedger, latestTime } = windowOf(net);
  return success({
    ...(answer.status === "ERROR" ? { errorResultXdr: answer.errorResultXdr } : {}),
    status,
    hash,
    latestLedger,
    latestLedgerCloseTime: String(latestTime),
  });
};

export const getEvents: RpcMethod = ({ net }) => {
  const { latestLedger, latestTime, oldestLedger, oldestTime } = windowOf(net);
  return success({
    events: [],
    cursor: "",
    latestLedger,
    oldestLedger,
    latestLedgerCloseTime: String(latestTime),
    oldestLedgerCloseTime: String(oldestTime),
  });
};

export const simulateTransaction: RpcMethod = ({ net, events }) => {
  events.warn("devnet.unsupported", { method: "simulateTransaction" });
  return success({
    error: "DEVNET_UNSUPPORTED: the devnet runs no Soroban contracts",
    latestLedger: net.latest.sequence,
  });
};

function readKey(text: string): xdr.LedgerKey | undefined {
  try {
    return xdr.LedgerKey.fromXdr(text, "base64");
  } catch {
    return undefined;
  }
}

function submit(
  send: (envelope: string) => SubmitAnswer,
  envelope: string,
): SubmitAnswer | undefined {
  try {
    return send(envelope);
  } catch (error) {
    if (isAceError(error, "DEVNET_BAD_ENVELOPE")) return undefined;
    throw error;
  }
}

/**
 * JSON-RPC 2.0 as stellar-rpc speaks it: the envelope of a request, and which method answers it.
 *
 * Errors  As JSON-RPC error objects: -32700 not JSON, -32600 not a request or outside the ledgers
 *         kept, -32601 unknown method, -32602 wrong parameters, -32603 anything else.
 * Source  JSON-RPC 2.0; stellar-rpc, internal/methods.
 */
import { z } from "zod";
import { AceError } from "../lib/errors.ts";
import {
  INVALID_REQUEST,
  type RpcAnswer,
  type RpcContext,
  type RpcMethod,
  refusal,
} from "./rpc-answer.ts";
import { getLedgers, getTransaction, getTransactions } from "./rpc-history.ts";
import {
  getFeeStats,
  getHealth,
  getLatestLedger,
  getNetwork,
  getVersionInfo,
} from "./rpc-network.ts";
import { getEvents, getLedgerEntries, sendTransaction, simulateTransaction } from "./rpc-state.ts";

const PARSE_ERROR = -32_700;
const METHOD_NOT_FOUND = -32_601;
const INTERNAL_ERROR = -32_603;

const methods: Readonly<Record<string, RpcMethod>> = {
  getEvents,
  getFeeStats,
  getHealth,
  getLatestLedger,
  getLedgerEntries,
  getLedgers,
  getNetwork,
  getTransaction,
  getTransactions,
  getVersionInfo,
  sendTransaction,
  simulateTransaction,
};

const Request = z.object({
  jsonrpc: z.literal("2.0"),
  id: z.union([z.string().max(128), z.number(), z.null()]).default(null),
  method: z.string().max(64),
  params: z.unknown().optional(),
});

/** Answers the text of one HTTP body, or not at all: undefined. Batches are not taken. */
export function answerRpc(context: RpcContext, body: string): unknown {
  const parsed = parseJson(body);
  if (!parsed.ok) return reply(null, refusal(PARSE_ERROR, "the body is not JSON"));
  const request = Request.safeParse(parsed.value);
  if (!request.success) {
    return reply(null, refusal(INVALID_REQUEST, "this is not a JSON-RPC 2.0 request"));
  }
  const { id, method, params } = request.data;
  const answer = Object.hasOwn(methods, method) ? methods[method] : undefined;
  if (answer === undefined) {
    context.events.warn("devnet.unsupported", { method });
    return reply(id, refusal(METHOD_NOT_FOUND, `the devnet has no method "${method}"`));
  }
  const { traps } = context;
  const given = traps.before(method, params) ?? guarded(() => answer(context, params ?? {}));
  const trapped = traps.after(method, given);
  return trapped === "lost" ? undefined : reply(id, trapped);
}

function guarded(work: () => RpcAnswer): RpcAnswer {
  try {
    return work();
  } catch (error) {
    if (error instanceof AceError)
      return refusal(INTERNAL_ERROR, `${error.code}: ${error.message}`);
    throw error;
  }
}

function reply(id: string | number | null, answer: RpcAnswer): unknown {
  const { ok, ...rest } = answer;
  return ok ? { jsonrpc: "2.0", id, ...rest } : { jsonrpc: "2.0", id, error: rest };
}

function parseJson(text: string): { ok: true; value: unknown } | { ok: false } {
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch {
    return { ok: false };
  }
}

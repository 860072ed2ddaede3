/**
 * Stellar RPC over JSON-RPC 2.0: the methods this project needs, every reply checked.
 *
 * Range   A reply has at most `RPC_BODY_BYTES_MAX` bytes and comes within `timeoutMs`.
 * Errors  `LEDGER_NO_SOURCE` when nobody answers, `LEDGER_MALFORMED` for a reply of another shape.
 * Source  stellar-rpc, protocol 23 and later; fields that we do not use are not asked for.
 */
import { z } from "zod";
import { AceError } from "../lib/errors.ts";
import { type Pace, systemPace } from "../lib/pace.ts";
import { postJson, RPC_BODY_BYTES_MAX } from "./rpc-transport.ts";

const sequence = z.int().nonnegative();
const base64 = z.string();

const Network = z.object({ passphrase: z.string(), friendbotUrl: z.string().optional() });
const Health = z.object({ status: z.string(), latestLedger: sequence, oldestLedger: sequence });
const LatestLedger = z.object({ id: z.string(), sequence, protocolVersion: z.int() });
const Ledgers = z.object({
  ledgers: z.array(z.object({ sequence, hash: z.string().optional(), metadataXdr: base64 })),
  latestLedger: sequence,
  oldestLedger: sequence,
});
const Sent = z.object({
  status: z.enum(["PENDING", "DUPLICATE", "TRY_AGAIN_LATER", "ERROR"]),
  hash: z.string(),
  latestLedger: sequence,
  errorResultXdr: base64.optional(),
});
const Transaction = z.object({
  status: z.enum(["SUCCESS", "FAILED", "NOT_FOUND"]),
  latestLedger: sequence,
  ledger: sequence.optional(),
  envelopeXdr: base64.optional(),
  resultXdr: base64.optional(),
});
const LedgerEntries = z.object({
  entries: z
    .array(z.object({ key: base64, xdr: base64, lastModifiedLedgerSeq: sequence.optional() }))
    .nullish()
    .transform((entries) => entries ?? []),
  latestLedger: sequence,
});
const Envelope = z.union([
  z.object({ error: z.object({ code: z.int(), message: z.string() }) }),
  z.object({ result: z.unknown() }),
]);

export type RpcLedger = Readonly<z.infer<typeof Ledgers>["ledgers"][number]>;
type RpcLedgers = Readonly<z.infer<typeof Ledgers>>;
type RpcHealth = Readonly<z.infer<typeof Health>>;
type RpcSent = Readonly<z.infer<typeof Sent>>;
type RpcTransaction = Readonly<z.infer<typeof Transaction>>;
type RpcLedgerEntries = Readonly<z.infer<typeof LedgerEntries>>;

/** A reply, or the error that the server gave in its place. */
type RpcReply<Result> =
  | { readonly ok: true; readonly result: Result }
  | { readonly ok: false; readonly code: number; readonly message: string };

export interface RpcOptions {
  readonly url: string;
  readonly fetch?: typeof fetch;
  readonly pace?: Pace;
  /** For one request, its body included. */
  readonly timeoutMs?: number;
  readonly bodyBytesMax?: number;
  /** How often a busy server is asked before that is an error. */
  readonly busyTriesMax?: number;
}

/** Methods other than those answering `RpcReply` throw `LEDGER_NO_SOURCE` for a server's error. */
export interface RpcClient {
  getNetwork(signal?: AbortSignal): Promise<Readonly<z.infer<typeof Network>>>;
  getHealth(signal?: AbortSignal): Promise<RpcReply<RpcHealth>>;
  getLatestLedger(signal?: AbortSignal): Promise<Readonly<z.infer<typeof LatestLedger>>>;
  getLedgers(
    page: { readonly startLedger: number; readonly limit: number },
    signal?: AbortSignal,
  ): Promise<RpcReply<RpcLedgers>>;
  /** @param transaction TransactionEnvelope, base64. */
  sendTransaction(transaction: string, signal?: AbortSignal): Promise<RpcReply<RpcSent>>;
  /** A hint only: the fate of a transaction is read from verified ledgers. */
  getTransaction(hash: string, signal?: AbortSignal): Promise<RpcTransaction>;
  /** @param keys LedgerKeys, base64. Entries are not proved: a hint as well. */
  getLedgerEntries(keys: readonly string[], signal?: AbortSignal): Promise<RpcLedgerEntries>;
}

const TIMEOUT_MS = 30_000;

export function openRpcClient(options: RpcOptions): RpcClient {
  const ask = asker(options);
  return {
    getNetwork: async (signal) => orThrow(await ask("getNetwork", {}, Network, signal)),
    getHealth: (signal) => ask("getHealth", {}, Health, signal),
    getLatestLedger: async (signal) =>
      orThrow(await ask("getLatestLedger", {}, LatestLedger, signal)),
    getLedgers: ({ startLedger, limit }, signal) =>
      ask("getLedgers", { startLedger, pagination: { limit } }, Ledgers, signal),
    sendTransaction: (transaction, signal) => ask("sendTransaction", { transaction }, Sent, signal),
    getTransaction: async (hash, signal) =>
      orThrow(await ask("getTransaction", { hash }, Transaction, signal)),
    getLedgerEntries: async (keys, signal) =>
      orThrow(await ask("getLedgerEntries", { keys }, LedgerEntries, signal)),
  };
}

function asker(options: RpcOptions) {
  const settings = {
    url: options.url,
    fetch: options.fetch ?? fetch,
    pace: options.pace ?? systemPace,
    timeoutMs: options.timeoutMs ?? TIMEOUT_MS,
    bodyBytesMax: options.bodyBytesMax ?? RPC_BODY_BYTES_MAX,
    ...(options.busyTriesMax === undefined ? {} : { busyTriesMax: options.busyTriesMax }),
  };
  let id = 0;
  return async <Result>(
    method: string,
    params: Readonly<Record<string, unknown>>,
    shape: z.ZodType<Result>,
    signal: AbortSignal | undefined,
  ): Promise<RpcReply<Result>> => {
    id += 1;
    const body = await postJson(settings, { jsonrpc: "2.0", id, method, params }, signal);
    const envelope = read(Envelope, body, method);
    if ("error" in envelope) return { ok: false, ...envelope.error };
    return { ok: true, result: read(shape, envelope.result, method) };
  };
}

function read<Value>(shape: z.ZodType<Value>, value: unknown, method: string): Value {
  const parsed = shape.safeParse(value);
  if (parsed.success) return parsed.data;
  const faults = z.prettifyError(parsed.error);
  throw new AceError("LEDGER_MALFORMED", `${method} answered in another shape: ${faults}`);
}

function orThrow<Result>(reply: RpcReply<Result>): Result {
  if (reply.ok) return reply.result;
  throw refusedBy(reply);
}

/** A server's error as ours, where it has no meaning of its own. */
export function refusedBy(reply: { readonly code: number; readonly message: string }): AceError {
  return new AceError("LEDGER_NO_SOURCE", `the RPC server refused: ${reply.code} ${reply.message}`);
}

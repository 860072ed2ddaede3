/**
 * Small questions to a Stellar RPC endpoint and its friendbot, without the weight of the SDK.
 *
 * Errors  `LEDGER_NO_SOURCE` when nothing usable answers, `SUBMIT_REJECTED` when friendbot refuses.
 * Source  JSON-RPC 2.0; stellar-rpc: getNetwork, getHealth, getLatestLedger.
 */
import { z } from "zod";
import { AceError } from "../lib/errors.ts";

const ANSWER_MS = 5_000;
/** Friendbot answers when the ledger that made the account has closed. */
const FUND_MS = 60_000;
const FUNDED_BEFORE = /already|op_already_exists|AlreadyExist/i;

const Reply = z.object({ result: z.record(z.string(), z.unknown()) });
const Network = z.object({ passphrase: z.string(), friendbotUrl: z.string().optional() });
const Health = z.object({ status: z.string() });
const Latest = z.object({
  sequence: z.int(),
  closeTime: z.union([z.string(), z.int()]).transform(Number).optional(),
});
const Refusal = z.object({ detail: z.string() });
/** Public friendbots tell the hash alone. */
const Funding = z.object({ hash: z.string().optional(), ledger: z.int().optional() });

export interface RpcEndpoint {
  readonly url: string;
  readonly signal: AbortSignal;
}

export function networkOf(endpoint: RpcEndpoint): Promise<z.infer<typeof Network>> {
  return question(endpoint, "getNetwork", Network);
}

export function healthOf(endpoint: RpcEndpoint): Promise<z.infer<typeof Health>> {
  return question(endpoint, "getHealth", Health);
}

/** The newest ledger, with its close time in Unix seconds where the endpoint tells it. */
export function latestOf(endpoint: RpcEndpoint): Promise<z.infer<typeof Latest>> {
  return question(endpoint, "getLatestLedger", Latest);
}

/** The transaction that funded an account. */
export type Funding = z.infer<typeof Funding>;

/** Asks friendbot for test lumens; undefined when the account had been funded before. */
export async function fundAccount(
  endpoint: RpcEndpoint,
  address: string,
): Promise<Funding | undefined> {
  const { friendbotUrl = `${endpoint.url}/friendbot` } = await networkOf(endpoint);
  const url = new URL(friendbotUrl);
  url.searchParams.set("addr", address);
  const response = await reach(url, { signal: within(endpoint, FUND_MS) }, endpoint);
  const text = await response.text();
  if (response.ok) return Funding.parse(jsonOf(text) ?? {});
  if (FUNDED_BEFORE.test(text)) return undefined;
  const said = detailOf(text) ?? `HTTP ${response.status}`;
  throw new AceError("SUBMIT_REJECTED", `friendbot did not fund ${address}: ${said}`);
}

async function question<T>(
  endpoint: RpcEndpoint,
  method: string,
  schema: z.ZodType<T>,
): Promise<T> {
  const { url } = endpoint;
  const response = await reach(
    new URL(url),
    {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method }),
      signal: within(endpoint, ANSWER_MS),
    },
    endpoint,
  );
  const reply = Reply.safeParse(jsonOf(await response.text()));
  const result = schema.safeParse(reply.data?.result);
  if (result.success) return result.data;
  throw new AceError("LEDGER_NO_SOURCE", `${url} does not answer ${method} like a Stellar RPC`);
}

async function reach(url: URL, init: RequestInit, { signal }: RpcEndpoint): Promise<Response> {
  try {
    return await fetch(url, init);
  } catch (cause) {
    signal.throwIfAborted();
    throw new AceError("LEDGER_NO_SOURCE", `nothing answers at ${url.origin}`, { cause });
  }
}

function within({ signal }: RpcEndpoint, timeoutMs: number): AbortSignal {
  return AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
}

function detailOf(text: string): string | undefined {
  return Refusal.safeParse(jsonOf(text)).data?.detail;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

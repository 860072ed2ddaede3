/**
 * The node's HTTP API as a typed client: every answer is read by its schema before anyone uses it.
 *
 * Range   An answer has at most `ANSWER_BYTES_MAX` and comes within `REQUEST_MS`.
 * Errors  The node's own errors come back with their code; `NODE_UNREACHABLE` when none answers,
 *         `NODE_MOVED` when one names another address: nobody is followed there.
 */
import { z } from "zod";
import { toHex } from "../lib/bytes.ts";
import { isErrorCode } from "../lib/catalogue.ts";
import { AceError } from "../lib/errors.ts";
import {
  ContentJson,
  IssuerWordsJson,
  LeaseMessageJson,
  LeasesJson,
  RevocationsJson,
  TokenJson,
  WrappedKeyJson,
} from "./content-schemas.ts";
import {
  ChainLinkJson,
  CodeJson,
  ContractJson,
  GasJson,
  LedgerChainJson,
  PartsJson,
  PayablesJson,
  ReceiptProofsJson,
  ReceiptsJson,
  SimulationJson,
  StateProofJson,
  StatusJson,
  ViewJson,
} from "./schemas.ts";

export interface NodeClient {
  readonly url: string;
  status(): Promise<StatusJson>;
  network(): Promise<unknown>;
  link(sequence: number): Promise<ChainLinkJson>;
  contract(number: bigint): Promise<ContractJson>;
  /** Source by its hash, for anyone who verifies a contract. */
  code(codeHash: string): Promise<CodeJson>;
  /** Parts of a source that this account has put on the ledger, and no contract has taken yet. */
  parts(account: string, codeHash: string): Promise<PartsJson>;
  /** What the last calls of a contract used, by method. */
  gas(number: bigint): Promise<GasJson>;
  view(contract: bigint, method: string, args: readonly unknown[]): Promise<ViewJson>;
  simulate(transactionXdr: string): Promise<SimulationJson>;
  receipts(txHash: string): Promise<ReceiptsJson>;
  payables(account: string): Promise<PayablesJson>;
  /** Proofs that `ace-node/verify` checks. */
  stateProof(key: Uint8Array): Promise<StateProofJson>;
  receiptProofs(txHash: string): Promise<ReceiptProofsJson>;
  /** What leads from the ledger hash of `to` back to that of `from`: at most 1,000 ledgers. */
  ledgerChain(from: number, to: number): Promise<LedgerChainJson>;
  contents(): Promise<readonly ContentJson[]>;
  content(id: string): Promise<ContentJson>;
  publish(body: object, adminToken: string): Promise<ContentJson>;
  challenge(account: string): Promise<z.infer<typeof Challenge>>;
  signIn(body: object): Promise<{ token: string }>;
  token(body: object, session: string): Promise<TokenJson>;
  /** @param dpop Proof of the token's device for `POST /v1/access/renew`. */
  renew(token: string, dpop: string): Promise<TokenJson>;
  leases(session: string): Promise<LeasesJson>;
  stop(lease: string, session: string): Promise<LeasesJson>;
  /** Asks an issuer's node about leases, as another issuer. */
  askLeases(message: LeaseMessageJson): Promise<LeaseMessageJson>;
  revocations(since: number): Promise<RevocationsJson>;
  /** Words on who the issuers are, of changes after this ledger. */
  issuers(sinceLedger: number): Promise<IssuerWordsJson>;
  /** The key of a content or an epoch, under an access token and the proof of its device. */
  key(body: object, token: string, proof: string): Promise<WrappedKeyJson>;
  /** Brings a key to the node that keeps it. */
  keepKey(content: string, body: object, adminToken: string): Promise<unknown>;
}

const REQUEST_MS = 20_000;
/** More than any catalogue; whoever answers with more is not read on. */
const ANSWER_BYTES_MAX = 64 * 1024 * 1024;
/** What is said of where it sends on to. */
const PLACE_MAX_CHARS = 200;
const CONTENT = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;
const Fault = z.object({
  code: z.string(),
  message: z.string(),
  offerUrl: z
    .url({ protocol: /^https?$/ })
    .optional()
    .catch(undefined),
});
const Challenge = z.object({
  transaction: z.string(),
  network_passphrase: z.string(),
});

interface Sent<T> {
  readonly body: unknown;
  readonly schema: z.ZodType<T>;
  readonly headers: Record<string, string>;
}

export function openNodeClient(url: string, signal: AbortSignal): NodeClient {
  const get = <T>(path: string, schema: z.ZodType<T>): Promise<T> =>
    request(url, path, { method: "GET" }, schema, signal);
  const send = <T>(
    method: "POST" | "PUT",
    path: string,
    { body, schema, headers }: Sent<T>,
  ): Promise<T> => {
    const all = { "content-type": "application/json", ...headers };
    const init = { method, body: JSON.stringify(body), headers: all };
    return request(url, path, init, schema, signal);
  };
  const post = <T>(
    path: string,
    body: unknown,
    schema: z.ZodType<T>,
    bearer?: string,
  ): Promise<T> => send("POST", path, { body, schema, headers: bearerHeader(bearer) });
  return {
    url,
    status: () => get("/v1/status", StatusJson),
    network: () => get("/v1/network", z.unknown()),
    link: (sequence) => get(`/v1/ledgers/${sequence}`, ChainLinkJson),
    contract: (number) => get(`/v1/contracts/${number}`, ContractJson),
    code: (codeHash) => get(`/v1/codes/${codeHash}`, CodeJson),
    parts: (account, codeHash) => get(`/v1/codes/${codeHash}/parts/${account}`, PartsJson),
    gas: (number) => get(`/v1/contracts/${number}/gas`, GasJson),
    view: (contract, method, args) =>
      post(`/v1/contracts/${contract}/views/${encodeURIComponent(method)}`, { args }, ViewJson),
    simulate: (transaction) => post("/v1/simulate", { transaction }, SimulationJson),
    receipts: (txHash) => get(`/v1/transactions/${txHash}/receipts`, ReceiptsJson),
    payables: (account) => get(`/v1/payables/${account}`, PayablesJson),
    stateProof: (key) => get(`/v1/state/${toHex(key)}/proof`, StateProofJson),
    receiptProofs: (txHash) => get(`/v1/transactions/${txHash}/proofs`, ReceiptProofsJson),
    ledgerChain: (from, to) => get(`/v1/ledgers/${from}/chain?to=${to}`, LedgerChainJson),
    contents: () => get("/v1/contents", z.array(ContentJson)),
    content: async (id) => await get(`/v1/contents/${contentName(id)}`, ContentJson),
    publish: (body, adminToken) => post("/v1/contents", body, ContentJson, adminToken),
    challenge: (account) => get(`/auth?account=${encodeURIComponent(account)}`, Challenge),
    signIn: (body) => post("/auth", body, z.object({ token: z.string() })),
    token: (body, session) => post("/v1/access/tokens", body, TokenJson, session),
    renew: (token, dpop) => {
      const headers = { authorization: `DPoP ${token}`, dpop };
      return request(url, "/v1/access/renew", { method: "POST", headers }, TokenJson, signal);
    },
    leases: (session) => {
      const init = { method: "GET", headers: bearerHeader(session) };
      return request(url, "/v1/access/leases", init, LeasesJson, signal);
    },
    askLeases: (message) => post("/v1/access/lease-home", message, LeaseMessageJson),
    stop: (lease, session) => post("/v1/access/stop", { lease }, LeasesJson, session),
    issuers: (since) => get(`/v1/issuers?since=${since}`, IssuerWordsJson),
    revocations: (since) => get(`/v1/revocations?since=${since}`, RevocationsJson),
    key: (body, token, proof) => {
      const headers = { authorization: `DPoP ${token}`, dpop: proof };
      return send("POST", "/v1/keys", { body, schema: WrappedKeyJson, headers });
    },
    keepKey: (content, body, adminToken) => {
      const headers = bearerHeader(adminToken);
      return send("PUT", `/v1/keys/${content}`, { body, schema: z.unknown(), headers });
    },
  };
}

function contentName(id: string): string {
  if (CONTENT.test(id)) return id;
  const what = `"${id}" is neither a content id (64 hexadecimal digits) nor an infohash (40)`;
  throw new AceError("CONTENT_NOT_FOUND", what);
}

async function request<T>(
  base: string,
  path: string,
  init: {
    readonly method: string;
    readonly body?: string;
    readonly headers?: Record<string, string>;
  },
  schema: z.ZodType<T>,
  signal: AbortSignal,
): Promise<T> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(REQUEST_MS)]);
  const sent = { ...init, signal: limit, redirect: "manual" } as const;
  const response = await fetch(new URL(path, base), sent).catch((cause) => {
    if (signal.aborted) throw cause;
    throw new AceError("NODE_UNREACHABLE", `no node answers at ${base}`, { cause });
  });
  await refuseRedirect(response, base);
  const text = await textOf(response, base);
  const body: unknown = readJson(text);
  if (!response.ok) throw faultOf(body, `${base}${path} answered ${response.status}`);
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const what = `${base}${path} is not an answer of this API: ${z.prettifyError(parsed.error)}`;
  throw new AceError("NODE_UNREACHABLE", what);
}

/** What is sent holds tokens and proofs, and they are for the node that was named. */
async function refuseRedirect({ status, headers, body }: Response, base: string): Promise<void> {
  const location = headers.get("location");
  if (status < 300 || status > 399 || location === null) return;
  // Where it breaks off, it has said what counts.
  await body?.cancel().catch(() => undefined);
  const place = URL.canParse(location, base) ? new URL(location, base).origin : location;
  const what = `${base} sends on to ${place.slice(0, PLACE_MAX_CHARS)}, where nothing was sent`;
  throw new AceError("NODE_MOVED", what);
}

/** Empty where the answer breaks off. */
async function textOf(response: Response, base: string): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let size = 0;
  try {
    for await (const part of response.body ?? []) {
      size += part.length;
      if (size > ANSWER_BYTES_MAX) break;
      text += decoder.decode(part, { stream: true });
    }
  } catch {
    return "";
  }
  if (size <= ANSWER_BYTES_MAX) return text + decoder.decode();
  const what = `${base} answers with more than ${ANSWER_BYTES_MAX} bytes`;
  throw new AceError("NODE_UNREACHABLE", what);
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function faultOf(body: unknown, otherwise: string): AceError {
  const fault = Fault.safeParse(body);
  if (!fault.success) return new AceError("NODE_UNREACHABLE", otherwise);
  const { code, message, offerUrl } = fault.data;
  return isErrorCode(code)
    ? new AceError(code, message, { offerUrl })
    : new AceError("NODE_UNREACHABLE", `${code}: ${message}`);
}

function bearerHeader(bearer: string | undefined): Record<string, string> {
  return bearer === undefined ? {} : { authorization: `Bearer ${bearer}` };
}

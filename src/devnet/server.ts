/**
 * The devnet's HTTP server, on 127.0.0.1 only: JSON-RPC on `POST /`, `/friendbot?addr=G…`, a data lake
 * under `/lake/`, a history archive under `/archive/`, and control (`server-control.ts`).
 *
 * Units   `closeMs` is the time between two closes. Close times are whole seconds and strictly
 *         increase, so closing more than once a second runs ahead of the clock.
 * Errors  `PORT_IN_USE`.
 */
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { LakeSizes } from "../ledger/lake-layout.ts";
import type { Clock } from "../lib/clock.ts";
import { AceError } from "../lib/errors.ts";
import type { Events } from "../lib/events.ts";
import { archivePublication } from "./archive-writer.ts";
import type { Devnet } from "./devnet.ts";
import type { DevnetLedger } from "./devnet-ledger.ts";
import { createFriendbot, type Friendbot } from "./friendbot.ts";
import { lakePublication } from "./lake-writer.ts";
import type { Publication } from "./publication.ts";
import { answerRpc } from "./rpc.ts";
import type { RpcContext } from "./rpc-answer.ts";
import { createRpcTraps } from "./rpc-traps.ts";
import { ServedChain } from "./served-chain.ts";
import { answerControl, type ControlParts } from "./server-control.ts";
import { meetsOutage, type Reply, type ServedSource, send } from "./server-transport.ts";

export interface DevnetServerOptions {
  readonly net: Devnet;
  /** 0 takes any free one. */
  readonly port: number;
  /** `manual` closes on `POST /close`, on `closeLedger()` and for friendbot only. */
  readonly closeMs: number | "manual";
  readonly events: Events;
  readonly clock: Clock;
  readonly lakeSizes?: LakeSizes | undefined;
}

export interface DevnetServer extends AsyncDisposable {
  readonly url: string;
  readonly friendbotUrl: string;
  readonly lakeUrl: string;
  readonly archiveUrl: string;
  /** Rejects when a ledger could not be kept: the network cannot go on then. */
  readonly failure: Promise<never>;
  /** Closes one ledger now, or so many seconds after the last one. */
  closeLedger(secondsLater?: bigint): DevnetLedger;
  close(): Promise<void>;
}

const HOST = "127.0.0.1";
const BODY_BYTES_MAX = 1024 * 1024;
const REQUEST_MS_MAX = 30_000;
const MS_PER_SECOND = 1_000;

export async function serveDevnet(options: DevnetServerOptions): Promise<DevnetServer> {
  const { net, events, closeMs } = options;
  const friendbot = createFriendbot(net);
  const { promise: failure, reject } = Promise.withResolvers<never>();
  failure.catch(() => undefined);
  const closeLedger = closer(options, friendbot, reject);
  const isManual = closeMs === "manual";
  const server = createServer({ requestTimeout: REQUEST_MS_MAX });
  const url = `http://${HOST}:${await listen(server, options.port)}`;
  const urls = {
    rpcUrl: url,
    friendbotUrl: `${url}/friendbot`,
    lakeUrl: `${url}/lake`,
    archiveUrl: `${url}/archive`,
  };
  const served = new ServedChain(net, "rpc");
  const handle = createHandler({
    context: { net: served, traps: createRpcTraps(net, served), events, ...urls },
    friendbot,
    control: { net, closeLedger, urls },
    isManual,
    lake: lakePublication(new ServedChain(net, "lake"), options.lakeSizes),
    archive: archivePublication(new ServedChain(net, "archive")),
  });
  server.on("request", (request, response) => {
    const source = sourceOf(request);
    const answer = async (): Promise<void> => {
      if (source !== undefined && (await meetsOutage(net, source, response))) return;
      const reply = await handle(request);
      if (reply === undefined) response.destroy();
      else await send(net, source, reply, response);
    };
    answer().catch((error: unknown) => {
      events.warn("devnet.fault", { message: String(error) });
      if (response.headersSent) response.destroy();
      else response.writeHead(FAULT).end('{"error":"the devnet met a fault of its own"}');
    });
  });
  const timer = isManual ? undefined : setInterval(() => attempt(closeLedger), closeMs);

  const close = async (): Promise<void> => {
    clearInterval(timer);
    friendbot.stop();
    const { promise, resolve } = Promise.withResolvers<void>();
    server.close(() => resolve());
    server.closeAllConnections();
    await promise;
  };
  return { url, ...urls, failure, closeLedger, close, [Symbol.asyncDispose]: close };
}

/** @param fail Is told of a ledger that closed and could not be kept. */
function closer(
  { net, events, clock }: DevnetServerOptions,
  friendbot: Friendbot,
  fail: (error: unknown) => void,
): (secondsLater?: bigint) => DevnetLedger {
  const closeAt = (closeTime: bigint): DevnetLedger => {
    try {
      return net.close({ closeTime });
    } catch (error) {
      fail(error);
      throw error;
    }
  };
  return (secondsLater) => {
    friendbot.beforeClose();
    const nowS = BigInt(Math.floor(clock.nowMs() / MS_PER_SECOND));
    const ledger = closeAt(secondsLater === undefined ? nowS : net.latest.closeTime + secondsLater);
    friendbot.afterClose();
    const { sequence, transactions } = ledger;
    events.info("devnet.closed", { ledger: sequence, transactions: transactions.length });
    return ledger;
  };
}

/** A timer has nobody to tell: whoever serves was told already. */
function attempt(closeLedger: () => unknown): void {
  try {
    closeLedger();
  } catch {
    // Told by `failure`.
  }
}

interface HandlerParts {
  readonly context: RpcContext;
  readonly friendbot: Friendbot;
  readonly control: ControlParts;
  readonly isManual: boolean;
  readonly lake: Publication;
  readonly archive: Publication;
}

const OBJECT_PATH = /^GET \/(lake|archive)\/(.{1,200})$/;
const NOT_FOUND = 404;
const TOO_LARGE = 413;
const FAULT = 500;

function sourceOf({ method, url = "/" }: IncomingMessage): ServedSource | undefined {
  if (method === "POST" && url === "/") return "rpc";
  const isObject = method === "GET" || method === "HEAD";
  if (isObject && url.startsWith("/lake/")) return "lake";
  return isObject && url.startsWith("/archive/") ? "archive" : undefined;
}

/** Undefined is no answer at all. */
function createHandler(
  parts: HandlerParts,
): (request: IncomingMessage) => Promise<Reply | undefined> {
  return async (request) => {
    const url = URL.parse(`http://${HOST}${request.url ?? "/"}`);
    if (url === null) return json(NOT_FOUND, { error: `there is no ${request.url} here` });
    const body = await readBody(request);
    if (body === undefined) return json(TOO_LARGE, { error: "the body is too large" });
    const method = request.method === "HEAD" ? "GET" : request.method;
    return answerRoute(parts, `${method} ${url.pathname}`, body, url.searchParams);
  };
}

async function answerRoute(
  parts: HandlerParts,
  route: string,
  body: string,
  query: URLSearchParams,
): Promise<Reply | undefined> {
  if (route === "POST /") return rpcReply(parts.context, body);
  if (route === "GET /friendbot" || route === "POST /friendbot") {
    return fund(parts, query.get("addr") ?? new URLSearchParams(body).get("addr"));
  }
  const [, kind, name = ""] = OBJECT_PATH.exec(route) ?? [];
  if (kind === "lake" || kind === "archive") return objectReply(parts[kind].read(name));
  const { status, body: answer } = answerControl(parts.control, route, body) ?? {
    status: NOT_FOUND,
    body: { error: `there is no ${route} here` },
  };
  return json(status, answer);
}

function rpcReply(context: RpcContext, body: string): Reply | undefined {
  const answer = answerRpc(context, body);
  return answer === undefined ? undefined : json(200, answer);
}

/** Where ledgers close by hand nobody would close this one: friendbot does it itself. */
async function fund(
  { friendbot, control, isManual }: HandlerParts,
  address: string | null,
): Promise<Reply> {
  const answer = friendbot.fund(address ?? "");
  if (isManual && friendbot.isAwaited) control.closeLedger();
  const { status, body } = await answer;
  return json(status, body);
}

function json(status: number, body: unknown): Reply {
  return { status, type: "application/json", body: Buffer.from(JSON.stringify(body)) };
}

function objectReply(body: Uint8Array | undefined): Reply {
  if (body === undefined) return json(NOT_FOUND, { error: "there is no such object" });
  return { status: 200, type: "application/octet-stream", body };
}

async function listen(server: Server, port: number): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const refuse = (cause: NodeJS.ErrnoException): void => {
    const isTaken = cause.code === "EADDRINUSE";
    reject(isTaken ? new AceError("PORT_IN_USE", `port ${port} is taken`, { cause }) : cause);
  };
  server.once("error", refuse);
  server.listen(port, HOST, resolve);
  await promise;
  server.off("error", refuse);
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : port;
}

/** Undefined when there is more of it than allowed. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of request) {
    const bytes: Uint8Array = chunk;
    sizeBytes += bytes.length;
    if (sizeBytes > BODY_BYTES_MAX) return undefined;
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString("utf8");
}

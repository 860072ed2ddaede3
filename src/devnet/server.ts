/**
 * The devnet's HTTP server, on 127.0.0.1 only: JSON-RPC on `POST /`, `/friendbot?addr=G…`, and
 * `POST /close` where ledgers close by hand.
 *
 * Units   `closeMs` is the time between two closes. Close times are whole seconds and strictly
 *         increase, so closing more than once a second runs ahead of the clock.
 * Errors  `PORT_IN_USE`.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Clock } from "../lib/clock.ts";
import { AceError } from "../lib/errors.ts";
import type { Events } from "../lib/events.ts";
import type { Devnet } from "./devnet.ts";
import type { DevnetLedger } from "./devnet-ledger.ts";
import { createFriendbot, type Friendbot } from "./friendbot.ts";
import { answerRpc } from "./rpc.ts";
import type { RpcContext } from "./rpc-answer.ts";

export interface DevnetServerOptions {
  readonly net: Devnet;
  /** 0 takes any free one. */
  readonly port: number;
  /** `manual` closes on `POST /close`, on `closeLedger()` and for friendbot only. */
  readonly closeMs: number | "manual";
  readonly events: Events;
  readonly clock: Clock;
}

export interface DevnetServer extends AsyncDisposable {
  readonly url: string;
  readonly friendbotUrl: string;
  /** Closes one ledger now. */
  closeLedger(): DevnetLedger;
  close(): Promise<void>;
}

interface Reply {
  readonly status: number;
  readonly body: unknown;
}

const HOST = "127.0.0.1";
const BODY_BYTES_MAX = 1024 * 1024;
const REQUEST_MS_MAX = 30_000;
const MS_PER_SECOND = 1_000;

export async function serveDevnet(options: DevnetServerOptions): Promise<DevnetServer> {
  const { net, events, clock, closeMs } = options;
  const friendbot = createFriendbot(net);

  const closeLedger = (): DevnetLedger => {
    friendbot.beforeClose();
    const ledger = net.close({ closeTime: BigInt(Math.floor(clock.nowMs() / MS_PER_SECOND)) });
    friendbot.afterClose();
    const { sequence, transactions } = ledger;
    events.info("devnet.closed", { ledger: sequence, transactions: transactions.length });
    return ledger;
  };

  const isManual = closeMs === "manual";
  const server = createServer({ requestTimeout: REQUEST_MS_MAX });
  const url = `http://${HOST}:${await listen(server, options.port)}`;
  const context = { net, events, friendbotUrl: `${url}/friendbot` };
  const handler = createHandler({ context, friendbot, closeLedger, isManual });
  server.on("request", (request, response) => {
    handler(request)
      .catch((error: unknown): Reply => {
        events.warn("devnet.fault", { message: String(error) });
        return { status: 500, body: { error: "the devnet met a fault of its own" } };
      })
      .then((reply) => send(response, reply), undefined);
  });
  const timer = isManual ? undefined : setInterval(closeLedger, closeMs);

  const close = async (): Promise<void> => {
    clearInterval(timer);
    friendbot.stop();
    const { promise, resolve } = Promise.withResolvers<void>();
    server.close(() => resolve());
    server.closeAllConnections();
    await promise;
  };
  const { friendbotUrl } = context;
  return { url, friendbotUrl, closeLedger, close, [Symbol.asyncDispose]: close };
}

interface HandlerParts {
  readonly context: RpcContext;
  readonly friendbot: Friendbot;
  readonly closeLedger: () => DevnetLedger;
  readonly isManual: boolean;
}

function createHandler(parts: HandlerParts): (request: IncomingMessage) => Promise<Reply> {
  return async (request) => {
    const { pathname, searchParams } = new URL(request.url ?? "/", `http://${HOST}`);
    const body = await readBody(request);
    if (body === undefined) return { status: 413, body: { error: "the body is too large" } };
    const route = `${request.method} ${pathname}`;
    switch (route) {
      case "POST /":
        return { status: 200, body: answerRpc(parts.context, body) };
      case "GET /friendbot":
      case "POST /friendbot":
        return fund(parts, searchParams.get("addr") ?? new URLSearchParams(body).get("addr"));
      case "POST /close":
        return parts.isManual ? closeNow(parts) : notHere(route);
      default:
        return notHere(route);
    }
  };
}

/** Where ledgers close by hand nobody would close this one: friendbot does it itself. */
function fund({ friendbot, closeLedger, isManual }: HandlerParts, address: string | null) {
  const answer = friendbot.fund(address ?? "");
  if (isManual && friendbot.isAwaited) closeLedger();
  return answer;
}

function closeNow({ closeLedger }: HandlerParts): Reply {
  const { sequence, hash, closeTime } = closeLedger();
  return { status: 200, body: { sequence, hash, closeTime: String(closeTime) } };
}

function notHere(route: string): Reply {
  return { status: 404, body: { error: `there is no ${route} here` } };
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

function send(response: ServerResponse, { status, body }: Reply): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

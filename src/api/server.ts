/**
 * The node's HTTP API: a server that answers only on loopback names, and routes over ports.
 *
 * Errors  Every fault is `{ code, message, hint }` with the status of the catalogue; a fault of our
 *         own is 500 `INTERNAL` without detail.
 */
import helmet from "@fastify/helmet";
import rateLimit from "@fastify/rate-limit";
import swagger from "@fastify/swagger";
import swaggerUi from "@fastify/swagger-ui";
import Fastify, { type FastifyError, type FastifyInstance } from "fastify";
import {
  hasZodFastifySchemaValidationErrors,
  jsonSchemaTransform,
  serializerCompiler,
  validatorCompiler,
} from "fastify-type-provider-zod";
import { AceError } from "../lib/errors.ts";
import type { Events } from "../lib/events.ts";
import { type AuthPorts, authRoutes } from "./auth.ts";
import { type CodePorts, codeRoutes } from "./codes.ts";
import { type ContentPorts, contentRoutes } from "./contents.ts";
import { type ContractPorts, contractRoutes } from "./contracts.ts";
import { type IssuerPorts, issuerRoutes } from "./issuers.ts";
import { isShallowJson } from "./json-depth.ts";
import { type KeyPorts, keyRoutes } from "./keys.ts";
import { type ProofPorts, proofRoutes } from "./proofs.ts";
import { type StatusPorts, statusRoutes } from "./status.ts";

export interface ApiPorts {
  readonly status: StatusPorts;
  readonly contracts: ContractPorts;
  readonly codes: CodePorts;
  readonly proofs: ProofPorts;
  readonly contents: ContentPorts;
  readonly keys: KeyPorts;
  readonly issuers: IssuerPorts;
  /** Absent on a node that issues no tokens. */
  readonly auth: AuthPorts | undefined;
}

interface Options {
  readonly version: string;
  readonly events: Events;
  /** Host names that requests may name, besides loopback: guards against DNS rebinding. */
  readonly hosts: readonly string[];
  readonly requestsPerMinute?: number;
}

const BODY_BYTES_MAX = 128 * 1024;
const URL_CHARS_SHOWN = 200;
const REQUEST_MS = 15_000;
const HANDLER_MS = 30_000;
const CONNECTIONS_MAX = 600;
const REQUESTS_PER_MINUTE = 6_000;
const STALE_HEADER = "ace-stale";
const LOOPBACK = /^(?:127\.0\.0\.1|localhost|\[::1\])(?::\d+)?$/;

/** Builds the server; it listens only when the caller says so. */
export async function createServer(ports: ApiPorts, options: Options): Promise<FastifyInstance> {
  const app = Fastify({
    bodyLimit: BODY_BYTES_MAX,
    requestTimeout: REQUEST_MS,
    connectionTimeout: REQUEST_MS,
    handlerTimeout: HANDLER_MS,
    http: { headersTimeout: 5_000, connectionsCheckingInterval: 1_000, maxHeaderSize: 16_384 },
  });
  app.server.maxConnections = CONNECTIONS_MAX;
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.setErrorHandler<FastifyError>((error, request, reply) => {
    const fault = faultOf(error);
    if (fault.status >= 500) {
      const route = request.routeOptions.url ?? "none";
      options.events.warn("api.fault", { route, code: fault.code, message: error.message });
    }
    return reply.status(fault.status).send(fault);
  });
  app.setNotFoundHandler((request, reply) => {
    const error = new AceError(
      "NOT_FOUND",
      `no route ${request.method} ${request.url.slice(0, URL_CHARS_SHOWN)}`,
    );
    return reply.status(error.status).send(faultOf(error));
  });
  guardHosts(app, options.hosts);
  markStale(app, ports.status);
  readShallowJson(app);
  await app.register(helmet, { global: true });
  const max = options.requestsPerMinute ?? REQUESTS_PER_MINUTE;
  await app.register(rateLimit, { max, timeWindow: "1 minute" });
  await registerReference(app, options.version);
  await app.register(statusRoutes, ports.status);
  await app.register(contractRoutes, ports.contracts);
  await app.register(codeRoutes, ports.codes);
  await app.register(proofRoutes, ports.proofs);
  await app.register(contentRoutes, ports.contents);
  await app.register(keyRoutes, ports.keys);
  await app.register(issuerRoutes, ports.issuers);
  if (ports.auth !== undefined) await app.register(authRoutes, ports.auth);
  return app;
}

function guardHosts(app: FastifyInstance, hosts: readonly string[]): void {
  app.addHook("onRequest", async (request) => {
    const names = request.raw.rawHeaders.filter((name) => name.toLowerCase() === "host").length;
    const host = request.headers.host ?? "";
    if (names === 1 && (LOOPBACK.test(host) || hosts.includes(host))) return;
    throw new AceError("HOST_REFUSED", "this node does not answer to that host name");
  });
}

/** While the node has stopped or waits for something, what it answers is the state of before: says why. */
function markStale(app: FastifyInstance, { fault }: StatusPorts): void {
  app.addHook("onSend", async (_request, reply) => {
    const code = fault();
    if (code !== undefined) reply.header(STALE_HEADER, code);
  });
}

/** Nested without end, a small body costs as much as a large one: it is refused before it is read. */
function readShallowJson(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser("error", "error");
  app.removeContentTypeParser("application/json");
  app.addContentTypeParser<string>(
    "application/json",
    { parseAs: "string" },
    (request, text, done) => {
      if (isShallowJson(text)) void parse(request, text, done);
      else done(new AceError("BODY_INVALID", "the body is nested too deeply"));
    },
  );
}

async function registerReference(app: FastifyInstance, version: string): Promise<void> {
  await app.register(swagger, {
    openapi: {
      info: { title: "Ace Node", version, description: "State, calls, sign-in and contents." },
    },
    transform: jsonSchemaTransform,
  });
  await app.register(swaggerUi, { routePrefix: "/docs" });
}

interface Fault {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  readonly offerUrl?: string;
}

function faultOf(error: FastifyError | AceError): Fault {
  if (error instanceof AceError) {
    const { status, code, message, hint, offerUrl } = error;
    return { status, code, message, hint, ...(offerUrl === undefined ? {} : { offerUrl }) };
  }
  if (hasZodFastifySchemaValidationErrors(error)) {
    return faultOf(new AceError("BODY_INVALID", error.message));
  }
  if (error.statusCode === 429) return faultOf(new AceError("RATE_LIMITED", error.message));
  if (error.statusCode !== undefined && error.statusCode < 500) {
    const { status: _, ...rest } = faultOf(new AceError("BODY_INVALID", error.message));
    return { status: error.statusCode, ...rest };
  }
  return faultOf(new AceError("INTERNAL", "the node failed to answer; its log says why"));
}

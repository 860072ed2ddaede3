import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import {
  LeaseMessageJson,
  LeasesJson,
  RevocationsJson,
  TokenJson,
} from "../client/content-schemas.ts";
import { AceError } from "../lib/errors.ts";

export interface AuthPorts {
  readonly challenge: (request: ChallengeRequest) => ChallengeJson;
  readonly signIn: (
    request: SignIn,
    signal: AbortSignal,
  ) => Promise<{ readonly token: string; readonly expiresAtS: number }>;
  readonly token: (request: TokenRequest, session: string) => Promise<TokenJson>;
  /** A newer token for the one that the request carries, with a proof of its device. */
  readonly renew: (request: ProvenRequest) => Promise<TokenJson>;
  readonly leases: (session: string) => Promise<LeasesJson>;
  readonly stop: (lease: string, session: string) => Promise<LeasesJson>;
  /** Answers another issuer's node. */
  readonly askLeases: (message: LeaseMessageJson) => Promise<LeaseMessageJson>;
  readonly revocations: (since: number) => RevocationsJson;
  readonly jwks: () => object;
}

interface ProvenRequest {
  readonly authorization: string | undefined;
  readonly dpop: string | undefined;
  readonly method: string;
  /** As the client asked for it. */
  readonly url: string;
}

interface ChallengeRequest {
  readonly account: string;
  readonly homeDomain: string | undefined;
  readonly clientDomain: string | undefined;
  readonly memo: string | undefined;
}

const ChallengeJson = z.object({
  transaction: z.string(),
  network_passphrase: z.string(),
});
type ChallengeJson = z.infer<typeof ChallengeJson>;

const SIGN_IN_TEXT_MAX = 16_384;

export const SignIn = z.strictObject({
  transaction: z
    .string()
    .max(SIGN_IN_TEXT_MAX)
    .describe("The challenge with the account's signatures"),
  device: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .describe("Ed25519 key of the device"),
  proof: z
    .string()
    .regex(/^[0-9a-f]{128}$/)
    .describe("Signature of the device over the sign-in"),
});
export type SignIn = z.infer<typeof SignIn>;

export const TokenRequest = z.strictObject({
  content: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .describe("Content id"),
  contract: z
    .string()
    .regex(/^\d{1,20}$/)
    .optional()
    .describe("Licence contract, if not the record's"),
});
export type TokenRequest = z.infer<typeof TokenRequest>;

const SIGN_INS_PER_MINUTE = 60;
/** Of one address: every play at another issuer may ask. */
const LEASE_ASKS_PER_MINUTE = 30_000;
const LEASE_ASK_BYTES_MAX = 112 * 1024;

/** Sign-in by SEP-10, then short-lived access tokens that peers verify offline. */
export const authRoutes: FastifyPluginAsyncZod<AuthPorts> = async (app, node) => {
  const limit = { config: { rateLimit: { max: SIGN_INS_PER_MINUTE, timeWindow: "1 minute" } } };
  app.get(
    "/auth",
    {
      ...limit,
      schema: {
        tags: ["access"],
        summary: "A SEP-10 challenge for an account",
        querystring: z.strictObject({
          account: z.string().max(69),
          home_domain: z.string().max(64).optional(),
          client_domain: z.string().max(64).optional(),
          memo: z.string().max(64).optional(),
        }),
        response: { 200: ChallengeJson },
      },
    },
    async ({ query }) =>
      node.challenge({
        account: query.account,
        homeDomain: query.home_domain,
        clientDomain: query.client_domain,
        memo: query.memo,
      }),
  );
  app.post(
    "/auth",
    {
      ...limit,
      schema: {
        tags: ["access"],
        summary: "Signs in with the signed challenge, for one device",
        body: SignIn,
        response: { 200: z.object({ token: z.string(), expiresAtS: z.int() }) },
      },
    },
    async (request) => await node.signIn(request.body, request.signal),
  );
  app.post(
    "/v1/access/tokens",
    {
      schema: {
        tags: ["access"],
        summary: "An access token, when the licence contract says so",
        body: TokenRequest,
        response: { 200: TokenJson },
      },
    },
    async ({ body, headers }) => await node.token(body, sessionOf(headers)),
  );
  app.post(
    "/v1/access/renew",
    {
      schema: {
        tags: ["access"],
        summary: "A newer token for the one in `Authorization: DPoP …`, with a proof (RFC 9449)",
        response: { 200: TokenJson },
      },
    },
    async ({ headers, method, protocol, url }) => {
      const { authorization, dpop, host = "" } = headers;
      const proof = typeof dpop === "string" ? dpop : undefined;
      const asked = `${protocol}://${host}${url}`;
      return await node.renew({ authorization, dpop: proof, method, url: asked });
    },
  );
  leaseRoutes(app, node);
  app.get(
    "/.well-known/jwks.json",
    { schema: { tags: ["access"], summary: "The issuers' public keys, for outside edges" } },
    async (_request, reply) => {
      reply.header("cache-control", "max-age=60");
      return node.jwks();
    },
  );
};

function leaseRoutes(app: App, node: AuthPorts): void {
  app.get(
    "/v1/access/leases",
    {
      schema: {
        tags: ["access"],
        summary: "What the account plays now, where its licences limit plays at once",
        response: { 200: LeasesJson },
      },
    },
    async ({ headers }) => await node.leases(sessionOf(headers)),
  );
  app.post(
    "/v1/access/stop",
    {
      schema: {
        tags: ["access"],
        summary: "Ends one of these plays, on whatever device it is",
        body: z.strictObject({ lease: z.string().max(43) }),
        response: { 200: LeasesJson },
      },
    },
    async ({ body, headers }) => await node.stop(body.lease, sessionOf(headers)),
  );
  app.post(
    "/v1/access/lease-home",
    {
      bodyLimit: LEASE_ASK_BYTES_MAX,
      config: { rateLimit: { max: LEASE_ASKS_PER_MINUTE, timeWindow: "1 minute" } },
      schema: {
        tags: ["access"],
        summary: "Issuers' nodes ask the home of an account's leases; signed by a token key",
        body: LeaseMessageJson,
        response: { 200: LeaseMessageJson },
      },
    },
    async ({ body }) => await node.askLeases(body),
  );
  app.get(
    "/v1/revocations",
    {
      schema: {
        tags: ["access"],
        summary:
          "Signed lists of tokens that ended before their time, after the one numbered `since`",
        querystring: z.strictObject({ since: z.coerce.number().int().nonnegative().default(0) }),
        response: { 200: RevocationsJson },
      },
    },
    async ({ query }, reply) => {
      reply.header("cache-control", "no-store");
      return node.revocations(query.since);
    },
  );
}

type App = Parameters<typeof authRoutes>[0];

function sessionOf({
  authorization = "",
}: {
  readonly authorization?: string | undefined;
}): string {
  const [scheme, session] = authorization.split(" ");
  if (scheme === "Bearer" && session !== undefined) return session;
  throw new AceError("SESSION_INVALID", "the request carries no session token");
}

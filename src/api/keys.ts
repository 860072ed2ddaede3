import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { WrappedKeyJson } from "../client/content-schemas.ts";
import { requireAdmin } from "./admin.ts";

/** What a request shows of the right behind it. */
export interface KeyProof {
  /** As the client called it, without query. */
  readonly url: string;
  readonly method: string;
  readonly authorization: string | undefined;
  readonly dpop: string | undefined;
}

export interface KeyPorts {
  readonly release: (request: KeyRequest, proof: KeyProof) => WrappedKeyJson;
  readonly keep: (content: string, key: KeyUpload) => void;
  /** Opens the calls that change this node; only its operator can read it. */
  readonly adminToken: string;
}

const EPOCH_MAX = 0xffff_ffff;
const STARTS_IN_MS_MAX = 600_000;

const content = z.string().regex(/^[0-9a-f]{64}$/);
const epoch = z.int().min(0).max(EPOCH_MAX);

export const KeyRequest = z.strictObject({
  content: content.describe("Content id"),
  epoch: epoch.describe("0 for content that is not live"),
});
export type KeyRequest = z.infer<typeof KeyRequest>;

export const KeyUpload = z.strictObject({
  epoch,
  key: z.string().regex(/^(?:[0-9a-f]{32}|[0-9a-f]{64})$/),
  startsInMs: z
    .int()
    .min(0)
    .max(STARTS_IN_MS_MAX)
    .default(0)
    .describe("Of a live epoch: until it starts"),
});
export type KeyUpload = z.infer<typeof KeyUpload>;

const KEYS_PER_MINUTE = 600;
const STRANGER_BYTES_MAX = 1_024;

/** Keys of encrypted content: brought by the publisher, released to devices that prove a right. */
export const keyRoutes: FastifyPluginAsyncZod<KeyPorts> = async (app, node) => {
  app.post(
    "/v1/keys",
    {
      config: { rateLimit: { max: KEYS_PER_MINUTE, timeWindow: "1 minute" } },
      bodyLimit: STRANGER_BYTES_MAX,
      schema: {
        tags: ["access"],
        summary: "The key of a content or of a live epoch, wrapped to the key inside the proof",
        description: "`Authorization: DPoP <access token>`, and a `DPoP` proof with `epk`.",
        body: KeyRequest,
        response: { 200: WrappedKeyJson },
      },
    },
    async (request, reply) => {
      reply.header("cache-control", "no-store");
      const { authorization, dpop } = request.headers;
      return node.release(request.body, {
        url: `${request.protocol}://${request.host}/v1/keys`,
        method: request.method,
        authorization,
        dpop: typeof dpop === "string" ? dpop : undefined,
      });
    },
  );
  app.put(
    "/v1/keys/:content",
    {
      bodyLimit: STRANGER_BYTES_MAX,
      schema: {
        tags: ["contents"],
        summary: "Keeps the key of a content or of a live epoch (operator only)",
        params: z.object({ content }),
        body: KeyUpload,
        response: { 200: z.object({ epoch }) },
      },
      onRequest: async ({ headers }) => requireAdmin(headers.authorization, node.adminToken),
    },
    async ({ params, body }) => {
      node.keep(params.content, body);
      return { epoch: body.epoch };
    },
  );
};

import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { ContentJson } from "../client/content-schemas.ts";
import { AceError } from "../lib/errors.ts";
import { requireAdmin } from "./admin.ts";

export interface ContentPorts {
  readonly list: () => readonly ContentJson[];
  readonly find: (id: string) => ContentJson | undefined;
  readonly publish: (content: Publication) => Promise<ContentJson>;
  /** Opens the calls that change this node; only its operator can read it. */
  readonly adminToken: string;
}

export const Publication = z.strictObject({
  record: z.unknown().describe("The signed content record, with the torrent inside"),
  path: z.string().max(4_096).optional().describe("File on this machine to seed from"),
});
export type Publication = z.infer<typeof Publication>;

/** A record carries its torrent in base64. All other calls of this API are small. */
const PUBLICATION_BYTES_MAX = 8 * 1024 * 1024;

/** The contents this node knows; publishing needs the operator's token. */
export const contentRoutes: FastifyPluginAsyncZod<ContentPorts> = async (app, node) => {
  app.get(
    "/v1/contents",
    {
      schema: {
        tags: ["contents"],
        summary: "Contents that this node lists",
        response: { 200: z.array(ContentJson) },
      },
    },
    async () => [...node.list()],
  );
  app.get(
    "/v1/contents/:id",
    {
      schema: {
        tags: ["contents"],
        summary: "One content, by content id or infohash",
        params: z.object({ id: z.string().regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/) }),
        response: { 200: ContentJson },
      },
    },
    async ({ params }) => {
      const found = node.find(params.id);
      if (found !== undefined) return found;
      throw new AceError("CONTENT_NOT_FOUND", `this node does not list ${params.id}`);
    },
  );
  app.post(
    "/v1/contents",
    {
      schema: {
        tags: ["contents"],
        summary: "Lists a content and, given a path, seeds it (operator only)",
        body: Publication,
        response: { 200: ContentJson },
      },
      bodyLimit: PUBLICATION_BYTES_MAX,
      // Before the body is read: a stranger must not make the node parse megabytes to refuse them.
      onRequest: async ({ headers }) => requireAdmin(headers.authorization, node.adminToken),
    },
    async ({ body }) => await node.publish(body),
  );
};

import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { ChainLinkJson, StatusJson } from "../client/schemas.ts";
import { AceError } from "../lib/errors.ts";

export interface StatusPorts {
  readonly status: () => StatusJson;
  readonly network: () => object;
  /** Why state does not go on; undefined while it does. */
  readonly fault: () => string | undefined;
  readonly link: (sequence: number) => ChainLinkJson | undefined;
  /** Prometheus text. */
  readonly metrics: () => Promise<string>;
}

const Health = z.object({
  status: z.enum(["ok", "behind", "fault"]),
  /** Of what is wrong, as in every error of this API. */
  code: z.string().optional(),
  message: z.string().optional(),
  hint: z.string().optional(),
});

/** Health for a supervisor, metrics for a monitor, status and the hash chain for everybody. */
export const statusRoutes: FastifyPluginAsyncZod<StatusPorts> = async (app, node) => {
  app.get(
    "/health",
    {
      schema: {
        tags: ["operation"],
        summary: "200 while the node follows its network, 503 while it does not",
        response: { 200: Health, 503: Health },
      },
    },
    async (_request, reply) => {
      const { state, fault } = node.status();
      if (state === "following") return { status: "ok" as const };
      const status = fault === undefined ? ("behind" as const) : ("fault" as const);
      return reply.status(503).send({ status, ...fault });
    },
  );
  app.get("/metrics", { schema: { tags: ["operation"], hide: true } }, async (_request, reply) => {
    reply.header("content-type", "text/plain; version=0.0.4");
    return await node.metrics();
  });
  app.get(
    "/v1/status",
    {
      schema: { tags: ["operation"], summary: "Where this node is", response: { 200: StatusJson } },
    },
    async () => node.status(),
  );
  app.get(
    "/v1/network",
    { schema: { tags: ["network"], summary: "The network.json this node follows" } },
    async () => node.network(),
  );
  app.get(
    "/v1/ledgers/:sequence",
    {
      schema: {
        tags: ["network"],
        summary: "One line of the hash chain; compare it with any other node's",
        params: z.object({
          sequence: z
            .string()
            .regex(/^\d{1,10}$/)
            .transform(Number),
        }),
        response: { 200: ChainLinkJson },
      },
    },
    async ({ params: { sequence } }) => {
      const link = node.link(sequence);
      if (link !== undefined) return link;
      throw new AceError("NOT_FOUND", `ledger ${sequence} is not applied here`);
    },
  );
};

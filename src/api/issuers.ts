import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { IssuerWordsJson } from "../client/content-schemas.ts";

export interface IssuerPorts {
  /** What issuers have signed of who they are, oldest first. */
  readonly issuers: (sinceLedger: number) => IssuerWordsJson;
}

/** Who signs tokens, for verifiers without a ledger: signed, so that this node need not be believed. */
export const issuerRoutes: FastifyPluginAsyncZod<IssuerPorts> = async (app, node) => {
  app.get(
    "/v1/issuers",
    {
      schema: {
        tags: ["access"],
        summary: "Issuers' signed words on who the issuers are, and those that led there",
        description:
          "Of changes after the ledger `since`; what each says now is always among them.",
        querystring: z.strictObject({ since: z.coerce.number().int().nonnegative().default(0) }),
        response: { 200: IssuerWordsJson },
      },
    },
    async ({ query }, reply) => {
      reply.header("cache-control", "no-store");
      return node.issuers(query.since);
    },
  );
};

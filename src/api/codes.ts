import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { CodeJson } from "../client/schemas.ts";
import { AceError } from "../lib/errors.ts";
import type { ContractPorts } from "./contracts.ts";

/** Source by its hash, so that anybody can read and rebuild what a contract runs. */
export const codeRoutes: FastifyPluginAsyncZod<Pick<ContractPorts, "code">> = async (app, node) => {
  app.get(
    "/v1/codes/:hash",
    {
      schema: {
        tags: ["contracts"],
        summary: "Source by its hash: what contracts of this code run",
        params: z.object({ hash: z.string().regex(/^[0-9a-f]{64}$/) }),
        response: { 200: CodeJson },
      },
    },
    async ({ params }) => {
      const found = node.code(params.hash);
      if (found !== undefined) return found;
      throw new AceError("NOT_FOUND", `no code ${params.hash} is on this network's ledger`);
    },
  );
};

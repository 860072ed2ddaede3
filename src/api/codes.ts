import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { CodeJson, GasJson, PartsJson } from "../client/schemas.ts";
import { AceError } from "../lib/errors.ts";
import { number } from "./contracts.ts";

export interface CodePorts {
  readonly code: (codeHash: string) => CodeJson | undefined;
  readonly parts: (account: string, codeHash: string) => PartsJson;
  readonly gas: (contract: bigint) => GasJson;
}

const hash = z.string().regex(/^[0-9a-f]{64}$/);

/** Code: its source by hash, what is uploaded of it, and what its methods use. */
export const codeRoutes: FastifyPluginAsyncZod<CodePorts> = async (app, node) => {
  app.get(
    "/v1/codes/:hash",
    {
      schema: {
        tags: ["contracts"],
        summary: "Source by its hash: what contracts of this code run",
        params: z.object({ hash }),
        response: { 200: CodeJson },
      },
    },
    async ({ params }) => {
      const found = node.code(params.hash);
      if (found !== undefined) return found;
      throw new AceError("NOT_FOUND", `no code ${params.hash} is on this network's ledger`);
    },
  );
  app.get(
    "/v1/codes/:hash/parts/:account",
    {
      schema: {
        tags: ["contracts"],
        summary: "Parts of a source that an account has put on the ledger so far",
        params: z.object({ hash, account: z.string().length(56) }),
        response: { 200: PartsJson },
      },
    },
    async ({ params }) => node.parts(params.account, params.hash),
  );
  app.get(
    "/v1/contracts/:number/gas",
    {
      schema: {
        tags: ["contracts"],
        summary: "What the last calls of a contract used, by method",
        params: z.object({ number }),
        response: { 200: GasJson },
      },
    },
    async ({ params }) => node.gas(BigInt(params.number)),
  );
};

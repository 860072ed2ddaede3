import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import {
  ContractJson,
  PayablesJson,
  ReceiptsJson,
  SimulationJson,
  ViewJson,
} from "../client/schemas.ts";
import { AceError } from "../lib/errors.ts";

export interface ContractPorts {
  readonly contract: (number: bigint) => Promise<ContractJson | undefined>;
  readonly view: (query: {
    readonly contract: bigint;
    readonly method: string;
    readonly args: readonly unknown[];
  }) => Promise<ViewJson>;
  readonly simulate: (transactionXdr: string) => Promise<SimulationJson>;
  readonly receipts: (txHash: string) => Promise<ReceiptsJson>;
  readonly payables: (account: string) => PayablesJson;
}

const ARGS_MAX = 16;
const ENVELOPE_TEXT_MAX = 65_536;
const CONTRACT_MAX = 2n ** 64n - 1n;
export const number = z
  .string()
  .regex(/^\d{1,20}$/, { abort: true })
  .refine((text) => BigInt(text) <= CONTRACT_MAX, "is more than 64 bits");

/** Contracts: what they are, what they answer, what a call would do and what it did. */
export const contractRoutes: FastifyPluginAsyncZod<ContractPorts> = async (app, node) => {
  app.get(
    "/v1/contracts/:number",
    {
      schema: {
        tags: ["contracts"],
        summary: "A contract: address, owner, methods, who may change its code",
        params: z.object({ number }),
        response: { 200: ContractJson },
      },
    },
    async ({ params }) => {
      const found = await node.contract(BigInt(params.number));
      if (found !== undefined) return found;
      throw new AceError("CONTRACT_UNKNOWN", `no contract ${params.number} on this network`);
    },
  );
  app.post(
    "/v1/contracts/:number/views/:method",
    {
      schema: {
        tags: ["contracts"],
        summary: "Asks a view on the last committed state",
        params: z.object({ number, method: z.string().regex(/^[a-zA-Z][a-zA-Z0-9]{0,31}$/) }),
        body: z.strictObject({ args: z.array(z.unknown()).max(ARGS_MAX).default([]) }),
        response: { 200: ViewJson },
      },
    },
    async ({ params, body }) =>
      await node.view({ contract: BigInt(params.number), method: params.method, args: body.args }),
  );
  app.post(
    "/v1/simulate",
    {
      schema: {
        tags: ["contracts"],
        summary: "The receipts that a transaction would have if it closed now",
        body: z.strictObject({ transaction: z.base64().max(ENVELOPE_TEXT_MAX) }),
        response: { 200: SimulationJson },
      },
    },
    async ({ body }) => await node.simulate(body.transaction),
  );
  app.get(
    "/v1/transactions/:hash/receipts",
    {
      schema: {
        tags: ["contracts"],
        summary: "What the calls of a transaction did",
        params: z.object({ hash: z.string().regex(/^[0-9a-f]{64}$/) }),
        response: { 200: ReceiptsJson },
      },
    },
    async ({ params }) => await node.receipts(params.hash),
  );
  app.get(
    "/v1/payables/:account",
    {
      schema: {
        tags: ["contracts"],
        summary: "What the network owes an account: the payables book",
        params: z.object({ account: z.string().min(56).max(69) }),
        response: { 200: PayablesJson },
      },
    },
    async ({ params }) => node.payables(params.account),
  );
};

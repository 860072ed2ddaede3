import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { ReceiptProofsJson, StateProofJson } from "../client/schemas.ts";

export interface ProofPorts {
  /** Of the last committed state. */
  readonly proveState: (key: Uint8Array) => StateProofJson;
  readonly proveReceipts: (txHash: string) => ReceiptProofsJson;
}

const KEY_BYTES_MAX = 128;

/** What a verifier needs who trusts one ledger hash and no node. */
export const proofRoutes: FastifyPluginAsyncZod<ProofPorts> = async (app, node) => {
  app.get(
    "/v1/transactions/:hash/proofs",
    {
      schema: {
        tags: ["proofs"],
        summary: "Proves the receipts of a transaction to whoever knows the ledger hash",
        params: z.object({ hash: z.string().regex(/^[0-9a-f]{64}$/) }),
        response: { 200: ReceiptProofsJson },
      },
    },
    async ({ params }) => node.proveReceipts(params.hash),
  );
  app.get(
    "/v1/state/:key/proof",
    {
      schema: {
        tags: ["proofs"],
        summary: "Proves one entry of the last committed state, or that it is absent",
        params: z.object({
          key: z
            .string()
            .max(2 * KEY_BYTES_MAX)
            .regex(/^(?:[0-9a-f]{2})+$/),
        }),
        response: { 200: StateProofJson },
      },
    },
    async ({ params }) => node.proveState(Buffer.from(params.key, "hex")),
  );
};

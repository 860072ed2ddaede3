import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { LedgerChainJson, ReceiptProofsJson, StateProofJson } from "../client/schemas.ts";

export interface ProofPorts {
  /** Of the last committed state. Errors `NODE_BEHIND` while many ledgers are applied at once. */
  readonly proveState: (key: Uint8Array) => Promise<StateProofJson>;
  readonly proveReceipts: (txHash: string) => ReceiptProofsJson;
  /** What leads from the ledger hash of `to` back to that of `from`, newest first. */
  readonly chain: (from: number, to: number) => LedgerChainJson;
}

const KEY_BYTES_MAX = 128;
const LEDGER_MAX = 2 ** 32 - 1;
const CHAIN_LEDGERS_MAX = 1_000;
const Ledger = z.coerce.number().int().min(0).max(LEDGER_MAX);

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
    "/v1/ledgers/:sequence/chain",
    {
      schema: {
        tags: ["proofs"],
        summary: "What leads from the ledger hash of a later ledger back to that of this one",
        description: `At most ${CHAIN_LEDGERS_MAX} ledgers at once`,
        params: z.object({ sequence: Ledger }),
        querystring: z.object({ to: Ledger }),
        response: { 200: LedgerChainJson },
      },
    },
    async ({ params: { sequence }, query: { to } }) =>
      node.chain(sequence, Math.min(to, sequence + CHAIN_LEDGERS_MAX)),
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

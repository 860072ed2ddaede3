/** What a JSON-RPC method gets and gives, and the refusals that several of them share. */
import { z } from "zod";
import type { Events } from "../lib/events.ts";
import type { RpcTraps } from "./rpc-traps.ts";
import type { ServedNetwork } from "./served-chain.ts";

export const INVALID_REQUEST = -32_600;
export const INVALID_PARAMS = -32_602;

export interface RpcContext {
  readonly net: ServedNetwork;
  readonly traps: RpcTraps;
  readonly friendbotUrl: string;
  readonly events: Events;
}

export type RpcAnswer =
  | { readonly ok: true; readonly result: unknown }
  | { readonly ok: false; readonly code: number; readonly message: string };

export type RpcMethod = (context: RpcContext, params: unknown) => RpcAnswer;

/** Replies carry XDR in base64; stellar-rpc's other form, JSON, is not written here. */
export const xdrFormat = z.enum(["", "base64"]).optional();

export function success(result: unknown): RpcAnswer {
  return { ok: true, result };
}

export function refusal(code: number, message: string): RpcAnswer {
  return { ok: false, code, message };
}

export function wrongParams(error: z.ZodError): RpcAnswer {
  return refusal(INVALID_PARAMS, `invalid parameters: ${z.prettifyError(error)}`);
}

export function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}

/** Sequence and close time of both ends of what is kept. */
export function windowOf(net: ServedNetwork): {
  readonly latestLedger: number;
  readonly latestTime: number;
  readonly oldestLedger: number;
  readonly oldestTime: number;
} {
  const { latest, oldestSequence } = net;
  return {
    latestLedger: latest.sequence,
    latestTime: Number(latest.closeTime),
    oldestLedger: oldestSequence,
    oldestTime: Number(net.ledger(oldestSequence)?.closeTime ?? latest.closeTime),
  };
}

/**
 * The traps of JSON-RPC servers, on demand: answers that clients of public servers have met.
 *
 * Source  stellar-rpc, get_ledgers.go (the cursor at the tip, both wordings of -32600); its issues 745
 *         (cursor "0"), 478 (stale entries) and js-stellar-sdk 1618 (an empty page with 200).
 */
import { z } from "zod";
import { isAceError } from "../lib/errors.ts";
import { sha256 } from "../lib/hash.ts";
import type { Devnet } from "./devnet.ts";
import { readEnvelope } from "./envelope.ts";
import {
  INVALID_PARAMS,
  INVALID_REQUEST,
  type RpcAnswer,
  refusal,
  success,
  windowOf,
} from "./rpc-answer.ts";
import type { ServedNetwork } from "./served-chain.ts";

export interface RpcTraps {
  /** An answer in place of the true one. */
  before(method: string, params: unknown): RpcAnswer | undefined;
  /** What becomes of an answer; `lost` when it never reaches the client. */
  after(method: string, answer: RpcAnswer): RpcAnswer | "lost";
}

interface Held {
  readonly envelope: string;
  readonly untilSequence: number;
}

const WINDOW = /between the oldest ledger: (\d+) and the latest ledger: (\d+)/;
const LedgersRequest = z.object({ startLedger: z.number() });
const SendRequest = z.object({ transaction: z.string() });
const Answer = z.record(z.string(), z.unknown());

export function createRpcTraps(net: Devnet, served: ServedNetwork): RpcTraps {
  const { faults } = net;
  let held: readonly Held[] = [];
  net.onClose(({ sequence }) => {
    const due = held.filter(({ untilSequence }) => untilSequence <= sequence);
    held = held.filter((each) => !due.includes(each));
    for (const { envelope } of due) submitLate(net, envelope);
  });

  /** PENDING, or whatever `status` says, for a transaction that nobody looks at. */
  const unseen = (params: unknown, status: string): RpcAnswer | undefined => {
    const hash = hashOf(params, net.passphrase);
    if (hash === undefined) return undefined;
    const { latestLedger, latestTime } = windowOf(served);
    return success({ status, hash, latestLedger, latestLedgerCloseTime: String(latestTime) });
  };

  const beforeSending = (params: unknown): RpcAnswer | undefined => {
    const envelope = SendRequest.safeParse(params).data?.transaction;
    const pending = unseen(params, "PENDING");
    // What is no transaction is refused as ever, and uses nothing up.
    if (envelope === undefined || pending === undefined) return undefined;
    if (faults.take("rpc", "submit-later") !== undefined) return unseen(params, "TRY_AGAIN_LATER");
    const holding = faults.take("rpc", "submit-held");
    if (holding === undefined) return undefined;
    held = [...held, { envelope, untilSequence: net.latest.sequence + holding.value }];
    return pending;
  };
  const beforeLedgers = (params: unknown): RpcAnswer | undefined => {
    const start = LedgersRequest.safeParse(params).data?.startLedger ?? 0;
    if (start < served.latest.sequence) return undefined;
    return faults.take("rpc", "tip-refused") === undefined ? undefined : tipRefusal(served);
  };

  return {
    before: (method, params) => {
      if (method === "getLedgers") return beforeLedgers(params);
      return method === "sendTransaction" ? beforeSending(params) : undefined;
    },
    after: (method, answer) => {
      if (method === "sendTransaction") {
        if (faults.take("rpc", "submit-lost") !== undefined) return "lost";
        const isKnown =
          answer.ok && Answer.safeParse(answer.result).data?.["status"] === "DUPLICATE";
        if (isKnown && faults.take("rpc", "submit-twice") !== undefined) {
          return changed(answer, { status: "PENDING" });
        }
      }
      return withLowLatest(net, method === "getLedgers" ? trappedPage(net, answer) : answer);
    },
  };
}

/** Nobody waits for the answer: what a full devnet refuses now is as good as lost. */
function submitLate(net: Devnet, envelope: string): void {
  try {
    net.submit(envelope);
  } catch (error) {
    if (!isAceError(error, "DEVNET_LIMIT")) throw error;
  }
}

function trappedPage({ faults }: Devnet, answer: RpcAnswer): RpcAnswer {
  if (!answer.ok) {
    const [, oldest, latest] = WINDOW.exec(answer.message) ?? [];
    const isWorded = answer.code === INVALID_REQUEST && oldest !== undefined;
    if (!isWorded || faults.take("rpc", "old-wording") === undefined) return answer;
    const message = `startLedger must be within the ledger range: ${oldest} - ${latest}`;
    return refusal(INVALID_REQUEST, message);
  }
  const page = faults.take("rpc", "empty-page") === undefined ? {} : { ledgers: [] };
  const cursor = faults.take("rpc", "cursor-zero") === undefined ? {} : { cursor: "0" };
  return changed(answer, { ...page, ...cursor });
}

function withLowLatest({ faults }: Devnet, answer: RpcAnswer): RpcAnswer {
  const latest = answer.ok ? Answer.safeParse(answer.result).data?.["latestLedger"] : undefined;
  if (typeof latest !== "number") return answer;
  const fault = faults.take("rpc", "low-latest");
  if (fault === undefined) return answer;
  return changed(answer, { latestLedger: Math.max(1, latest - fault.value) });
}

function changed(answer: RpcAnswer, fields: Readonly<Record<string, unknown>>): RpcAnswer {
  if (!answer.ok) return answer;
  const result = Answer.safeParse(answer.result).data;
  return result === undefined ? answer : success({ ...result, ...fields });
}

function tipRefusal(served: ServedNetwork): RpcAnswer {
  const { oldestLedger, latestLedger } = windowOf(served);
  return refusal(
    INVALID_PARAMS,
    `cursor ('${latestLedger}') must be between the oldest ledger: ${oldestLedger} and the latest ledger: ${latestLedger} for this rpc instance`,
  );
}

function hashOf(params: unknown, passphrase: string): string | undefined {
  const request = SendRequest.safeParse(params);
  if (!request.success) return undefined;
  try {
    return readEnvelope(request.data.transaction, sha256(Buffer.from(passphrase))).hashHex;
  } catch (error) {
    if (isAceError(error, "DEVNET_BAD_ENVELOPE")) return undefined;
    throw error;
  }
}

/**
 * The queue: what was sent and waits for the next ledger.
 *
 * Source  stellar-core, TransactionQueue.cpp: one transaction an account, and a fee's source must
 *         be able to pay for all it has waiting. A fee bump that bids ten times as much takes the
 *         place of a waiting transaction with the same sequence number.
 */
import { xdr } from "@stellar/stellar-sdk/base";
import type { Events } from "../lib/events.ts";
import { readAccount } from "./entries.ts";
import { feeAt, type Submission } from "./envelope.ts";
import { ruleOf } from "./operations.ts";
import { availableBalance } from "./reserve.ts";
import { resultOf, type Verdict } from "./result.ts";
import { judge, unsupportedOf, type View } from "./validity.ts";

/** As many operations may wait as two ledgers take. */
const QUEUE_LEDGERS = 2;
const REPLACEMENT_FACTOR = 10n;

export type SubmitAnswer =
  | { readonly status: "PENDING" | "DUPLICATE" | "TRY_AGAIN_LATER"; readonly hash: string }
  | {
      readonly status: "ERROR";
      readonly hash: string;
      /** Base64 XDR of a TransactionResult. */
      readonly errorResultXdr: string;
      /** Operations in it that the devnet does not model. */
      readonly unsupported: readonly string[];
    };

export class Queue {
  readonly #waiting: Map<string, Submission>;
  readonly #events: Events;

  constructor(events: Events, waiting: ReadonlyMap<string, Submission> = new Map()) {
    this.#events = events;
    this.#waiting = new Map(waiting);
  }

  get size(): number {
    return this.#waiting.size;
  }

  values(): Iterable<Submission> {
    return this.#waiting.values();
  }

  copy(): Queue {
    return new Queue(this.#events, this.#waiting);
  }

  remove(submissions: readonly Submission[]): void {
    for (const { hashHex } of submissions) this.#waiting.delete(hashHex);
  }

  /** @param setOperationsMax How many operations one ledger takes; as many as two take may wait. */
  submit(view: View, submission: Submission, setOperationsMax: number): SubmitAnswer {
    const answer = this.#judge(view, submission, setOperationsMax);
    if (answer.status === "PENDING") this.#waiting.set(answer.hash, submission);
    this.#report(answer);
    return answer;
  }

  /** What can no longer be valid leaves the queue; Stellar's validators never put it in a set. */
  dropStale(view: View): void {
    for (const [hash, submission] of this.#waiting) {
      const verdict = judge(view, submission);
      if (verdict === undefined) continue;
      this.#waiting.delete(hash);
      const code = verdict.kind === "ran" ? "txFailed" : verdict.code;
      this.#events.info("devnet.dropped", { hash, code });
    }
  }

  #judge(view: View, submission: Submission, setOperationsMax: number): SubmitAnswer {
    const { hashHex: hash } = submission;
    const unsupported = unsupportedOf(submission);
    if (unsupported.length > 0) {
      return error(view, submission, notSupported(submission), { unsupported });
    }
    if (this.#waiting.has(hash)) return { status: "DUPLICATE", hash };
    const known = this.#of(submission.sourceKey);
    if (known !== undefined && !mayReplace(known, submission)) {
      return { status: "TRY_AGAIN_LATER", hash };
    }
    const minFee = known === undefined ? 0n : replacementFee(known, submission);
    if (submission.feeBid < minFee) {
      const isBump = submission.bumpSignatures !== undefined;
      const kind = isBump ? "outerRefused" : "refused";
      return error(view, submission, { kind, code: "txInsufficientFee" }, { fee: minFee });
    }
    if (this.#isFullFor(submission, known, setOperationsMax)) {
      return { status: "TRY_AGAIN_LATER", hash };
    }
    const verdict = judge(view, submission) ?? this.#judgeFees(view, submission, known);
    if (verdict !== undefined) return error(view, submission, verdict);
    if (known !== undefined) this.#waiting.delete(known.hashHex);
    return { status: "PENDING", hash };
  }

  #of(sourceKey: string): Submission | undefined {
    return Iterator.from(this.values()).find((waiting) => waiting.sourceKey === sourceKey);
  }

  #isFullFor(submission: Submission, known: Submission | undefined, ledgerMax: number): boolean {
    let operations = submission.feeOperations - (known?.feeOperations ?? 0n);
    for (const { feeOperations } of this.#waiting.values()) operations += feeOperations;
    return operations > BigInt(QUEUE_LEDGERS * ledgerMax);
  }

  #judgeFees(
    { state, ledger }: View,
    submission: Submission,
    known: Submission | undefined,
  ): Verdict | undefined {
    const account = readAccount(state, submission.feeSource);
    if (account === undefined) return { kind: "refused", code: "txNoAccount" };
    let bids = submission.feeBid;
    for (const waiting of this.#waiting.values()) {
      const isPaidToo = waiting.feeSourceKey === submission.feeSourceKey && waiting !== known;
      if (isPaidToo) bids += waiting.feeBid;
    }
    if (bids <= availableBalance(account, ledger.baseReserve)) return undefined;
    const isBump = submission.bumpSignatures !== undefined;
    return { kind: isBump ? "outerRefused" : "refused", code: "txInsufficientBalance" };
  }

  #report(answer: SubmitAnswer): void {
    if (answer.status !== "ERROR") return;
    const { hash, unsupported, errorResultXdr } = answer;
    if (unsupported.length === 0) this.#events.info("devnet.refused", { hash, errorResultXdr });
    else this.#events.warn("devnet.unsupported", { hash, operations: unsupported.join(", ") });
  }
}

/** An account's waiting transaction gives way to a fee bump of the same sequence number alone. */
function mayReplace(known: Submission, submission: Submission): boolean {
  const isBump = submission.bumpSignatures !== undefined;
  return isBump && submission.tx.seqNum === known.tx.seqNum;
}

/** Ten times what the waiting one bids for an operation, rounded up. */
function replacementFee(known: Submission, submission: Submission): bigint {
  const bid = known.feeBid * feeAt(submission, 1n) * REPLACEMENT_FACTOR;
  const operations = feeAt(known, 1n);
  return (bid + operations - 1n) / operations;
}

function notSupported({ tx }: Submission): Verdict {
  const results = tx.operations.map(
    ({ body }) => ruleOf(body)?.untried ?? xdr.OperationResult.opNotSupported(),
  );
  return { kind: "ran", ok: false, results };
}

function error(
  { ledger }: View,
  submission: Submission,
  verdict: Verdict,
  also: { readonly unsupported?: readonly string[]; readonly fee?: bigint } = {},
): SubmitAnswer {
  // Nothing was charged: as in stellar-core this is what it would have cost at the least.
  const { unsupported = [], fee = feeAt(submission, ledger.baseFee) } = also;
  const charge = { fee, innerFee: 0n };
  const errorResultXdr = resultOf(submission, verdict, charge).toXdr("base64");
  return { status: "ERROR", hash: submission.hashHex, errorResultXdr, unsupported };
}

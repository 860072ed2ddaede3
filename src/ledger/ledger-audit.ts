/**
 * The audit of many ledgers in order: every hash of each, and how each follows from the one before.
 *
 * Nothing stops at the first fault: an auditor wants to know all that is wrong. After a ledger that
 * cannot be read, or is not there, the chain is taken up again at the next; `notes` says where.
 */
import { toHex } from "../lib/bytes.ts";
import { AceError } from "../lib/errors.ts";
import { accountFromBytes } from "../lib/strkey.ts";
import type { EmptyForm, Tally } from "./audit-report.ts";
import { type LedgerParts, readLedger } from "./close-meta.ts";
import { type HashName, holds } from "./hash-check.ts";
import { compareFeePool } from "./header-chain.ts";
import { checkApplyOrder, checkCounts, pairTransactions } from "./join-results.ts";
import type { LedgerHeader } from "./ledger-header.ts";
import type { RawLedger } from "./ledger-source.ts";
import { emptySetHash } from "./tx-set-hash.ts";
import { checkValueSignature } from "./value-signature.ts";
import { checkLedger } from "./verify-ledger.ts";

/** The hash of the ledger before and the count of envelopes, after the ledger's number. */
const PLACEHOLDER = { start: 4, end: 40 };

const GAPS_SHOWN = 10;

const FORMS: readonly (readonly [EmptyForm, number])[] = [
  ["legacy", 0],
  ["sequential", 20],
  ["parallel", 23],
];

export interface AuditOptions {
  readonly passphrase?: string | undefined;
  /** Leaves Ed25519 out, which is most of the time an archive takes. */
  readonly skipsSignatures?: boolean;
  readonly onLedger?: ((sequence: number) => void) | undefined;
}

/** The file to name for a fault of one kind. */
export type PathOf = (hash: HashName | "valueSignature") => string;

interface Tip {
  readonly sequence: number;
  readonly hash: string;
  readonly feePool: bigint;
  readonly protocolVersion: number;
}

export class LedgerAudit {
  readonly emptySets: Record<EmptyForm, number> = { legacy: 0, sequential: 0, parallel: 0 };
  ledgers = 0;
  transactions = 0;
  first: number | undefined;
  last: number | undefined;
  readonly #gaps: string[] = [];
  #gapCount = 0;
  readonly #tally: Tally;
  readonly #options: AuditOptions;
  #tip: Tip | undefined;

  constructor(tally: Tally, options: AuditOptions) {
    this.#tally = tally;
    this.#options = options;
  }

  /**
   * The header, whatever else of the ledger failed.
   * Errors  `LEDGER_MALFORMED` and `LEDGER_PROTOCOL_UNKNOWN`; the next ledger may be read all the same.
   */
  add(pathOf: PathOf, raw: RawLedger): LedgerHeader {
    const parts = readLedger(raw);
    const { header } = parts;
    const { sequence } = header;
    const tip = this.#tip?.sequence === sequence - 1 ? this.#tip : undefined;
    if (tip === undefined) this.#begin(pathOf("header"), sequence);
    this.#tip = {
      sequence,
      hash: toHex(parts.claimedHash),
      feePool: header.feePool,
      protocolVersion: header.protocolVersion,
    };
    this.#count(parts);
    if (raw.kind === "archived")
      this.#tally.attempt(pathOf("transactionSet"), sequence, () =>
        checkPlaceholder(parts, raw.set),
      );
    const isWhole = this.#checkHashes(pathOf, parts, tip);
    if (isWhole) this.#checkTransactions(pathOf, parts);
    this.#checkSignature(pathOf("valueSignature"), header);
    this.#options.onLedger?.(sequence);
    return header;
  }

  /** Where the chain could not be checked. */
  get notes(): readonly string[] {
    const hidden = this.#gapCount - this.#gaps.length;
    return hidden === 0 ? this.#gaps : [...this.#gaps, `and ${hidden} more such gaps`];
  }

  /** The chain at a ledger that does not follow the one before. */
  #begin(path: string, sequence: number): void {
    const before = this.#tip?.sequence;
    if (before === undefined) return;
    if (sequence > before) {
      this.#gapCount += 1;
      if (this.#gapCount > GAPS_SHOWN) return;
      this.#gaps.push(
        `nothing links ledger ${sequence} to ledger ${before}, the one read before it`,
      );
      return;
    }
    const message = `ledger ${sequence} stands after ledger ${before}`;
    this.#tally.caught(path, new AceError("LEDGER_MALFORMED", message), sequence);
  }

  #count({ header, set }: LedgerParts): void {
    this.ledgers += 1;
    this.transactions += set?.envelopes.length ?? 0;
    this.first = Math.min(this.first ?? header.sequence, header.sequence);
    this.last = Math.max(this.last ?? header.sequence, header.sequence);
  }

  #checkHashes(pathOf: PathOf, parts: LedgerParts, tip: Tip | undefined): boolean {
    const { sequence } = parts.header;
    const checks = checkLedger(parts, {
      previousHash: tip?.hash,
      previousFeePool: tip?.feePool,
      previousProtocol: tip?.protocolVersion,
    });
    for (const check of checks) {
      this.#tally.check(pathOf(check.name), sequence, check);
      if (check.name === "transactionSet" && holds(check)) this.#countEmpty(parts);
    }
    const isWhole = checks.every(holds);
    const isSummed = checks.some(({ name }) => name === "feePool");
    if (tip !== undefined && isWhole && !isSummed) this.#countOldFeePool(parts, tip);
    return isWhole;
  }

  /** Inflation changed the pool too, so that old protocols promise nothing. */
  #countOldFeePool(parts: LedgerParts, { feePool }: Tip): void {
    if (holds(compareFeePool(parts, feePool))) this.#tally.held("feePool");
  }

  #countEmpty({ header, set }: LedgerParts): void {
    if (set !== undefined) return;
    const named = toHex(header.value.setHash);
    const hash = header.previousHash;
    const form = FORMS.find(
      ([, version]) => emptySetHash({ hash, protocolVersion: version }) === named,
    );
    if (form !== undefined) this.emptySets[form[0]] += 1;
  }

  #checkTransactions(pathOf: PathOf, parts: LedgerParts): void {
    const { passphrase } = this.#options;
    const { sequence } = parts.header;
    if (passphrase === undefined || parts.set === undefined) {
      this.#tally.attempt(pathOf("results"), sequence, () => checkCounts(parts));
      return;
    }
    this.#tally.attempt(pathOf("applyOrder"), sequence, () => {
      // Where the two do not pair, there is no order to speak of.
      pairTransactions(parts, passphrase);
      this.#tally.check(pathOf("applyOrder"), sequence, checkApplyOrder(parts, passphrase));
    });
  }

  #checkSignature(path: string, { sequence, value }: LedgerHeader): void {
    const { passphrase, skipsSignatures = false } = this.#options;
    if (skipsSignatures || passphrase === undefined || value.signature === undefined) return;
    const { signer, signature } = value.signature;
    this.#tally.judge("valueSignature", checkValueSignature(value, passphrase), () => {
      const validator = accountFromBytes(signer);
      const message = `ledger ${sequence}: the value signature of ${validator} does not hold`;
      const expected = `a signature of ${validator}`;
      return { path, ledger: sequence, expected, got: toHex(signature), message };
    });
  }
}

/** Beside a generalized set stands a legacy one without content, which no hash covers. */
function checkPlaceholder({ header, set }: LedgerParts, entry: Uint8Array | undefined): void {
  if (set?.kind !== "generalized" || entry === undefined) return;
  if (entry.subarray(PLACEHOLDER.start, PLACEHOLDER.end).every((byte) => byte === 0)) return;
  throw new AceError(
    "LEDGER_MALFORMED",
    `ledger ${header.sequence} has something where the old form of its transaction set is empty`,
  );
}

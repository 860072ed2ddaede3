/**
 * The header hash that a source gives for one ledger: its testimony when sources are compared.
 *
 * A source that can tell the hash alone is asked for no more; from another the ledger is read, and its
 * own hashes are checked.
 */
import type { LedgerSource, RawLedger } from "./ledger-source.ts";
import { verifyRaw } from "./verify-ledger.ts";

export interface HashQuestion {
  readonly sequence: number;
  readonly passphrase: string;
  readonly signal: AbortSignal;
}

/** Undefined when the source does not have the ledger yet. Errors as of `LedgerSource.read`. */
export async function headerHashAt(
  source: LedgerSource,
  question: HashQuestion,
): Promise<string | undefined> {
  const { sequence, passphrase, signal } = question;
  if (source.headerHash !== undefined) return await source.headerHash(sequence, signal);
  const raw = await readOne(source, question);
  return raw === undefined ? undefined : verifyRaw(raw, { passphrase, sequence }).hash;
}

/** One ledger of a source, as it sends it. */
export async function readOne(
  source: LedgerSource,
  { sequence, signal }: Pick<HashQuestion, "sequence" | "signal">,
): Promise<RawLedger | undefined> {
  for await (const raw of source.read(sequence, signal)) {
    if (raw.sequence === sequence) return raw;
    if (raw.sequence > sequence) return undefined;
  }
  return undefined;
}

/**
 * The audit of what an archive says about consensus: every signature, every value, every quorum set.
 *
 * None of this proves anything by itself, because anybody can sign with keys of his own; whom to
 * believe is the matter of `scp-anchor.ts`.
 */
import { toHex } from "../lib/bytes.ts";
import { AceError } from "../lib/errors.ts";
import { sha256Hex } from "../lib/hash.ts";
import { accountFromBytes } from "../lib/strkey.ts";
import type { Tally } from "./audit-report.ts";
import { isSignedEnvelope } from "./scp-anchor.ts";
import { readScpEnvelope, type ScpEnvelope } from "./scp-envelope.ts";
import { readScpEntry, type ScpEntry } from "./scp-history.ts";

export interface ScpAudit {
  readonly path: string;
  readonly tally: Tally;
  /** SHA-256 of the passphrase; without it signatures are not checked. */
  readonly networkId: Uint8Array | undefined;
  /** The scpValue of a ledger's header, or undefined when the checkpoint has no such ledger. */
  readonly headerValue: (sequence: number) => Uint8Array | undefined;
}

/** @param entries XDR of one SCPHistoryEntry a ledger. */
export function auditConsensus(entries: readonly Uint8Array[], audit: ScpAudit): void {
  let last = 0;
  for (const bytes of entries) {
    try {
      const entry = readScpEntry(bytes);
      checkPlace(entry.sequence, last, audit);
      last = entry.sequence;
      auditEntry(entry, audit);
    } catch (error) {
      audit.tally.caught(audit.path, error);
    }
  }
}

/** No hash covers the number that messages are filed under, but each message names it again. */
function checkPlace(sequence: number, last: number, { path, headerValue }: ScpAudit): void {
  if (sequence > last && headerValue(sequence) !== undefined) return;
  throw new AceError(
    "LEDGER_MALFORMED",
    `${path}: messages for ledger ${sequence} do not belong after those for ledger ${last}`,
  );
}

function auditEntry({ sequence, quorumSets, envelopes }: ScpEntry, audit: ScpAudit): void {
  const read = envelopes.map(readScpEnvelope);
  for (const envelope of read) auditEnvelope(envelope, sequence, audit);
  const named = new Set(read.map(({ pledge }) => toHex(pledge.quorumSetHash)));
  for (const set of quorumSets) {
    const got = sha256Hex(set);
    audit.tally.judge("quorumSet", named.has(got), () => ({
      path: audit.path,
      ledger: sequence,
      expected: [...named].join(" or "),
      got,
      message: `ledger ${sequence}: no validator signed for the quorum set ${got}`,
    }));
  }
}

function auditEnvelope(envelope: ScpEnvelope, ledger: number, audit: ScpAudit): void {
  const { path, tally, networkId } = audit;
  if (envelope.slot !== BigInt(ledger)) {
    const what = `a message for ledger ${envelope.slot} is filed under ledger ${ledger}`;
    tally.caught(path, new AceError("LEDGER_MALFORMED", what), ledger);
  }
  auditValue(envelope, ledger, audit);
  if (networkId === undefined) return;
  tally.judge("scpSignature", isSignedEnvelope(envelope, networkId), () => {
    const validator = accountFromBytes(envelope.validator);
    const message = `ledger ${ledger}: the SCP signature of ${validator} does not hold`;
    const expected = `a signature of ${validator}`;
    return { path, ledger, expected, got: toHex(envelope.signature), message };
  });
}

function auditValue(
  { validator, pledge }: ScpEnvelope,
  ledger: number,
  { path, tally, headerValue }: ScpAudit,
): void {
  if (pledge.kind !== "externalize") return;
  const expected = toHex(headerValue(ledger) ?? new Uint8Array());
  const got = toHex(pledge.value);
  tally.judge("scpValue", expected === got, () => {
    const who = accountFromBytes(validator);
    const message = `ledger ${ledger}: ${who} externalized another value than the header's`;
    return { path, ledger, expected, got, message };
  });
}

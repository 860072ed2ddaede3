/**
 * The audit of what an archive says about consensus: every signature, every value, every quorum set.
 *
 * None of this proves anything by itself, because anybody can sign with keys of his own; whom to
 * believe is the matter of `scp-anchor.ts`.
 */
import { xdr } from "@stellar/stellar-sdk/base";
import { toHex } from "../lib/bytes.ts";
import { AceError } from "../lib/errors.ts";
import { sha256Hex } from "../lib/hash.ts";
import { accountFromBytes } from "../lib/strkey.ts";
import type { Tally } from "./audit-report.ts";
import { isSignedBy } from "./ed25519.ts";
import { type ScpEnvelopeWire, scpMessage } from "./scp-anchor.ts";
import { readScpEntry, type ScpEntryWire } from "./scp-history.ts";

const PREPARE = 0;
const CONFIRM = 1;
const EXTERNALIZE = 2;

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
      const { ledgerSeq } = entry.ledgerMessages;
      checkPlace(ledgerSeq, last, audit);
      last = ledgerSeq;
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

function auditEntry({ quorumSets, ledgerMessages }: ScpEntryWire, audit: ScpAudit): void {
  const { ledgerSeq, messages } = ledgerMessages;
  for (const envelope of messages) auditEnvelope(envelope, ledgerSeq, audit);
  const named = new Set(messages.map(({ statement }) => toHex(quorumHash(statement))));
  for (const set of quorumSets) {
    const got = sha256Hex(xdr.ScpQuorumSet.schema.encode(set));
    audit.tally.judge("quorumSet", named.has(got), () => ({
      path: audit.path,
      ledger: ledgerSeq,
      expected: [...named].join(" or "),
      got,
      message: `ledger ${ledgerSeq}: no validator signed for the quorum set ${got}`,
    }));
  }
}

function auditEnvelope(
  { statement, signature }: ScpEnvelopeWire,
  ledger: number,
  audit: ScpAudit,
): void {
  const { path, tally, networkId } = audit;
  if (statement.slotIndex !== BigInt(ledger)) {
    const what = `a message for ledger ${statement.slotIndex} is filed under ledger ${ledger}`;
    tally.caught(path, new AceError("LEDGER_MALFORMED", what), ledger);
  }
  auditValue(statement, ledger, audit);
  if (networkId === undefined) return;
  const key = statement.nodeId.ed25519;
  const message = scpMessage(statement, networkId);
  tally.judge("scpSignature", isSignedBy({ key, message, signature }), () => {
    const validator = accountFromBytes(key);
    const what = `ledger ${ledger}: the SCP signature of ${validator} does not hold`;
    const expected = `a signature of ${validator}`;
    return { path, ledger, expected, got: toHex(signature), message: what };
  });
}

function auditValue(
  { nodeId, pledges }: ScpEnvelopeWire["statement"],
  ledger: number,
  { path, tally, headerValue }: ScpAudit,
): void {
  if (pledges.type !== EXTERNALIZE) return;
  const expected = toHex(headerValue(ledger) ?? new Uint8Array());
  const got = toHex(pledges.externalize.commit.value);
  tally.judge("scpValue", expected === got, () => {
    const validator = accountFromBytes(nodeId.ed25519);
    const message = `ledger ${ledger}: ${validator} externalized another value than the header's`;
    return { path, ledger, expected, got, message };
  });
}

function quorumHash({ pledges }: ScpEnvelopeWire["statement"]): Uint8Array {
  if (pledges.type === EXTERNALIZE) return pledges.externalize.commitQuorumSetHash;
  if (pledges.type === CONFIRM) return pledges.confirm.quorumSetHash;
  return pledges.type === PREPARE ? pledges.prepare.quorumSetHash : pledges.nominate.quorumSetHash;
}

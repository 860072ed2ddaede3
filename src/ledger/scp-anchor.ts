/**
 * Anchoring: proof that validators of our choice agreed on a ledger, and so on all before it.
 *
 * A validator counts when an envelope with its signature externalizes the header's own scpValue, or
 * confirms it. Confirming counts because archives hold what one node heard, and a node stops listening
 * once it has externalized: few ledgers have enough EXTERNALIZE messages alone.
 *
 * Envelopes of several archives are judged together; each archive holds what its own node heard. Only
 * signatures that could make a difference are verified, and none after the quorum set is satisfied.
 *
 * Range   `ENVELOPES_MAX` envelopes; the rest are not looked at.
 * Source  Stellar-SCP.x. stellar-core, Herder::signEnvelope: Ed25519 over the network id, the int32 1
 *         (ENVELOPE_TYPE_SCP) and the SCPStatement. The rule is that of a light client.
 */
import { compareBytes, concatBytes, uint32Bytes } from "../lib/bytes.ts";
import { AceError, isAceError } from "../lib/errors.ts";
import { accountFromBytes } from "../lib/strkey.ts";
import { isSignedBy } from "./ed25519.ts";
import { isSatisfied, type QuorumSet, validatorsOf } from "./quorum.ts";
import { readScpEnvelope, type ScpEnvelope } from "./scp-envelope.ts";

const ENVELOPES_MAX = 10_000;
const ENVELOPE_TYPE_SCP = uint32Bytes(1);

export interface AnchorQuestion {
  readonly sequence: number;
  /** XDR of the scpValue in that ledger's header. */
  readonly valueBytes: Uint8Array;
  /** SHA-256 of the network's passphrase. */
  readonly networkId: Uint8Array;
  readonly quorumSet: QuorumSet;
  /** XDR of SCPEnvelopes, of as many archives as there are. Nothing in them is trusted. */
  readonly envelopes: Iterable<Uint8Array>;
}

export interface AnchorAnswer {
  readonly satisfied: boolean;
  /** Validators whose signature holds, as far as it was needed. */
  readonly counted: readonly string[];
  /** What did not count, each with its reason. */
  readonly rejected: readonly AnchorRejection[];
}

export interface AnchorRejection {
  /** Undefined where the envelope could not be read. */
  readonly validator: string | undefined;
  readonly reason: RejectionReason;
}

export type RejectionReason =
  | "malformed"
  | "notConfigured"
  | "otherLedger"
  | "otherValue"
  | "notCommitted"
  | "badSignature";

export function anchor(question: AnchorQuestion): AnchorAnswer {
  const { quorumSet } = question;
  const configured = new Set(validatorsOf(quorumSet));
  const counted = new Set<string>();
  const rejected: AnchorRejection[] = [];
  let satisfied = false;
  let seen = 0;
  for (const bytes of question.envelopes) {
    seen += 1;
    if (satisfied || seen > ENVELOPES_MAX) break;
    const { validator, reason } = judge(bytes, question, { configured, counted });
    if (reason !== undefined) rejected.push({ validator, reason });
    else if (validator !== undefined) counted.add(validator);
    satisfied = isSatisfied(quorumSet, counted);
  }
  return { satisfied, counted: [...counted], rejected };
}

/** Errors `LEDGER_UNANCHORED`. */
export function requireAnchor(question: AnchorQuestion): AnchorAnswer {
  const answer = anchor(question);
  if (answer.satisfied) return answer;
  const needed = validatorsOf(question.quorumSet).length;
  throw new AceError(
    "LEDGER_UNANCHORED",
    `ledger ${question.sequence}: ${answer.counted.length} of ${needed} configured validators are ` +
      "proved to have agreed, which does not satisfy the quorum set",
  );
}

interface Verdict {
  readonly validator: string | undefined;
  /** Undefined where the envelope counts. */
  readonly reason: RejectionReason | undefined;
}

function judge(
  bytes: Uint8Array,
  question: AnchorQuestion,
  known: { readonly configured: ReadonlySet<string>; readonly counted: ReadonlySet<string> },
): Verdict {
  const envelope = readEnvelope(bytes);
  if (envelope === undefined) return { validator: undefined, reason: "malformed" };
  const validator = accountFromBytes(envelope.validator);
  if (!known.configured.has(validator)) return { validator, reason: "notConfigured" };
  if (known.counted.has(validator)) return { validator, reason: undefined };
  const reason = judgeStatement(envelope, question);
  if (reason !== undefined) return { validator, reason };
  const isSigned = isSignedEnvelope(envelope, question.networkId);
  return { validator, reason: isSigned ? undefined : "badSignature" };
}

export function isSignedEnvelope(envelope: ScpEnvelope, networkId: Uint8Array): boolean {
  const { validator: key, statement, signature } = envelope;
  const message = concatBytes(networkId, ENVELOPE_TYPE_SCP, statement);
  return isSignedBy({ key, message, signature });
}

function readEnvelope(bytes: Uint8Array): ScpEnvelope | undefined {
  try {
    return readScpEnvelope(bytes);
  } catch (error) {
    if (!isAceError(error, "LEDGER_MALFORMED")) throw error;
    return undefined;
  }
}

function judgeStatement(
  { slot, pledge }: ScpEnvelope,
  { sequence, valueBytes }: AnchorQuestion,
): RejectionReason | undefined {
  if (slot !== BigInt(sequence)) return "otherLedger";
  if (pledge.kind !== "externalize" && pledge.kind !== "confirm") return "notCommitted";
  if (compareBytes(pledge.value, valueBytes) !== 0) return "otherValue";
  if (pledge.kind === "externalize") return undefined;
  return pledge.nCommit > 0 && pledge.nCommit <= pledge.nH ? undefined : "notCommitted";
}

/**
 * Quorum sets: whose word counts for the operator of this node, and how many of them are enough.
 *
 * They come from our configuration, never from an archive: whoever chooses the quorum chooses the
 * truth. A set names validators, and sets within it that count as one voice each.
 *
 * Range   `QUORUM_DEPTH_MAX` levels, `QUORUM_VALIDATORS_MAX` validators; a threshold of at least 1 and
 *         at most the number of voices; every validator once in the whole set.
 * Errors  `QUORUM_INVALID`, naming the place in the file.
 * Source  stellar-core, QuorumSetUtils.cpp: nesting, and no validator twice.
 */
import { z } from "zod";
import { AceError } from "../lib/errors.ts";
import { isAccount } from "../lib/strkey.ts";

const QUORUM_DEPTH_MAX = 4;
const QUORUM_VALIDATORS_MAX = 1000;

export interface QuorumSet {
  readonly threshold: number;
  /** Ed25519 keys as G… addresses. */
  readonly validators: readonly string[];
  readonly innerQuorumSets: readonly QuorumSet[];
}

const Validator = z.string().refine(isAccount, "is not the key of a validator (G…)");
const QuorumSetFile: z.ZodType<QuorumSet> = z.strictObject({
  threshold: z.int().min(1),
  validators: z.array(Validator).default([]),
  get innerQuorumSets() {
    return z.array(QuorumSetFile).default([]);
  },
});

/** @param value What the configuration holds, such as JSON of a file. */
export function readQuorumSet(value: unknown): QuorumSet {
  checkDepth(value, 1);
  const read = QuorumSetFile.safeParse(value);
  if (!read.success) throw invalid(z.prettifyError(read.error));
  checkSet(read.data, "the quorum set");
  const validators = validatorsOf(read.data);
  const twice = validators.find((key, index) => validators.indexOf(key) !== index);
  if (twice !== undefined) throw invalid(`${twice} is in the quorum set twice`);
  return read.data;
}

/** Every validator of the set and of the sets within it. */
export function validatorsOf(set: QuorumSet): readonly string[] {
  return [...set.validators, ...set.innerQuorumSets.flatMap(validatorsOf)];
}

/** @param counted The validators whose word we have. */
export function isSatisfied(set: QuorumSet, counted: ReadonlySet<string>): boolean {
  const voices = set.validators.filter((validator) => counted.has(validator)).length;
  const inner = set.innerQuorumSets.filter((within) => isSatisfied(within, counted)).length;
  return voices + inner >= set.threshold;
}

/** Before anything is read, because reading goes as deep as the value does. */
function checkDepth(value: unknown, depth: number): void {
  if (typeof value !== "object" || value === null || !("innerQuorumSets" in value)) return;
  const { innerQuorumSets } = value;
  if (!Array.isArray(innerQuorumSets) || innerQuorumSets.length === 0) return;
  if (depth === QUORUM_DEPTH_MAX) {
    throw invalid(`the quorum set is nested more than ${QUORUM_DEPTH_MAX} deep`);
  }
  for (const inner of innerQuorumSets) checkDepth(inner, depth + 1);
}

function checkSet(set: QuorumSet, place: string): void {
  const voices = set.validators.length + set.innerQuorumSets.length;
  if (set.threshold > voices) {
    throw invalid(`${place} asks for ${set.threshold} of ${voices}: it can never be satisfied`);
  }
  if (validatorsOf(set).length > QUORUM_VALIDATORS_MAX) {
    throw invalid(`${place} has more than ${QUORUM_VALIDATORS_MAX} validators`);
  }
  for (const [index, inner] of set.innerQuorumSets.entries()) {
    checkSet(inner, `${place}, inner set ${index + 1}`);
  }
}

function invalid(message: string): AceError {
  return new AceError("QUORUM_INVALID", message);
}

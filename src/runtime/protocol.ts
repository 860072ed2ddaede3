/**
 * The protocol: what all nodes must have in common, by version; its hash is in every ledger hash.
 *
 * A network is founded with a version, and goes on to the next at a ledger that its DAO names: see
 * `protocol-schedule.ts`. A version that ledgers were applied under never changes again: what is
 * to be different is the next one. Until then whoever changes a part raises its number: a test holds
 * the sources of each part to the number that they have.
 */
import { type CborValue, encodeCbor } from "../lib/cbor.ts";
import { sha256Hex } from "../lib/hash.ts";
import { firstRules, type Rules } from "./limits.ts";

export interface Protocol {
  readonly number: number;
  /** What has no value of its own to hash. */
  readonly parts: Readonly<Record<string, number | string>>;
  readonly rules: Rules;
}

/** All versions that this build implements, from the first. */
export const protocols: readonly Protocol[] = [
  {
    number: 1,
    parts: {
      /** Source to runnable code, or to refusals; of `ace-node/contract` the names that there are. */
      admission: 3,
      kit: 1,
      /** The realm that contracts run in, and what answers them. */
      realm: 3,
      keeper: 2,
      /** Transactions to calls, values to bytes. */
      inbox: 1,
      codec: 1,
      receipt: 1,
      stateTree: 1,
      acorn: "8.19.0",
      v8: 14,
    },
    rules: firstRules,
  },
];

/**
 * SHA-256 of all of it in canonical CBOR, hexadecimal. `skipped` are the hashes of the transactions that
 * are exceptions so far.
 */
export function protocolHash(
  { number, parts, rules }: Protocol,
  skipped: readonly string[] = [],
): string {
  const { limits, gasSchedule } = rules;
  const values = [parts, limits, gasSchedule].map(recordToCbor);
  return sha256Hex(encodeCbor([BigInt(number), ...values, skipped]));
}

function recordToCbor(record: Readonly<Record<string, number | string>>): CborValue {
  return new Map(
    Object.entries(record).map(([name, value]): [string, CborValue] => [
      name,
      typeof value === "number" ? BigInt(value) : value,
    ]),
  );
}

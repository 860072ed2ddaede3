/** Every fault that the devnet's sources can be told to have, as data: for help, checks and tests. */

/** What has the fault: one way of reading the network, or the network itself. */
export const faultSources = ["rpc", "lake", "archive", "network"] as const;

export type FaultSource = (typeof faultSources)[number];

export type FaultGroup =
  | "lies"
  | "gaps"
  | "time"
  | "rpc traps"
  | "transport"
  | "submission"
  | "network";

export interface FaultKind {
  readonly group: FaultGroup;
  readonly sources: readonly FaultSource[];
  readonly summary: string;
  /** What `=value` means; there is none where this is missing. */
  readonly value?: FaultValue;
  /** `@ledger` is needed, or may be given; elsewhere it would mean nothing. */
  readonly ledger?: "needed" | "possible";
  /** It goes on until it is removed: `*times` would mean nothing. */
  readonly isLasting?: boolean;
}

interface FaultValue {
  readonly unit: string;
  readonly default: number;
  readonly min: number;
  readonly max: number;
  /** False for whole numbers alone. */
  readonly isFraction?: boolean;
}

const UINT32_MAX = 0xff_ff_ff_ff;
/** More would only fill this machine's memory. */
const BOMB_MIB_MAX = 4_096;
const HOUR_SECONDS = 3_600;
const DRIP_MS_MAX = 60_000;

const readers = ["rpc", "lake", "archive"] as const;
const objects = ["lake", "archive"] as const;

export const faultKinds = {
  fork: {
    group: "lies",
    sources: readers,
    summary: "a ledger with other content whose hashes all hold",
    ledger: "needed",
  },
  strangers: {
    group: "lies",
    sources: readers,
    summary: "another chain from the ledger on, signed by validators nobody knows",
    ledger: "needed",
    isLasting: true,
  },
  "altered-header": {
    group: "lies",
    sources: readers,
    summary: "a header unlike its hash",
    ledger: "possible",
  },
  "altered-tx": {
    group: "lies",
    sources: readers,
    summary: "a transaction was changed",
    ledger: "possible",
  },
  "altered-result": {
    group: "lies",
    sources: readers,
    summary: "a result was changed",
    ledger: "possible",
  },
  "dropped-tx": {
    group: "lies",
    sources: readers,
    summary: "a transaction and its result are left out",
    ledger: "possible",
  },
  hidden: {
    group: "lies",
    sources: readers,
    summary: "a ledger with transactions is served as empty",
    ledger: "possible",
  },
  passphrase: {
    group: "lies",
    sources: readers,
    summary: "the source names another network",
    isLasting: true,
  },
  "own-quorum": {
    group: "lies",
    sources: ["archive"],
    summary: "consensus is the archive's own: its validators, its quorum set",
    ledger: "possible",
    isLasting: true,
  },
  missing: {
    group: "gaps",
    sources: readers,
    summary: "a ledger, or all its checkpoint, is not there",
    ledger: "needed",
  },
  "missing-entry": {
    group: "gaps",
    sources: ["archive"],
    summary: "the entry of a ledger's transactions is not there",
    ledger: "possible",
    isLasting: true,
  },
  retention: {
    group: "gaps",
    sources: readers,
    summary: "older ledgers are gone",
    value: { unit: "first ledger kept", default: 2, min: 1, max: UINT32_MAX },
    isLasting: true,
  },
  lag: {
    group: "time",
    sources: readers,
    summary: "the source is behind",
    value: { unit: "ledgers", default: 3, min: 1, max: UINT32_MAX },
    isLasting: true,
  },
  stall: {
    group: "time",
    sources: readers,
    summary: "nothing new comes any more",
    isLasting: true,
  },
  delay: {
    group: "time",
    sources: readers,
    summary: "every answer comes late",
    value: { unit: "seconds", default: 1, min: 0, max: HOUR_SECONDS, isFraction: true },
  },
  "low-latest": {
    group: "time",
    sources: ["rpc"],
    summary: "latestLedger is below what the same server has shown",
    value: { unit: "ledgers", default: 2, min: 1, max: UINT32_MAX },
  },
  "tip-refused": {
    group: "rpc traps",
    sources: ["rpc"],
    summary: "getLedgers at the tip is -32602",
  },
  "old-wording": { group: "rpc traps", sources: ["rpc"], summary: "-32600 in the older wording" },
  "empty-page": {
    group: "rpc traps",
    sources: ["rpc"],
    summary: "getLedgers gives no ledgers, and 200",
  },
  "cursor-zero": { group: "rpc traps", sources: ["rpc"], summary: 'every cursor is "0"' },
  "stale-entries": {
    group: "rpc traps",
    sources: ["rpc"],
    summary: "getLedgerEntries answers from the past",
    isLasting: true,
  },
  "http-429": {
    group: "transport",
    sources: readers,
    summary: "too many requests, with Retry-After",
    value: { unit: "seconds to wait", default: 1, min: 0, max: HOUR_SECONDS },
  },
  "http-503": { group: "transport", sources: readers, summary: "the service is unavailable" },
  html: { group: "transport", sources: readers, summary: "a web page, and 200" },
  drip: {
    group: "transport",
    sources: readers,
    summary: "the answer comes byte by byte",
    value: { unit: "milliseconds a byte", default: 100, min: 0, max: DRIP_MS_MAX },
  },
  cut: { group: "transport", sources: readers, summary: "the connection breaks in mid-answer" },
  down: {
    group: "transport",
    sources: readers,
    summary: "the connection breaks before any answer, as in a restart",
  },
  truncated: {
    group: "transport",
    sources: readers,
    summary: "the answer ends half way and looks whole",
  },
  junk: {
    group: "transport",
    sources: readers,
    summary: "bytes that do not belong there follow the answer",
  },
  bomb: {
    group: "transport",
    sources: objects,
    summary: "an object that inflates beyond all limits",
    value: { unit: "MiB", default: 320, min: 1, max: BOMB_MIB_MAX },
  },
  "over-cap": {
    group: "transport",
    sources: readers,
    summary: "the answer does not end",
    value: { unit: "MiB", default: 64, min: 1, max: BOMB_MIB_MAX },
  },
  "submit-lost": {
    group: "submission",
    sources: ["rpc"],
    summary: "accepted, but the answer is lost",
  },
  "submit-twice": {
    group: "submission",
    sources: ["rpc"],
    summary: "what is there already is accepted again",
  },
  "submit-later": { group: "submission", sources: ["rpc"], summary: "TRY_AGAIN_LATER" },
  "submit-held": {
    group: "submission",
    sources: ["rpc"],
    summary: "accepted, but kept from the validators",
    value: { unit: "ledgers", default: 1_000_000, min: 1, max: UINT32_MAX },
  },
  "base-fee": {
    group: "network",
    sources: ["network"],
    summary: "the base fee changes",
    value: { unit: "stroops", default: 1_000, min: 1, max: UINT32_MAX },
    ledger: "possible",
    isLasting: true,
  },
  "base-reserve": {
    group: "network",
    sources: ["network"],
    summary: "the base reserve changes",
    value: { unit: "stroops", default: 10_000_000, min: 1, max: UINT32_MAX },
    ledger: "possible",
    isLasting: true,
  },
  surge: {
    group: "network",
    sources: ["network"],
    summary: "a ledger takes few operations, so that fees rise",
    value: { unit: "operations", default: 5, min: 1, max: UINT32_MAX },
    ledger: "possible",
    isLasting: true,
  },
  "lost-set": {
    group: "network",
    sources: ["network"],
    summary: "CAP-83: no set, the empty value (protocol 28)",
    ledger: "possible",
    isLasting: true,
  },
  protocol: {
    group: "network",
    sources: ["network"],
    summary: "the protocol changes, also to one that no reader knows",
    value: { unit: "number", default: 99, min: 1, max: UINT32_MAX },
    ledger: "possible",
    isLasting: true,
  },
} as const satisfies Readonly<Record<string, FaultKind>>;

export type FaultName = keyof typeof faultKinds;

export function isFaultName(name: string): name is FaultName {
  return Object.hasOwn(faultKinds, name);
}

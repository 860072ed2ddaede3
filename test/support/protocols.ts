/** A network whose protocol goes on: a made-up version 2, and a DAO that needs no vote. */
import type { ServiceNetwork } from "../../src/contracts/service-network.ts";
import { sha256Hex } from "../../src/lib/hash.ts";
import { firstRules } from "../../src/runtime/limits.ts";
import { type Protocol, protocols } from "../../src/runtime/protocol.ts";
import { contractText, network } from "./runtime-kit.ts";

/** What version 2 takes more for a write than version 1. */
export const WRITE_EXTRA = 9 * firstRules.gasSchedule.stateWrite;

/** Writes cost ten times as much, a call may write two keys, and source is shorter. */
const second: Protocol = {
  number: 2,
  parts: { realm: 3 },
  rules: {
    limits: { ...firstRules.limits, writesCallMax: 2, sourceBytesMax: 20_000 },
    gasSchedule: { ...firstRules.gasSchedule, stateWrite: 10 * firstRules.gasSchedule.stateWrite },
  },
};

export const bothProtocols: readonly Protocol[] = [...protocols, second];

/** Keeps its row as the DAO does. */
const source = contractText(
  "setup: { args: [] }, activate: { args: [int, int] }",
  `const rows = state.map("setting", text, { value: int, next: int, fromLedger: int, min: int, max: int });
   export function setup() {
     rows.set("protocol.version", { value: 1n, next: 1n, fromLedger: 0n, min: 1n, max: 9n });
   }
   export function activate(version, fromLedger) {
     const { next, min, max } = rows.get("protocol.version");
     rows.set("protocol.version", { value: next, next: version, fromLedger, min, max });
   }`,
);

export const votingNetwork: ServiceNetwork = {
  ...network,
  systemContracts: { "1": sha256Hex(Buffer.from(source)) },
};

export const votingOptions = {
  network: votingNetwork,
  systemContracts: [{ number: 1n, source, setupArgs: [] }],
};

/** Counts in as many keys as it is told: what a ledger does shows in the next one. */
export const writerSource = contractText(
  "write: { args: [int], returns: int }",
  `const rows = state.map("row", int, int);
   export function write(count) {
     for (let key = 0n; key < count; key += 1n) rows.set(key, (rows.get(key) ?? 0n) + 1n);
     return rows.get(0n);
   }`,
);

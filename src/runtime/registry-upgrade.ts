/**
 * Changing a contract's code, as the policy in its own source allows.
 *
 * announce(contract, hash)            by the owner: the new code is on the ledger from now on, and may
 *                                     take effect once the policy's delay is over
 * cancel(contract)                    by the owner: takes an announcement back
 * upgrade(contract, hash)             by the owner, when the delay is over: changes the code
 * upgrade(contract, hash, proposal)   by anyone, when the DAO has passed that proposal: executes it
 *
 * The new code runs `migrate(version before)` on the contract's state. State, balance, number, address
 * and owner stay. Where anything fails the old code and all state are as they were, a vote included,
 * which may be executed again while it is in force.
 *
 * Errors  `UPGRADE_NEVER`, `UPGRADE_BY_VOTE`, `UPGRADE_BY_OWNER`, `UPGRADE_NOT_OWNER`,
 *         `UPGRADE_NOT_ANNOUNCED`, `UPGRADE_OTHER_CODE`, `UPGRADE_TOO_EARLY`, `UPGRADE_EXPIRED`,
 *         `UPGRADE_SAME_CODE`, `UPGRADE_INCOMPATIBLE` with what the new code takes away,
 *         `OWNER_FULL`, `STORAGE_FULL` where the contract then holds more than the new code declares,
 *         `CODE_FROZEN`, `CONTRACT_UNKNOWN`, `CODE_INCOMPLETE`, and what the DAO or `migrate` says.
 */
import { type Policy, takenAway, termsOf } from "./abi-terms.ts";
import type { Code } from "./contract-code.ts";
import { contractSource, hashItem, storeContract } from "./contract-records.ts";
import type { KnownContract } from "./ledger-scope.ts";
import { gasSchedule, limits } from "./limits.ts";
import { takeRoom } from "./owner-book.ts";
import { integerItem, textItem } from "./realm/cbor.ts";
import { contractPrefix } from "./realm/keys.ts";
import { joinLists, listOf, registryEvent } from "./registry-events.ts";
import { keepCode, takeSource } from "./registry-source.ts";
import { readUpgradeCall, type UpgradeCall } from "./registry-upgrade-call.ts";
import type { WireCall } from "./requests.ts";
import { type CallContext, type CallResult, refused, runMethod } from "./run-method.ts";
import { announcementOf, storeAnnouncement, storeFormer } from "./upgrade-records.ts";

const DAY_S = 86_400n;
const REGISTRY_TEXT = "0";
const DAO_TEXT = "1";
/** The method by which the DAO gives what a vote decided, to the registry alone. */
const DAO_METHOD = "enact";
const NOTHING_PAID: ReadonlyMap<string, bigint> = new Map();

export function announce(wire: WireCall, context: CallContext, gas: number): CallResult {
  const call = readUpgradeCall(wire, context, "hash");
  if (typeof call === "string") return refused(call);
  const { contract, code, policy, codeHash } = call;
  if (policy.kind !== "owner") return refused(closedTo(policy));
  if (wire.caller !== call.record.owner) return refused("UPGRADE_NOT_OWNER");
  const found = takeSource(codeHash, wire.caller, context, gas);
  if (!found.ok) return found.outcome;
  const payer = { account: wire.caller, contracts: 0 };
  const kept = keepCode(found.source, context, found.cost, payer);
  if (!kept.ok) return kept.outcome;
  const refusal = refuseCode(code, kept.code, found.cost);
  if (refusal !== undefined) return refusal;
  const { state, closeTime } = context.ledger;
  const announced = BigInt(closeTime);
  const earliest = announced + policy.delayS;
  const expires = earliest + BigInt(limits.upgradeWindowDays) * DAY_S;
  storeAnnouncement(state, contract.number, { codeHash, announced, earliest, expires });
  const data = { codeHash, contract: contract.number, earliest, expires };
  return { ...refused("", found.cost), codeHash, events: registryEvent("announced", data) };
}

export function cancel(wire: WireCall, context: CallContext, gas: number): CallResult {
  const cost = gasSchedule.registryUpgrade;
  if (cost > gas) return refused("OUT_OF_GAS", gas);
  const call = readUpgradeCall(wire, context, "contract");
  if (typeof call === "string") return refused(call);
  const { state } = context.ledger;
  const { contract, record } = call;
  if (wire.caller !== record.owner) return refused("UPGRADE_NOT_OWNER", cost);
  const announcement = announcementOf(state, contract.number);
  if (announcement === undefined) return refused("UPGRADE_NOT_ANNOUNCED", cost);
  storeAnnouncement(state, contract.number, undefined);
  const data = { codeHash: announcement.codeHash, contract: contract.number };
  return { ...refused("", cost), events: registryEvent("cancelled", data) };
}

export function upgrade(wire: WireCall, context: CallContext, gas: number): CallResult {
  const cost = gasSchedule.registryUpgrade;
  if (cost > gas) return refused("OUT_OF_GAS", gas);
  const call = readUpgradeCall(wire, context, "proposal");
  if (typeof call === "string") return refused(call);
  const agreed = agree(wire, call, context, gas - cost);
  const spent = cost + agreed.gasUsed;
  if (agreed.code !== "") return { ...agreed, gasUsed: spent };
  const swapped = swap(call, context, gas - spent);
  const gasUsed = spent + swapped.gasUsed;
  if (swapped.code !== "") return { ...swapped, gasUsed };
  return { ...swapped, gasUsed, events: joinLists(agreed.events, swapped.events) };
}

/** Whether the owner's announcement or the DAO's vote allows this change now. */
function agree(wire: WireCall, call: UpgradeCall, context: CallContext, gas: number): CallResult {
  const { policy, proposal, contract, codeHash } = call;
  if (policy.kind === "none") return refused("UPGRADE_NEVER");
  if (policy.kind === "owner") {
    if (proposal !== "") return refused("UPGRADE_BY_OWNER");
    if (wire.caller !== call.record.owner) return refused("UPGRADE_NOT_OWNER");
    return refused(refuseAnnouncement(call, context));
  }
  if (proposal === "") return refused("UPGRADE_BY_VOTE");
  const dao = context.ledger.contract(DAO_TEXT);
  const caller = context.ledger.contract(REGISTRY_TEXT).address;
  const args = listOf(proposal, contract.item, hashItem(codeHash));
  const enact = { contract: dao, method: DAO_METHOD, args, caller, gas };
  return runMethod({ ...enact, paid: NOTHING_PAID, isView: false }, context);
}

function refuseAnnouncement({ contract, codeHash }: UpgradeCall, { ledger }: CallContext): string {
  const found = announcementOf(ledger.state, contract.number);
  if (found === undefined) return "UPGRADE_NOT_ANNOUNCED";
  if (found.codeHash !== codeHash) return "UPGRADE_OTHER_CODE";
  const now = BigInt(ledger.closeTime);
  if (now < found.earliest) return "UPGRADE_TOO_EARLY";
  return now < found.expires ? "" : "UPGRADE_EXPIRED";
}

/** Gives the contract its new code, and lets that put state in order. */
function swap(call: UpgradeCall, context: CallContext, gas: number): CallResult {
  const { contract, record, codeHash, code } = call;
  const { state, sequenceText, closeTime } = context.ledger;
  if (contractSource(state, codeHash) === undefined) return refused("CODE_INCOMPLETE");
  const next = context.code.load(state, codeHash);
  if (next.isFrozen) return refused("CODE_FROZEN");
  const refusal = refuseCode(code, next, 0);
  if (refusal !== undefined) return refusal;
  const room = { contracts: 0, bytes: next.storageBytes - code.storageBytes };
  const full = contract.isSystem ? "" : takeRoom(state, record.owner, room);
  if (full !== "") return refused(full);
  const { version } = record;
  const former = { untilLedger: BigInt(sequenceText), until: BigInt(closeTime) };
  const place = { contract: contract.number, version };
  storeFormer(state, place, { codeHash: record.codeHash, ...former });
  storeContract(state, { ...record, codeHash, version: version + 1n });
  storeAnnouncement(state, contract.number, undefined);
  const data = { codeHash, version: version + 1n, contract: contract.number };
  const event = registryEvent("upgraded", data);
  const migrated = migrate(contract, next, version, { context, gas });
  if (migrated.code !== "") return migrated;
  if (isTooSmall(contract, next, context)) return refused("STORAGE_FULL", migrated.gasUsed);
  return { ...migrated, codeHash, events: joinLists(event, migrated.events) };
}

function migrate(
  contract: KnownContract,
  { methods }: Code,
  version: bigint,
  { context, gas }: { readonly context: CallContext; readonly gas: number },
): CallResult {
  if (!methods.has("migrate")) return refused("");
  const caller = context.ledger.contract(REGISTRY_TEXT).address;
  const args = listOf(integerItem(version));
  const call = { contract, method: "migrate", args, caller, gas };
  return runMethod({ ...call, paid: NOTHING_PAID, isView: false }, context);
}

/** Whoever declares less gets room back, and must not hold more than that all the same. */
function isTooSmall(
  { isSystem, number }: KnownContract,
  next: Code,
  context: CallContext,
): boolean {
  return !isSystem && context.ledger.state.held(contractPrefix(number)) > next.storageBytes;
}

function refuseCode(old: Code, next: Code, gasUsed: number): CallResult | undefined {
  if (next.codeHash === old.codeHash) return refused("UPGRADE_SAME_CODE", gasUsed);
  const gone = takenAway(termsOf(old.abi), termsOf(next.abi));
  return gone === "" ? undefined : refused("UPGRADE_INCOMPATIBLE", gasUsed, textItem(gone));
}

function closedTo({ kind }: Policy): string {
  return kind === "none" ? "UPGRADE_NEVER" : "UPGRADE_BY_VOTE";
}

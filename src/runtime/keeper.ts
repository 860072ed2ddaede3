/**
 * The keeper: the plain realm inside the isolate that applies ledgers and answers the guest.
 *
 * A whole ledger crosses into the isolate as one text and comes back as one: receipts' parts and net
 * writes in byte text. Contract code runs in the other realm and reaches this one by a few functions.
 *
 * Flow    `$open` once, with the guest's `run` → `$warm`, `$apply`, `$simulate`, `$view`, `$forget`.
 * Errors  Whatever is thrown is a fault of ours or of the engine: the process must be replaced.
 */

import type { CallQuestions } from "./call-host.ts";
import { ContractCode, type Judgement } from "./contract-code.ts";
import { type Machine, type OpenLedger, openLedger } from "./execute-ledger.ts";
import { executeView } from "./execute-view.ts";
import { FootprintNotes } from "./footprint-notes.ts";
import { KnownContracts, LedgerScope } from "./ledger-scope.ts";
import type { Ground, Row } from "./overlay.ts";
import { uint32 } from "./realm/cbor.ts";
import type { ReceiptParts } from "./receipt-parts.ts";
import type { LedgerRequest, ViewRequest } from "./requests.ts";
import type { Keeper, ProcessPort, RunGuest } from "./sandbox.ts";
import { type NetWrite, WorkingState } from "./working-state.ts";

declare const $port: ProcessPort;

/** Of state that is known, with what an entry costs beside its bytes. */
const KNOWN_BYTES_MAX = 64 * 1024 * 1024;

/** Where a call as it is sent names its contract. */
const CONTRACT = 3;

const port: ProcessPort = $port;
const seat: { host: CallQuestions | undefined } = { host: undefined };
let callNumber = 0;

const ground: Ground = {
  get: (key) => port.read(key, callNumber),
  scan: (prefix, after, limit) => {
    const found: readonly string[] = JSON.parse(port.scan(prefix, after, limit));
    const rows: Row[] = [];
    for (let at = 0; at < found.length; at += 2) rows.push([found[at] ?? "", found[at + 1] ?? ""]);
    return rows;
  },
};
const state = new WorkingState(ground, KNOWN_BYTES_MAX);
const known = new KnownContracts();

/** The host of the call that runs; asked by nobody else. */
function host(): CallQuestions {
  if (seat.host === undefined) throw new Error("the guest asks while no call runs");
  return seat.host;
}

/** What the guest reaches. It turns whatever is thrown here into a fault. */
const answers: Keeper = {
  read: (key) => state.read(key),
  write: (key, value) => host().write(key, value),
  scan: (prefix, after, limit) => host().scan(prefix, after, limit),
  emit: (topic, data) => host().emit(topic, data),
  pay: (to, asset, amount) => host().pay(to, asset, amount),
  take: (kind, index) => host().take(kind, index),
  paid: (asset) => host().paid(asset),
  balance: (asset) => host().balance(asset),
  facts: (kind) => host().facts(kind),
  sha256: (bytes) => host().sha256(bytes),
  verify: (key, message, signature) => host().verify(key, message, signature),
  enter: (contract, method, asset, amount) => host().enter(contract, method, asset, amount),
  leave: (code) => host().leave(code),
  end: (code, gasUsed) => host().end(code, gasUsed),
};

function machineOf(runGuest: RunGuest): Machine {
  const code = new ContractCode((source): Judgement => JSON.parse(port.judge(source)));
  const scope: Machine["scope"] = (facts) => new LedgerScope(facts, state, known);
  return { code, port, seat, scope, runGuest };
}

let machine: Machine = machineOf(() => "!no guest");

function apply(text: string, isOneByOne: boolean): string {
  const ledger = ledgerOf(text);
  return ledger.run(isOneByOne, () => ledger.open.close());
}

function simulate(text: string): string {
  const ledger = ledgerOf(text);
  return ledger.run(false, () => ledger.open.discard());
}

function ledgerOf(text: string) {
  const request: LedgerRequest = JSON.parse(text);
  const open = openLedger(request, machine);
  const run = (isOneByOne: boolean, close: () => readonly NetWrite[]): string => {
    if (open.genesisFault !== "") {
      open.discard();
      return outcomeText([], [], open.genesisFault);
    }
    const notes = request.isNoted === true ? new FootprintNotes() : undefined;
    state.noteIn(notes);
    const receipts = receiptsOf(open, request.calls, isOneByOne, notes);
    const writes = close();
    state.noteIn(undefined);
    return outcomeText(receipts, writes, "", notes?.text());
  };
  return { open, run };
}

function receiptsOf(
  open: OpenLedger,
  calls: LedgerRequest["calls"],
  isOneByOne: boolean,
  notes: FootprintNotes | undefined,
): ReceiptParts[] {
  const receipts: ReceiptParts[] = [];
  for (callNumber = 0; callNumber < calls.length; callNumber += 1) {
    if (isOneByOne) port.begin(callNumber);
    const before = open.gasUsed();
    notes?.begin(calls[callNumber]?.[CONTRACT] ?? "");
    receipts[callNumber] = open.execute(callNumber);
    notes?.used(open.gasUsed() - before);
  }
  callNumber = 0;
  return receipts;
}

/** Counts and lengths in four bytes: receipts of five parts, writes of two, notes, then the fault. */
function outcomeText(
  receipts: readonly ReceiptParts[],
  writes: readonly NetWrite[],
  fault: string,
  notes = "",
): string {
  const pieces: string[] = [uint32(receipts.length)];
  for (let index = 0; index < receipts.length; index += 1) pieces.push(receipts[index] ?? "");
  pieces.push(uint32(writes.length));
  for (let index = 0; index < writes.length; index += 1) {
    const write = writes[index];
    if (write === undefined) continue;
    const key = write[0];
    const value = write[1];
    pieces.push(uint32(key.length), key, uint32(value.length), value);
  }
  pieces.push(uint32(notes.length), notes, fault);
  return pieces.join("");
}

/** Code, gas and result, a line each. */
function view(text: string): string {
  const request: ViewRequest = JSON.parse(text);
  const { code, gasUsed, result } = executeView(request, machine);
  return `${code}\n${gasUsed}\n${result}`;
}

/** Keys and values in turn; an empty value is known to be absent. */
function warm(text: string): void {
  const found: readonly string[] = JSON.parse(text);
  const rows: Row[] = [];
  for (let at = 0; at < found.length; at += 2) rows.push([found[at] ?? "", found[at + 1] ?? ""]);
  state.warm(rows);
}

const names: Readonly<Record<string, unknown>> = {
  $answers: answers,
  $apply: apply,
  $simulate: simulate,
  $view: view,
  $warm: warm,
  $forget: (): void => state.forget(),
  $forgetKeys: (keys: string): void => state.forgetKeys(JSON.parse(keys)),
  $open: (runGuest: RunGuest): void => {
    machine = machineOf(runGuest);
  },
};
Object.assign(globalThis, names);

/**
 * The keeper: the plain realm inside the isolate that applies ledgers and answers the guest.
 *
 * A whole ledger crosses into the isolate as one text and comes back in pieces: receipts' parts and net
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
import { type CallRows, readLedger } from "./ledger-text.ts";
import type { Ground, Row } from "./overlay.ts";
import { Pieces } from "./pieces.ts";
import { uint32 } from "./realm/cbor.ts";
import type { ViewRequest } from "./requests.ts";
import type { Keeper, ProcessPort, RunGuest } from "./sandbox.ts";
import { type NetWrite, WorkingState } from "./working-state.ts";

declare const $port: ProcessPort;

/** Of state that is known, with what an entry costs beside its bytes. */
const KNOWN_BYTES_MAX = 64 * 1024 * 1024;

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

/** Both tell the outcome in pieces. */
function apply(text: string, isOneByOne: boolean): void {
  const { open, run } = ledgerOf(text);
  run(isOneByOne, () => open.close());
}

function simulate(text: string): void {
  const { open, run } = ledgerOf(text);
  run(false, () => open.discard());
}

function ledgerOf(text: string) {
  const { head, calls } = readLedger(text);
  const open = openLedger(head, machine);
  const run = (isOneByOne: boolean, close: () => readonly NetWrite[]): void => {
    const told = new Pieces(port);
    if (open.genesisFault !== "") {
      open.discard();
      told.add(uint32(0) + uint32(0) + uint32(0) + open.genesisFault);
      told.end();
      return;
    }
    const notes = head.isNoted === true ? new FootprintNotes() : undefined;
    state.noteIn(notes);
    tellReceipts(open, calls, isOneByOne, notes, told);
    const writes = close();
    state.noteIn(undefined);
    tellWrites(writes, told);
    const noted = notes?.text() ?? "";
    told.add(uint32(noted.length) + noted);
    told.end();
  };
  return { open, run };
}

function tellReceipts(
  open: OpenLedger,
  calls: CallRows,
  isOneByOne: boolean,
  notes: FootprintNotes | undefined,
  told: Pieces,
): void {
  told.add(uint32(calls.count));
  for (callNumber = 0; callNumber < calls.count; callNumber += 1) {
    if (isOneByOne) port.begin(callNumber);
    const call = calls.next();
    const before = open.gasUsed();
    notes?.begin(call.contract);
    told.add(open.execute(call));
    notes?.used(open.gasUsed() - before);
  }
  callNumber = 0;
}

function tellWrites(writes: readonly NetWrite[], told: Pieces): void {
  told.add(uint32(writes.length));
  for (let index = 0; index < writes.length; index += 1) {
    const write = writes[index];
    if (write === undefined) continue;
    const key = write[0];
    const value = write[1];
    told.add(uint32(key.length) + key + uint32(value.length) + value);
  }
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

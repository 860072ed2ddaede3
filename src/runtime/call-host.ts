/**
 * The host of one call: answers what code in the guest asks for, on the frame that is running.
 *
 * Errors  Refusals are answers: a code, which the realm turns into a failure of the call.
 */
import { invariant } from "../lib/invariant.ts";
import { splitAddressBytes } from "./addresses.ts";
import {
  type Frame,
  type FrameParts,
  isPayable,
  mergeFrame,
  openFrame,
  union,
} from "./call-frames.ts";
import type { ContractCode } from "./contract-code.ts";
import { KeySet } from "./key-set.ts";
import type { KnownContract, LedgerScope } from "./ledger-scope.ts";
import { limits } from "./limits.ts";
import { amountAt, credit, debit } from "./money.ts";
import { asciiItem, header, integerItem, MAJOR, textItem } from "./realm/cbor.ts";
import type { Keeper, ProcessPort, RunGuest } from "./sandbox.ts";
import type { TransactionUse } from "./transaction-use.ts";

const STROOPS_MAX = 2n ** 63n - 1n;
/** Methods that only the registry calls. */
const RESERVED: ReadonlySet<string> = new Set(["setup", "migrate"]);
const EVENT_HEAD = header(MAJOR.array, 3);
const PAY_HEAD = header(MAJOR.array, 4);
const NOTHING_PAID: ReadonlyMap<string, bigint> = new Map();

/** What concerns the call that runs; what state holds is the same to all. */
export type CallQuestions = Omit<Keeper, "read">;

/** Facts of the transaction, as the realm reads them: CBOR in byte text, made when asked for. */
export interface TransactionFacts {
  transfers(): string;
  locks(): string;
}

export interface CallContext {
  readonly ledger: LedgerScope;
  readonly code: ContractCode;
  /** Of the transaction that runs. */
  use: TransactionUse;
  facts: TransactionFacts;
  readonly port: ProcessPort;
  readonly runGuest: RunGuest;
  /** Hands the guest's questions to the host of the call that runs. */
  readonly seat: { host: CallQuestions | undefined };
}

export class CallHost implements CallQuestions {
  /** What the guest said at the end; undefined while it runs. */
  code: string | undefined;
  gasUsed = 0;
  readonly #context: CallContext;
  readonly #frames: Frame[];
  #top: Frame;
  #scans = 0;

  /** Opens the outermost frame. */
  constructor(context: CallContext, parts: FrameParts) {
    this.#context = context;
    this.#top = openFrame(parts);
    this.#frames = [this.#top];
  }

  end(code: string, gasUsed: number): string {
    this.code = code;
    this.gasUsed = gasUsed;
    return "";
  }

  /** Closes the outermost frame; what it took is free again unless it is kept. */
  close(isKept: boolean): Frame {
    const { use, ledger } = this.#context;
    const outermost = this.#frames[0] ?? this.#top;
    for (const frame of isKept ? [] : this.#frames) this.#release(frame);
    if (isKept) {
      use.keys = union(use.keys, outermost.keys);
      use.pays += outermost.payCount;
    } else {
      ledger.state.rollback(outermost.mark);
    }
    return outermost;
  }

  write(key: string, value: string): string {
    const { use, ledger } = this.#context;
    const frame = this.#top;
    if (frame.isView) return "VIEW_WRITES";
    frame.keys ??= new KeySet();
    frame.keys.add(key);
    const written = this.#sum(keysOf);
    if (written > limits.writesCallMax) return "TOO_MANY_WRITES";
    if (written + (use.keys?.size ?? 0) > limits.writesTransactionMax) return "TOO_MANY_WRITES";
    const bytesMax = frame.contract.isSystem ? Infinity : frame.code.storageBytes;
    return ledger.state.hold(key, value, bytesMax) ? "" : "STORAGE_FULL";
  }

  scan(prefix: string, after: string, limit: number): string {
    this.#scans += 1;
    if (this.#scans > limits.scanPagesCallMax) return "!";
    let rows = "";
    for (const [key, value] of this.#context.ledger.state.scan(prefix, after, limit)) {
      rows += sized(key.slice(prefix.length)) + sized(value);
    }
    return rows;
  }

  emit(topic: string, data: string): string {
    const frame = this.#top;
    if (frame.isView) return "VIEW_WRITES";
    const size = topic.length + data.length;
    const isTooMuch =
      this.#sum(eventsOf) >= limits.eventsCallMax ||
      this.#sum(eventBytesOf) + size > limits.eventBytesCallMax;
    if (isTooMuch) return "TOO_MANY_EVENTS";
    frame.eventBytes += size;
    frame.eventCount += 1;
    frame.events += EVENT_HEAD + frame.contract.item + textItem(topic) + data;
    return "";
  }

  pay(to: string, asset: string, amount: bigint): string {
    const frame = this.#top;
    if (frame.isView) return "VIEW_WRITES";
    if (amount < 1n || amount > STROOPS_MAX) return "AMOUNT_INVALID";
    const pays = this.#sum(paysOf) + this.#context.use.pays;
    if (pays >= limits.paysTransactionMax) return "TOO_MANY_PAYS";
    const code = this.#move(frame, to, asset, amount);
    if (code !== "") return code;
    const payee = asciiItem(to) + asciiItem(asset) + integerItem(amount);
    frame.payCount += 1;
    frame.pays += PAY_HEAD + frame.contract.item + payee;
    return "";
  }

  take(kind: string, index: number): string {
    const { use } = this.#context;
    const frame = this.#top;
    if (frame.isView) return "VIEW_WRITES";
    const name = `${kind} ${index}`;
    use.taken ??= new Set();
    if (use.taken.has(name)) return "TRANSFER_TAKEN";
    use.taken.add(name);
    frame.taken = [...frame.taken, name];
    return "";
  }

  paid(asset: string): bigint {
    return this.#top.paid.get(asset) ?? 0n;
  }

  balance(asset: string): bigint {
    return amountAt(this.#context.ledger.state, this.#top.contract.balanceKey(asset));
  }

  facts(kind: string): string {
    const { facts } = this.#context;
    return kind === "locks" ? facts.locks() : facts.transfers();
  }

  sha256(bytes: string): string {
    return this.#context.port.sha256(bytes);
  }

  verify(key: string, message: string, signature: string): string {
    return this.#context.port.verify(key, message, signature);
  }

  enter(number: string, method: string, asset: string, amount: bigint): string {
    const outer = this.#top;
    const { state } = this.#context.ledger;
    const callee = this.#callee(number, method);
    if (typeof callee === "string") return `!${callee}`;
    const refused = asset === "" ? "" : this.#refusePay(outer, callee, { method, asset, amount });
    if (refused !== "") return `!${refused}`;
    const paid = asset === "" ? NOTHING_PAID : new Map([[asset, amount]]);
    const isView = outer.isView || callee.code.methods.get(method)?.view === true;
    const mark = state.mark();
    const frame = openFrame({ ...callee, caller: outer.contract.address, isView, paid, mark });
    if (asset !== "") {
      debit(state, outer.contract.balanceKey(asset), amount);
      credit(state, callee.contract.balanceKey(asset), amount);
    }
    this.#frames.push(frame);
    this.#top = frame;
    return callee.record.codeHash + callee.contract.address;
  }

  leave(code: string): string {
    const frame = this.#frames.pop();
    const outer = this.#frames.at(-1);
    invariant(frame !== undefined && outer !== undefined, "a nested call leaves what it entered");
    this.#top = outer;
    if (code === "") {
      mergeFrame(frame, outer);
    } else {
      this.#context.ledger.state.rollback(frame.mark);
      this.#release(frame);
    }
    return "";
  }

  #callee(number: string, method: string) {
    const { ledger, code } = this.#context;
    if (this.#frames.length >= limits.contractDepthMax) return "CONTRACT_DEPTH";
    const contract = ledger.contract(number);
    const record = ledger.record(contract);
    if (record === undefined) return "CONTRACT_UNKNOWN";
    if (this.#frames.some((frame) => frame.contract.text === number)) return "REENTRANT";
    const loaded = code.load(ledger.state, record.codeHash);
    if (loaded.isFrozen) return "CODE_FROZEN";
    if (!loaded.methods.has(method) || RESERVED.has(method)) return "METHOD_UNKNOWN";
    return { contract, record, code: loaded };
  }

  #refusePay(
    outer: Frame,
    callee: Pick<Frame, "code">,
    pay: { readonly method: string; readonly asset: string; readonly amount: bigint },
  ): string {
    const method = callee.code.methods.get(pay.method);
    if (outer.isView) return "VIEW_WRITES";
    if (pay.amount < 1n || pay.amount > STROOPS_MAX) return "AMOUNT_INVALID";
    if (method === undefined || !isPayable(method, pay.asset)) return "NOT_PAYABLE";
    const held = amountAt(this.#context.ledger.state, outer.contract.balanceKey(pay.asset));
    return held < pay.amount ? "INSUFFICIENT_BALANCE" : "";
  }

  /** To another contract's address its balance grows; to anybody else the vault owes it. */
  #move(frame: Frame, to: string, asset: string, amount: bigint): string {
    const { ledger } = this.#context;
    const payee = this.#payee(to);
    if (payee === null) return "CONTRACT_UNKNOWN";
    if (!debit(ledger.state, frame.contract.balanceKey(asset), amount)) {
      return "INSUFFICIENT_BALANCE";
    }
    const key = payee?.balanceKey(asset) ?? ledger.owedKey(to, asset);
    credit(ledger.state, key, amount);
    return "";
  }

  /** The contract with this address; undefined for anybody else, null for none of the vault's. */
  #payee(to: string): KnownContract | null | undefined {
    const { ledger } = this.#context;
    if (to.length === ledger.vault.length) return to === ledger.vault ? null : undefined;
    const { account, id } = splitAddressBytes(to);
    if (account !== ledger.vaultKey) return undefined;
    const contract = ledger.contract(String(id));
    return ledger.record(contract) === undefined ? null : contract;
  }

  #release(frame: Frame): void {
    for (const name of frame.taken) this.#context.use.taken?.delete(name);
  }

  #sum(count: (frame: Frame) => number): number {
    if (this.#frames.length === 1) return count(this.#top);
    return this.#frames.reduce((sum, frame) => sum + count(frame), 0);
  }
}

const keysOf = ({ keys }: Frame): number => keys?.size ?? 0;
const eventsOf = ({ eventCount }: Frame): number => eventCount;
const eventBytesOf = ({ eventBytes }: Frame): number => eventBytes;
const paysOf = ({ payCount }: Frame): number => payCount;

/** Two bytes of length, then the bytes. */
function sized(bytes: string): string {
  return String.fromCharCode(bytes.length >> 8, bytes.length & 255) + bytes;
}

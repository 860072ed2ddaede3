/**
 * The host of one call: answers what code in the guest asks for, on the frame that is running.
 *
 * Errors  Refusals are answers: a code, which the realm turns into a failure of the call.
 */
import { invariant } from "../lib/invariant.ts";
import { splitAddressBytes } from "./addresses.ts";
import { type Frame, type FrameParts, isPayable, mergeFrame, openFrame } from "./call-frames.ts";
import type { ContractCode } from "./contract-code.ts";
import type { LedgerScope } from "./ledger-scope.ts";
import { limits } from "./limits.ts";
import { balanceOf, credit, debit, owe } from "./money.ts";
import { header, integerItem, MAJOR, textItem } from "./realm/cbor.ts";
import type { Keeper, ProcessPort, RunGuest } from "./sandbox.ts";
import type { TransactionUse } from "./transaction-use.ts";

const STROOPS_MAX = 2n ** 63n - 1n;
/** Methods that only the registry calls. */
const RESERVED: ReadonlySet<string> = new Set(["setup", "migrate"]);
const EVENT_HEAD = header(MAJOR.array, 3);
const PAY_HEAD = header(MAJOR.array, 4);
const NOTHING_PAID: ReadonlyMap<string, bigint> = new Map();

/** Facts of the transaction, as the realm reads them: CBOR in byte text, made when asked for. */
export interface TransactionFacts {
  transfers(): string;
  locks(): string;
}

export interface CallContext {
  readonly ledger: LedgerScope;
  readonly code: ContractCode;
  readonly use: TransactionUse;
  readonly facts: TransactionFacts;
  readonly port: ProcessPort;
  readonly runGuest: RunGuest;
  /** Hands the guest's questions to the host of the call that runs. */
  readonly seat: { host: Keeper | undefined };
}

export class CallHost implements Keeper {
  readonly #context: CallContext;
  readonly #frames: Frame[] = [];
  #top: Frame;
  #scans = 0;

  /** Opens the outermost frame. */
  constructor(context: CallContext, parts: FrameParts) {
    this.#context = context;
    this.#top = openFrame(parts);
    this.#frames.push(this.#top);
  }

  /** Closes the outermost frame; what it took is free again unless it is kept. */
  end(isKept: boolean): Frame {
    const { use, ledger } = this.#context;
    const outermost = this.#frames[0] ?? this.#top;
    for (const frame of isKept ? [] : this.#frames) this.#release(frame);
    if (isKept) {
      for (const key of outermost.keys) use.keys.add(key);
      use.pays += outermost.pays.length;
    } else {
      ledger.state.rollback(outermost.mark);
    }
    return outermost;
  }

  read(key: string): string {
    return this.#context.ledger.state.read(key);
  }

  write(key: string, value: string): string {
    const { use, ledger } = this.#context;
    const frame = this.#top;
    if (frame.isView) return "VIEW_WRITES";
    frame.keys.add(key);
    const written = this.#sum(({ keys }) => keys.size);
    if (written > limits.writesCallMax) return "TOO_MANY_WRITES";
    if (written + use.keys.size > limits.writesTransactionMax) return "TOO_MANY_WRITES";
    ledger.state.set(key, value);
    return "";
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
      this.#sum(({ events }) => events.length) >= limits.eventsCallMax ||
      this.#sum(({ eventBytes }) => eventBytes) + size > limits.eventBytesCallMax;
    if (isTooMuch) return "TOO_MANY_EVENTS";
    frame.eventBytes += size;
    frame.events.push(EVENT_HEAD + integerItem(frame.record.number) + textItem(topic) + data);
    return "";
  }

  pay(to: string, asset: string, amountText: string): string {
    const frame = this.#top;
    if (frame.isView) return "VIEW_WRITES";
    const amount = BigInt(amountText);
    if (amount < 1n || amount > STROOPS_MAX) return "AMOUNT_INVALID";
    const pays = this.#sum((each) => each.pays.length) + this.#context.use.pays;
    if (pays >= limits.paysTransactionMax) return "TOO_MANY_PAYS";
    const code = this.#move(frame, to, asset, amount);
    if (code !== "") return code;
    const payee = textItem(to) + textItem(asset) + integerItem(amount);
    frame.pays.push(PAY_HEAD + integerItem(frame.record.number) + payee);
    return "";
  }

  take(kind: string, index: number): string {
    const { use } = this.#context;
    const frame = this.#top;
    if (frame.isView) return "VIEW_WRITES";
    const name = `${kind} ${index}`;
    if (use.taken.has(name)) return "TRANSFER_TAKEN";
    use.taken.add(name);
    frame.taken.push(name);
    return "";
  }

  paid(asset: string): string {
    return String(this.#top.paid.get(asset) ?? 0n);
  }

  balance(asset: string): string {
    return String(balanceOf(this.#context.ledger.state, this.#top.record.number, asset));
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

  enter(contractText: string, method: string, asset: string, amountText: string): string {
    const outer = this.#top;
    const { state } = this.#context.ledger;
    const amount = BigInt(amountText);
    const callee = this.#callee(BigInt(contractText), method);
    if (typeof callee === "string") return `!${callee}`;
    const refused = asset === "" ? "" : this.#refusePay(outer, callee, { method, asset, amount });
    if (refused !== "") return `!${refused}`;
    const paid = asset === "" ? NOTHING_PAID : new Map([[asset, amount]]);
    const isView = outer.isView || callee.code.methods.get(method)?.view === true;
    const mark = state.mark();
    const frame = openFrame({ ...callee, caller: outer.self, isView, paid, mark });
    if (asset !== "") {
      debit(state, outer.record.number, asset, amount);
      credit(state, callee.record.number, asset, amount);
    }
    this.#frames.push(frame);
    this.#top = frame;
    return callee.record.codeHash + callee.self;
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

  #callee(number: bigint, method: string) {
    const { ledger, code } = this.#context;
    if (this.#frames.length >= limits.contractDepthMax) return "CONTRACT_DEPTH";
    const record = ledger.record(number);
    if (record === undefined) return "CONTRACT_UNKNOWN";
    if (this.#frames.some((frame) => frame.record.number === number)) return "REENTRANT";
    const loaded = code.load(ledger.state, record.codeHash);
    if (!loaded.methods.has(method) || RESERVED.has(method)) return "METHOD_UNKNOWN";
    return { record, code: loaded, self: ledger.addressOf(number) };
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
    const held = balanceOf(this.#context.ledger.state, outer.record.number, pay.asset);
    return held < pay.amount ? "INSUFFICIENT_BALANCE" : "";
  }

  /** To another contract's address its balance grows; to anybody else the vault owes it. */
  #move(frame: Frame, to: string, asset: string, amount: bigint): string {
    const { ledger } = this.#context;
    const { account, id } = splitAddressBytes(to);
    const isVault = account === ledger.vaultKey;
    if (isVault && (id === undefined || ledger.record(id) === undefined)) return "CONTRACT_UNKNOWN";
    if (!debit(ledger.state, frame.record.number, asset, amount)) return "INSUFFICIENT_BALANCE";
    if (isVault && id !== undefined) credit(ledger.state, id, asset, amount);
    else owe(ledger.state, to, asset, amount);
    return "";
  }

  #release(frame: Frame): void {
    for (const name of frame.taken) this.#context.use.taken.delete(name);
  }

  #sum(count: (frame: Frame) => number): number {
    if (this.#frames.length === 1) return count(this.#top);
    return this.#frames.reduce((sum, frame) => sum + count(frame), 0);
  }
}

/** Two bytes of length, then the bytes. */
function sized(bytes: string): string {
  return String.fromCharCode(bytes.length >> 8, bytes.length & 255) + bytes;
}

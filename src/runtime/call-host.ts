/**
 * The host of one call: answers what code in the sandbox asks for, on the frame that is running.
 *
 * Errors  Refusals are answers: a code, which the realm turns into a failure of the call.
 */
import { verify as verifySignature } from "node:crypto";
import { sha256Hex } from "../lib/hash.ts";
import { invariant } from "../lib/invariant.ts";
import { splitAddressBytes } from "./addresses.ts";
import { fromByteText, fromCborText } from "./byte-text.ts";
import { type Frame, type FrameParts, isPayable, mergeFrame, openFrame } from "./call-frames.ts";
import type { ContractCode } from "./contract-code.ts";
import { contractRecord } from "./contract-records.ts";
import type { LedgerScope } from "./ledger-scope.ts";
import { limits } from "./limits.ts";
import { balanceOf, credit, debit, owe } from "./money.ts";
import type { Layer } from "./overlay.ts";
import type { FrameFacts, SandboxHost } from "./sandbox.ts";
import type { TransactionUse } from "./transaction-use.ts";

const STROOPS_MAX = 2n ** 63n - 1n;
/** Methods that only the registry calls. */
const RESERVED: ReadonlySet<string> = new Set(["setup", "migrate"]);
/** What an Ed25519 public key looks like as SubjectPublicKeyInfo (RFC 8410), before its 32 bytes. */
const SPKI_PREFIX = Uint8Array.fromHex("302a300506032b6570032100");

/** Facts of the transaction, as the realm reads them: CBOR in byte text. */
export interface TransactionFacts {
  readonly transfers: string;
  readonly locks: string;
}

export interface CallScope {
  readonly ledger: LedgerScope;
  readonly code: ContractCode;
  readonly use: TransactionUse;
  readonly facts: TransactionFacts;
}

export class CallHost implements SandboxHost {
  readonly #scope: CallScope;
  readonly #frames: Frame[] = [];
  #scans = 0;

  constructor(scope: CallScope) {
    this.#scope = scope;
  }

  /** Opens the outermost frame, on the state below the call. */
  begin(parts: FrameParts, below: Layer): Frame {
    const frame = openFrame(parts, below);
    this.#frames.push(frame);
    return frame;
  }

  /** Closes the outermost frame; what it took is free again unless it is kept. */
  end(isKept: boolean): void {
    const [outermost] = this.#frames;
    for (const frame of isKept ? [] : this.#frames) this.#release(frame);
    if (isKept && outermost !== undefined) {
      for (const key of outermost.keys) this.#scope.use.keys.add(key);
      this.#scope.use.pays += outermost.pays.length;
    }
    this.#frames.length = 0;
  }

  factsOf(frame: Frame): FrameFacts {
    const { sequence, closeTime } = this.#scope.ledger;
    return {
      codeHash: frame.record.codeHash,
      number: frame.record.number.toString(),
      self: frame.self,
      caller: frame.caller,
      ledger: sequence.toString(),
      time: closeTime.toString(),
      txHash: this.#scope.use.txHash,
    };
  }

  read(key: string): string {
    return this.#top().layer.get(key) ?? "";
  }

  write(key: string, value: string): string {
    const frame = this.#top();
    if (frame.isView) return "VIEW_WRITES";
    frame.keys.add(key);
    const written = this.#sum(({ keys }) => keys.size);
    if (written > limits.writesCallMax) return "TOO_MANY_WRITES";
    if (written + this.#scope.use.keys.size > limits.writesTransactionMax) return "TOO_MANY_WRITES";
    frame.layer.set(key, value === "" ? undefined : value);
    return "";
  }

  scan(prefix: string, after: string, limit: number): string {
    this.#scans += 1;
    if (this.#scans > limits.scanPagesCallMax) return "!";
    return this.#top()
      .layer.scan(prefix, after, limit)
      .map(([key, value]) => sized(key.slice(prefix.length)) + sized(value))
      .join("");
  }

  emit(topic: string, data: string): string {
    const frame = this.#top();
    if (frame.isView) return "VIEW_WRITES";
    const size = topic.length + data.length;
    const isTooMuch =
      this.#sum(({ events }) => events.length) >= limits.eventsCallMax ||
      this.#sum(({ eventBytes }) => eventBytes) + size > limits.eventBytesCallMax;
    if (isTooMuch) return "TOO_MANY_EVENTS";
    frame.eventBytes += size;
    frame.events.push({ contract: frame.record.number, topic, data: fromCborText(data) });
    return "";
  }

  pay(to: string, asset: string, amountText: string): string {
    const frame = this.#top();
    if (frame.isView) return "VIEW_WRITES";
    const amount = BigInt(amountText);
    if (amount < 1n || amount > STROOPS_MAX) return "AMOUNT_INVALID";
    const pays = this.#sum((each) => each.pays.length) + this.#scope.use.pays;
    if (pays >= limits.paysTransactionMax) return "TOO_MANY_PAYS";
    const code = this.#move(frame, to, asset, amount);
    if (code === "") frame.pays.push({ contract: frame.record.number, to, asset, amount });
    return code;
  }

  take(kind: string, index: number): string {
    const frame = this.#top();
    if (frame.isView) return "VIEW_WRITES";
    const name = `${kind} ${index}`;
    if (this.#scope.use.taken.has(name)) return "TRANSFER_TAKEN";
    this.#scope.use.taken.add(name);
    frame.taken.push(name);
    return "";
  }

  paid(asset: string): string {
    return (this.#top().paid.get(asset) ?? 0n).toString();
  }

  balance(asset: string): string {
    const { layer, record } = this.#top();
    return balanceOf(layer, record.number, asset).toString();
  }

  facts(kind: string): string {
    return kind === "locks" ? this.#scope.facts.locks : this.#scope.facts.transfers;
  }

  sha256(bytes: string): string {
    return sha256Hex(fromByteText(bytes));
  }

  verify(key: string, message: string, signature: string): string {
    const spki = Buffer.concat([SPKI_PREFIX, fromByteText(key)]);
    const publicKey = { key: spki, format: "der", type: "spki" } as const;
    try {
      const proof = fromByteText(signature);
      return verifySignature(null, fromByteText(message), publicKey, proof) ? "1" : "";
    } catch {
      // Bytes that are no point of the curve signed nothing.
      return "";
    }
  }

  enter(contractText: string, method: string, asset: string, amountText: string): string {
    const outer = this.#top();
    const amount = BigInt(amountText);
    const entered = this.#callee(outer, BigInt(contractText), method);
    if (typeof entered === "string") return `!${entered}`;
    const refused = asset === "" ? "" : this.#refusePay(outer, entered, { method, asset, amount });
    if (refused !== "") return `!${refused}`;
    const paid: ReadonlyMap<string, bigint> = new Map(asset === "" ? [] : [[asset, amount]]);
    const isView = outer.isView || entered.abi.methods.get(method)?.view === true;
    const frame = openFrame({ ...entered, caller: outer.self, isView, paid }, outer.layer);
    if (asset !== "") {
      debit(frame.layer, outer.record.number, asset, amount);
      credit(frame.layer, entered.record.number, asset, amount);
    }
    this.#frames.push(frame);
    return JSON.stringify(this.factsOf(frame));
  }

  leave(code: string): string {
    const frame = this.#frames.pop();
    const outer = this.#frames.at(-1);
    invariant(frame !== undefined && outer !== undefined, "a nested call leaves what it entered");
    if (code === "") mergeFrame(frame, outer);
    else this.#release(frame);
    return "";
  }

  #callee(outer: Frame, number: bigint, method: string) {
    if (this.#frames.length >= limits.contractDepthMax) return "CONTRACT_DEPTH";
    const record = contractRecord(outer.layer, number);
    if (record === undefined) return "CONTRACT_UNKNOWN";
    if (this.#frames.some((frame) => frame.record.number === number)) return "REENTRANT";
    const abi = this.#scope.code.load(outer.layer, record.codeHash);
    if (!abi.methods.has(method) || RESERVED.has(method)) return "METHOD_UNKNOWN";
    return { record, abi, self: this.#scope.ledger.addressOf(number) };
  }

  #refusePay(
    outer: Frame,
    callee: Pick<Frame, "abi">,
    pay: { readonly method: string; readonly asset: string; readonly amount: bigint },
  ): string {
    const method = callee.abi.methods.get(pay.method);
    if (outer.isView) return "VIEW_WRITES";
    if (pay.amount < 1n || pay.amount > STROOPS_MAX) return "AMOUNT_INVALID";
    if (method === undefined || !isPayable(method, pay.asset)) return "NOT_PAYABLE";
    const held = balanceOf(outer.layer, outer.record.number, pay.asset);
    return held < pay.amount ? "INSUFFICIENT_BALANCE" : "";
  }

  /** To another contract's address its balance grows; to anybody else the vault owes it. */
  #move(frame: Frame, to: string, asset: string, amount: bigint): string {
    const { account, id } = splitAddressBytes(to);
    const isVault = account === this.#scope.ledger.vaultKey;
    if (isVault && (id === undefined || contractRecord(frame.layer, id) === undefined)) {
      return "CONTRACT_UNKNOWN";
    }
    if (!debit(frame.layer, frame.record.number, asset, amount)) return "INSUFFICIENT_BALANCE";
    if (isVault && id !== undefined) credit(frame.layer, id, asset, amount);
    else owe(frame.layer, to, asset, amount);
    return "";
  }

  #release(frame: Frame): void {
    for (const name of frame.taken) this.#scope.use.taken.delete(name);
  }

  #top(): Frame {
    const frame = this.#frames.at(-1);
    invariant(frame !== undefined, "code runs inside a frame");
    return frame;
  }

  #sum(count: (frame: Frame) => number): number {
    return this.#frames.reduce((sum, frame) => sum + count(frame), 0);
  }
}

/** Two bytes of length, then the bytes. */
function sized(bytes: string): string {
  return String.fromCharCode(bytes.length >> 8, bytes.length & 255) + bytes;
}

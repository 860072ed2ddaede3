/** The kit as contracts receive it: the real functions behind `ace-node/contract`. */
import { gasSchedule, limits } from "../limits.ts";
import { hex, unhex } from "./bytes.ts";
import { encodeFree, rawBytes } from "./encode.ts";
import { current, locks, transfers } from "./frame.ts";
import { demand, host } from "./host.ts";
import { charge, failWith } from "./meter.ts";
import {
  charCodeAt,
  defineProperty,
  freeze,
  getOwnPropertyDescriptor,
  ownKeys,
  RawBigInt,
  substring,
} from "./primordials.ts";
import { callContract } from "./run.ts";
import { stateKit } from "./storage.ts";
import { typeKit } from "./types.ts";

/** Of a fact that is made an integer, or hexadecimal text, each time. */
const FACT_GAS = 8;
const TEXT_FACT_GAS = 120;
const TOPIC_MAX = 64;
const CODE_MAX = 48;
const KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;
const asset = { kind: "asset" } as const;
const account = { kind: "account" } as const;

/** The calls of a ledger all have the same time, so its text is read once. */
function lastInteger(): (text: string) => bigint {
  let known = "";
  let value = 0n;
  return (text) => {
    if (text !== known) {
      known = text;
      value = RawBigInt(text);
    }
    return value;
  };
}

const integerOfLedger = lastInteger();
const integerOfTime = lastInteger();

const ctx = readOnly({
  get caller() {
    return current().facts.caller;
  },
  get self() {
    return current().facts.self;
  },
  get number() {
    charge(FACT_GAS);
    return RawBigInt(current().facts.number);
  },
  get ledger() {
    return integerOfLedger(current().facts.ledger);
  },
  get time() {
    return integerOfTime(current().facts.time);
  },
  get txHash() {
    charge(TEXT_FACT_GAS);
    return hex(current().facts.txHash);
  },
  get transfers() {
    return transfers();
  },
  get locks() {
    return locks();
  },
  paid: (name: unknown) => amountOf(host.paid, name),
  balance: (name: unknown) => amountOf(host.balance, name),
});

/**
 * The same members, frozen. An object written with getters is a slow one to the engine; one that gets
 * them one by one, as they will stay, is as quick as any other.
 */
function readOnly<Members extends object>(members: Members): object {
  const made = {};
  const names = ownKeys(members);
  for (let index = 0; index < names.length; index += 1) {
    const name = names[index] ?? "";
    const member = getOwnPropertyDescriptor(members, name);
    if (member === undefined) continue;
    const { get, value } = member;
    const kept = get === undefined ? { value, writable: false } : { get };
    defineProperty(made, name, { ...kept, enumerable: true, configurable: false });
  }
  return freeze(made);
}

/** Frozen with the realm; handed to every contract. */
export const kit = {
  ...typeKit,
  XLM: "XLM",
  contract: (): void => {},
  state: freeze({ ...stateKit }),
  ctx,
  take: (item: unknown): void => {
    charge(gasSchedule.take);
    const transfer = placeOf(transfers(), item);
    const lock = transfer < 0 ? placeOf(locks(), item) : -1;
    if (transfer < 0 && lock < 0) failWith("TAKE_INVALID");
    demand(transfer < 0 ? host.take("lock", lock) : host.take("transfer", transfer));
  },
  pay: (to: unknown, name: unknown, amount: unknown): void => {
    charge(gasSchedule.pay);
    rawBytes(account, to);
    demand(host.pay(textOf(to), rawBytes(asset, name), integerOf(amount)));
  },
  emit: (topic: unknown, data: unknown = null): void => {
    if (typeof topic !== "string" || topic.length < 1 || topic.length > TOPIC_MAX) {
      failWith("TOPIC_INVALID");
    }
    rawBytes({ kind: "text" }, topic);
    const bytes = encodeFree(data, limits.eventBytesCallMax);
    charge(gasSchedule.event + gasSchedule.eventByte * bytes.length);
    demand(host.emit(textOf(topic), bytes));
  },
  call: (contract: unknown, method: unknown, args: unknown, options: unknown): unknown =>
    callContract(kit, contract, method, args, options),
  fail: (code: unknown): never => failWith(isCode(code) ? code : "FAIL_CODE_INVALID"),
  sha256: (text: unknown): string => {
    charge(gasSchedule.sha256);
    return host.sha256(bytesOf(text));
  },
  verify: (who: unknown, message: unknown, signature: unknown): boolean => {
    charge(gasSchedule.verify);
    const key = substring(rawBytes(account, who), 0, KEY_BYTES);
    const [signed, proof] = [bytesOf(message), bytesOf(signature)];
    return proof.length === SIGNATURE_BYTES && host.verify(key, signed, proof) === "1";
  },
};

function amountOf(ask: (asset: string) => bigint, name: unknown): bigint {
  charge(gasSchedule.money);
  return ask(rawBytes(asset, name));
}

function placeOf(items: readonly unknown[], item: unknown): number {
  charge(items.length);
  for (let index = 0; index < items.length; index += 1) {
    if (items[index] === item) return index;
  }
  return -1;
}

function bytesOf(text: unknown): string {
  charge(typeof text === "string" ? text.length : 0);
  return (typeof text === "string" ? unhex(text) : undefined) ?? failWith("TYPE_MISMATCH");
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : failWith("TYPE_MISMATCH");
}

function integerOf(value: unknown): bigint {
  return typeof value === "bigint" ? value : failWith("AMOUNT_INVALID");
}

function isCode(code: unknown): code is string {
  if (typeof code !== "string" || code.length < 1 || code.length > CODE_MAX) return false;
  for (let index = 0; index < code.length; index += 1) {
    const character = charCodeAt(code, index);
    const isLetter = character >= 65 && character <= 90;
    if (!isLetter && !(character >= 48 && character <= 57) && character !== 95) return false;
  }
  return true;
}

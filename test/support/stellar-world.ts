/**
 * A Stellar of which everybody knows the truth: one chain of ledgers that closes as virtual time passes,
 * and sources of it that are slow, late, broken or lying, as a seed decides.
 */
import { Account, Keypair, Operation, xdr } from "@stellar/stellar-sdk/base";
import { BusyError } from "../../src/ledger/busy-error.ts";
import type { LedgerRange, LedgerSource, RawLedger } from "../../src/ledger/ledger-source.ts";
import { AceError } from "../../src/lib/errors.ts";
import {
  failed,
  GENESIS,
  type MadeLedger,
  type MadeTransaction,
  makeLedger,
  makeTransaction,
  stored,
  succeeded,
} from "../fixtures/made-ledger.ts";
import type { VirtualTime } from "./virtual-time.ts";

export const VALIDATOR = Keypair.fromRawEd25519Seed(Buffer.alloc(32, 7));
const STRANGER = Keypair.fromRawEd25519Seed(Buffer.alloc(32, 8));
const CALLER = Keypair.fromRawEd25519Seed(Buffer.alloc(32, 9));
const CLOSE_MS = 5_000;
const CALL_EVERY = 7;
const CALLS = 20;
/** Bytes of an envelope and of a result in which a flipped bit leaves XDR. */
const IN_SEQUENCE = 50;
const IN_FEE = 7;

const operation = Operation.manageData({ name: "ace:1", value: Buffer.alloc(64, 5) });
const transactions = Array.from({ length: CALLS }, (_, index) =>
  makeTransaction(CALLER, [operation], { source: new Account(CALLER.publicKey(), String(index)) }),
);

/** The transactions of one ledger: every seventh has a call. */
function callsOf(sequence: number): readonly MadeTransaction[] {
  const transaction = transactions[sequence % CALLS];
  if (sequence % CALL_EVERY !== 0 || transaction === undefined) return [];
  return [succeeded(transaction, [stored])];
}

/** `count` ledgers after `GENESIS`, each signed by the validator. */
export function makeTruth(count: number): readonly MadeLedger[] {
  const chain: MadeLedger[] = [];
  for (let index = 0; index < count; index += 1) {
    const previous = chain.at(-1) ?? GENESIS;
    chain.push(makeLedger(previous, callsOf(previous.sequence + 1), { validator: VALIDATOR }));
  }
  return chain;
}

export class World {
  readonly truth: readonly MadeLedger[];
  readonly time: VirtualTime;
  readonly #closedAtStart: number;
  readonly #startedMs: number;

  /** @param closedAtStart How many ledgers have closed when time begins. */
  constructor(truth: readonly MadeLedger[], time: VirtualTime, closedAtStart: number) {
    this.truth = truth;
    this.time = time;
    this.#closedAtStart = closedAtStart;
    this.#startedMs = time.nowMs();
  }

  get newest(): number {
    const closed = Math.floor((this.time.nowMs() - this.#startedMs) / CLOSE_MS);
    return GENESIS.sequence + Math.min(this.#closedAtStart + closed, this.truth.length);
  }

  at(sequence: number): MadeLedger | undefined {
    return this.truth[sequence - GENESIS.sequence - 1];
  }
}

export interface Manner {
  readonly id: string;
  readonly kind: LedgerSource["kind"];
  readonly latencyMs: number;
  /** How many ledgers it is behind the network. */
  readonly lag?: () => number;
  readonly pageLedgers: number;
  /** Before each answer: may throw, wait or shorten what follows. */
  readonly trouble?: (time: VirtualTime, signal: AbortSignal | undefined) => Promise<void>;
  /** What is sent in place of a true ledger. */
  readonly instead?: (ledger: MadeLedger, world: World) => RawLedger;
  readonly claims?: (newest: number) => number;
}

/** A source with manners of its own. */
export class ManneredSource implements LedgerSource {
  readonly id: string;
  readonly kind: LedgerSource["kind"];
  readonly #world: World;
  readonly #manner: Manner;

  constructor(world: World, manner: Manner) {
    this.id = manner.id;
    this.kind = manner.kind;
    this.#world = world;
    this.#manner = manner;
  }

  async range(signal?: AbortSignal): Promise<LedgerRange> {
    await this.#answer(signal);
    const newest = this.#newest;
    return { first: GENESIS.sequence + 1, last: this.#manner.claims?.(newest) ?? newest };
  }

  async *read(from: number, signal?: AbortSignal): AsyncGenerator<RawLedger> {
    const { pageLedgers, instead } = this.#manner;
    for (let next = from; next <= this.#newest; next += 1) {
      if ((next - from) % pageLedgers === 0) await this.#answer(signal);
      const ledger = this.#world.at(next);
      if (ledger === undefined) return;
      yield instead?.(ledger, this.#world) ?? ledger;
    }
  }

  get #newest(): number {
    return this.#world.newest - (this.#manner.lag?.() ?? 0);
  }

  async #answer(signal: AbortSignal | undefined): Promise<void> {
    await this.#world.time.wait(this.#manner.latencyMs, signal);
    await this.#manner.trouble?.(this.#world.time, signal);
  }
}

const TIMEOUT_MS = 30_000;

/** Every trouble that is nobody's lie. */
export function troubles(chance: () => number): NonNullable<Manner["trouble"]> {
  return async (time, signal) => {
    const drawn = chance();
    if (drawn < 0.02) throw new AceError("LEDGER_NO_SOURCE", "the connection was lost");
    if (drawn < 0.04) throw new BusyError("HTTP 429", 1_000 + Math.floor(chance() * 20_000));
    if (drawn < 0.05) throw new BusyError("HTTP 503", undefined);
    if (drawn < 0.06) {
      await time.wait(TIMEOUT_MS, signal);
      throw new AceError("LEDGER_NO_SOURCE", "no answer in time");
    }
    if (drawn < 0.07) throw new AceError("LEDGER_MALFORMED", "a page of HTML with HTTP 200");
  };
}

/** Now and then an object that ends too early. */
export function truncated(chance: () => number): NonNullable<Manner["instead"]> {
  return (ledger) => {
    if (chance() >= 0.003) return ledger;
    return {
      ...ledger,
      bytes: ledger.bytes.subarray(0, Math.floor(chance() * ledger.bytes.length)),
    };
  };
}

export const LIES = [
  "an altered transaction",
  "an altered result",
  "results of its own, every hash right",
  "a chain of its own",
  "a call hidden as an empty ledger",
] as const;
export type LieName = (typeof LIES)[number];

/** True ledgers up to one, then this lie for ever. */
export function lying(lie: LieName, from: number): NonNullable<Manner["instead"]> {
  const invented: MadeLedger[] = [];
  const invent = (ledger: MadeLedger, world: World): MadeLedger => {
    const known = invented.find(({ sequence }) => sequence === ledger.sequence);
    if (known !== undefined) return known;
    const previous = invented.find(({ sequence }) => sequence === ledger.sequence - 1);
    const before = previous ?? world.at(ledger.sequence - 1) ?? GENESIS;
    const made =
      lie === "a chain of its own"
        ? makeLedger(before, [], { validator: STRANGER })
        : makeLedger(before, failedCalls(ledger.sequence), { validator: VALIDATOR });
    invented.push(made);
    return made;
  };
  return (ledger, world) => {
    if (ledger.sequence < from) return ledger;
    if (lie === LIES[2] || lie === LIES[3]) return invent(ledger, world);
    const [call] = callsOf(ledger.sequence);
    if (call === undefined) return ledger;
    if (lie === "an altered transaction")
      return flipped(ledger, call.envelope.toXdr(), IN_SEQUENCE);
    return lie === "an altered result"
      ? flipped(ledger, call.result.toXdr(), IN_FEE)
      : hidden(ledger);
  };
}

function failedCalls(sequence: number): readonly MadeTransaction[] {
  const transaction = transactions[sequence % CALLS];
  if (sequence % CALL_EVERY !== 0 || transaction === undefined) return [];
  return [failed(transaction, [stored])];
}

/** One bit of this part, wherever it lies in the ledger. */
function flipped(ledger: MadeLedger, part: Uint8Array, at: number): MadeLedger {
  const bytes = Buffer.from(ledger.bytes);
  const offset = bytes.indexOf(part);
  if (offset < 0) throw new Error("the part is not in the ledger");
  bytes[offset + at] = (bytes[offset + at] ?? 0) ^ 1;
  return { ...ledger, bytes };
}

/** The header as it is, and neither set nor results: what an archive shows of an empty ledger. */
function hidden({ sequence, bytes }: MadeLedger): RawLedger {
  const meta = xdr.LedgerCloseMeta.fromXdr(bytes);
  if (meta.type !== "v1") throw new Error("not as it was made");
  const header = meta.v1.ledgerHeader.toXdr();
  return { kind: "archived", sequence, header, set: undefined, results: undefined };
}

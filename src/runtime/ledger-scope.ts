/** What all calls of one ledger share. */
import { muxedText, splitAddressBytes } from "./addresses.ts";
import { type ContractRecord, readRecord } from "./contract-records.ts";
import { contractKey } from "./system-keys.ts";
import type { WorkingState } from "./working-state.ts";

export interface LedgerFacts {
  readonly sequence: number;
  /** Seconds, as text. */
  readonly closeTime: string;
  readonly vault: string;
}

/** What was once worked out about contracts; nothing in it depends on a ledger. */
const KNOWN_MAX = 10_000;

export class LedgerScope {
  readonly sequence: number;
  readonly sequenceText: string;
  readonly closeTime: string;
  readonly vault: string;
  /** The vault's 32 bytes, as byte text. */
  readonly vaultKey: string;
  readonly state: WorkingState;
  /** What the calls of the ledger have used so far. */
  gasUsed = 0;
  readonly #known: KnownContracts;

  constructor(facts: LedgerFacts, state: WorkingState, known: KnownContracts) {
    this.sequence = facts.sequence;
    this.sequenceText = String(facts.sequence);
    this.closeTime = facts.closeTime;
    this.vault = facts.vault;
    this.vaultKey = splitAddressBytes(facts.vault).account;
    this.state = state;
    this.#known = known;
  }

  /** The record of a contract, as state has it now. */
  record(number: bigint): ContractRecord | undefined {
    const { key, stored, record } = this.#known.of(number);
    const found = this.state.read(key);
    if (found === "") return undefined;
    if (found === stored && record !== undefined) return record;
    const read = readRecord(found, number);
    this.#known.keep(number, { key, stored: found, record: read });
    return read;
  }

  /** The M… address of a contract. */
  addressOf(contract: bigint): string {
    return this.#known.address(this.vaultKey, contract);
  }
}

interface Known {
  readonly key: string;
  /** The bytes that the record was read from. */
  readonly stored: string;
  readonly record: ContractRecord | undefined;
}

export class KnownContracts {
  #records = new Map<bigint, Known>();
  #addresses = new Map<bigint, string>();
  #vaultKey = "";

  of(number: bigint): Known {
    return this.#records.get(number) ?? { key: contractKey(number), stored: "", record: undefined };
  }

  keep(number: bigint, known: Known): void {
    if (this.#records.size >= KNOWN_MAX) this.#records = new Map();
    this.#records.set(number, known);
  }

  address(vaultKey: string, number: bigint): string {
    if (vaultKey !== this.#vaultKey || this.#addresses.size >= KNOWN_MAX) {
      this.#addresses = new Map();
      this.#vaultKey = vaultKey;
    }
    const known = this.#addresses.get(number);
    if (known !== undefined) return known;
    const made = muxedText(vaultKey, number);
    this.#addresses.set(number, made);
    return made;
  }
}

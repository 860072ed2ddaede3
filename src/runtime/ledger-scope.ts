/** What all calls of one ledger share. */
import { muxedText, splitAddressBytes } from "./addresses.ts";
import { type ContractRecord, FIRST_CONTRACT, readRecord } from "./contract-records.ts";
import { gasSchedule, limits } from "./limits.ts";
import { header, integerItem, MAJOR } from "./realm/cbor.ts";
import { Memo } from "./realm/table.ts";
import { balanceKey, contractKey, owedKey } from "./system-keys.ts";
import type { WorkingState } from "./working-state.ts";

export interface LedgerFacts {
  readonly sequence: number;
  /** Seconds, as text. */
  readonly closeTime: string;
  readonly vault: string;
}

export class LedgerScope {
  readonly sequenceText: string;
  /** CBOR in byte text. */
  readonly sequenceItem: string;
  readonly closeTime: string;
  readonly vault: string;
  /** The vault's 32 bytes, as byte text. */
  readonly vaultKey: string;
  readonly state: WorkingState;
  /** What the calls of the ledger have taken of its gas so far. */
  gasUsed = 0;
  /** By asset: what came into the vault with calls. */
  readonly received = new Map<string, bigint>();
  readonly #known: KnownContracts;

  constructor(facts: LedgerFacts, state: WorkingState, known: KnownContracts) {
    this.sequenceText = String(facts.sequence);
    this.sequenceItem = header(MAJOR.unsigned, facts.sequence);
    this.closeTime = facts.closeTime;
    this.vault = facts.vault;
    this.vaultKey = splitAddressBytes(facts.vault).account;
    this.state = state;
    this.#known = known;
    known.startWith(facts.vault, this.vaultKey);
  }

  receive(asset: string, amount: bigint): void {
    this.received.set(asset, (this.received.get(asset) ?? 0n) + amount);
  }

  /**
   * Takes the room of a judgement that its call pays this gas for, which is more than that gas; false when
   * the ledger has no room for it beside all that the call may use.
   */
  takeJudging(cost: number, gas: number): boolean {
    const more = cost * (gasSchedule.registryDeployWeight - 1);
    if (this.gasUsed + gas + more > limits.gasLedgerMax) return false;
    this.gasUsed += more;
    return true;
  }

  /** By its number as decimal text. */
  contract(number: string): KnownContract {
    return this.#known.of(number);
  }

  /** The record of a contract, as state has it now. */
  record(contract: KnownContract): ContractRecord | undefined {
    return contract.record(this.state);
  }

  /** Where the book holds what is owed to an address. */
  owedKey(address: string, asset: string): string {
    return this.#known.owedKey(address, asset);
  }
}

/** A number and what was worked out from it: nothing here depends on the ledger. */
export class KnownContract {
  readonly number: bigint;
  readonly text: string;
  /** Founded with the network: nobody can make more of them. */
  readonly isSystem: boolean;
  /** CBOR in byte text. */
  readonly item: string;
  /** Its M… address. */
  readonly address: string;
  readonly #key: string;
  readonly #balances = new Memo<string, string>(ASSETS_MAX);
  #stored = "";
  #record: ContractRecord | undefined;

  constructor(text: string, vaultKey: string) {
    this.number = BigInt(text);
    this.text = text;
    this.isSystem = this.number < FIRST_CONTRACT;
    this.item = integerItem(this.number);
    this.address = this.number < NUMBER_END ? muxedText(vaultKey, this.number) : "";
    this.#key = contractKey(this.number);
  }

  record(state: WorkingState): ContractRecord | undefined {
    const found = state.read(this.#key);
    if (found === "") return undefined;
    if (found === this.#stored) return this.#record;
    this.#stored = found;
    this.#record = readRecord(found, this.number);
    return this.#record;
  }

  balanceKey(asset: string): string {
    const known = this.#balances.get(asset);
    if (known !== undefined) return known;
    const key = balanceKey(this.number, asset);
    this.#balances.set(asset, key);
    return key;
  }
}

const NUMBER_END = 1n << 64n;
const CONTRACTS_MAX = 10_000;
const PAYEES_MAX = 20_000;
const ASSETS_MAX = 64;

export class KnownContracts {
  #contracts = new Memo<string, KnownContract>(CONTRACTS_MAX);
  readonly #owed = new Memo<string, string>(PAYEES_MAX);
  #vault = "";
  #vaultKey = "";

  /** Addresses of contracts are the vault's. */
  startWith(vault: string, vaultKey: string): void {
    if (vault === this.#vault) return;
    this.#contracts = new Memo(CONTRACTS_MAX);
    this.#vault = vault;
    this.#vaultKey = vaultKey;
  }

  of(number: string): KnownContract {
    const known = this.#contracts.get(number);
    if (known !== undefined) return known;
    const made = new KnownContract(number, this.#vaultKey);
    this.#contracts.set(made.text, made);
    return made;
  }

  owedKey(address: string, asset: string): string {
    const known = asset === "XLM" ? this.#owed.get(address) : undefined;
    if (known !== undefined) return known;
    const key = owedKey(address, asset);
    if (asset === "XLM") this.#owed.set(address, key);
    return key;
  }
}

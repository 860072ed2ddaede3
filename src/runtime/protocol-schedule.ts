/**
 * Which version of the protocol is in force at which ledger: the one that the network was founded with,
 * until the DAO's setting `protocol.version` names another. The DAO names a ledger that lies at least
 * `PROTOCOL_NOTICE_LEDGERS_MIN` ahead, and no second one before that is reached.
 *
 * Errors  `PROTOCOL_UNKNOWN` for a ledger of a version that this build lacks.
 * Source  `docs/spec/protocol.md`; `assets/system/dao.js` writes the row that is read here.
 */
import { networkId, type ServiceNetwork } from "../contracts/service-network.ts";
import { PROTOCOL_SETTING } from "../contracts/settings.ts";
import { decodeCbor } from "../lib/cbor.ts";
import { AceError } from "../lib/errors.ts";
import { invariant } from "../lib/invariant.ts";
import { fromByteText } from "./byte-text.ts";
import { type Exception, exceptions } from "./exceptions.ts";
import type { Ground } from "./overlay.ts";
import { type Protocol, protocolHash, protocols } from "./protocol.ts";
import { contractPrefix } from "./realm/keys.ts";

/** What a ledger is applied under. */
export interface LedgerRules {
  readonly protocol: Protocol;
  readonly protocolHash: string;
  /** Hashes of transactions whose calls are skipped. */
  readonly skipped: ReadonlySet<string>;
}

export interface ProtocolStatus {
  /** In force at this ledger. */
  readonly version: number;
  /** The one that the DAO has named, until its ledger is reached. */
  readonly next?: { readonly version: number; readonly fromLedger: number };
  /** Versions that this build has. */
  readonly known: readonly number[];
}

export interface ScheduleOptions {
  readonly network: ServiceNetwork;
  /** Those of this build when left out. */
  readonly protocols?: readonly Protocol[];
  readonly exceptions?: readonly Exception[];
}

type Source = Pick<Ground, "get">;

const DAO = 1n;
const ROW_KEY = `${contractPrefix(DAO)}setting\0${PROTOCOL_SETTING}\0`;

interface Row {
  readonly value: number;
  readonly next: number;
  readonly fromLedger: number;
}

export class ProtocolSchedule {
  readonly #founded: Row;
  readonly #protocols: readonly Protocol[];
  /** Of this network, by ledger. */
  readonly #exceptions: readonly Exception[];
  readonly #rules = new Map<string, LedgerRules>();
  #stored = "";
  #row: Row;

  constructor({ network, ...options }: ScheduleOptions) {
    const id = networkId(network);
    const version = network.protocolVersion;
    this.#founded = { value: version, next: version, fromLedger: network.genesisLedger };
    this.#row = this.#founded;
    this.#protocols = options.protocols ?? protocols;
    this.#exceptions = (options.exceptions ?? exceptions)
      .filter((exception) => exception.network === id)
      .toSorted((left, right) => left.ledger - right.ledger);
  }

  /** `state` is the one before the ledger, or one that at most the notice lies between. */
  at(ledger: number, state: Source): LedgerRules {
    const { value, next, fromLedger } = this.#read(state);
    const number = ledger >= fromLedger ? next : value;
    const protocol = this.#protocols.find((known) => known.number === number);
    if (protocol === undefined) throw this.#unknown(ledger, number, fromLedger);
    return this.#rulesOf(protocol, ledger);
  }

  /** Each hash that this ledger's may be made with, as far as this build knows. */
  hashesAt(ledger: number): readonly string[] {
    return this.#protocols.map((protocol) => this.#rulesOf(protocol, ledger).protocolHash);
  }

  status(ledger: number, state: Source): ProtocolStatus {
    const { value, next, fromLedger } = this.#read(state);
    const known = this.#protocols.map(({ number }) => number);
    if (ledger >= fromLedger) return { version: next, known };
    return { version: value, next: { version: next, fromLedger }, known };
  }

  #rulesOf(protocol: Protocol, ledger: number): LedgerRules {
    const past = this.#exceptions.filter((exception) => exception.ledger <= ledger);
    const name = `${protocol.number} ${past.length}`;
    const known = this.#rules.get(name);
    if (known !== undefined) return known;
    const hashes = past.map(({ txHash }) => txHash);
    const made = {
      protocol,
      protocolHash: protocolHash(protocol, hashes),
      skipped: new Set(hashes),
    };
    this.#rules.set(name, made);
    return made;
  }

  /** Before the genesis ledger there is no row. */
  #read(state: Source): Row {
    const stored = state.get(ROW_KEY) ?? "";
    if (stored === this.#stored) return this.#row;
    this.#row = stored === "" ? this.#founded : readRow(stored);
    this.#stored = stored;
    return this.#row;
  }

  #unknown(ledger: number, number: number, fromLedger: number): AceError {
    const known = this.#protocols.map((protocol) => protocol.number).join(", ");
    const since = ledger === fromLedger ? "the first" : `since ${fromLedger}`;
    const message = `ledger ${ledger} is under protocol version ${number} (${since}); this release has ${known}`;
    return new AceError("PROTOCOL_UNKNOWN", message);
  }
}

function readRow(stored: string): Row {
  const row = decodeCbor(fromByteText(stored));
  invariant(row instanceof Map, "a setting is a record");
  const number = (name: string): number => {
    const value: unknown = row.get(name);
    invariant(typeof value === "bigint", `a setting has a whole number "${name}"`);
    return Number(value);
  };
  return { value: number("value"), next: number("next"), fromLedger: number("fromLedger") };
}

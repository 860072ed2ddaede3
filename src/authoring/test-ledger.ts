/**
 * A service network in memory: the real runtime with its contract process, over state that ends with
 * the test. Each transaction is read by the inbox rule as a node would read it.
 */
import { readFileSync } from "node:fs";
import { callsOf, type InboxTransaction } from "../contracts/inbox.ts";
import { parseServiceNetwork, type ServiceNetwork } from "../contracts/service-network.ts";
import { developmentSettings } from "../contracts/settings.ts";
import { systemContracts } from "../contracts/system-contracts.ts";
import { silentEvents } from "../lib/events.ts";
import { sha256, sha256Hex } from "../lib/hash.ts";
import { accountFromBytes } from "../lib/strkey.ts";
import type { Receipt } from "../runtime/applied.ts";
import { openRuntime } from "../runtime/runtime.ts";
import type { Runtime } from "../runtime/runtime-types.ts";
import { MemoryState } from "./memory-state.ts";

const GENESIS = 100;
/** 2027-01-15T08:00:00Z. */
const START_S = 1_800_000_000n;
const LEDGER_S = 5n;
const SYSTEM = new URL("../../assets/system/", import.meta.url);

/** The G… account of a name: the same in every test. */
export function accountOf(name: string): string {
  return accountFromBytes(sha256(Buffer.from(name)));
}

export const vault = accountOf("vault");

export class TestLedger implements AsyncDisposable {
  readonly runtime: Runtime;
  readonly #state: MemoryState;
  #sequence = GENESIS;
  #timeS = START_S;
  #stepS = LEDGER_S;

  private constructor(runtime: Runtime, state: MemoryState) {
    this.runtime = runtime;
    this.#state = state;
  }

  static async open(): Promise<TestLedger> {
    const sources = new Map(
      systemContracts.map(({ number, file }) => [
        number,
        readFileSync(new URL(file, SYSTEM), "utf8"),
      ]),
    );
    const network = testNetwork(sources);
    const state = new MemoryState();
    const runtime = await openRuntime({
      network,
      systemContracts: systemContracts.map(({ number, setupArgs }) => ({
        number,
        source: sources.get(number) ?? "",
        setupArgs: setupArgs(network),
      })),
      state,
      tip: undefined,
      events: silentEvents,
    });
    const ledger = new TestLedger(runtime, state);
    await ledger.close([]);
    return ledger;
  }

  /** Close time of the last ledger. */
  get timeS(): bigint {
    return this.#timeS;
  }

  /** The ledger that closes next. */
  get sequence(): number {
    return this.#sequence;
  }

  get nextTimeS(): bigint {
    return this.#timeS + this.#stepS;
  }

  /** The next ledger closes this much later than it would. */
  wait(seconds: bigint): void {
    this.#stepS += seconds;
  }

  async close(transactions: readonly InboxTransaction[]): Promise<readonly Receipt[]> {
    this.#timeS = this.nextTimeS;
    this.#stepS = LEDGER_S;
    const applied = await this.runtime.apply({
      sequence: this.#sequence,
      closeTime: this.#timeS,
      headerHash: sha256Hex(Buffer.from(`ledger ${this.#sequence}`)),
      calls: transactions.flatMap((transaction) => callsOf(transaction, { vault })),
    });
    this.#state.commit(applied.writes);
    this.runtime.committed(applied.sequence);
    this.#sequence += 1;
    return applied.receipts;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.runtime[Symbol.asyncDispose]();
  }
}

function testNetwork(sources: ReadonlyMap<bigint, string>): ServiceNetwork {
  const signer = { account: accountOf("signer"), key: "11".repeat(32) };
  const asset = `ACE:${accountOf("issuer")}`;
  const hashes = [...sources].map(([number, text]) => [`${number}`, sha256Hex(Buffer.from(text))]);
  return parseServiceNetwork({
    name: "test",
    passphrase: "Ace Contract Tests",
    vault,
    genesisLedger: GENESIS,
    genesisHash: sha256Hex(Buffer.from(`ledger ${GENESIS}`)),
    protocolVersion: 1,
    assets: [asset],
    governanceAsset: asset,
    signers: [signer],
    threshold: 1,
    issuers: [signer],
    systemContracts: Object.fromEntries(hashes),
    settings: developmentSettings,
  });
}

/**
 * The system contracts: numbers below 256, founded with the network and pinned by it.
 *
 * Their sources are the files in `assets/system`; `network.json` holds the hash of each.
 */
import type { CborValue } from "../lib/cbor.ts";
import { accountBytes } from "../lib/strkey.ts";
import type { ServiceNetwork } from "./service-network.ts";
import { isPublicPassphrase, PROTOCOL_SETTING, settingRules } from "./settings.ts";

export interface SystemContract {
  readonly number: bigint;
  readonly name: string;
  /** Of its source, in `assets/system`. */
  readonly file: string;
  /** What its `setup` is given at the genesis ledger. */
  readonly setupArgs: (network: ServiceNetwork) => readonly CborValue[];
}

const ID_BYTES = 8;

export const systemContracts: readonly SystemContract[] = [
  { number: 1n, name: "dao", file: "dao.js", setupArgs: daoSetupArgs },
  { number: 2n, name: "devices", file: "devices.js", setupArgs: () => [] },
];

/** The governance asset, the registry's address, and each setting with its value and the bounds that hold here. */
function daoSetupArgs(network: ServiceNetwork): readonly CborValue[] {
  const isPublic = isPublicPassphrase(network.passphrase);
  const founded: Readonly<Record<string, number>> = {
    ...network.settings,
    [PROTOCOL_SETTING]: network.protocolVersion,
  };
  const settings = Object.entries(settingRules).map(
    ([name, rule]): CborValue =>
      new Map<string, CborValue>([
        ["name", name],
        ["value", BigInt(founded[name] ?? rule.initial)],
        ["min", BigInt(isPublic ? rule.min : rule.developmentMin)],
        ["max", BigInt(rule.max)],
      ]),
  );
  return [network.governanceAsset, registryAddress(network.vault), settings];
}

/** Contract 0's, as arguments carry addresses: the account's key, then the id. */
function registryAddress(vault: string): Uint8Array {
  return Uint8Array.from([...accountBytes(vault), ...new Uint8Array(ID_BYTES)]);
}

/** The sources of the system contracts, as this build has them. */
import { readFileSync } from "node:fs";
import type { ServiceNetwork } from "../contracts/service-network.ts";
import { systemContracts } from "../contracts/system-contracts.ts";
import type { CborValue } from "../lib/cbor.ts";
import { sha256Hex } from "../lib/hash.ts";

const FOLDER = new URL("../../assets/system/", import.meta.url);

export interface SystemSource {
  readonly number: bigint;
  readonly source: string;
  readonly setupArgs: readonly CborValue[];
}

export function systemSources(network: ServiceNetwork): readonly SystemSource[] {
  return systemContracts.map(({ number, file, setupArgs }) => ({
    number,
    source: sourceOf(file),
    setupArgs: setupArgs(network),
  }));
}

/** What `network.json` pins: contract number to code hash. */
export function systemContractHashes(): Readonly<Record<string, string>> {
  const hashes = systemContracts.map(({ number, file }) => [
    number.toString(),
    sha256Hex(Buffer.from(sourceOf(file))),
  ]);
  return Object.fromEntries(hashes);
}

function sourceOf(file: string): string {
  return readFileSync(new URL(file, FOLDER), "utf8");
}

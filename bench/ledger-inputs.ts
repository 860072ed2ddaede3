/**
 * Real ledgers to measure with: SEP-54 objects in memory, as a data lake serves them, one ledger each.
 *
 * Source  `test/fixtures/stellar/README.md` says where they come from; a data folder has the same
 *         files whole, under `pubnet` and `loadtest`.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { zstdCompressSync } from "node:zlib";
import { readLedgerObject } from "../src/ledger/ledger-object.ts";
import { concatBytes, uint32Bytes } from "../src/lib/bytes.ts";
import type { BenchOptions } from "./figure.ts";

export interface LedgerInput {
  readonly name: "pubnet" | "p26" | "p27";
  readonly passphrase: string;
  /** In ledger order. */
  readonly objects: readonly Uint8Array[];
}

/** The one pubnet ledger counts as often as this in a round. */
const PUBNET_COPIES = 8;
const FIXTURES = new URL("../test/fixtures/stellar/", import.meta.url).pathname;
const PUBNET_FILE = "pubnet/FCD285FF--53312000.xdr.zstd";

export function ledgerInputs({ dataDir }: BenchOptions): readonly LedgerInput[] {
  const pubnet = readFileSync(join(dataDir ?? FIXTURES, PUBNET_FILE));
  return [
    {
      name: "pubnet",
      passphrase: "Public Global Stellar Network ; September 2015",
      objects: Array.from({ length: PUBNET_COPIES }, () => pubnet),
    },
    { name: "p26", passphrase: "load test network", objects: loadObjects("v26", dataDir) },
    { name: "p27", passphrase: "Apply Load", objects: loadObjects("v27", dataDir) },
  ];
}

function loadObjects(version: string, dataDir: string | undefined): readonly Uint8Array[] {
  if (dataDir !== undefined) {
    const file = join(dataDir, `loadtest/load-test-ledgers-${version}.xdr.zstd`);
    return [...readLedgerObject(readFileSync(file))].map(toObject);
  }
  const folder = join(FIXTURES, "load");
  const names = readdirSync(folder).filter((name) => name.startsWith(version));
  // The key in their names counts down, so the newest comes first.
  return names
    .sort()
    .reverse()
    .map((name) => readFileSync(join(folder, name)));
}

/** First and last sequence mean nothing to a reader that looks at the ledgers alone. */
function toObject(ledger: Uint8Array): Uint8Array {
  return zstdCompressSync(concatBytes(uint32Bytes(1), uint32Bytes(1), uint32Bytes(1), ledger));
}

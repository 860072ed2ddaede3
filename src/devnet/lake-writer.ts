/**
 * The devnet as a data lake: its configuration, and its ledgers in batches, compressed with zstd.
 *
 * An object appears when the last ledger of its batch has closed, and never changes.
 *
 * Source  SEP-54 (0.2.0). Names and sizes: `ledger/lake-layout.ts`.
 */
import { constants, zstdCompressSync } from "node:zlib";
import {
  batchStart,
  LAKE_CONFIG_NAME,
  LAKE_SIZES,
  type LakeSizes,
  lakeObjectName,
} from "../ledger/lake-layout.ts";
import { concatBytes, uint32Bytes } from "../lib/bytes.ts";
import type { Publication, PublishedChain } from "./publication.ts";

const VERSION = "1.0";
const STYLE = { suffix: "zst", isFlat: false } as const;
const NAME = /(?:^|\/)([0-9A-F]{8})--[0-9-]{1,21}\.xdr\.zst$/;
const KEY_MAX = 0xff_ff_ff_ff;
/** With a checksum, so that a damaged object is never taken for a ledger. */
const ZSTD = { params: { [constants.ZSTD_c_checksumFlag]: 1 } };

export function lakePublication(chain: PublishedChain, sizes: LakeSizes = LAKE_SIZES): Publication {
  const { ledgersPerBatch } = sizes;
  return {
    names: [LAKE_CONFIG_NAME],
    completedBy: (sequence) =>
      sequence % ledgersPerBatch === ledgersPerBatch - 1
        ? [lakeObjectName(sequence, sizes, STYLE)]
        : [],
    read: (name) => {
      if (name === LAKE_CONFIG_NAME) return configText(chain.passphrase, sizes);
      const key = NAME.exec(name)?.[1];
      if (key === undefined) return undefined;
      const start = KEY_MAX - Number.parseInt(key, 16);
      const isNamedSo = lakeObjectName(start, sizes, STYLE) === name;
      return isNamedSo ? readBatch(chain, batchStart(start, sizes), sizes) : undefined;
    },
  };
}

function configText(networkPassphrase: string, sizes: LakeSizes): Uint8Array {
  const config = { networkPassphrase, version: VERSION, compression: "zstd", ...sizes };
  return Buffer.from(`${JSON.stringify(config, undefined, 2)}\n`);
}

function readBatch(
  chain: PublishedChain,
  start: number,
  { ledgersPerBatch }: LakeSizes,
): Uint8Array | undefined {
  // Ledgers are counted from 1, so the first batch lacks the ledger it is named for.
  const first = Math.max(1, start);
  const last = start + ledgersPerBatch - 1;
  if (last < first || last > chain.latest.sequence) return undefined;
  const metas: Uint8Array[] = [];
  for (let sequence = first; sequence <= last; sequence += 1) {
    const ledger = chain.archived(sequence);
    if (ledger === undefined) return undefined;
    metas.push(ledger.meta);
  }
  const prefix = [first, last, metas.length].map(uint32Bytes);
  return zstdCompressSync(concatBytes(...prefix, ...metas), ZSTD);
}

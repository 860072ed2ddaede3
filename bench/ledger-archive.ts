// Goal: how fast history is verified from an archive: every hash of every ledger, the chain, empty
//       sets, results and fee pool, and the signatures of a quorum once a checkpoint.
// Method: the archive is read as a node reads it, from disk, each file inflated in the loop. The peer
//         reads and inflates the same three files and decodes their entries with the SDK, checking the
//         header hash alone. Both take turns in one process; medians of the rounds count. Rates are per
//         second of processor time on all threads of this process.
import { join } from "node:path";
import { xdr } from "@stellar/stellar-sdk/base";
import { openArchive } from "../src/ledger/archive-files.ts";
import { isCheckpoint } from "../src/ledger/archive-layout.ts";
import { openArchiveSource } from "../src/ledger/archive-source.ts";
import type { ArchivedLedger } from "../src/ledger/ledger-source.ts";
import { readQuorumSet } from "../src/ledger/quorum.ts";
import { requireAnchor } from "../src/ledger/scp-anchor.ts";
import { stellarNetworkId } from "../src/ledger/transaction-hash.ts";
import { type VerifiedLedger, verifyRaw } from "../src/ledger/verify-ledger.ts";
import { toHex } from "../src/lib/bytes.ts";
import { sha256Hex } from "../src/lib/hash.ts";
import { type BenchOptions, type Figure, median } from "./figure.ts";

const ROUNDS = 5;
const PASSPHRASE = "Test SDF Network ; September 2015";
/** Its ledgers have transactions, but it has no SCP messages. */
const FIXTURE = new URL("../test/fixtures/stellar/archive-replay", import.meta.url).pathname;
/** The testnet's three validators, of which two are a quorum. */
const QUORUM = {
  threshold: 2,
  validators: [
    "GC2V2EFSXN6SQTWVYA5EPJPBWWIMSD2XQNKUOHGEKB535AQE2I6IXV2Z",
    "GCUCJTIYXSOXKBSNFGNFWW5MUQ54HKRPGJUTQFJ5RQXZXNOLNXYDHRAP",
    "GDKXE2OZMJIPOSLNA6N6F2BVCI3O777I2OOC4BV7VOYUEHYX7RTRYA7Y",
  ],
};

export async function archiveFigures({ dataDir }: BenchOptions): Promise<readonly Figure[]> {
  const folder = dataDir === undefined ? FIXTURE : join(dataDir, "archives/testnet-archive-small");
  const ours: number[] = [];
  const peers: number[] = [];
  let pass: Pass = { ledgers: 0, anchored: 0 };
  // The first round warms all up and is not counted.
  for (let round = 0; round <= ROUNDS; round += 1) {
    const own = await ratePerS(() => verifyArchive(folder));
    const peer = await ratePerS(() => decodeArchive(folder));
    pass = own.pass;
    if (round === 0) continue;
    ours.push(own.perS);
    peers.push(peer.perS);
  }
  const [value, peer] = [Math.round(median(ours)), Math.round(median(peers))];
  return [
    {
      name: "ledger.archive_per_s",
      value,
      unit: "ledgers a CPU-second",
      peer,
      ratio: Number((value / peer).toFixed(1)),
      input: `testnet, ledgers 1 to ${pass.ledgers}, full, ${pass.anchored} checkpoints anchored`,
    },
  ];
}

interface Pass {
  readonly ledgers: number;
  readonly anchored: number;
}

async function ratePerS(
  work: () => Promise<Pass>,
): Promise<{ readonly perS: number; readonly pass: Pass }> {
  const before = process.cpuUsage();
  const pass = await work();
  const { user, system } = process.cpuUsage(before);
  return { perS: pass.ledgers / ((user + system) / 1e6), pass };
}

async function verifyArchive(location: string): Promise<Pass> {
  const source = openArchiveSource({ location, passphrase: PASSPHRASE });
  const networkId = stellarNetworkId(PASSPHRASE);
  const quorumSet = readQuorumSet(QUORUM);
  let tip: VerifiedLedger | undefined;
  let anchored = 0;
  for await (const raw of source.read(1)) {
    const { sequence } = raw;
    tip = verifyRaw(raw, {
      passphrase: PASSPHRASE,
      sequence,
      previousHash: tip?.hash,
      previousFeePool: tip?.feePool,
      previousProtocol: tip?.protocolVersion,
    });
    if (!isCheckpoint(sequence)) continue;
    const envelopes = await source.consensus(sequence);
    if (envelopes.length === 0) continue;
    anchored += 1;
    const { valueBytes } = tip;
    requireAnchor({ sequence, valueBytes, networkId, quorumSet, envelopes });
  }
  return { ledgers: tip?.sequence ?? 0, anchored };
}

async function decodeArchive(location: string): Promise<Pass> {
  const archive = openArchive(location);
  const { currentLedger } = await archive.state();
  let ledgers = 0;
  for (let checkpoint = 63; checkpoint <= currentLedger; checkpoint += 64) {
    const found = (await archive.readCheckpoint(checkpoint)) ?? [];
    for (const ledger of found) decodeLedger(ledger);
    ledgers += found.length;
  }
  return { ledgers, anchored: 0 };
}

function decodeLedger({ header, set, results }: ArchivedLedger): void {
  const entry = xdr.LedgerHeaderHistoryEntry.fromXdr(header);
  if (sha256Hex(entry.header.toXdr()) !== toHex(entry.hash.toBytes()))
    throw new Error("the peer differs");
  if (set !== undefined) xdr.TransactionHistoryEntry.fromXdr(set);
  if (results !== undefined) xdr.TransactionHistoryResultEntry.fromXdr(results);
}

// Goal: no bytes that anybody can send make a parser crash, hang or eat the memory.
// Method: real inputs are changed at random, from a seed, and given to each parser that outside data
//         meets first. An error of ours is an answer; any other is a crash. An input that seemed slow
//         is timed again, by the processor's time, because a busy machine makes anything wait.
//         `FUZZ_INPUTS=100000` sets how many inputs each parser gets, `FUZZ_SEED` replays a run.
import { setImmediate as turnOfEventLoop } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { decodeCall, encodeCall } from "../../src/contracts/calldata-frame.ts";
import { appliedTransaction } from "../../src/ledger/applied-operation.ts";
import { joinChunks, toChunks } from "../../src/ledger/calldata.ts";
import { readCloseMeta, readHeaderEntry } from "../../src/ledger/close-meta.ts";
import { checkApplyOrder, pairTransactions } from "../../src/ledger/join-results.ts";
import { readLedgerObject } from "../../src/ledger/ledger-object.ts";
import type { ArchivedLedger } from "../../src/ledger/ledger-source.ts";
import { openRpcClient } from "../../src/ledger/rpc-client.ts";
import { readScpEntry } from "../../src/ledger/scp-history.ts";
import { supposeTransaction } from "../../src/ledger/suppose.ts";
import { checkLedger, verifyLedger, verifyRaw } from "../../src/ledger/verify-ledger.ts";
import { concatBytes, uint32Bytes } from "../../src/lib/bytes.ts";
import { isAceError } from "../../src/lib/errors.ts";
import { miniLake, readFixture, rpcHeaders, TESTNET } from "../fixtures/stellar-data.ts";
import { testnetArchive, testnetConsensus } from "../fixtures/testnet-archive.ts";
import { mutated, type Random, seededRandom } from "../support/mutation.ts";

const INPUTS = Number(process.env["FUZZ_INPUTS"] ?? 400);
const SEED = Number(process.env["FUZZ_SEED"] ?? 11);
const SLOW_MS = 100;
/** What takes longer is timed again. */
const SUSPECT_MS = 10;
const TURN_INPUTS = 50;
const GROWTH_BYTES_MAX = 512 * 1024 * 1024;
const TIMEOUT_MS = 60_000 + 20 * INPUTS;

interface Parser {
  readonly samples: readonly Uint8Array[];
  /** Gives one changed input to the parser. */
  readonly parse: (bytes: Uint8Array) => unknown;
}

const lake = miniLake();
const archive = testnetArchive().slice(64, 128);
const needle = new TextEncoder().encode("ace:1");
const passphrase = TESTNET;
const transactions = lake.flatMap((raw) => [...verifyLedger(raw, { passphrase }).transactions]);
const batch = concatBytes(uint32Bytes(997), uint32Bytes(999), uint32Bytes(3), ...lake);
const mark = (raw: Uint8Array): Uint8Array => uint32Bytes(0x80_00_00_00 + raw.length);
const stream = concatBytes(...lake.flatMap((raw) => [mark(raw), raw]));
const full = archive.filter(({ set }) => set !== undefined);
const ledgersPage = {
  jsonrpc: "2.0",
  id: 1,
  result: {
    ledgers: [{ sequence: 999, hash: "ab", metadataXdr: lake[2]?.toBase64() }],
    latestLedger: 999,
    oldestLedger: 1,
    cursor: "999",
  },
};

const parsers: Readonly<Record<string, Parser>> = {
  envelope: {
    samples: transactions.map(({ envelope }) => envelope),
    parse: (envelope) => {
      const [first] = transactions;
      if (first !== undefined) appliedTransaction({ ...first, envelope });
      return supposeTransaction(envelope.toBase64(), TESTNET);
    },
  },
  result: {
    samples: transactions.map(({ result }) => result),
    parse: (result) => transactions.map((each) => appliedTransaction({ ...each, result })),
  },
  header: {
    samples: rpcHeaders().map(({ entry }) => entry),
    parse: readHeaderEntry,
  },
  "LedgerCloseMeta frame": {
    samples: [...lake, stream],
    parse: (bytes) => {
      for (const raw of [bytes, ...readLedgerObject(bytes)]) readAnyway(raw);
    },
  },
  batch: { samples: [batch], parse: (bytes) => [...readLedgerObject(bytes)].map(readAnyway) },
  "zstd object": {
    samples: ["997", "998", "999"].map((name, index) =>
      readFixture(`lake-zst/${["FFFFFC1A", "FFFFFC19", "FFFFFC18"][index]}--${name}.xdr.zst`),
    ),
    parse: (bytes) => [...readLedgerObject(bytes)].map(readAnyway),
  },
  "archive entry": {
    samples: full.flatMap(({ header, set, results }) => [header, set ?? header, results ?? header]),
    parse: (bytes) => {
      const [ledger] = full;
      if (ledger === undefined) return;
      for (const change of [{ header: bytes }, { set: bytes }, { results: bytes }]) {
        attempt(() => verifyArchived({ ...ledger, ...change }));
      }
    },
  },
  "consensus entry": { samples: testnetConsensus().slice(0, 20), parse: readScpEntry },
  "RPC JSON": {
    samples: [new TextEncoder().encode(JSON.stringify(ledgersPage))],
    parse: (bytes) => {
      const reply = async () => new Response(Buffer.from(bytes));
      const client = openRpcClient({ url: "http://rpc.invalid", fetch: reply });
      return client.getLedgers({ startLedger: 999, limit: 1 });
    },
  },
  "calldata frame": {
    samples: [
      encodeCall({ contract: 7n, method: "buy", args: [1n, "text", new Uint8Array(40)], gas: 9n }),
      encodeCall({ contract: 1n, method: "vote", args: [[1n, [2n]], new Map([["a", true]])] }),
    ],
    parse: (bytes) => decodeCall(joinChunks(toChunks(bytes))),
  },
};

describe.each(Object.entries(parsers))("the parser of %s", (name, { samples, parse }) => {
  it(
    `answers ${INPUTS} changed inputs, each in time and without holding on to memory`,
    async () => {
      const random = seededRandom(SEED + name.length);
      const before = process.memoryUsage.rss();
      let slowestMs = 0;
      for (let round = 0; round < INPUTS; round += 1) {
        // Node frees what zlib held only once its event loop turns, as it does between any two reads.
        if (round % TURN_INPUTS === 0) await turnOfEventLoop();
        const input = changed(samples, random);
        const tookMs = await fairTimeOf(() => parse(input));
        slowestMs = Math.max(slowestMs, tookMs);
        if (tookMs > SLOW_MS) expect.fail(`round ${round} took ${tookMs} ms: ${input.toHex()}`);
      }
      const grownBytes = process.memoryUsage.rss() - before;
      expect(grownBytes).toBeLessThan(GROWTH_BYTES_MAX);
      if (process.env["FUZZ_INPUTS"] !== undefined) {
        const grownMb = Math.round(grownBytes / 1e6);
        process.stdout.write(
          `${name}: ${INPUTS} inputs, slowest ${slowestMs.toFixed(1)} ms, grew ${grownMb} MB\n`,
        );
      }
    },
    TIMEOUT_MS,
  );
});

it("changes inputs in ways that parsers take and in ways that they refuse", () => {
  const random = seededRandom(SEED);
  const [raw = new Uint8Array()] = lake;
  const outcomes = Array.from({ length: 300 }, () =>
    attempt(() => verifyLedger(mutated(raw, random), { passphrase })),
  );
  expect(new Set(outcomes)).toEqual(
    new Set(["taken", "LEDGER_HASH_MISMATCH", "LEDGER_MALFORMED", "LEDGER_PROTOCOL_UNKNOWN"]),
  );
});

function changed(samples: readonly Uint8Array[], random: Random): Uint8Array {
  const sample = samples[random(samples.length)] ?? new Uint8Array();
  // Now and then bytes that were never an input of any kind.
  if (random(20) > 0) return mutated(sample, random);
  return Uint8Array.from({ length: random(300) }, () => random(256));
}

/** Verifies as a node does, and then reads on past the failed hash as far as a parser can be led. */
function readAnyway(raw: Uint8Array): void {
  attempt(() => verifyLedger(raw, { passphrase, grade: "catchUp" }).find([needle]));
  attempt(() => {
    const parts = readCloseMeta(raw);
    checkLedger(parts, { previousFeePool: 0n, previousProtocol: 22 });
    checkApplyOrder(parts, passphrase);
    pairTransactions(parts, passphrase);
  });
}

function verifyArchived(ledger: ArchivedLedger): void {
  verifyRaw(ledger, { passphrase, grade: "audit" });
}

/** The time it takes, or what it takes of the processor where it seemed slow. */
async function fairTimeOf(work: () => unknown): Promise<number> {
  let tookMs = await timeOf(work);
  for (let again = 0; again < 3 && tookMs > SUSPECT_MS; again += 1) {
    tookMs = Math.min(tookMs, await processorMs(work));
  }
  return tookMs;
}

/** What it takes of the processor, whatever else the machine is busy with. */
async function processorMs(work: () => unknown): Promise<number> {
  const before = process.threadCpuUsage();
  await timeOf(work);
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1_000;
}

async function timeOf(work: () => unknown): Promise<number> {
  const startedMs = performance.now();
  try {
    await work();
  } catch (error) {
    if (!isAceError(error)) throw error;
  }
  return performance.now() - startedMs;
}

function attempt(work: () => unknown): string {
  try {
    work();
    return "taken";
  } catch (error) {
    if (isAceError(error)) return error.code;
    throw error;
  }
}

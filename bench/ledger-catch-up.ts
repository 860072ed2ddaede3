// Goal: how fast ledgers are caught up with, verified, next to merely decoding them with a peer.
// Method: SEP-54 objects lie in memory. Ours inflates each, checks header, chain, transaction set,
//         results and fee pool, and scans it (grade `full`); the peers inflate the same objects the
//         same way and decode them, checking nothing. All take turns in one process, so that a noisy
//         machine slows all; medians of the rounds count. Rates are per second of processor time of the
//         one thread that does the work. The best round, which is what a machine left alone can do, and
//         the grade `catchUp`, which leaves out results that concern nobody, stand beside.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { xdr } from "@stellar/stellar-sdk/base";
import { decode, initSync } from "@stellar/stellar-xdr-json";
import { OBJECT_BYTES_MAX } from "../src/ledger/ledger-object.ts";
import { inflateZstd } from "../src/ledger/zstd-frames.ts";
import { type BenchOptions, type Figure, median } from "./figure.ts";
import { type LedgerInput, ledgerInputs } from "./ledger-inputs.ts";
import { catchUp } from "./ledger-pass.ts";

const ROUNDS = 9;
/** Passes of ours in a round, so that its time can be measured beside the peers' one. */
const PASSES = 12;
/** The peers decode so many objects in a round. */
const PEER_OBJECTS = 4;
const UNIT = "ledgers a CPU-second";
const WASM = "@stellar/stellar-xdr-json/stellar_xdr_json_bg.wasm";

/** Ledgers a CPU-second, round by round. */
interface Rates {
  readonly input: string;
  readonly full: readonly number[];
  readonly catchUp: readonly number[];
  readonly sdk: readonly number[];
  readonly json: readonly number[];
}

export async function catchUpFigures(options: BenchOptions): Promise<readonly Figure[]> {
  const wasm = createRequire(import.meta.url).resolve(WASM);
  initSync(readFileSync(wasm));
  const rates = ledgerInputs(options).map(measure);
  return [
    ...besides("ledger.catchup_vs_sdk", rates, "sdk"),
    ...besides("ledger.catchup_vs_xdrjson", rates, "json"),
    ...rates.filter(({ input }) => input === "pubnet").flatMap(pubnetFigures),
  ];
}

function pubnetFigures({ full, catchUp }: Rates): readonly Figure[] {
  const name = "ledger.pubnet_per_s";
  return [
    { name, value: Math.round(median(full)), unit: UNIT, input: "pubnet, full" },
    { name: `${name}.best`, value: Math.round(Math.max(...full)), unit: UNIT, input: "best round" },
    { name: `${name}.catchUp`, value: Math.round(median(catchUp)), unit: UNIT, input: "catchUp" },
  ];
}

/** The worst input carries the name; each input has its own line, in both grades. */
function besides(name: string, rates: readonly Rates[], peer: "sdk" | "json"): readonly Figure[] {
  const each = rates.flatMap((rate) => [
    compare(`${name}.${rate.input}`, rate.full, rate[peer], `${rate.input}, full`),
    compare(`${name}.${rate.input}.catchUp`, rate.catchUp, rate[peer], `${rate.input}, catchUp`),
  ]);
  const full = each.filter(({ input }) => input?.endsWith("full"));
  const [worst] = full.toSorted((left, right) => (left.ratio ?? 0) - (right.ratio ?? 0));
  const input = `worst of ${rates.length} inputs: ${worst?.input}`;
  return worst === undefined ? [] : [{ ...worst, name, input }, ...each];
}

function compare(
  name: string,
  ours: readonly number[],
  theirs: readonly number[],
  input: string,
): Figure {
  const [rate, peerRate] = [median(ours), median(theirs)];
  const [value, peer] = [Math.round(rate), Number(peerRate.toFixed(2))];
  return { name, value, unit: UNIT, peer, ratio: Number((rate / peerRate).toFixed(1)), input };
}

function measure(input: LedgerInput): Rates {
  const few = input.objects.slice(0, PEER_OBJECTS);
  const runs = {
    full: () => repeat(() => catchUp(input, "full")),
    catchUp: () => repeat(() => catchUp(input, "catchUp")),
    sdk: () => decodeAll(few, (bytes) => xdr.LedgerCloseMetaBatch.fromXdr(bytes)),
    json: () => decodeAll(few, (bytes) => decode("LedgerCloseMetaBatch", bytes.toBase64())),
  };
  const seen = { full: rounds(), catchUp: rounds(), sdk: rounds(), json: rounds() };
  // The first round warms all up and is not counted.
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const name of ["full", "catchUp", "sdk", "json"] as const) {
      const rate = ratePerS(runs[name]);
      if (round > 0) seen[name].push(rate);
    }
  }
  return { input: input.name, ...seen };
}

function rounds(): number[] {
  return [];
}

function ratePerS(work: () => number): number {
  const before = process.threadCpuUsage();
  const count = work();
  const { user, system } = process.threadCpuUsage(before);
  return count / ((user + system) / 1e6);
}

function repeat(pass: () => number): number {
  let count = 0;
  for (let index = 0; index < PASSES; index += 1) count += pass();
  return count;
}

function decodeAll(
  objects: readonly Uint8Array[],
  decodeOne: (bytes: Uint8Array) => unknown,
): number {
  for (const object of objects) decodeOne(inflateZstd(object, OBJECT_BYTES_MAX));
  return objects.length;
}

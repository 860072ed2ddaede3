/**
 * SHA-256 of many short messages, four at a time. `hash-lanes-code.ts` tells how.
 *
 * Flow    Put messages into `words`, one behind the other; `hash`; read `hashes`, eight words each. All
 *         users share one memory, so nothing may happen between.
 */
import { hash } from "node:crypto";
import { invariant } from "../lib/invariant.ts";
import { LANE_COUNT, lanesModule } from "./hash-lanes-code.ts";
import { LANES_MEMORY_FROM, lanesConstants } from "./hash-lanes-constants.ts";

/** What is used of WebAssembly, for which the language has no types of its own. */
declare const WebAssembly: {
  readonly Memory: new (size: { readonly initial: number }) => { readonly buffer: ArrayBuffer };
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (
    module: object,
    imports: { readonly node: { readonly memory: object } },
  ) => {
    readonly exports: {
      readonly run: (
        at: number,
        out: number,
        groups: number,
        stride: number,
        isPair: number,
      ) => void;
    };
  };
};

const PAGE_BYTES = 65_536;
const MESSAGE_BYTES = 64;
const HASH_BYTES = 32;
/** Blocks of 64 bytes that are hashed at once. */
export const LANE_BLOCKS_MAX = 1_024;
const HASHES_AT = LANES_MEMORY_FROM + LANE_BLOCKS_MAX * MESSAGE_BYTES;
const END = HASHES_AT + LANE_BLOCKS_MAX * HASH_BYTES;

export interface HashLanes {
  readonly words: Int32Array;
  readonly bytes: Uint8Array;
  readonly hashes: Int32Array;
  /** Messages of 64 bytes each. */
  hashPairs(count: number): void;
  /** Messages of whole blocks each, with the padding of SHA-256. */
  hashPadded(count: number, blocks: number): void;
}

let shared: HashLanes | undefined;

export function hashLanes(): HashLanes {
  shared ??= makeLanes();
  return shared;
}

function makeLanes(): HashLanes {
  const memory = new WebAssembly.Memory({ initial: Math.ceil(END / PAGE_BYTES) });
  const { buffer } = memory;
  const constants = lanesConstants();
  new Uint32Array(buffer).set(constants);
  const module = new WebAssembly.Module(lanesModule());
  const { run } = new WebAssembly.Instance(module, { node: { memory } }).exports;
  const groups = (count: number): number => Math.ceil(count / LANE_COUNT);
  const lanes: HashLanes = {
    words: new Int32Array(buffer, LANES_MEMORY_FROM, (HASHES_AT - LANES_MEMORY_FROM) / 4),
    bytes: new Uint8Array(buffer, LANES_MEMORY_FROM, HASHES_AT - LANES_MEMORY_FROM),
    hashes: new Int32Array(buffer, HASHES_AT, (END - HASHES_AT) / 4),
    hashPairs: (count) => run(LANES_MEMORY_FROM, HASHES_AT, groups(count), MESSAGE_BYTES, 1),
    hashPadded: (count, blocks) =>
      run(LANES_MEMORY_FROM, HASHES_AT, groups(count), blocks * MESSAGE_BYTES, 0),
  };
  demandSame(lanes, buffer);
  return lanes;
}

/** An engine that computes otherwise must not decide a root. */
function demandSame(lanes: HashLanes, buffer: ArrayBuffer): void {
  const pairs = LANE_COUNT * MESSAGE_BYTES;
  for (let at = 0; at < pairs; at += 1) lanes.bytes[at] = (at * 7 + 129) & 0xff;
  lanes.hashPairs(LANE_COUNT);
  for (let lane = 0; lane < LANE_COUNT; lane += 1) {
    const message = lanes.bytes.subarray(lane * MESSAGE_BYTES, (lane + 1) * MESSAGE_BYTES);
    const found = Buffer.from(buffer, HASHES_AT + lane * HASH_BYTES, HASH_BYTES);
    invariant(found.equals(hash("sha256", message, "buffer")), "lanes hash as the engine does");
  }
}

/**
 * The store of a swarm at its start: what of it is known to be good, and what must be gone through.
 *
 * Without a place for a record all is verified before the swarm opens. With one, a viewer's swarm opens
 * at once, and what its record does not vouch for is verified behind it. A seed says nothing before it
 * is sure.
 *
 * Errors  `FILE_UNREADABLE` for a seed whose file is not what its torrent says.
 */
import { AceError } from "../lib/errors.ts";
import type { Bitfield } from "./bitfield.ts";
import { freshChance } from "./chance.ts";
import { SPILL_BYTES_MAX } from "./limits.ts";
import type { PieceStore } from "./piece-store.ts";
import { mendingStore } from "./piece-store-mending.ts";
import { spillStore } from "./piece-store-spill.ts";
import { type Resumed, resumeStore } from "./resume.ts";
import type { SwarmOptions } from "./swarm-port.ts";
import { isStoredGood, verifyStore } from "./verify.ts";

export interface SwarmStore {
  readonly store: PieceStore;
  readonly had: Bitfield;
  /** Goes through what is not known to be good; `onFound` is told of each piece that is. */
  check?(onFound: (index: number) => void, signal: AbortSignal): Promise<void>;
}

export async function openSwarmStore(options: SwarmOptions): Promise<SwarmStore> {
  const { torrent, resumePath, role, clock, chance = freshChance() } = options;
  if (resumePath === undefined) {
    return { store: spilling(options, options.store), had: await verified(options) };
  }
  const { store } = options;
  const resumed = await resumeStore({ torrent, store, path: resumePath, clock, chance });
  const { had } = resumed;
  if (role === "seed" && !had.isFull) {
    const found = await verified(options);
    for (let index = 0; index < found.size; index += 1) resumed.store.mark(index);
    return { store: resumed.store, had: found };
  }
  const opened = { store: spilling(options, resumed.store), had };
  if (!resumed.isCheckDue) return opened;
  return { ...opened, check: (onFound, signal) => check(options, resumed, { onFound, signal }) };
}

/** Who wants all of a content needs a store that holds all of it. */
export function requireRoom({ store, torrent }: SwarmOptions): void {
  if ((store.capBytes ?? Number.POSITIVE_INFINITY) >= torrent.length) return;
  throw new AceError("STORE_FULL", `${torrent.name} is larger than its store may grow`);
}

/** A seed writes nothing; a viewer plays on though its disk is full, or loses what it held. */
function spilling({ role }: SwarmOptions, store: PieceStore): PieceStore {
  return role === "seed" ? store : spillStore(mendingStore(store), SPILL_BYTES_MAX);
}

async function check(
  { torrent, onVerify }: SwarmOptions,
  { store, had }: Resumed,
  found: { readonly onFound: (index: number) => void; readonly signal: AbortSignal },
): Promise<void> {
  for (let index = 0; index < had.size; index += 1) {
    if (found.signal.aborted) return;
    if (!had.has(index) && (await isStoredGood(torrent, store, index))) {
      if (found.signal.aborted) return;
      store.mark(index);
      found.onFound(index);
    }
    onVerify?.(index + 1, had.size);
  }
}

async function verified({ torrent, store, role, signal, onVerify }: SwarmOptions) {
  const had = await verifyStore(torrent, store, {
    ...(signal === undefined ? {} : { signal }),
    ...(onVerify === undefined ? {} : { onProgress: onVerify }),
  });
  if (role === "leech" || had.isFull) return had;
  const missing = had.size - had.count;
  throw new AceError(
    "FILE_UNREADABLE",
    `${missing} of the ${had.size} pieces of ${torrent.name} are missing or changed`,
  );
}

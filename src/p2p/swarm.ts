/**
 * Swarm: the peers of one content, what they bring us and what we give them.
 *
 * Units   Offsets and lengths are bytes of the whole torrent.
 * Errors  `FILE_UNREADABLE` for a seed whose file is not what its torrent says. `read` fails with
 *         `CONTENT_UNREACHABLE` when nothing arrives, `RANGE_INVALID`, or what the token source
 *         says, such as `LICENCE_MISSING`. A gated content is never a hang.
 * Source  BEP 3; the gate is in gate.ts.
 */
import { AceError } from "../lib/errors.ts";
import { STALL_MS } from "./limits.ts";
import type { Swarm, SwarmOptions } from "./swarm-port.ts";
import { RunningSwarm } from "./swarm-run.ts";
import { verifyStore } from "./verify.ts";

/**
 * Verifies what the store holds, joins the swarm and stays in it until disposed of. The store is the
 * swarm's from here on: closed with it, and when it cannot be opened.
 */
export async function openSwarm(options: SwarmOptions): Promise<Swarm> {
  try {
    const had = await verified(options);
    return new RunningSwarm(options, had, options.stallMs ?? STALL_MS);
  } catch (error) {
    await options.store.close();
    throw error;
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

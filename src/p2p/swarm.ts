/**
 * Swarm: the peers of one content, what they bring us and what we give them.
 *
 * Units   Offsets and lengths are bytes of the whole torrent.
 * Errors  `FILE_UNREADABLE` for a seed whose file is not what its torrent says. `read` fails with
 *         `CONTENT_UNREACHABLE` when nothing arrives, `RANGE_INVALID`, or what the token source
 *         says, such as `LICENCE_MISSING`. A gated content is never a hang.
 * Source  BEP 3; the gate is in gate.ts.
 */
import { STALL_MS } from "./limits.ts";
import type { Supplier } from "./supplier-port.ts";
import type { Swarm, SwarmOptions } from "./swarm-port.ts";
import { RunningSwarm } from "./swarm-run.ts";
import { openSwarmStore } from "./swarm-store.ts";
import { webSeedSuppliers } from "./web-seed.ts";

/**
 * Verifies what the store holds, joins the swarm and stays in it until disposed of. The store is the
 * swarm's from here on: closed with it, and when it cannot be opened.
 */
export async function openSwarm(options: SwarmOptions): Promise<Swarm> {
  try {
    const kept = await openSwarmStore(options);
    const suppliers = [...(options.suppliers ?? []), ...webSeeds(options)];
    const settled = { ...options, store: kept.store, suppliers };
    return new RunningSwarm(settled, kept, options.stallMs ?? STALL_MS);
  } catch (error) {
    await options.store.close();
    throw error;
  }
}

function webSeeds({ torrent, role, webSeeds: options, events }: SwarmOptions): readonly Supplier[] {
  if (options === undefined || role === "seed") return [];
  return webSeedSuppliers({ torrent, options, events });
}

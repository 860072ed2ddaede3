/** Swarms that are counted for Prometheus as long as they are open. */
import type { LiveSwarm } from "../p2p/live-swarm-port.ts";
import type { Swarm } from "../p2p/swarm-port.ts";
import type { SwarmMeter } from "./p2p-metrics.ts";

/** The swarm, counted until it is left. */
export function measured(swarm: Swarm, meter: SwarmMeter): Swarm {
  const watching = meter.watch(() => swarm.stats());
  return {
    torrent: swarm.torrent,
    stats: () => swarm.stats(),
    ready: (signal) => swarm.ready(signal),
    read: (...range) => swarm.read(...range),
    download: (signal) => swarm.download(signal),
    addPeer: (address) => swarm.addPeer(address),
    [Symbol.asyncDispose]: async () => {
      watching[Symbol.dispose]();
      await swarm[Symbol.asyncDispose]();
    },
  };
}

/** As the one above, for a live stream. */
export function measuredLive(swarm: LiveSwarm, meter: SwarmMeter): LiveSwarm {
  const watching = meter.watch(() => swarm.stats());
  const leave = swarm[Symbol.asyncDispose].bind(swarm);
  swarm[Symbol.asyncDispose] = async () => {
    watching[Symbol.dispose]();
    await leave();
  };
  return swarm;
}

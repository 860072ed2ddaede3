/** Flags by which an operator says how much a process may send, fetch and hold open. */
import type { Command } from "commander";
import type { Flags } from "./flags.ts";

const KILOBYTE = 1_000;
const PEERS_LIMIT = 10_000;
const LIMIT_MAX_KBPS = 10_000_000;

export interface Limits {
  /** Bytes a second of all swarms together; 0 is without a limit. */
  readonly uploadBytesPerS: number;
  readonly downloadBytesPerS: number;
  readonly peersMax?: number;
  readonly swarmPeersMax?: number;
}

export function uploadOption(command: Command): Command {
  return command.option("--upload-limit <kB/s>", "send no faster; 0 is without a limit", "0");
}

export function downloadOption(command: Command): Command {
  return command.option("--download-limit <kB/s>", "fetch no faster; 0 is without a limit", "0");
}

export function readLimits(flags: Flags): Limits {
  const bounds = { min: 1, max: PEERS_LIMIT };
  const peersMax = flags.whole("peersMax", bounds);
  const swarmPeersMax = flags.whole("swarmPeersMax", bounds);
  return {
    uploadBytesPerS: rateOf(flags, "uploadLimit"),
    downloadBytesPerS: rateOf(flags, "downloadLimit"),
    ...(peersMax === undefined ? {} : { peersMax }),
    ...(swarmPeersMax === undefined ? {} : { swarmPeersMax }),
  };
}

function rateOf(flags: Flags, name: string): number {
  return (flags.whole(name, { min: 0, max: LIMIT_MAX_KBPS }) ?? 0) * KILOBYTE;
}

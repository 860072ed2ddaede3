/** On what terms a process carries one live stream: its limits, its port, and whom it has banned before. */
import { join } from "node:path";
import type { Command } from "commander";
import type { Clock } from "../lib/clock.ts";
import type { Events } from "../lib/events.ts";
import { BAN_FILE, openBanFile } from "../p2p/ban-file.ts";
import { Bans } from "../p2p/bans.ts";
import { type Listener, openListener } from "../p2p/listener.ts";
import { type NodeRates, openNodeRates } from "../p2p/swarm-rates.ts";
import { downloadFromOption, privateTerms, uploadToOption } from "./engine-flags.ts";
import type { Flags } from "./flags.ts";
import { downloadOption, readLimits, uploadOption } from "./limit-flags.ts";

export interface LiveTerms {
  readonly listener: Listener;
  /** `host:port` of the listener. */
  readonly address: string;
  readonly bans: Bans;
  readonly rates: { readonly node: NodeRates };
  readonly peersMax?: number;
  readonly uploadTo?: readonly string[];
  readonly downloadFrom?: readonly string[];
}

/** @param fetches Whether it takes the stream of peers, too. */
export function liveTermOptions(command: Command, fetches: boolean): Command {
  command
    .option("--listen <address>", "where peers connect; 0.0.0.0 lets other machines", "127.0.0.1")
    .option("--peer-port <port>", "BitTorrent port; 0 takes any free one", "0");
  uploadOption(command).addOption(uploadToOption());
  if (fetches) downloadOption(command).addOption(downloadFromOption());
  return command.option("--peers-max <count>", "connections at most (default: 60)");
}

/** @param dataDir Where bans are kept: `ace stream bans` shows those of all who share it. */
export async function openLiveTerms(
  parts: AsyncDisposableStack,
  flags: Flags,
  { dataDir, events, clock }: { dataDir: string; events: Events; clock: Clock },
): Promise<LiveTerms> {
  const { peersMax, ...rates } = readLimits(flags);
  const { uploadTo, downloadFrom } = privateTerms(flags);
  const peers = {
    ...(peersMax === undefined ? {} : { peersMax }),
    ...(uploadTo.length === 0 ? {} : { uploadTo }),
    ...(downloadFrom.length === 0 ? {} : { downloadFrom }),
  };
  const host = flags.text("listen") ?? "127.0.0.1";
  const port = flags.whole("peerPort", { min: 0, max: 65_535 }) ?? 0;
  const book = parts.use(openBanFile(join(dataDir, BAN_FILE), { clock, events }));
  const sockets = peersMax === undefined ? {} : { socketsMax: peersMax };
  const listener = parts.use(await openListener({ host, port, ...sockets, clock }));
  const node = openNodeRates(rates);
  const address = `${host}:${listener.port}`;
  return { listener, address, bans: new Bans(book), rates: { node }, ...peers };
}

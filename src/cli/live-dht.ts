/** The DHT of a live source, where its operator wants one: a public stream can be found without a node. */
import type { Command } from "commander";
import { AceError } from "../lib/errors.ts";
import type { Events } from "../lib/events.ts";
import { type DhtNode, openDht, PUBLIC_BOOTSTRAP } from "../p2p/dht-node.ts";
import type { FindOptions } from "../p2p/discovery-port.ts";
import type { DeviceKey } from "../p2p/ed25519.ts";
import { announceLive } from "../p2p/live-announce.ts";
import { liveLink } from "../p2p/live-item.ts";
import { liveDescriptorOf, type SignedLiveRecord } from "../p2p/live-record.ts";
import type { Flags } from "./flags.ts";
import { repeatable } from "./repeatable.ts";

export function liveDhtOptions(command: Command): Command {
  return command
    .option("--dht", "a public stream: keep its record in the DHT, where viewers find it by a link")
    .addOption(
      repeatable("--dht-node <host:port>", "begin the DHT here, not at the public routers"),
    );
}

/** Undefined when nobody asked for it. */
export async function openSourceDht(
  parts: AsyncDisposableStack,
  flags: Flags,
  { host, isPublic, events }: { host: string; isPublic: boolean; events: Events },
): Promise<DhtNode | undefined> {
  const nodes = flags.texts("dhtNode");
  if (!flags.isOn("dht") && nodes.length === 0) return undefined;
  if (!isPublic) {
    throw new AceError("USAGE", "--dht is for public streams: a gated one is found by its record");
  }
  const bootstrap = nodes.length > 0 ? nodes : PUBLIC_BOOTSTRAP;
  return parts.use(await openDht({ host, port: 0, bootstrap, events }));
}

/** Answers where else peers are looked for, and the link by which the stream is found there. */
export function keepInDht(
  parts: AsyncDisposableStack,
  dht: DhtNode | undefined,
  record: { readonly signed: SignedLiveRecord; readonly key: DeviceKey; readonly events: Events },
): { readonly find?: FindOptions; readonly link?: string } {
  if (dht === undefined) return {};
  parts.use(announceLive({ dht, ...record }));
  return { find: { dht }, link: liveLink(liveDescriptorOf(record.signed.record)) };
}

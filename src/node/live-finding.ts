/** Live streams that no node lists: by the record that their broadcaster keeps in the DHT. */
import { AceError } from "../lib/errors.ts";
import type { DhtNode } from "../p2p/dht-node.ts";
import type { LiveDescriptor } from "../p2p/live-descriptor.ts";
import { readLiveItem } from "../p2p/live-item.ts";
import { LIVE_ITEM_FIND_MS } from "../p2p/live-limits.ts";
import type { LiveRecord } from "../p2p/live-record.ts";

export async function recordInDht(
  dht: Pick<DhtNode, "getMutable">,
  descriptor: LiveDescriptor,
  signal: AbortSignal,
): Promise<LiveRecord> {
  const { broadcaster: publicKey, name, streamId } = descriptor;
  const limited = AbortSignal.any([signal, AbortSignal.timeout(LIVE_ITEM_FIND_MS)]);
  const salt = new TextEncoder().encode(name);
  const item = await dht.getMutable({ publicKey, salt }, limited);
  if (item !== undefined) return readLiveItem(item.value, descriptor).record;
  throw new AceError("CONTENT_NOT_FOUND", `no node, nor the DHT, knows the stream ${streamId}`);
}

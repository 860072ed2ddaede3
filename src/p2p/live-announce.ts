/** Keeps the record of a public live stream in the DHT, whose nodes forget it, for as long as it runs. */
import type { Events } from "../lib/events.ts";
import type { DhtNode } from "./dht-node.ts";
import type { DeviceKey } from "./ed25519.ts";
import { liveItem } from "./live-item.ts";
import { LIVE_ITEM_MS, LIVE_ITEM_RETRY_MS } from "./live-limits.ts";
import { liveDescriptorOf, type SignedLiveRecord } from "./live-record.ts";

interface LiveAnnouncing {
  readonly dht: Pick<DhtNode, "putMutable">;
  /** The broadcaster's. */
  readonly key: DeviceKey;
  readonly signed: SignedLiveRecord;
  readonly events: Events;
}

export function announceLive(announcing: LiveAnnouncing): Disposable {
  const { signed, events } = announcing;
  const descriptor = liveDescriptorOf(signed.record);
  const value = liveItem(signed, descriptor);
  const { streamId, publishedAtS: seq } = signed.record;
  let timer: NodeJS.Timeout | undefined;
  let isOver = false;
  const put = async (bytes: Uint8Array): Promise<void> => {
    let waitMs = LIVE_ITEM_MS;
    try {
      const salt = new TextEncoder().encode(descriptor.name);
      const item = { salt, seq, value: bytes };
      const nodes = await announcing.dht.putMutable(announcing.key, item);
      events.info("live.announced", { stream: streamId, nodes });
    } catch (error) {
      waitMs = LIVE_ITEM_RETRY_MS;
      events.warn("live.announce_failed", { stream: streamId, reason: String(error) });
    }
    if (!isOver) timer = setTimeout(() => void put(bytes), waitMs);
  };
  if (value === undefined) {
    events.warn("live.announce_failed", { stream: streamId, reason: "its record is too long" });
  } else void put(value);
  return {
    [Symbol.dispose]: () => {
      isOver = true;
      clearTimeout(timer);
    },
  };
}

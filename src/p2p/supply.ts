/**
 * Supply: asks the suppliers of a swarm when its peers are not enough.
 *
 * A supplier that was called because peers were late goes on until they have covered the player's
 * buffer: without that it would be called anew for each piece.
 */
import type { Download } from "./download.ts";
import { CDN_AFTER_MS } from "./engine-limits.ts";
import { type RateLimit, takeWithin } from "./rate-limit.ts";
import type { Reading } from "./reading.ts";
import type { Supplier, SupplyNeed } from "./supplier-port.ts";

export interface SupplyHost {
  readonly fetching: Download;
  /** What suppliers bring is held to these. */
  readonly rates: readonly RateLimit[];
  nowMs(): number;
  /** True while some peer could be asked for blocks. */
  hasServers(): boolean;
  /** The supplier brought a block; these peers were asked for it too. */
  onLate(
    peers: readonly string[],
    block: { readonly index: number; readonly offset: number },
  ): void;
}

export class Supply {
  bytes = 0;
  readonly #host: SupplyHost;
  readonly #suppliers: readonly Supplier[];
  readonly #lateSuppliers = new Set<string>();

  constructor(suppliers: readonly Supplier[], host: SupplyHost) {
    this.#suppliers = suppliers;
    this.#host = host;
    for (const supplier of suppliers) this.#start(supplier);
  }

  has(id: string): boolean {
    return this.#suppliers.some((supplier) => supplier.id === id);
  }

  tick(): void {
    const nowMs = this.#host.nowMs();
    for (const supplier of this.#suppliers) supplier.tick(this.#needOf(supplier, nowMs), nowMs);
  }

  onBad(id: string, index: number): void {
    this.#suppliers.find((supplier) => supplier.id === id)?.onBad(index);
  }

  stop(): void {
    for (const supplier of this.#suppliers) supplier.stop();
  }

  #needOf({ id, afterMs = CDN_AFTER_MS }: Supplier, nowMs: number): SupplyNeed {
    const { fetching } = this.#host;
    const readers = fetching.readers;
    const isSomethingWanted = fetching.wantsAll || readers.length > 0;
    if (isSomethingWanted && !this.#host.hasServers()) return "alone";
    const isLate = readers.some((reader) => (reader.waitedMs(nowMs) ?? -1) >= afterMs);
    if (isLate) this.#lateSuppliers.add(id);
    else if (readers.every((reader) => this.#isCovered(reader))) this.#lateSuppliers.delete(id);
    return this.#lateSuppliers.has(id) ? "late" : "none";
  }

  /** What a player needs next is here or on its way. */
  #isCovered({ playhead, last, aheadPieces }: Reading): boolean {
    const end = Math.min(last + 1, playhead + aheadPieces);
    for (let index = playhead; index < end; index += 1) {
      if (!this.#host.fetching.isDone(index)) return false;
    }
    return true;
  }

  #start(supplier: Supplier): void {
    const { id } = supplier;
    const { fetching } = this.#host;
    // It has everything, so that pieces no peer has can be found too.
    fetching.order.seeds += 1;
    supplier.start({
      take: (count) => {
        const nowMs = this.#host.nowMs();
        const reach = this.#host.hasServers() ? "urgent" : "all";
        const terms = { nowMs, patienceMs: 0, reach, isSupplier: true, has: () => true } as const;
        return takeWithin(this.#host.rates, { count, nowMs }, (allowed) => {
          return fetching.take(id, { ...terms, count: allowed });
        });
      },
      put: (block, bytes) => {
        this.bytes += bytes.length;
        this.#host.onLate(fetching.put(id, block, bytes), block);
      },
      giveBack: (block) => fetching.giveBack(id, block),
      isWanted: (block) => fetching.isWanted(block.index) && fetching.lacks(block),
    });
  }
}

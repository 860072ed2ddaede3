/**
 * Which piece has to go: those used last stay, as many as fit into so many bytes.
 *
 * Range   A piece larger than the cap is kept alone.
 */
export class PieceLru {
  readonly #capBytes: number;
  /** Oldest first. */
  readonly #sizes = new Map<number, number>();
  #bytes = 0;

  constructor(capBytes: number) {
    this.#capBytes = capBytes;
  }

  has(index: number): boolean {
    return this.#sizes.has(index);
  }

  get indexes(): readonly number[] {
    return [...this.#sizes.keys()];
  }

  touch(index: number): void {
    const size = this.#sizes.get(index);
    if (size === undefined) return;
    this.#sizes.delete(index);
    this.#sizes.set(index, size);
  }

  /** Takes a piece in; answers those that have to go for it. */
  add(index: number, size: number): readonly number[] {
    this.remove(index);
    this.#sizes.set(index, size);
    this.#bytes += size;
    const gone: number[] = [];
    for (const oldest of this.#sizes.keys()) {
      if (this.#bytes <= this.#capBytes || oldest === index) break;
      this.remove(oldest);
      gone.push(oldest);
    }
    return gone;
  }

  remove(index: number): void {
    this.#bytes -= this.#sizes.get(index) ?? 0;
    this.#sizes.delete(index);
  }
}

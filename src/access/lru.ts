/**
 * A map of bounded size that forgets first what was not used for long.
 *
 * It has two halves. What is used stands in the young one, which becomes the old one when it is full;
 * so a hit writes nothing, most of the time, and costs no more than the look.
 */
export class Lru<Value> {
  readonly #halfMax: number;
  #young = new Map<string, Value>();
  #old = new Map<string, Value>();

  /** @param max At most so many entries; at least half as many before anything is forgotten. */
  constructor(max: number) {
    this.#halfMax = Math.max(1, max >> 1);
  }

  get size(): number {
    return this.#young.size + this.#old.size;
  }

  get(key: string): Value | undefined {
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const value = this.#old.get(key);
    if (value === undefined) return undefined;
    this.#old.delete(key);
    this.#keep(key, value);
    return value;
  }

  set(key: string, value: Value): void {
    this.#old.delete(key);
    this.#keep(key, value);
  }

  delete(key: string): void {
    this.#young.delete(key);
    this.#old.delete(key);
  }

  #keep(key: string, value: Value): void {
    this.#young.set(key, value);
    if (this.#young.size < this.#halfMax) return;
    this.#old = this.#young;
    this.#young = new Map();
  }
}

/** Keys that a call wrote: few as a rule, so they are compared one by one before a set is worth making. */
const FEW = 8;
const NONE: readonly string[] = [];

export class KeySet {
  #few: string[] = [];
  #many: Set<string> | undefined;

  get size(): number {
    return this.#many?.size ?? this.#few.length;
  }

  add(key: string): void {
    if (this.#many !== undefined) {
      this.#many.add(key);
      return;
    }
    const few = this.#few;
    for (let index = 0; index < few.length; index += 1) if (few[index] === key) return;
    if (few.length < FEW) few[few.length] = key;
    else this.#many = new Set([...few, key]);
  }

  addAll(keys: KeySet | undefined): void {
    for (const key of keys?.all() ?? NONE) this.add(key);
  }

  all(): Iterable<string> {
    return this.#many ?? this.#few;
  }
}

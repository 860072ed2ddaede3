/** Tells all who wait that something has changed; they look for themselves what. */
export class LiveNews {
  #change = Promise.withResolvers<void>();

  /** Resolves at the next change. */
  get next(): Promise<void> {
    return this.#change.promise;
  }

  tell(): void {
    const { resolve } = this.#change;
    this.#change = Promise.withResolvers();
    resolve();
  }
}

/** What happens to the follower, one thing after another: many may post, one takes. */
export class Mailbox<Event> {
  readonly #events: Event[] = [];
  #taker: ((event: Event) => void) | undefined;

  post(event: Event): void {
    const taker = this.#taker;
    this.#taker = undefined;
    if (taker === undefined) this.#events.push(event);
    else taker(event);
  }

  /** The next event, now or when it comes. One taker at a time. */
  async take(): Promise<Event> {
    const next = this.#events.shift();
    if (next !== undefined) return next;
    return await new Promise((resolve) => {
      this.#taker = resolve;
    });
  }
}

// A limit of rate that counts what is booked with it, less what was given back.
import { RateLimit, type Turn } from "../../src/p2p/rate-limit.ts";

export class CountedLimit extends RateLimit {
  bookedBytes = 0;

  override book(bytes: number, nowMs: number, turn?: Turn): number {
    this.bookedBytes += bytes;
    return super.book(bytes, nowMs, turn);
  }

  override giveBack(bytes: number, turn?: Turn): void {
    this.bookedBytes -= bytes;
    super.giveBack(bytes, turn);
  }
}

/** A lane: one source being read from one ledger on, a ledger at a time, each as an event. */
import { AceError, isAceError } from "../lib/errors.ts";
import { headerHashAt } from "./header-hash-at.ts";
import type { LedgerPoint } from "./ledger-point.ts";
import type { RawLedger } from "./ledger-source.ts";
import type { WatchedSource } from "./watched-source.ts";

export type LaneEvent =
  | { readonly kind: "raw"; readonly lane: SourceLane; readonly raw: RawLedger }
  | { readonly kind: "end"; readonly lane: SourceLane }
  | { readonly kind: "broken"; readonly lane: SourceLane; readonly error: unknown };

export interface LaneOptions {
  readonly seat: WatchedSource;
  readonly from: number;
  readonly nowMs: number;
  /** The ledger that the network was founded in, to know another network by. */
  readonly start: LedgerPoint | undefined;
  readonly passphrase: string;
  readonly post: (event: LaneEvent) => void;
}

export class SourceLane {
  readonly seat: WatchedSource;
  readonly openedMs: number;
  /** How many ledgers it gave that were wanted. */
  delivered = 0;
  /** When the ledger that it is to send now was asked for. */
  askedMs: number;
  isClosed = false;
  #isPulling = false;
  readonly #aborter = new AbortController();
  readonly #ledgers: AsyncIterator<RawLedger>;
  readonly #post: (event: LaneEvent) => void;

  constructor(options: LaneOptions) {
    this.seat = options.seat;
    this.openedMs = options.nowMs;
    this.askedMs = options.nowMs;
    this.#post = options.post;
    this.#ledgers = readAfterStart(options, this.#aborter.signal)[Symbol.asyncIterator]();
  }

  get isPulling(): boolean {
    return this.#isPulling;
  }

  /** Its event has been taken up: it may be asked for the next. */
  taken(): void {
    this.#isPulling = false;
  }

  /** Asks for the next ledger; its event comes later. Until that is taken up, nothing is asked. */
  pull(nowMs: number): void {
    if (this.isClosed || this.#isPulling) return;
    this.#isPulling = true;
    this.askedMs = nowMs;
    this.#ledgers.next().then(
      ({ done, value }) =>
        this.#tell(
          done === true ? { kind: "end", lane: this } : { kind: "raw", lane: this, raw: value },
        ),
      (error: unknown) => this.#tell({ kind: "broken", lane: this, error }),
    );
  }

  /** Lets go at once; what still comes is not told. */
  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.#aborter.abort();
    // It returns once what it waits for has ended; nobody needs to wait for that.
    this.#ledgers.return?.().catch(() => undefined);
  }

  #tell(event: LaneEvent): void {
    if (!this.isClosed) this.#post(event);
  }
}

async function* readAfterStart(
  { seat, from, start, passphrase }: LaneOptions,
  signal: AbortSignal,
): AsyncGenerator<RawLedger> {
  // A reader that begins with the founding ledger itself meets its hash there.
  if (start !== undefined && from > start.sequence && !seat.isStartSeen) {
    const hash = await foundingHash(seat, start.sequence, passphrase, signal);
    if (hash === undefined) return;
    if (hash !== GONE && hash !== start.hash) throw anotherNetwork(start, hash);
    seat.isStartSeen = true;
  }
  yield* seat.source.read(from, signal);
}

/** The chain from the cursor on proves the network just as well, one ledger later. */
const GONE = "gone";

async function foundingHash(
  { source }: WatchedSource,
  sequence: number,
  passphrase: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    return await headerHashAt(source, { sequence, passphrase, signal });
  } catch (error) {
    if (isAceError(error, "LEDGER_RETENTION_EXCEEDED")) return GONE;
    throw error;
  }
}

export function anotherNetwork(start: LedgerPoint, hash: string): AceError {
  const found = `ledger ${start.sequence} has the hash ${hash}`;
  return new AceError("NETWORK_MISMATCH", `${found}; the network was founded on ${start.hash}`);
}

/**
 * A set of keys kept in order, for scans over what was written: byte text, so text order is byte order.
 *
 * Kept in short pieces, so that a key costs about the same whether hundreds or hundreds of thousands
 * are there: contracts choose how many keys a ledger writes and when it scans.
 */

const PIECE_KEYS_MAX = 512;

export class SortedKeys {
  /** Ascending, none of them empty but the first. */
  readonly #pieces: string[][] = [[]];

  /** Does nothing for a key that is there. */
  add(key: string): void {
    const at = this.#pieceOf(key);
    const piece = this.#pieces[at] ?? [];
    const place = placeOf(piece, key);
    if (piece[place] === key) return;
    piece.splice(place, 0, key);
    if (piece.length <= PIECE_KEYS_MAX) return;
    this.#pieces.splice(at + 1, 0, piece.splice(PIECE_KEYS_MAX >> 1));
  }

  /** Keys that start with `prefix` and sort after `after`, in order. */
  *from(prefix: string, after: string): Generator<string, undefined> {
    const first = after < prefix ? prefix : after;
    let at = this.#pieceOf(first);
    let place = placeOf(this.#pieces[at] ?? [], first);
    for (;;) {
      const key = this.#pieces[at]?.[place];
      place += 1;
      if (key === undefined) {
        at += 1;
        place = 0;
        if (at >= this.#pieces.length) return;
        continue;
      }
      if (key === after) continue;
      if (!key.startsWith(prefix)) return;
      yield key;
    }
  }

  /** The last piece whose first key does not sort after `key`. */
  #pieceOf(key: string): number {
    let low = 0;
    for (let high = this.#pieces.length; high - low > 1; ) {
      const middle = (low + high) >>> 1;
      if ((this.#pieces[middle]?.[0] ?? "") <= key) low = middle;
      else high = middle;
    }
    return low;
  }
}

/** Place of the first key that does not sort before `key`. */
function placeOf(piece: readonly string[], key: string): number {
  let low = 0;
  for (let high = piece.length; low < high; ) {
    const middle = (low + high) >>> 1;
    if ((piece[middle] ?? "") < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

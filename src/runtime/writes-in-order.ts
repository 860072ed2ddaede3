/** What a journal of writes comes to: each key once, with the value that it has now. */

/** The same object wherever the journal names the same key. */
interface Written {
  readonly key: string;
  readonly value: string | undefined;
}

/** Of the writes since the mark, ascending by key. */
export function writesInOrder(
  journal: readonly Written[],
  mark: number,
): readonly (readonly [key: string, value: string])[] {
  return netWrites(inOrder(journal, mark));
}

/** Of the few that a call writes, ascending by key: each is put in its place. */
function inOrder(journal: readonly Written[], mark: number): readonly Written[] {
  const sorted: Written[] = [];
  for (let index = mark; index < journal.length; index += 1) {
    const entry = journal[index];
    if (entry === undefined) continue;
    sorted[sorted.length] = entry;
    // Never before the first: in an isolate with a hardened realm, asking for what no array holds is slow.
    for (let place = sorted.length - 1; place > 0; place -= 1) {
      const before = sorted[place - 1];
      if (before === undefined || before.key <= entry.key) break;
      sorted[place] = before;
      sorted[place - 1] = entry;
    }
  }
  return sorted;
}

/** Entries ascending by key; one that was written twice stands there twice. */
function netWrites(
  entries: readonly Written[],
): readonly (readonly [key: string, value: string])[] {
  const writes: [key: string, value: string][] = [];
  let last: Written | undefined;
  for (let index = 0; index < entries.length; index += 1) {
    const entry = entries[index];
    if (entry !== undefined && entry !== last) {
      writes[writes.length] = [entry.key, entry.value ?? ""];
    }
    last = entry;
  }
  return writes;
}

/** What the exit codes of `ace` mean; the catalogue assigns one to each error. */

export const exitMeanings: ReadonlyMap<number, string> = new Map([
  [0, "done"],
  [1, "failed, or a check that found a difference"],
  [2, "usage: unknown command, bad flag, bad value"],
  [3, "not found"],
  [4, "key or permission"],
  [5, "refused by a contract"],
  [6, "network, node or ledger source"],
  [7, "cancelled, or nobody could be asked"],
  [8, "timed out, may still apply"],
]);

export function exitMeaning(exit: number): string {
  return exitMeanings.get(exit) ?? "unknown";
}

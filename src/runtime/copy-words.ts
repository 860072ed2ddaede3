/** Words one by one: for the few that an entry or a hash has, cheaper than a view and `set`. */
export function copyWords(
  from: Int32Array,
  fromAt: number,
  to: Int32Array,
  toAt: number,
  count: number,
): void {
  for (let word = 0; word < count; word += 1) to[toAt + word] = from[fromAt + word] ?? 0;
}

/**
 * Text that was put together keeps its pieces, and a piece keeps the text that it was cut from: a short
 * text could hold a long one in memory for as long as it is known. To look into it joins them.
 */

import { charCodeAt } from "./realm/primordials.ts";

/** Takes in what is looked at, or the engine would leave out a look that nobody needs. */
let seen = 0;

/** The same text, without its pieces. */
export function flat(text: string): string {
  seen = (seen + charCodeAt(text, 0)) & 0xffff;
  return text;
}

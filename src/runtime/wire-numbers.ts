/**
 * How numbers stand in a ledger's text: up to 247 in one byte; from there the byte tells how many more
 * follow, highest first; the last byte tells that an integer follows as decimal text.
 */

/** This and the six after it: one to seven bytes follow. */
export const LONG_NUMBER = 248;
export const INTEGER_TEXT = 255;
export const NUMBER_BYTES_MAX = INTEGER_TEXT - LONG_NUMBER;
/** In the order in which a row has them: kinds of calls by their place. */
export const CALL_KINDS = ["call", "receive", "malformed", "skipped"] as const;

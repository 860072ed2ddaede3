/** What to write instead, for the faults of types that those who begin with contracts make. */

const INTEGER = "Quantities are bigint: write 1n, not 1. A number only counts inside a function.";
const ABSENT = 'Nothing may be stored yet: `?? 0n`, or `?? fail("CODE")`.';
const NO_HOST = "A contract has the kit and JavaScript's own values, nothing else.";

/** By the number of TypeScript's message, and a word of it that must be there. */
const HINTS: readonly (readonly [code: string, word: RegExp, hint: string])[] = [
  ["TS2365", /bigint/, INTEGER],
  ["TS2367", /bigint/, INTEGER],
  ["TS2322", /'undefined' is not assignable|\| undefined'/, ABSENT],
  ["TS2345", /'undefined' is not assignable|\| undefined'/, ABSENT],
  ["TS2322", /'number'.*'bigint'|'bigint'.*'number'/, INTEGER],
  ["TS2345", /'number'.*'bigint'|'bigint'.*'number'/, INTEGER],
  ["TS18048", /undefined/, ABSENT],
  ["TS2532", /undefined/, ABSENT],
  ["TS18047", /null/, ABSENT],
  ["TS2304", /./, NO_HOST],
  ["TS2584", /./, NO_HOST],
  ["TS2580", /./, NO_HOST],
  ["TS1484", /./, "Write `type` before it: `import { type … }`."],
  ["TS7006", /./, "Say its type: `amount: bigint`, `who: string`."],
  ["TS2305", /./, "docs/contracts.md lists what the kit offers."],
  ["TS2724", /./, "docs/contracts.md lists what the kit offers."],
  ["TS1294", /./, "Types are only stripped: use a union of texts, or plain functions."],
];

export function typeHint(code: string, message: string): string {
  return HINTS.find(([known, word]) => known === code && word.test(message))?.[2] ?? "";
}

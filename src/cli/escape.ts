/**
 * Text of strangers, made safe to print: titles and names from the ledger may hold escape sequences
 * that forge a screen, and bidi marks that make one address look like another.
 */

/** Control, separator, surrogate and format characters; joiners stay, scripts and emoji need them. */
const UNSAFE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]|(?![\u200c\u200d])\p{Cf}/gu;

/** Every unsafe character as `\u{…}`, line breaks and tabs too. */
export function escapeText(text: string): string {
  return text.replace(UNSAFE, (character) => `\\u{${hexOf(character)}}`);
}

/** The same for text that is already JSON, which stays JSON of the same value. */
export function escapeJson(json: string): string {
  return json.replace(UNSAFE, (character) =>
    Array.from({ length: character.length }, (_, index) => {
      return `\\u${character.charCodeAt(index).toString(16).padStart(4, "0")}`;
    }).join(""),
  );
}

function hexOf(character: string): string {
  return (character.codePointAt(0) ?? 0).toString(16);
}

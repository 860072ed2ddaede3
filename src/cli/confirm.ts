/**
 * Consent: shows what will happen and waits for a yes, or for a word when much is at stake.
 *
 * Errors  `CANCELLED` for a no; `CONFIRMATION_NEEDED` when nobody can be asked and `--yes` is missing.
 */
import { AceError } from "../lib/errors.ts";
import type { Context } from "./context.ts";

export interface Consent {
  readonly question?: string;
  /** What counts when only Enter is pressed. False unless said otherwise. */
  readonly isYesByDefault?: boolean;
  /** Must be typed instead of yes. */
  readonly word?: string;
}

type ConsentContext = Pick<Context, "settings" | "output" | "terminal">;

export async function confirm(
  { settings, output, terminal }: ConsentContext,
  lines: readonly string[],
  consent: Consent = {},
): Promise<void> {
  const { question = "Go on?", isYesByDefault = false, word } = consent;
  const mayAsk = !settings.yes && terminal.canAsk;
  for (const line of lines) {
    if (mayAsk) terminal.show(line);
    else output.note(line);
  }
  if (settings.yes) return;
  if (!terminal.canAsk) {
    throw new AceError("CONFIRMATION_NEEDED", "this needs your consent, and nobody can be asked");
  }
  const choice = isYesByDefault ? "[Y/n]" : "[y/N]";
  const prompt = word === undefined ? `${question} ${choice}` : `Type "${word}" to go on:`;
  const answer = (await terminal.ask(prompt)).trim();
  if (!agrees(answer, { isYesByDefault, word })) {
    throw new AceError("CANCELLED", "you did not agree");
  }
}

function agrees(
  answer: string,
  { isYesByDefault, word }: { isYesByDefault: boolean; word: string | undefined },
): boolean {
  if (word !== undefined) return answer === word;
  return answer === "" ? isYesByDefault : /^y(es)?$/i.test(answer);
}

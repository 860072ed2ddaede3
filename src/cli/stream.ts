/** A standard stream as the CLI sees it: where text goes, and whether a person is looking. */
import { styleText } from "node:util";

export interface Stream {
  readonly isTerminal: boolean;
  readonly hasColour: boolean;
  /** Width in characters; endless when no terminal shows it. */
  readonly columns: number;
  write(text: string): void;
}

/** What a text means; a terminal shows it in colour. */
export type Tone = "good" | "warn" | "bad" | "dim" | "strong";

const styles = {
  good: "green",
  warn: "yellow",
  bad: "red",
  dim: "dim",
  strong: "bold",
} as const satisfies Record<Tone, Parameters<typeof styleText>[0]>;

export function streamOf(stream: NodeJS.WriteStream): Stream {
  const isTerminal = stream.isTTY === true;
  return {
    isTerminal,
    hasColour: hasColour(isTerminal, process.env),
    // A terminal that does not know its width says 0.
    columns: isTerminal && stream.columns > 0 ? stream.columns : Number.POSITIVE_INFINITY,
    write: (text) => stream.write(text),
  };
}

/** Source  no-color.org and bixense.com/clicolors: a variable counts when it is not empty. */
export function hasColour(isTerminal: boolean, environment: NodeJS.ProcessEnv): boolean {
  if ((environment["NO_COLOR"] ?? "") !== "") return false;
  const forced = environment["CLICOLOR_FORCE"] ?? "0";
  if (forced !== "" && forced !== "0") return true;
  return isTerminal && environment["TERM"] !== "dumb";
}

export function paint(stream: Stream, text: string, tone: Tone | undefined): string {
  if (tone === undefined || !stream.hasColour) return text;
  return styleText(styles[tone], text, { validateStream: false });
}

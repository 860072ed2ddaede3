/**
 * Flags of one command as typed values, by their name in camel case: `--max-fee` is `maxFee`.
 *
 * Errors  `USAGE` for text that is not what the flag takes.
 */
import { AceError } from "../lib/errors.ts";

const WHOLE = /^-?\d{1,15}$/;

export class Flags {
  readonly #values: Readonly<Record<string, unknown>>;

  constructor(values: Readonly<Record<string, unknown>>) {
    this.#values = values;
  }

  /** The text given, the last of several, or undefined. */
  text(name: string): string | undefined {
    return this.texts(name).at(-1);
  }

  /** Every text given to a flag that takes several. */
  texts(name: string): readonly string[] {
    const value = this.#values[name];
    if (Array.isArray(value)) return value.map(String);
    return typeof value === "string" ? [value] : [];
  }

  isOn(name: string): boolean {
    return this.#values[name] === true;
  }

  /** True when a flag such as `--no-wait` was given; its name is `wait`. */
  isOff(name: string): boolean {
    return this.#values[name] === false;
  }

  /** One of the texts that the flag takes, or undefined when it is not given. */
  oneOf<Choice extends string>(name: string, choices: readonly Choice[]): Choice | undefined {
    const text = this.text(name);
    const choice = choices.find((each) => each === text);
    if (text === undefined || choice !== undefined) return choice;
    throw new AceError("USAGE", `--${kebab(name)} takes ${choices.join(", ")}, not "${text}"`);
  }

  /** A whole number within the bounds, or undefined when the flag is not given. */
  whole(name: string, bounds: { readonly min: number; readonly max: number }): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const value = Number(text);
    if (WHOLE.test(text) && value >= bounds.min && value <= bounds.max) return value;
    const range = `a whole number from ${bounds.min} to ${bounds.max}`;
    throw new AceError("USAGE", `--${kebab(name)} takes ${range}, not "${text}"`);
  }
}

function kebab(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

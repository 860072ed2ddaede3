/** What a program is made with: chance, names, and what is in scope by type. */

/** number, integer, text, boolean, arrays of the first three, Map from text to integer. */
export type Type = "n" | "i" | "t" | "b" | "an" | "ai" | "at" | "m";

interface Known {
  readonly name: string;
  readonly type: Type;
}

/** From an integer and a number to an integer. */
type Helper = (integer: string, number: string) => string;

const TYPES: readonly Type[] = ["n", "i", "i", "t", "t", "b", "an", "ai", "ai", "at", "m"];

export class Maker {
  readonly #chance: () => number;
  readonly helpers: Helper[] = [];
  scope: readonly Known[] = [];
  #names = 0;

  constructor(chance: () => number) {
    this.#chance = chance;
  }

  /** A whole number from 0 up to `below`. */
  count(below: number): number {
    return Math.floor(this.#chance() * below);
  }

  isLucky(part: number): boolean {
    return this.#chance() < part;
  }

  /** One of several; only that one is made. */
  pick<T>(items: readonly (() => T)[]): T {
    const found = items[this.count(items.length)];
    if (found === undefined) throw new RangeError("nothing to pick from");
    return found();
  }

  word(items: readonly string[]): string {
    return items[this.count(items.length)] ?? "";
  }

  type(): Type {
    return TYPES[this.count(TYPES.length)] ?? "n";
  }

  fresh(): string {
    this.#names += 1;
    return `v${this.#names}`;
  }

  /** A new name that is in scope from now on. */
  declare(type: Type): string {
    const name = this.fresh();
    this.scope = [...this.scope, { name, type }];
    return name;
  }

  /** A name of this type, if there is one. */
  known(type: Type): string | undefined {
    const names = this.scope.filter((one) => one.type === type);
    return names[this.count(names.length)]?.name;
  }

  /** Made in a scope of its own. */
  inside(make: () => string): string {
    const outer = this.scope;
    const text = make();
    this.scope = outer;
    return text;
  }
}

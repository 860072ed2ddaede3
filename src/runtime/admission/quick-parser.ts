/**
 * The parser, without its one quadratic cost: for each declared name acorn looks through all names of the
 * scope, and a source may declare some twenty thousand. What it accepts and builds is the same.
 */
import { type Options, Parser, type Program } from "acorn";

declare module "acorn" {
  interface Parser {
    enterScope(flags: number): void;
    currentScope(): { var: string[]; lexical: string[]; functions: string[] };
  }
}

/** So few are found sooner one by one. */
const FEW = 16;

/** A list of names as acorn uses it: names are added at its end, and looked for. */
class Names extends Array<string> {
  #known: Set<string> | undefined;

  override push(name: string): number {
    this.#known?.add(name);
    return super.push(name);
  }

  override indexOf(name: string): number {
    if (this.length <= FEW) return super.indexOf(name);
    this.#known ??= new Set(this);
    return this.#known.has(name) ? 0 : -1;
  }
}

class QuickParser extends Parser {
  override enterScope(flags: number): void {
    super.enterScope(flags);
    const scope = this.currentScope();
    scope.var = new Names();
    scope.lexical = new Names();
    scope.functions = new Names();
  }
}

export function parseText(text: string, options: Options): Program {
  return QuickParser.parse(text, options);
}

/**
 * Programs of the contract language, made by chance from a seed: every form of statement and expression
 * that admission lets pass, of fitting types, so that most come far.
 *
 * A program is the source of a contract with one method `f`, which tells what it worked out in events.
 */
import { chanceOf } from "./chance.ts";
import { Maker } from "./program-maker.ts";
import { helper, lines, shown } from "./program-statements.ts";

const HEAD = `import { contract, state, ctx, int, text, emit, fail } from "ace-node/contract";
contract({ name: "program", methods: { f: { args: [] } } });
`;
const STATE = `const total = state.value("total", int);
const byNumber = state.map("byNumber", int, int);
const byName = state.map("byName", text, int);
`;
const HELPERS_MAX = 4;
const STATEMENTS = 9;

export interface ProgramText {
  readonly source: string;
  /** The same without imports, exports and the literal: a script that ends by calling `f`. */
  readonly plain: string;
}

export function programText(seed: number): ProgramText {
  const maker = new Maker(chanceOf(seed));
  const helpers: string[] = [];
  for (let left = maker.count(HELPERS_MAX); left > 0; left -= 1) helpers.push(helper(maker));
  const main = maker.inside(
    () => `function f() {\n${lines(maker, STATEMENTS)}\nemit("end", [${shown(maker)}]);\n}\n`,
  );
  const inner = `${STATE}${helpers.join("\n")}\n`;
  return { source: `${HEAD}${inner}export ${main}`, plain: `${inner}${main}f();\n` };
}

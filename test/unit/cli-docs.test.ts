// Goal: the reference pages say what the code does.
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { cliPage, errorsPage, wholeProgram } from "../../src/cli/reference.ts";

const page = (name: string): string =>
  readFileSync(new URL(`../../docs/${name}`, import.meta.url), "utf8");

it("prints docs/errors.md from the catalogue: `npm run generate` brings it up to date", () => {
  expect(page("errors.md")).toBe(errorsPage());
});

it("prints docs/cli.md from the help: `npm run generate` brings it up to date", async () => {
  expect(page("cli.md")).toBe(await cliPage());
});

it("shows an example for every command", async () => {
  const program = await wholeProgram();
  const leaves = program.commands.flatMap((noun) =>
    noun.commands.length > 0 ? noun.commands : [noun],
  );
  const silent = leaves.filter((command) => {
    let help = "";
    command.configureOutput({
      writeOut: (text) => {
        help += text;
      },
    });
    command.outputHelp();
    return !/\nExamples?:\n {2}/.test(help);
  });
  expect(silent.map((command) => `${command.parent?.name()} ${command.name()}`)).toEqual([]);
});

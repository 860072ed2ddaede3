/** `ace contract new`, `dev`, `test`, `build`: what an author does before anything is on a ledger. */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { relative } from "node:path";
import type { Command } from "commander";
import { type BuiltContract, buildContract } from "../authoring/build-contract.ts";
import { checkTypes } from "../authoring/check-types.ts";
import { newContract, templateNames, unbuiltCheckout } from "../authoring/new-contract.ts";
import { typeText } from "../contracts/abi.ts";
import { AceError } from "../lib/errors.ts";
import { limits } from "../runtime/limits.ts";
import type { Context } from "./context.ts";
import { signatureOf } from "./contract-info.ts";
import { devContract } from "./dev-contract.ts";
import type { Flags } from "./flags.ts";
import { examples } from "./help.ts";
import type { Run } from "./run.ts";
import { testContract } from "./test-contract.ts";

export function registerAuthoring(noun: Command, run: Run): void {
  examples(
    noun
      .command("new <folder>")
      .description("a folder that works at once: contract, test, README, types for the editor")
      .option("--from <template>", templateNames.join(", "), "licence"),
    "ace contract new my-licence --from licence",
    "ace contract new my-idea --from empty",
  ).action(run((context, [folder = ""], flags) => create(context, folder, flags)));
  examples(
    noun
      .command("dev <file> [args...]")
      .description(
        "builds, checks and tests at every change; with --deploy puts it on a network too",
      )
      .option("--deploy", "deploy after each change that passes, with these arguments of setup")
      .option("--no-check", "leave types unchecked"),
    "ace contract dev licence.ts",
    "ace contract dev counter.ts --deploy 10 --as owner --yes",
  ).action(
    run((context, [file = "", ...args], flags) => devContract(context, { file, args }, flags)),
  );
  examples(
    noun
      .command("test [files...]")
      .description("runs tests in the real runtime, and shows gas by method beside the last time")
      .option("--update", "write the gas of now into gas.snapshot.json")
      .option("--tolerance <percent>", "change of gas that passes", "5"),
    "ace contract test",
    "ace contract test my-licence --update",
  ).action(run((context, paths, flags) => testContract(context, paths, flags)));
  examples(
    noun
      .command("build <file>")
      .description("checks types and every rule, and writes the .js that the ledger will carry")
      .option("--out <file>", "where the JavaScript goes (default: beside the source)")
      .option("--no-check", "leave types unchecked"),
    "ace contract build my-licence/licence.ts",
    "ace contract build licence.ts --json",
  ).action(run((context, [file = ""], flags) => build(context, file, flags)));
}

function create({ output }: Context, folder: string, flags: Flags): unknown {
  const made = newContract(folder, flags.text("from") ?? "licence");
  output.line(`made ${folder}: ${made.files.join(", ")}`, "good");
  buildCheckout(output);
  const name = relative(folder, made.source);
  output.note(`next: cd ${folder} && npm install && npx ace contract dev ${name}`);
  return made;
}

/** A fresh checkout runs from its sources; what its neighbours import is built once. */
function buildCheckout(output: Context["output"]): void {
  const root = unbuiltCheckout();
  if (root === undefined) return;
  output.note(`building ace-node in ${root} once, for editor and tests`);
  const npm = process.platform === "win32" ? "npm.cmd" : "npm";
  const { status } = spawnSync(npm, ["run", "build"], { cwd: root, stdio: ["ignore", 2, 2] });
  if (status !== 0) throw new AceError("USAGE", `\`npm run build\` in ${root} failed`);
}

function build({ output }: Context, file: string, flags: Flags): unknown {
  const built = buildContract(file);
  if (!flags.isOff("check")) checkTypes(file, built);
  const { source, codeHash, abi, files } = built;
  const out = outputFile(file, flags.text("out"), files);
  const bytes = Buffer.byteLength(source);
  const abiFile = out.replace(/\.js$/, ".abi.json");
  if (out !== file) writeFileSync(out, source);
  writeFileSync(abiFile, `${JSON.stringify(abiJson(built), undefined, 2)}\n`);
  const share = `${bytes} of ${limits.sourceBytesMax} bytes`;
  output.line(`${abi.name}: ${share}, code hash ${codeHash}`, "good");
  for (const [name, method] of abi.methods) output.line(`  ${signatureOf(name, method)}`);
  output.note(`wrote ${out === file ? "" : `${out} and `}${abiFile}`);
  const methods = [...abi.methods.keys()];
  return { name: abi.name, file: out, abiFile, bytes, codeHash, methods, sources: files };
}

function outputFile(file: string, wanted: string | undefined, files: readonly string[]): string {
  const out = wanted ?? file.replace(/\.[jt]s$/, ".js");
  if (!out.endsWith(".js")) throw new AceError("USAGE", `--out takes a .js file, not "${out}"`);
  // A contract in one file of JavaScript is its own build; other sources are never written over.
  if (out === file ? files.length === 1 : !files.includes(out)) return out;
  throw new AceError("USAGE", `${out} is a source of this contract; say --out with another name`);
}

/** The interface for those who call the contract, in the words in which authors write it. */
function abiJson({ abi, codeHash }: BuiltContract): unknown {
  const methods = [...abi.methods].map(([name, { args, returns, view, payable }]) => [
    name,
    { args: args.map(typeText), returns: returns && typeText(returns), view, payable },
  ]);
  const { methods: _, ...rest } = abi;
  return { ...rest, codeHash, methods: Object.fromEntries(methods) };
}

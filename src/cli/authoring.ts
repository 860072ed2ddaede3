/** `ace contract new`, `build`, `dev`, `test`: what an author does before anything is on a ledger. */
import { cpSync, existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { buildContract } from "../authoring/build-contract.ts";
import { encodeAbi } from "../contracts/abi.ts";
import { AceError } from "../lib/errors.ts";
import type { Context } from "./context.ts";
import { signatureOf } from "./contract-info.ts";
import type { Flags } from "./flags.ts";
import { examples } from "./help.ts";
import type { Run } from "./run.ts";

const TEMPLATES: Readonly<Record<string, string>> = {
  licence: "licence",
  split: "revenue-split",
  vote: "dao-vote",
};
const EXAMPLES = new URL("../../contracts-examples/", import.meta.url);

export function registerAuthoring(noun: Command, run: Run): void {
  examples(
    noun
      .command("new <folder>")
      .description("a folder with source and README to start from")
      .option("--from <template>", "licence, split or vote", "licence"),
    "ace contract new my-licence --from licence",
  ).action(run((context, [folder = ""], flags) => create(context, folder, flags)));
  examples(
    noun
      .command("build <file>")
      .description("strips types, checks every rule, writes the .js that the ledger will carry")
      .option("--out <file>", "where the JavaScript goes (default: beside the source)"),
    "ace contract build my-licence/licence.ts",
  ).action(run((context, [file = ""], flags) => build(context, file, flags)));
}

function create({ output }: Context, folder: string, flags: Flags): unknown {
  const from = flags.text("from") ?? "licence";
  const template = Object.hasOwn(TEMPLATES, from) ? TEMPLATES[from] : undefined;
  if (template === undefined) throw new AceError("TEMPLATE_UNKNOWN", `no template "${from}"`);
  if (existsSync(folder)) {
    throw new AceError("USAGE", `${folder} is there already; give another folder`);
  }
  cpSync(new URL(`${template}/`, EXAMPLES), folder, { recursive: true });
  const source = join(folder, `${template}.ts`);
  output.line(`made ${folder} from the ${from} template`, "good");
  output.note(`next: ace contract build ${source}`);
  return { folder, template, source };
}

function build({ output }: Context, file: string, flags: Flags): unknown {
  const { source, codeHash, abi } = buildContract(file);
  const out = flags.text("out") ?? file.replace(/\.[jt]s$/, ".js");
  const bytes = Buffer.byteLength(source);
  if (out !== file) writeFileSync(out, source);
  writeFileSync(out.replace(/\.js$/, ".abi.cbor"), encodeAbi(abi));
  output.line(`${abi.name}: ${bytes} bytes, code hash ${codeHash}`, "good");
  for (const [name, method] of abi.methods) output.line(`  ${signatureOf(name, method)}`);
  return { name: abi.name, file: out, bytes, codeHash, methods: [...abi.methods.keys()] };
}

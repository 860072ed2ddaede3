/**
 * `ace contract verify`: rebuilds a source and holds it against the code that a contract runs.
 *
 * Errors  `SOURCE_DIFFERS`, saying where; `USAGE` for a folder that holds no contract, or several.
 */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { type BuiltContract, buildContract } from "../authoring/build-contract.ts";
import { decodeAbi } from "../contracts/abi.ts";
import { AceError } from "../lib/errors.ts";
import { sha256Hex } from "../lib/hash.ts";
import type { Context } from "./context.ts";
import { contractInfo, signatureOf } from "./contract-info.ts";
import type { Flags } from "./flags.ts";
import { openSession } from "./session.ts";

const KIT = /from\s+["']ace-node\/contract["']/;
const DECLARATION = /^\s*contract\(\{/m;
const LINE_SHOWN = 100;

export async function verifyContract(
  context: Context,
  number: string,
  flags: Flags,
): Promise<unknown> {
  const { node } = openSession(context);
  const path = flags.text("source") ?? "";
  const built = buildContract(entryOf(path));
  const { codeHash, name, version, upgrade } = await contractInfo(node, number);
  const { announced } = upgrade;
  const { output } = context;
  if (built.codeHash === codeHash) {
    output.line(`contract ${number} "${name}" runs exactly this source`, "good");
    output.table([
      ["code", codeHash],
      ["version", version],
      ["source", built.files.join(", ")],
    ]);
    return { number, codeHash, version, matches: "running", files: built.files };
  }
  if (built.codeHash === announced?.codeHash) {
    output.line(`this source is announced for contract ${number}; it runs ${codeHash}`, "warn");
    return { number, codeHash: built.codeHash, matches: "announced", announced };
  }
  const there = await node.code(codeHash);
  if (sha256Hex(Buffer.from(there.source)) !== codeHash) {
    const message = `the node's source for code ${codeHash} has another hash`;
    throw new AceError("NODE_UNREACHABLE", message);
  }
  const types = decodeAbi(Buffer.from(there.abi, "base64"));
  const differences = [
    ...abiDifferences(built, types),
    ...lineDifference(built.source, there.source),
  ];
  output.result({ number, codeHash, built: built.codeHash, differences });
  const what = `contract ${number} runs code ${codeHash}, but ${path} builds to ${built.codeHash}`;
  throw new AceError("SOURCE_DIFFERS", [what, ...differences].join("\n"));
}

/** A file is itself; in a folder it is the one file that declares a contract. */
function entryOf(path: string): string {
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) return path;
  const entries = readdirSync(path)
    .filter((file) => /\.[jt]s$/.test(file) && !/\.(?:test|spec|d)\.[jt]s$/.test(file))
    .map((file) => join(path, file))
    .filter((file) => isContract(readFileSync(file, "utf8")));
  // What `ace contract build` wrote lies beside the source that it was made of.
  const sources = entries.filter(
    (file) => !entries.includes(file.replace(/\.js$/, ".ts")) || file.endsWith(".ts"),
  );
  const [only, other] = sources;
  if (only !== undefined && other === undefined) return only;
  const found = only === undefined ? "no contract" : `several: ${sources.join(", ")}`;
  throw new AceError("USAGE", `${path} holds ${found}; name the file with --source`);
}

function isContract(text: string): boolean {
  return KIT.test(text) && DECLARATION.test(text);
}

function abiDifferences({ abi }: BuiltContract, there: BuiltContract["abi"]): readonly string[] {
  const names = new Set([...abi.methods.keys(), ...there.methods.keys()]);
  return [...names].flatMap((name) => {
    const [ours, theirs] = [abi.methods.get(name), there.methods.get(name)];
    if (theirs === undefined) return [`only the file has ${name}`];
    if (ours === undefined) return [`only the ledger has ${name}`];
    const [left, right] = [signatureOf(name, ours), signatureOf(name, theirs)];
    return left === right ? [] : [`the file has ${left}`, `the ledger ${right}`];
  });
}

/** The first line that differs, in both. */
function lineDifference(ours: string, theirs: string): readonly string[] {
  const [left, right] = [ours.split("\n"), theirs.split("\n")];
  const at = left.findIndex((line, index) => line !== right[index]);
  const place = at < 0 ? left.length : at;
  const shown = (line: string | undefined): string =>
    line === undefined ? "(nothing)" : line.trim().slice(0, LINE_SHOWN);
  const onlySpace = ours.replaceAll(/\s/g, "") === theirs.replaceAll(/\s/g, "");
  return [
    `first difference in line ${place + 1} of the JavaScript${onlySpace ? ", and all of them are spaces" : ""}:`,
    `  built   ${shown(left[place])}`,
    `  ledger  ${shown(right[place])}`,
  ];
}

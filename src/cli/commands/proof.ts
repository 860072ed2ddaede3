import type { Command } from "commander";
import { type NodeClient, openNodeClient } from "../../client/http.ts";
import { jsonFromAnyCbor } from "../../contracts/value-json.ts";
import { fromHex } from "../../lib/bytes.ts";
import { decodeCbor } from "../../lib/cbor.ts";
import { AceError } from "../../lib/errors.ts";
import { decodeReceipt } from "../../runtime/receipt-codec.ts";
import type { Context } from "../context.ts";
import type { Flags } from "../flags.ts";
import { examples } from "../help.ts";
import {
  demandHolds,
  type ProofFile,
  proofFile,
  readProofFile,
  writeProofFile,
} from "../proof-file.ts";
import type { Run } from "../run.ts";
import { type EntryWords, stateKey } from "../state-key.ts";

const HASH = /^[0-9a-f]{64}$/;
const LEDGER_MAX = 2 ** 32 - 1;
const NAME_START = 8;
/** Ledgers that a node leads back at once. */
const CHAIN_LEDGERS_MAX = 1_000;

const PARTS = `one entry of a contract's state, or that it is absent, after the last ledger. Of a map,
give the parts of its key: an address, a whole number, 64 hexadecimal digits or a
text is told by its form; text:… and hex:… say which`;

/** `ace proof`: claims of a node that anyone can check who trusts one ledger hash. */
export function register(noun: Command, run: Run): void {
  examples(
    noun
      .command("state <contract> <name> [parts...]")
      .description(PARTS)
      .option("--out <file>", "keep the proof"),
    "ace proof state 412 terms",
    "ace proof state 412 credit GABC… --out right.json",
  ).action(
    run((context, [contract = "", name = "", ...parts], flags) =>
      proveState(context, { contract, name, parts }, flags),
    ),
  );
  examples(
    noun
      .command("receipt <hash>")
      .description("the receipts of a transaction's calls")
      .option("--out <file>", "keep the proof")
      .option("--to <ledger>", "lead there from the ledger hash of this later ledger"),
    "ace proof receipt 9f31…c2 --out receipt.json",
    "ace proof receipt 9f31…c2 --to 60112300 --out receipt.json",
  ).action(run((context, [hash = ""], flags) => proveReceipts(context, hash, flags)));
  examples(
    noun
      .command("verify <file>")
      .description("checks a kept proof, offline, for whoever trusts one ledger hash")
      .requiredOption("--trusted <hash>", "ledger hash that you have from nodes of your choice"),
    "ace proof verify right.json --trusted 832a…12",
  ).action(run((context, [path = ""], flags) => verify(context, path, flags)));
}

async function proveState(context: Context, words: EntryWords, flags: Flags): Promise<unknown> {
  const key = stateKey(words);
  const claim = await nodeOf(context).stateProof(key);
  if (claim.key !== key.toHex()) {
    throw new AceError("PROOF_REFUTED", "the node proved another entry than it was asked for");
  }
  return await keep(context, proofFile({ state: [claim] }), claim.ledgerHash, flags);
}

async function proveReceipts(context: Context, hash: string, flags: Flags): Promise<unknown> {
  if (!HASH.test(hash)) throw new AceError("USAGE", `"${hash}" is not a transaction hash`);
  const node = nodeOf(context);
  const { proofs: receipts } = await node.receiptProofs(hash);
  const [first] = receipts;
  if (first === undefined) throw new AceError("NOT_FOUND", `no call of transaction ${hash}`);
  const { sequence } = first.ledger;
  const to = flags.whole("to", { min: sequence, max: LEDGER_MAX }) ?? sequence;
  if (to - sequence > CHAIN_LEDGERS_MAX) {
    const what = `ledger ${to} is ${to - sequence} ledgers after that of the receipts`;
    throw new AceError("USAGE", `${what}; a chain has at most ${CHAIN_LEDGERS_MAX}`);
  }
  const { ledgerHash, chain } = await node.ledgerChain(sequence, to);
  return await keep(context, proofFile({ receipts, chain }), ledgerHash, flags);
}

function nodeOf({ settings, signal }: Context): NodeClient {
  return openNodeClient(settings.nodeUrl, signal);
}

/** Whatever the node says is checked before it is shown. */
async function keep(
  context: Context,
  file: ProofFile,
  ledgerHash: string,
  flags: Flags,
): Promise<ProofFile> {
  await demandHolds(file, ledgerHash);
  const { output } = context;
  show(context, file);
  const newest = file.chain[0]?.sequence ?? [...file.state, ...file.receipts][0]?.ledger.sequence;
  output.line(`holds under ledger hash ${ledgerHash} of ledger ${newest}`);
  const out = flags.text("out");
  if (out === undefined) return file;
  writeProofFile(out, file);
  output.note(`kept: ace proof verify ${out} --trusted ${ledgerHash}`);
  return file;
}

async function verify(context: Context, path: string, flags: Flags): Promise<unknown> {
  const trusted = flags.text("trusted") ?? "";
  if (!HASH.test(trusted)) throw new AceError("USAGE", `"${trusted}" is not a ledger hash`);
  const file = readProofFile(path);
  await demandHolds(file, trusted);
  show(context, file);
  context.output.line("every proof holds", "good");
  return { trusted, state: file.state, receipts: file.receipts };
}

function show({ output }: Context, { state, receipts }: ProofFile): void {
  for (const { key, value, ledger } of state) {
    const what = value === undefined ? "is absent" : `is ${valueText(value)}`;
    output.line(`${entryText(key)} ${what}   after ledger ${ledger.sequence}`);
  }
  for (const claim of receipts) {
    const { contract, method, ok, code, caller, ledger } = decodeReceipt(bytesOf(claim.receipt));
    const outcome = ok ? "ok" : `failed: ${code}`;
    output.line(`contract ${contract} ${method} by ${caller}   ${outcome}   ledger ${ledger}`);
  }
}

function entryText(key: string): string {
  const bytes = Buffer.from(bytesOf(key));
  const end = bytes.indexOf(0, NAME_START);
  if (end < 0) return `entry ${key}`;
  const name = bytes.subarray(NAME_START, end).toString();
  const rest = bytes.subarray(end + 1).toString("hex");
  const of = `contract ${bytes.readBigUInt64BE(0)} ${name}`;
  return rest === "" ? of : `${of} ${rest}`;
}

/** The system keeps code as well, which is no value. */
function valueText(value: string): string {
  try {
    return JSON.stringify(jsonFromAnyCbor(decodeCbor(bytesOf(value))));
  } catch {
    return `${value.length / 2} bytes`;
  }
}

function bytesOf(hex: string): Uint8Array {
  const bytes = fromHex(hex);
  if (bytes !== undefined) return bytes;
  throw new AceError("PROOF_FILE_INVALID", `"${hex}" is not lower-case hexadecimal`);
}

/**
 * Deployment: the code goes to the ledger in pieces, then one call runs `setup` with the arguments.
 *
 * Pieces are named by the code's hash, so a deployment that was cut off goes on where it stopped.
 */
import type { xdr } from "@stellar/stellar-sdk";
import { type BuiltContract, buildContract } from "../authoring/build-contract.ts";
import { callOperations } from "../client/build.ts";
import type { ReceiptJson } from "../client/schemas.ts";
import { GAS_LIMIT_MAX } from "../contracts/calldata-frame.ts";
import { CALLDATA_BYTES_MAX } from "../ledger/calldata.ts";
import type { CborValue } from "../lib/cbor.ts";
import { AceError } from "../lib/errors.ts";
import { muxedAddress } from "../lib/strkey.ts";
import { confirm } from "./confirm.ts";
import type { Context } from "./context.ts";
import { readArguments } from "./contract-info.ts";
import { identityAccount } from "./identity.ts";
import { refusalOf } from "./refusal.ts";
import { openSession, type Session, sendCall } from "./session.ts";

const REGISTRY = 0n;
/** Room for contract number, method, hash and offset beside the code in one call. */
const FRAME_BYTES = 64;
const PIECE_BYTES = CALLDATA_BYTES_MAX - FRAME_BYTES;

export async function deployContract(
  context: Context,
  file: string,
  words: readonly string[],
): Promise<unknown> {
  const session = openSession(context);
  const built = buildContract(file);
  const setup = built.abi.methods.get("setup");
  if (setup === undefined && words.length > 0) {
    throw new AceError("ARGUMENT_INVALID", `${built.abi.name} has no setup and takes no arguments`);
  }
  const args = setup === undefined ? [] : readArguments("setup", setup, words);
  const account = await identityAccount(context);
  const effect = [`deploy ${built.abi.name}, code ${built.codeHash}, never to be upgraded`];
  const isThere = await isOnLedger(session, account, deployCall(built, args));
  const pieces = isThere ? 0 : Math.ceil(Buffer.byteLength(built.source) / PIECE_BYTES);
  const carriers = `${pieces + 1} transactions: ${pieces} carry the code, the last one runs setup`;
  await confirm(context, [
    ...effect,
    isThere ? "1 transaction: the code is on the ledger already" : carriers,
    `from ${account}, who becomes its owner`,
  ]);
  const transactions = isThere ? [] : await putCode(context, session, built);
  const sent = await sendCall(context, session, deployCall(built, args), effect, {
    isAgreed: true,
    unless: "its code is on the ledger, but no contract was made",
  });
  const number = numberOf(sent.receipts);
  const address = muxedAddress(session.network.vault, number);
  const { output } = context;
  output.line(`contract ${number} "${built.abi.name}" is deployed`, "good");
  output.table([
    ["pay to", address],
    ["code", built.codeHash],
    ["upgrade", "never"],
  ]);
  const { hash, ledger } = sent;
  const { codeHash } = built;
  return { number, address, name: built.abi.name, codeHash, hash, ledger, transactions };
}

/** Tried before anything is sent: a setup that refuses known code costs nothing. */
async function isOnLedger(
  { client }: Session,
  account: string,
  operations: readonly xdr.Operation[],
): Promise<boolean> {
  const [receipt] = (await client.simulate(account, operations)).receipts;
  if (receipt === undefined || receipt.code === "CODE_INCOMPLETE") return false;
  if (!receipt.ok) throw refusalOf(receipt);
  return true;
}

async function putCode(
  context: Context,
  session: Session,
  { source, codeHash, abi }: BuiltContract,
): Promise<readonly string[]> {
  const bytes = Buffer.from(source);
  const progress = context.output.progress(`putting ${abi.name} on the ledger`);
  const transactions: string[] = [];
  for (let offset = 0; offset < bytes.length; offset += PIECE_BYTES) {
    const piece = Uint8Array.from(bytes.subarray(offset, offset + PIECE_BYTES));
    const operations = callOperations({
      contract: REGISTRY,
      method: "put",
      args: [Uint8Array.fromHex(codeHash), BigInt(offset), piece],
    });
    const end = offset + piece.length;
    const effect = [`put bytes ${offset} to ${end} of ${bytes.length} of ${abi.name}`];
    const sent = await sendCall(context, session, operations, effect, { isAgreed: true });
    transactions.push(sent.hash);
    progress.update(end, bytes.length);
  }
  progress.done();
  return transactions;
}

function deployCall(
  { codeHash }: BuiltContract,
  args: readonly CborValue[],
): readonly xdr.Operation[] {
  return callOperations({
    contract: REGISTRY,
    method: "deploy",
    args: [Uint8Array.fromHex(codeHash), args],
    // Admission costs by the byte: large code needs more than a call may use unasked.
    gas: GAS_LIMIT_MAX,
  });
}

function numberOf([receipt]: readonly ReceiptJson[]): bigint {
  const { result } = receipt ?? {};
  if (typeof result === "string" && /^\d+$/.test(result)) return BigInt(result);
  throw new AceError("INTERNAL", "the registry did not answer with a contract number");
}

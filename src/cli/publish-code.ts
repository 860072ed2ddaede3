/**
 * Code on its way to the ledger: in pieces, each a transaction, named by the code's hash. What is there
 * is not sent again, so an upload that was cut off goes on where it stopped.
 */
import type { BuiltContract } from "../authoring/build-contract.ts";
import { FEE_BID } from "../client/build.ts";
import type { NodeClient } from "../client/http.ts";
import { CALLDATA_BYTES_MAX } from "../ledger/calldata.ts";
import { isAceError } from "../lib/errors.ts";
import { sha256Hex } from "../lib/hash.ts";
import { formatAmount } from "../lib/money.ts";
import { gasSchedule } from "../runtime/limits.ts";
import type { Context } from "./context.ts";
import { putCall } from "./registry-calls.ts";
import { type Session, sendCall } from "./session.ts";

/** Room for contract number, method, hash and offset beside the code in one call. */
const FRAME_BYTES = 64;
const PIECE_BYTES = CALLDATA_BYTES_MAX - FRAME_BYTES;
/** What the ledger asks for an operation when nobody bids more. */
const BASE_FEE_STROOPS = 100;

type Code = Pick<BuiltContract, "source" | "codeHash" | "abi">;

interface Piece {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

export interface Upload {
  readonly code: Code;
  readonly sizeBytes: number;
  readonly pieces: number;
  /** Whether all can read the code under its hash. */
  readonly isPublished: boolean;
  /** Those that are not on the ledger yet. */
  readonly missing: readonly Piece[];
}

/** What is still to be sent of this code. */
export async function planUpload(node: NodeClient, account: string, code: Code): Promise<Upload> {
  const bytes = Uint8Array.from(Buffer.from(code.source));
  const pieces: Piece[] = [];
  for (let offset = 0; offset < bytes.length; offset += PIECE_BYTES) {
    pieces.push({ offset, bytes: bytes.slice(offset, offset + PIECE_BYTES) });
  }
  const common = { code, sizeBytes: bytes.length, pieces: pieces.length };
  if (await isPublished(node, code.codeHash)) {
    return { ...common, isPublished: true, missing: [] };
  }
  const { parts } = await node.parts(account, code.codeHash);
  const there = new Set(parts.map(({ offset, sha256 }) => `${offset} ${sha256}`));
  const isMissing = (piece: Piece) => !there.has(`${piece.offset} ${sha256Hex(piece.bytes)}`);
  return { ...common, isPublished: false, missing: pieces.filter(isMissing) };
}

/** What sending the rest and one more call of so many operations costs, for a person to agree to. */
export function costLines(upload: Upload, lastOperations: number): readonly string[] {
  const { code, missing, pieces, sizeBytes } = upload;
  const calls = missing.map(({ offset, bytes }) => putCall(code.codeHash, offset, bytes).length);
  const operations = calls.reduce((sum, count) => sum + count, lastOperations);
  const sent = missing.reduce((sum, { bytes }) => sum + bytes.length, 0);
  const putGas = missing.length * gasSchedule.registryPut + sent * gasSchedule.registryPutByte;
  const admission = gasSchedule.registryDeploy + sizeBytes * gasSchedule.registryDeployByte;
  const there = pieces - missing.length;
  const rest = there === 0 ? "" : `, ${there} of ${pieces} parts are on the ledger already`;
  const count = missing.length + 1;
  return [
    `${count} transaction${count === 1 ? "" : "s"}: ${sizeBytes} bytes of code${rest}`,
    `fee ${fee(operations * BASE_FEE_STROOPS)} XLM, at most ${fee(operations * Number(FEE_BID))} XLM when the network is busy`,
    `gas ${putGas + admission}, and what the contract's own code uses`,
  ];
}

/** Sends what is missing: the hashes of the transactions. */
export async function upload(
  context: Context,
  session: Session,
  { code, missing, sizeBytes }: Upload,
): Promise<readonly string[]> {
  const { codeHash, abi } = code;
  const progress = context.output.progress(`putting ${abi.name} on the ledger`);
  const transactions: string[] = [];
  for (const { offset, bytes } of missing) {
    const end = offset + bytes.length;
    const effect = [`put bytes ${offset} to ${end} of ${sizeBytes} of ${abi.name}`];
    const operations = putCall(codeHash, offset, bytes);
    const sent = await sendCall(context, session, operations, effect, { isAgreed: true });
    transactions.push(sent.hash);
    progress.update(end, sizeBytes);
  }
  progress.done();
  return transactions;
}

async function isPublished(node: NodeClient, codeHash: string): Promise<boolean> {
  try {
    await node.code(codeHash);
    return true;
  } catch (error) {
    if (isAceError(error, "NOT_FOUND")) return false;
    throw error;
  }
}

function fee(stroops: number): string {
  return formatAmount(BigInt(stroops));
}

/** Calls of the registry, contract 0, as the operations that carry them. */
import type { xdr } from "@stellar/stellar-sdk";
import { callOperations } from "../client/build.ts";
import { GAS_LIMIT_MAX } from "../contracts/calldata-frame.ts";
import type { CborValue } from "../lib/cbor.ts";

type Operations = readonly xdr.Operation[];

const REGISTRY = 0n;

export const putCall = (codeHash: string, offset: number, piece: Uint8Array): Operations =>
  callOperations({
    contract: REGISTRY,
    method: "put",
    args: [Uint8Array.fromHex(codeHash), BigInt(offset), piece],
  });

export const deployCall = (codeHash: string, args: readonly CborValue[]): Operations =>
  registryCall("deploy", [Uint8Array.fromHex(codeHash), args]);

export const publishCall = (codeHash: string): Operations =>
  registryCall("publish", [Uint8Array.fromHex(codeHash)]);

export const announceCall = (contract: bigint, codeHash: string): Operations =>
  registryCall("announce", [contract, Uint8Array.fromHex(codeHash)]);

export const cancelCall = (contract: bigint): Operations => registryCall("cancel", [contract]);

/** @param proposal Of the DAO, where its vote decides. */
export const upgradeCall = (contract: bigint, codeHash: string, proposal?: bigint): Operations =>
  registryCall("upgrade", [
    contract,
    Uint8Array.fromHex(codeHash),
    ...(proposal === undefined ? [] : [proposal]),
  ]);

/** Admission costs by the byte: large code needs more than a call may use unasked. */
function registryCall(method: string, args: readonly CborValue[]): Operations {
  return callOperations({ contract: REGISTRY, method, args, gas: GAS_LIMIT_MAX });
}

/** A deployed contract as commands use it: its public form and its ABI. */

import type { NodeClient } from "../client/http.ts";
import type { ContractJson } from "../client/schemas.ts";
import { type Abi, type AbiMethod, decodeAbi, typeText } from "../contracts/abi.ts";
import { parseArguments } from "../contracts/value-json.ts";
import type { CborValue } from "../lib/cbor.ts";
import { AceError, isAceError } from "../lib/errors.ts";
import { exampleWords } from "./argument-example.ts";

export interface ContractInfo extends ContractJson {
  readonly id: bigint;
  readonly types: Abi;
}

const NUMBER = /^\d{1,20}$/;

function parseContractNumber(text: string): bigint {
  if (NUMBER.test(text)) return BigInt(text);
  throw new AceError("USAGE", `"${text}" is not a contract number`);
}

export async function contractInfo(node: NodeClient, text: string): Promise<ContractInfo> {
  const id = parseContractNumber(text);
  const json = await node.contract(id);
  return { ...json, id, types: decodeAbi(Buffer.from(json.abi, "base64")) };
}

export function methodOf(contract: ContractInfo, name: string): AbiMethod {
  const method = contract.types.methods.get(name);
  if (method !== undefined) return method;
  const names = [...contract.types.methods.keys()].join(", ");
  throw new AceError("METHOD_UNKNOWN", `contract ${contract.id} has no "${name}"; it has ${names}`);
}

/** `buy({ maxPrice: int }) -> int   payable XLM`, as an author reads it. */
export function signatureOf(name: string, method: AbiMethod): string {
  const returns = method.returns === undefined ? "" : ` -> ${typeText(method.returns)}`;
  const kind = method.view ? "   view" : "";
  return `${name}(${method.args.map(typeText).join(", ")})${returns}${kind}${payableText(method)}`;
}

/** The words of a command line as a method's arguments; what does not fit is told beside its signature. */
export function readArguments(
  name: string,
  method: AbiMethod,
  words: readonly string[],
): readonly CborValue[] {
  try {
    return parseArguments(method.args, words);
  } catch (error) {
    if (!isAceError(error, "ARGUMENT_INVALID")) throw error;
    const example = method.args.length === 0 ? "" : `; such as: ${exampleWords(method)}`;
    const what = `${signatureOf(name, method)}: ${error.message}${example}`;
    throw new AceError("ARGUMENT_INVALID", what, { cause: error });
  }
}

function payableText({ payable }: AbiMethod): string {
  if (payable === false) return "";
  return payable === true ? "   payable" : `   payable ${payable.join(" ")}`;
}

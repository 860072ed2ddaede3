/** A failed receipt, told to the person whose call it was. */
import type { ReceiptJson } from "../client/schemas.ts";
import { AceError } from "../lib/errors.ts";
import { refusalWords } from "./refusal-words.ts";

/** The error of a call that the simulation already refused: it was neither signed nor sent. */
export function refusalOf(receipt: ReceiptJson, state = "nothing was sent"): AceError {
  const { contract, method, code } = receipt;
  const detail = refusalDetail(receipt.result);
  const what = `contract ${contract} refuses "${method}": ${refusalWords(code)}${detail}; ${state}`;
  return new AceError("CALL_FAILED", what, { cause: receipt });
}

/** Source refusals travel in the result: the first names line and column. */
function refusalDetail(result: unknown): string {
  if (typeof result === "string") return ` ${result}`;
  const [first] = Array.isArray(result) ? result : [];
  return typeof first === "object" && first !== null ? ` ${JSON.stringify(first)}` : "";
}

/** A call about the code of one contract, read: who it is, what it runs, what it is to run. */
import { type Policy, termsOf } from "./abi-terms.ts";
import type { Code } from "./contract-code.ts";
import type { ContractRecord } from "./contract-records.ts";
import type { KnownContract } from "./ledger-scope.ts";
import { integerItem, readInteger, readItems } from "./realm/cbor.ts";
import { readHash } from "./registry-source.ts";
import type { WireCall } from "./requests.ts";
import type { CallContext } from "./run-method.ts";

export interface UpgradeCall {
  readonly contract: KnownContract;
  readonly record: ContractRecord;
  /** What it runs now. */
  readonly code: Code;
  readonly policy: Policy;
  /** Of the new code; empty when the call names none. */
  readonly codeHash: string;
  /** The DAO's proposal as CBOR of its number; empty when the call names none. */
  readonly proposal: string;
}

/** The last argument that the call may have; all before it must be there, a proposal need not. */
type Last = "contract" | "hash" | "proposal";
const ARGUMENTS: Readonly<Record<Last, number>> = { contract: 1, hash: 2, proposal: 3 };
const CONTRACT_END = 2n ** 64n;

/** The code of a refusal when it is no such call. */
export function readUpgradeCall(
  { args }: WireCall,
  { ledger, code }: CallContext,
  last: Last,
): UpgradeCall | string {
  const items = readItems(args) ?? [];
  const [number, hash, proposal] = items;
  const contract = integerAt(number);
  const codeHash = hash === undefined ? "" : readHash(hash);
  const vote = proposal === undefined ? -1n : integerAt(proposal);
  const most = ARGUMENTS[last];
  const isWhole = items.length === most || (last === "proposal" && items.length === most - 1);
  if (!isWhole || contract === undefined || codeHash === undefined || vote === undefined) {
    return "ARGS_INVALID";
  }
  const known = ledger.contract(String(contract));
  const record = ledger.record(known);
  if (record === undefined) return "CONTRACT_UNKNOWN";
  const loaded = code.load(ledger.state, record.codeHash);
  return {
    contract: known,
    record,
    code: loaded,
    policy: termsOf(loaded.abi).policy,
    codeHash,
    proposal: vote < 0n ? "" : integerItem(vote),
  };
}

function integerAt(item: string | undefined): bigint | undefined {
  const integer = item === undefined ? undefined : readInteger(item);
  return integer !== undefined && integer >= 0n && integer < CONTRACT_END ? integer : undefined;
}

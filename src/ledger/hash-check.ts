/** One thing that a ledger's data must agree on: what it should be and what it is. */
export type HashName =
  | "header"
  | "previous"
  | "transactionSet"
  | "setPrevious"
  | "results"
  | "feePool"
  | "applyOrder";

export interface HashCheck {
  readonly name: HashName;
  /** Lower-case hexadecimal, or stroops for the fee pool. */
  readonly expected: string;
  readonly got: string;
}

const wording: Readonly<Record<HashName, string>> = {
  header: "header hash",
  previous: "previous header hash",
  transactionSet: "transaction set hash",
  setPrevious: "previous header hash inside the transaction set",
  results: "result hash",
  feePool: "fee pool",
  applyOrder: "transaction at the first place where the apply order differs",
};

export function holds(check: HashCheck): boolean {
  return check.expected === check.got;
}

/** Such as `ledger 85: the transaction set hash should be 3b…, but is 0f…`. */
export function describeFailure(sequence: number, check: HashCheck): string {
  const { name, expected, got } = check;
  return `ledger ${sequence}: the ${wording[name]} should be ${expected}, but is ${got}`;
}

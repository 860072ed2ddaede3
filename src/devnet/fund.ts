/** The transaction of the root account that creates accounts: friendbot's, and the kit's. */
import { Account, type Keypair, Operation, TransactionBuilder } from "@stellar/stellar-sdk/base";
import { AceError } from "../lib/errors.ts";
import { type EntryReader, readAccount } from "./entries.ts";

/** One transaction holds no more operations. */
export const FUND_ACCOUNTS_MAX = 100;

const FUND_AMOUNT = "10000";
/** Above the base fee, so that a crowded ledger does not keep new accounts waiting. */
const FUND_FEE = "10000";

export function fundTransaction(
  state: EntryReader,
  root: Keypair,
  passphrase: string,
  accounts: readonly string[],
): string {
  const account = readAccount(state, root.xdrPublicKey());
  if (account === undefined) {
    throw new AceError("DEVNET_LIMIT", "the root account, which funds others, was merged away");
  }
  const builder = new TransactionBuilder(new Account(root.publicKey(), String(account.seqNum)), {
    fee: FUND_FEE,
    networkPassphrase: passphrase,
    timebounds: { minTime: 0, maxTime: 0 },
  });
  for (const destination of accounts) {
    builder.addOperation(Operation.createAccount({ destination, startingBalance: FUND_AMOUNT }));
  }
  const transaction = builder.build();
  transaction.sign(root);
  return transaction.toXDR();
}

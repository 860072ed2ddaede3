/**
 * Accounts to develop with: funded, and with secrets that anybody who reads the seed can know.
 *
 * The same passphrase, seed and number give the same account, on every machine.
 */
import { Keypair, xdr } from "@stellar/stellar-sdk/base";
import { concatBytes } from "../lib/bytes.ts";
import { AceError } from "../lib/errors.ts";
import { sha256 } from "../lib/hash.ts";
import type { Devnet } from "./devnet.ts";
import { FUND_ACCOUNTS_MAX } from "./fund.ts";

export interface DevAccount {
  readonly address: string;
  readonly secret: string;
}

export const DEV_ACCOUNTS_MAX = 1_000;

export function devAccounts(
  network: { readonly passphrase: string; readonly seed: string },
  count: number,
): readonly DevAccount[] {
  const networkId = sha256(Buffer.from(network.passphrase));
  return Array.from({ length: count }, (_, index) => {
    const name = Buffer.from(`${network.seed}\naccount ${index + 1}`);
    const key = Keypair.fromRawEd25519Seed(Buffer.from(sha256(concatBytes(networkId, name))));
    return { address: key.publicKey(), secret: key.secret() };
  });
}

/**
 * Creates those that are not there, closing a ledger for each hundred. Errors `DEVNET_LIMIT` when the
 * root account, which pays for them, cannot.
 */
export function fundMissing(
  net: Devnet,
  addresses: readonly string[],
  closeLedger: () => unknown,
): void {
  const missing = addresses.filter((address) => !exists(net, address));
  for (let first = 0; first < missing.length; first += FUND_ACCOUNTS_MAX) {
    const answer = net.fund(missing.slice(first, first + FUND_ACCOUNTS_MAX));
    closeLedger();
    if (net.transaction(answer.hash)?.ok !== true) {
      throw new AceError("DEVNET_LIMIT", "the root account, which funds others, cannot do so");
    }
  }
}

function exists(net: Devnet, address: string): boolean {
  const accountId = Keypair.fromPublicKey(address).xdrPublicKey();
  const key = xdr.LedgerKey.account(new xdr.LedgerKeyAccount({ accountId }));
  return net.entry(key) !== undefined;
}

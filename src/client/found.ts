/**
 * Founding: the one transaction that makes a vault, and the document that follows from it.
 *
 * The vault's own key is used once, to hand the account to its signers, and is then gone: its master
 * weight is 0. The genesis ledger is the one that closed this transaction.
 */
import { Asset, Keypair, Operation, type xdr } from "@stellar/stellar-sdk";
import { parseServiceNetwork, type ServiceNetwork } from "../contracts/service-network.ts";
import { parseAsset, XLM } from "../lib/assets.ts";
import { toHex } from "../lib/bytes.ts";
import { accountBytes } from "../lib/strkey.ts";
import { buildTransaction, trustOperation } from "./build.ts";
import { type Signer, signWith } from "./client.ts";
import type { Sent, Stellar } from "./stellar.ts";

export interface Foundation {
  readonly name: string;
  /** Assets besides XLM that contracts may be paid in; the vault trusts them. */
  readonly assets: readonly string[];
  readonly governanceAsset: string;
  readonly issuer: { readonly account: string; readonly key: string };
  readonly systemContracts: Readonly<Record<string, string>>;
  readonly settings: Readonly<Record<string, number>>;
}

export interface Founded extends Sent {
  readonly network: ServiceNetwork;
}

const PROTOCOL_VERSION = 1;

/** Enough for the reserve of the vault, its trustlines and its signers. */
const VAULT_BALANCE = "20";

export async function foundNetwork(
  stellar: Stellar,
  founder: Signer,
  foundation: Foundation,
): Promise<Founded> {
  const vault = Keypair.random();
  const account = await stellar.account(founder.account);
  const { closeTimeS } = await stellar.latestLedger();
  const operations = foundingOperations(founder.account, vault.publicKey(), foundation.assets);
  const transaction = buildTransaction(account, stellar.passphrase, operations, { closeTimeS });
  signWith(transaction, founder);
  transaction.sign(vault);
  const sent = await stellar.send(transaction);
  const network = parseServiceNetwork({
    name: foundation.name,
    passphrase: stellar.passphrase,
    vault: vault.publicKey(),
    genesisLedger: sent.ledger,
    genesisHash: await stellar.headerHash(sent.ledger),
    protocolVersion: PROTOCOL_VERSION,
    assets: [XLM, ...foundation.assets],
    governanceAsset: foundation.governanceAsset,
    signers: [{ account: founder.account, key: toHex(accountBytes(founder.account)) }],
    threshold: 1,
    issuers: [foundation.issuer],
    systemContracts: foundation.systemContracts,
    settings: foundation.settings,
  });
  return { ...sent, network };
}

function foundingOperations(
  founder: string,
  vault: string,
  assets: readonly string[],
): readonly xdr.Operation[] {
  return [
    Operation.createAccount({ destination: vault, startingBalance: VAULT_BALANCE }),
    ...assets.map((asset) => trustOperation(asset, vault)),
    Operation.setOptions({ source: vault, signer: { ed25519PublicKey: founder, weight: 1 } }),
    Operation.setOptions({
      source: vault,
      masterWeight: 0,
      lowThreshold: 1,
      medThreshold: 1,
      highThreshold: 1,
    }),
  ];
}

/** An asset code that the founder may issue as the network's governance asset. */
export function governanceAssetOf(code: string, issuer: string): string {
  const asset = `${code}:${issuer}`;
  parseAsset(asset);
  return new Asset(code, issuer).toString();
}

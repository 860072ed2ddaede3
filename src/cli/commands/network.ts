import { existsSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { Keypair } from "@stellar/stellar-sdk";
import type { Command } from "commander";
import { loadDeviceKey, makeDeviceSeed } from "../../access/device-key.ts";
import { foundNetwork, governanceAssetOf } from "../../client/found.ts";
import { openStellar } from "../../client/stellar.ts";
import { networkId } from "../../contracts/service-network.ts";
import { developmentSettings, isPublicPassphrase } from "../../contracts/settings.ts";
import { toHex } from "../../lib/bytes.ts";
import { AceError } from "../../lib/errors.ts";
import { readServiceNetwork, writeOperatorKeys } from "../../node/files.ts";
import { systemContractHashes } from "../../node/system-contracts.ts";
import { confirm } from "../confirm.ts";
import type { Context } from "../context.ts";
import type { Flags } from "../flags.ts";
import { examples } from "../help.ts";
import { identity } from "../identity.ts";
import { passphraseOf } from "../passphrase-of-network.ts";
import type { Run } from "../run.ts";

const NAME = /^[a-z0-9-]{1,32}$/;

/** `ace network`: founds a service network, or shows the one in use. */
export function register(noun: Command, run: Run): void {
  examples(
    noun
      .command("create <name>")
      .description("founds a service network: makes its vault and writes network.json")
      .option("--governance <code>", "code of the governance asset that the founder issues", "ACE")
      .option("--operator <file>", "where the issuer's keys go (default: beside network.json)"),
    "ace network create demo --as founder",
  ).action(run((context, [name = ""], flags) => create(context, name, flags)));
  examples(
    noun.command("show").description("the service network in use, and its id"),
    "ace network show",
  ).action(run((context) => show(context)));
}

async function create(context: Context, name: string, flags: Flags): Promise<unknown> {
  const { settings, output, signal } = context;
  const path = settings.network;
  const operatorPath = flags.text("operator") ?? join(dirname(path), "operator.json");
  if (!NAME.test(name)) throw new AceError("USAGE", `"${name}" is not 1 to 32 of a-z, 0-9 and -`);
  for (const file of [path, operatorPath]) {
    if (existsSync(file)) throw new AceError("NETWORK_EXISTS", `${file} is there already`);
  }
  const passphrase = await passphraseOf(context);
  const founder = await identity(context);
  const asset = governanceAssetOf(flags.text("governance") ?? "ACE", founder.account);
  const issuer = Keypair.random();
  const tokenSeed = makeDeviceSeed();
  await confirm(context, [
    `found the service network "${name}" on ${passphrase}`,
    `the vault is a new account with 20 XLM from ${founder.account}, who is its one signer`,
    `governance asset ${asset}`,
  ]);

  const stellar = openStellar({ rpcUrl: settings.rpcUrl, passphrase, signal });
  const founded = await foundNetwork(stellar, founder, {
    name,
    assets: [asset],
    governanceAsset: asset,
    issuer: { account: issuer.publicKey(), key: toHex(loadDeviceKey(tokenSeed).publicKey) },
    systemContracts: systemContractHashes(),
    settings: isPublicPassphrase(passphrase) ? {} : developmentSettings,
  });
  writeFileSync(path, `${JSON.stringify(founded.network, undefined, 2)}\n`, { flag: "wx" });
  writeOperatorKeys(operatorPath, {
    issuerSecret: issuer.secret(),
    tokenSeed,
  });

  const id = networkId(founded.network);
  output.line(`service network "${name}" founded in ledger ${founded.ledger}`, "good");
  output.table([
    ["id", id],
    ["vault", founded.network.vault],
    ["transaction", founded.hash],
    ["document", path],
    ["issuer keys", operatorPath],
  ]);
  return {
    id,
    path,
    operatorPath,
    hash: founded.hash,
    ledger: founded.ledger,
    network: founded.network,
  };
}

function show({ settings, output }: Context): unknown {
  const network = readServiceNetwork(settings.network);
  const id = networkId(network);
  output.table([
    ["name", network.name],
    ["id", id],
    ["passphrase", network.passphrase],
    ["vault", network.vault],
    ["genesis", `ledger ${network.genesisLedger}, ${network.genesisHash}`],
    ["assets", network.assets.join(", ")],
    ["governance", network.governanceAsset],
    ["issuers", network.issuers.map((entry) => entry.account).join(", ")],
    [
      "settings",
      Object.entries(network.settings)
        .map(([key, value]) => `${key} ${value}`)
        .join(", "),
    ],
  ]);
  return { id, path: settings.network, network };
}

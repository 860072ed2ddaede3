/**
 * The service network: the document `network.json` that founds one instance of this layer.
 *
 * Units   `genesisLedger` is a Stellar ledger number; settings are whole numbers with their unit last.
 * Errors  `NETWORK_FILE_INVALID` naming every fault; `SETTINGS_REFUSED` for development clocks under
 *         a public passphrase.
 */
import { z } from "zod";
import { isAsset } from "../lib/assets.ts";
import { type CborValue, encodeCbor } from "../lib/cbor.ts";
import { AceError } from "../lib/errors.ts";
import { sha256Hex } from "../lib/hash.ts";
import { isAccount } from "../lib/strkey.ts";
import { settingsFaults } from "./settings.ts";

const account = z.string().refine(isAccount, "is not a Stellar account (G…)");
const hash = z.string().regex(/^[0-9a-f]{64}$/, "is not 64 hexadecimal characters");
const key = z.strictObject({ account, key: hash });
const asset = z.string().refine(isAsset, "is not XLM or CODE:ISSUER");
const whole = z.int().nonnegative();

const ServiceNetwork = z
  .strictObject({
    name: z.string().regex(/^[a-z0-9-]{1,32}$/, "is 1 to 32 of a-z, 0-9 and -"),
    passphrase: z.string().min(1).max(128),
    vault: account,
    genesisLedger: whole.positive(),
    /** Header hash of the genesis ledger: a reset network or a wrong one is refused by it. */
    genesisHash: hash,
    protocolVersion: whole.positive(),
    assets: z.array(asset).max(16),
    governanceAsset: asset,
    signers: z.array(key).min(1).max(19),
    threshold: whole.positive(),
    /** Who may sign access tokens: the account and its Ed25519 token key. */
    issuers: z.array(key).min(1).max(256),
    systemContracts: z.record(z.string().regex(/^\d{1,3}$/), hash),
    settings: z.record(z.string(), whole),
  })
  .refine(({ signers, threshold }) => threshold <= signers.length, {
    path: ["threshold"],
    message: "is more than all signers together",
  });

export type ServiceNetwork = Readonly<z.infer<typeof ServiceNetwork>>;

export function parseServiceNetwork(document: unknown): ServiceNetwork {
  const result = ServiceNetwork.safeParse(document);
  if (!result.success) {
    throw new AceError("NETWORK_FILE_INVALID", z.prettifyError(result.error));
  }
  const faults = settingsFaults(result.data.passphrase, result.data.settings);
  if (faults.length > 0) throw new AceError("SETTINGS_REFUSED", faults.join("; "));
  return Object.freeze(result.data);
}

/** The network's id: SHA-256 of the document in canonical CBOR, 64 hexadecimal characters. */
export function networkId(network: ServiceNetwork): string {
  return sha256Hex(encodeCbor(toCbor(network)));
}

function toCbor(value: unknown): CborValue {
  if (typeof value === "string") return value;
  if (typeof value === "number") return BigInt(value);
  if (Array.isArray(value)) return value.map(toCbor);
  return new Map(Object.entries(value ?? {}).map(([name, item]) => [name, toCbor(item)]));
}

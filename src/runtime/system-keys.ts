/**
 * Keys of contract number 0, the system's own part of state: contracts, code, money, the book.
 *
 * All are byte text. No contract can write them: its keys begin with its own number.
 */

import { invariant } from "../lib/invariant.ts";
import { addressBytes } from "./realm/address.ts";
import { unhex } from "./realm/bytes.ts";
import { accountPart, contractPrefix } from "./realm/keys.ts";

const SYSTEM = contractPrefix(0n);

/** Record of a contract: code hash and owner. */
export const contractKey = (contract: bigint): string =>
  `${SYSTEM}contract\0${contractPrefix(contract)}`;
/** Code that a contract is announced to change to, and code that it ran before. */
export const announcementKey = (contract: bigint): string =>
  `${SYSTEM}announced\0${contractPrefix(contract)}`;
export const formerPrefix = (contract: bigint): string =>
  `${SYSTEM}former\0${contractPrefix(contract)}`;
export const formerKey = (contract: bigint, version: bigint): string =>
  formerPrefix(contract) + contractPrefix(version);
/** The number that the next deployment gets. */
export const nextContractKey = `${SYSTEM}next\0`;
/** Source by its hash, and the ABI read from it. */
export const sourceKey = (codeHash: string): string => `${SYSTEM}source\0${bytesOf(codeHash)}`;
export const abiKey = (codeHash: string): string => `${SYSTEM}abi\0${bytesOf(codeHash)}`;

/** Parts of a source that one account has put, in order of their offsets. */
export const uploadPrefix = (account: string, codeHash: string): string =>
  `${SYSTEM}upload\0${addressPart(account)}${bytesOf(codeHash)}`;
export const uploadKey = (account: string, codeHash: string, offset: number): string =>
  uploadPrefix(account, codeHash) +
  String.fromCharCode(offset >>> 24, (offset >>> 16) & 255, (offset >>> 8) & 255, offset & 255);

/** The one source that an account is putting on the ledger. */
export const uploadingKey = (account: string): string =>
  `${SYSTEM}uploading\0${addressPart(account)}`;

/** What an account has deployed and put there. */
export const ownedKey = (account: string): string => `${SYSTEM}owned\0${addressPart(account)}`;

/** How many bytes of state a contract holds; `contract` is its part of a key. */
export const heldKey = (contract: string): string => `${SYSTEM}held\0${contract}`;

/** What a contract holds of an asset. */
const balancePrefix = `${SYSTEM}balance\0`;
export const balancesPrefix = (contract: bigint): string =>
  balancePrefix + contractPrefix(contract);
export const balanceKey = (contract: bigint, asset: string): string =>
  `${balancesPrefix(contract)}${asset}\0`;

/** The payables book: what the vault owes an address in an asset. */
const owedPrefix = `${SYSTEM}owed\0`;
export const owedToPrefix = (address: string): string => owedPrefix + addressPart(address);
export const owedKey = (address: string, asset: string): string =>
  `${owedToPrefix(address)}${asset}\0`;

/** Every key begins with so many bytes: the number of the contract that it belongs to. */
export const NUMBER_BYTES = 8;
const ACCOUNT_PART_BYTES = 33;
const MUXED_MARK = "\x01";

/** The asset in a key of a balance or of the book, or undefined for any other key. */
export function assetOfKey(key: string): string | undefined {
  if (key.startsWith(balancePrefix)) {
    return key.slice(balancePrefix.length + NUMBER_BYTES, -1);
  }
  if (!key.startsWith(owedPrefix)) return undefined;
  const end = owedPrefix.length + ACCOUNT_PART_BYTES;
  return key.slice(key[end - 1] === MUXED_MARK ? end + NUMBER_BYTES : end, -1);
}

function addressPart(address: string): string {
  const bytes = addressBytes(address);
  invariant(bytes !== undefined, "the book names addresses");
  return accountPart(bytes);
}

function bytesOf(hex: string): string {
  const bytes = unhex(hex);
  invariant(bytes !== undefined, "hashes are hexadecimal");
  return bytes;
}

/**
 * A contract as those who deal with it want to know it, read from committed state.
 *
 * Units   Times are Unix seconds of close time, amounts are stroops, sizes are bytes.
 */
import { type Abi, decodeAbi } from "../contracts/abi.ts";
import { decodeCbor } from "../lib/cbor.ts";
import { invariant } from "../lib/invariant.ts";
import { muxedAddress } from "../lib/strkey.ts";
import type { StateReader } from "./applied.ts";
import type { Payable } from "./book-keys.ts";
import { fromByteText } from "./byte-text.ts";
import { contractRecord, contractSource, FIRST_CONTRACT } from "./contract-records.ts";
import { readHeld } from "./holdings.ts";
import type { Ground, Row } from "./overlay.ts";
import { committedGround } from "./pending-state.ts";
import { big } from "./realm/cbor.ts";
import { contractPrefix } from "./realm/keys.ts";
import {
  abiKey,
  assetOfKey,
  balancesPrefix,
  formerPrefix,
  heldKey,
  uploadPrefix,
} from "./system-keys.ts";
import {
  type Announcement,
  announcementOf,
  type FormerCode,
  readFormer,
} from "./upgrade-records.ts";

export interface ContractInfo {
  readonly number: bigint;
  readonly address: string;
  readonly owner: string;
  readonly codeHash: string;
  readonly abi: Abi;
  /** 1 as deployed; one more with each change of code. */
  readonly version: bigint;
  /** Code that its owner has announced to change it to. */
  readonly announcement: Announcement | undefined;
  /** What it ran before, oldest first. */
  readonly former: readonly (FormerCode & { readonly version: bigint })[];
  readonly balances: readonly Payable[];
  /** What it holds of state, keys and values. */
  readonly stateBytes: number;
  /** What it may hold at most; undefined for system contracts, which nobody can make more of. */
  readonly stateBytesMax: number | undefined;
}

export interface CodeInfo {
  readonly codeHash: string;
  readonly source: string;
  readonly abi: Abi;
}

const ROWS_MAX = 100;
const VERSION_BYTES = 8;
const OFFSET_BYTES = 4;

export function contractInfo(
  reader: StateReader,
  vault: string,
  number: bigint,
): ContractInfo | undefined {
  const state = committedGround(reader);
  const record = contractRecord(state, number);
  if (record === undefined) return undefined;
  const abi = storedAbi(state, record.codeHash);
  return {
    ...record,
    address: muxedAddress(vault, number),
    abi,
    announcement: announcementOf(state, number),
    former: rowsUnder(state, formerPrefix(number)).map(([key, value]) => ({
      version: big(key.slice(-VERSION_BYTES)),
      ...readFormer(value),
    })),
    balances: rowsUnder(state, balancesPrefix(number)).map(([key, value]) => {
      const amount = decodeCbor(fromByteText(value));
      const asset = assetOfKey(key);
      invariant(typeof amount === "bigint" && asset !== undefined, "balances are amounts");
      return { asset, amount };
    }),
    stateBytes: readHeld(state.get(heldKey(contractPrefix(number))) ?? ""),
    stateBytesMax: number < FIRST_CONTRACT ? undefined : abi.storageBytes,
  };
}

/** Code by its hash, whatever runs it: undefined when nobody has put it on the ledger. */
export function codeInfo(reader: StateReader, codeHash: string): CodeInfo | undefined {
  const state = committedGround(reader);
  const source = contractSource(state, codeHash);
  return source === undefined ? undefined : { codeHash, source, abi: storedAbi(state, codeHash) };
}

export interface UploadedPart {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** Parts of a source that an account has put, and no code has been made of yet. */
export function uploadedParts(
  reader: StateReader,
  account: string,
  codeHash: string,
): readonly UploadedPart[] {
  const rows = rowsUnder(committedGround(reader), uploadPrefix(account, codeHash));
  return rows.map(([key, part]) => ({
    offset: Number(big(key.slice(-OFFSET_BYTES))),
    bytes: fromByteText(part),
  }));
}

function storedAbi(state: Ground, codeHash: string): Abi {
  const stored = state.get(abiKey(codeHash));
  invariant(stored !== undefined, `state holds the ABI of code ${codeHash}`);
  return decodeAbi(fromByteText(stored));
}

function rowsUnder(state: Ground, prefix: string): readonly Row[] {
  const found: Row[] = [];
  for (let after = ""; ; after = found.at(-1)?.[0] ?? "") {
    const page = state.scan(prefix, after, ROWS_MAX);
    found.push(...page);
    if (page.length < ROWS_MAX) return found;
  }
}

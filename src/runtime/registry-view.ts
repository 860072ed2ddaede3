/** The registry's one view, answered from committed state without the sandbox. */
import { type Abi, decodeAbi, recordOf } from "../contracts/abi.ts";
import { NO_UPGRADE } from "../contracts/upgrade-policy.ts";
import type { CborValue } from "../lib/cbor.ts";
import { invariant } from "../lib/invariant.ts";
import { accountBytes, muxedAddress } from "../lib/strkey.ts";
import type { StateReader } from "./applied.ts";
import { fromByteText, toByteText } from "./byte-text.ts";
import { contractRecord } from "./contract-records.ts";
import { limits } from "./limits.ts";
import { addressBytes } from "./realm/address.ts";
import { abiKey } from "./system-keys.ts";
import type { ViewResult } from "./wire.ts";

/** `put` and `deploy` take bytes of any length and arguments of any type: no ABI describes those. */
export const registryAbi: Abi = {
  name: "registry",
  implements: [],
  upgrade: NO_UPGRADE,
  storageBytes: 0,
  methods: new Map([
    [
      "contract",
      {
        args: [{ kind: "int" }],
        returns: {
          kind: "optional",
          type: recordOf([
            ["address", { kind: "account" }],
            ["codeHash", { kind: "hash" }],
            ["implements", { kind: "list", item: { kind: "text" }, max: limits.interfacesMax }],
            ["name", { kind: "text" }],
            ["owner", { kind: "account" }],
          ]),
        },
        view: true,
        payable: false,
      },
    ],
  ]),
};

export function registryView(
  state: StateReader,
  vault: string,
  method: string,
  args: readonly CborValue[],
): ViewResult {
  const [number, more] = args;
  const failed = (code: string): ViewResult => ({ ok: false, code, result: null, gasUsed: 0n });
  if (method !== "contract") return failed("METHOD_UNKNOWN");
  const isNumber = typeof number === "bigint" && number === BigInt.asUintN(64, number);
  if (!isNumber || more !== undefined) return failed("ARGS_INVALID");
  const result = describe(state, vault, number);
  return { ok: true, code: "", result, gasUsed: 0n };
}

function describe(state: StateReader, vault: string, number: bigint): CborValue {
  const get = (key: string): string | undefined => {
    const value = state.get(fromByteText(key));
    return value === undefined ? undefined : toByteText(value);
  };
  const record = contractRecord({ get }, number);
  if (record === undefined) return null;
  const stored = get(abiKey(record.codeHash));
  invariant(stored !== undefined, "a contract has an ABI");
  const abi = decodeAbi(fromByteText(stored));
  const address = addressBytes(muxedAddress(vault, number));
  invariant(address !== undefined, "the vault is an account");
  return new Map<string, CborValue>([
    ["address", fromByteText(address)],
    ["codeHash", Uint8Array.fromHex(record.codeHash)],
    ["implements", abi.implements],
    ["name", abi.name],
    ["owner", accountBytes(record.owner)],
  ]);
}

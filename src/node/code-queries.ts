/** What the API asks of code: its source, what is uploaded of it, what its methods use. */
import type { CodePorts } from "../api/codes.ts";
import type { GasJson } from "../client/schemas.ts";
import { AceError } from "../lib/errors.ts";
import { sha256Hex } from "../lib/hash.ts";
import { isAccount } from "../lib/strkey.ts";
import { codeInfo, uploadedParts } from "../runtime/contract-info.ts";
import type { Store } from "../store/store.ts";
import { codeJson } from "./contract-json.ts";

/** How far back calls are looked for, and how many are looked at. */
const LEDGERS = 1_000;
const CALLS_MAX = 2_000;

export function codeQueries(store: Store): CodePorts {
  return {
    code: (codeHash) => {
      const code = codeInfo(store.state, codeHash);
      return code === undefined ? undefined : codeJson(code);
    },
    parts: (account, codeHash) => {
      if (!isAccount(account)) {
        throw new AceError("ADDRESS_INVALID", `"${account}" is not an account`);
      }
      const parts = uploadedParts(store.state, account, codeHash).map(({ offset, bytes }) => ({
        offset,
        bytes: bytes.length,
        sha256: sha256Hex(bytes),
      }));
      return { parts };
    },
    gas: (contract) => gasOf(store, contract),
  };
}

function gasOf(store: Store, contract: bigint): GasJson {
  const ledger = store.tip()?.sequence ?? 0;
  const fromLedger = Math.max(0, ledger - LEDGERS);
  const used = new Map<string, bigint[]>();
  for (const { receipt } of store.feed({ sequence: fromLedger, position: 0 }, CALLS_MAX)) {
    if (receipt.contract !== contract || !receipt.ok) continue;
    used.set(receipt.method, [...(used.get(receipt.method) ?? []), receipt.gasUsed]);
  }
  const methods = [...used].map(([method, all]) => {
    const sorted = all.toSorted((left, right) => Number(left - right));
    const at = (place: number): string => (sorted[place] ?? 0n).toString();
    const median = at(sorted.length >> 1);
    return { method, calls: all.length, least: at(0), median, most: at(sorted.length - 1) };
  });
  return { fromLedger, ledger, methods };
}

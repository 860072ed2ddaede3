/** Settings in force, read from the DAO contract at the last committed ledger. */
import { type SettingName, settingRules } from "../contracts/settings.ts";
import type { CborValue } from "../lib/cbor.ts";

const DAO = 1n;

interface Views {
  view(query: {
    readonly contract: bigint;
    readonly method: string;
    readonly args: readonly CborValue[];
  }): Promise<{ readonly ok: boolean; readonly result: CborValue }>;
}

export function settingReader(views: Views, name: SettingName): () => Promise<number> {
  return async () => {
    const { ok, result } = await views.view({ contract: DAO, method: "setting", args: [name] });
    return ok && typeof result === "bigint" ? Number(result) : settingRules[name].initial;
  };
}

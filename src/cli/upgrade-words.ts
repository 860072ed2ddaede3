/** Who may change a contract's code, and what is announced, as everybody who deals with it reads it. */
import type { ContractJson } from "../client/schemas.ts";

/** One line, and a second one where a change is announced. */
export function upgradeLines({ upgrade }: Pick<ContractJson, "upgrade">): readonly string[] {
  const { policy, words, announced } = upgrade;
  const who = policy === "none" ? "its code never changes" : `its code can be changed ${words}`;
  if (announced === undefined) return [who];
  const { codeHash, earliest, expires } = announced;
  const when = `for ${timeText(earliest)}, or later until ${timeText(expires)}`;
  return [who, `a change to code ${codeHash} is announced ${when}`];
}

export function timeText(seconds: number | bigint): string {
  return new Date(Number(seconds) * 1_000).toISOString().replace(".000Z", "Z");
}

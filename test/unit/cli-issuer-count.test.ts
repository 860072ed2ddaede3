// Goal: whoever proposes or votes knows when two issuers would be left.
import { expect, it } from "vitest";
import { issuersAfter, warnOfTwoIssuers } from "../../src/cli/issuer-count.ts";

const founding = [{ account: "GONE", key: "01" }];
const row = (account: string, key: string, toLedger = "0") => ({ account, key, toLedger });
const add = (name: string, code: string) => ({ kind: "issuer.add", name, code });
const remove = (name: string, code: string) => ({ kind: "issuer.remove", name, code });

it.each([
  ["a second one", [], add("GTWO", "02"), 2],
  ["another key of the same one", [], add("GONE", "02"), 1],
  ["a third one", [row("GTWO", "02")], add("GTHREE", "03"), 3],
  ["one of three gone", [row("GTWO", "02"), row("GTHREE", "03")], remove("GONE", "01"), 2],
  ["one in place of one that has ended", [row("GONE", "01", "90")], add("GTWO", "02"), 1],
  ["none", [], remove("GONE", "01"), 0],
])("counts %s", (_what, voted, action, count) => {
  expect(issuersAfter(founding, voted, action).size).toBe(count);
});

async function said(action: { kind: string; name: string; code: string }): Promise<string[]> {
  const lines: string[] = [];
  const say = (text: string) => lines.push(text);
  const view = async () => ({ ok: true, code: "", result: [], gasUsed: "0", ledger: 1 });
  const asked = { network: { issuers: founding }, node: { view } };
  await warnOfTwoIssuers({ output: { warn: say, line: say } }, asked, action);
  return lines;
}

it("warns of two, and of nobody", async () => {
  expect((await said(add("GTWO", "02"))).join()).toContain("both must then sign");
  expect((await said(remove("GONE", "01"))).join()).toContain("nobody gives access tokens");
  expect(await said({ kind: "param.set", name: "token.lifeS", code: "" })).toEqual([]);
});

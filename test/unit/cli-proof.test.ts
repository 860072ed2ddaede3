// Goal: `ace proof verify` believes a file exactly when the ledger hash that is trusted leads to it.
// Method: the vectors' claims, as files, and as many wrong ones; nothing to connect to.
import { readFileSync } from "node:fs";
import { afterAll, expect, it } from "vitest";
import { z } from "zod";
import { demandHolds, readProofFile } from "../../src/cli/proof-file.ts";
import { stateKey } from "../../src/cli/state-key.ts";
import { LedgerFieldsJson, ReceiptProofsJson, StateProofJson } from "../../src/client/schemas.ts";
import { isAceError } from "../../src/lib/errors.ts";
import { accountFromBytes, muxedAddress } from "../../src/lib/strkey.ts";
import { makeHome } from "./cli-process.ts";

const claims = z
  .object({ state: z.array(StateProofJson), receipts: ReceiptProofsJson.shape.proofs })
  .parse(JSON.parse(readFileSync("test/vectors/proofs.json", "utf8")));
const chains = z
  .object({
    ledgerHash: z.string(),
    trusted: z.string(),
    chain: z.array(LedgerFieldsJson),
  })
  .parse(JSON.parse(readFileSync("test/vectors/ledger-chain.json", "utf8")));

const home = makeHome();
afterAll(() => home[Symbol.dispose]());
const OTHER = "5a".repeat(32);
const [first] = claims.state;
const trusted = first?.ledgerHash ?? "";
const whole = { v: 1, ...claims, chain: [] };

function fileOf(document: unknown): string {
  return home.file("proof.json", JSON.stringify(document));
}

/** The code with which a file is refused, or "holds". */
async function judged(document: unknown, hash = trusted): Promise<string> {
  try {
    await demandHolds(readProofFile(fileOf(document)), hash);
    return "holds";
  } catch (error) {
    return isAceError(error) ? error.code : String(error);
  }
}

it("says in words what holds, and in JSON to a script", { timeout: 60_000 }, async () => {
  const args = ["proof", "verify", fileOf(whole), "--trusted", trusted];
  const [shown, data] = await Promise.all([home.ace(args), home.ace([...args, "--json"])]);
  expect([shown.exitCode, shown.stderr]).toEqual([0, ""]);
  expect(shown.stdout).toMatch(/^entry 6b65792030 is 7 bytes +after ledger 4000001$/m);
  expect(shown.stdout).toMatch(/ is absent +after ledger 4000001$/m);
  expect(shown.stdout).toMatch(/^contract 412 buy by G\w{55} +ok +ledger 4000001$/m);
  expect(shown.stdout).toMatch(/failed: CONTRACT_UNKNOWN/);
  expect(shown.stdout).toMatch(/^every proof holds$/m);
  expect(JSON.parse(data.stdout)).toMatchObject({ ok: true, data: { trusted, ...claims } });
});

it("says what is wrong, and shows nothing of what it does not believe", async () => {
  const args = ["proof", "verify", fileOf(whole), "--trusted", OTHER];
  const { exitCode, stdout, stderr } = await home.ace(args);
  expect([exitCode, stdout]).toEqual([1, ""]);
  expect(stderr).toContain(`error[PROOF_REFUTED]: ledger 4000001 has ledger hash ${trusted}`);
  expect(stderr).toContain("hint: It proves nothing under this ledger hash.");
});

it("follows a chain back from a later ledger hash, and no other", async () => {
  const { chain } = chains;
  const [newest] = chain;
  const file = (given: readonly unknown[]) => ({ ...whole, chain: given });
  expect(chains.ledgerHash).toBe(trusted);
  expect(await judged(file(chain), chains.trusted)).toBe("holds");
  expect(await judged(file(chain), trusted)).toBe("holds");
  expect(await judged(file(chain.slice(1)), chains.trusted)).toBe("PROOF_REFUTED");
  expect(await judged(file(chain.slice(0, -1)), chains.trusted)).toBe("PROOF_REFUTED");
  expect(await judged(file(chain.toReversed()), chains.trusted)).toBe("PROOF_REFUTED");
  const bent = file([{ ...newest, stateRoot: OTHER }, ...chain.slice(1)]);
  expect(await judged(bent, chains.trusted)).toBe("PROOF_REFUTED");
});

const [bought, other] = claims.receipts;
it.each([
  ["another hash is trusted", whole, OTHER, "PROOF_REFUTED"],
  ["a value differs", { ...whole, state: [{ ...first, value: "00" }] }, trusted, "PROOF_REFUTED"],
  [
    "a receipt stands in for another",
    { ...whole, receipts: [{ ...bought, receipt: other?.receipt }] },
    trusted,
    "PROOF_REFUTED",
  ],
  ["nothing is in it", { ...whole, state: [], receipts: [] }, trusted, "PROOF_FILE_INVALID"],
  ["it is another file", { hello: 1 }, trusted, "PROOF_FILE_INVALID"],
  ["a field is too many", { ...whole, more: 1 }, trusted, "PROOF_FILE_INVALID"],
])("refuses a file when %s", async (_name, document, hash, code) => {
  expect(await judged(document, hash)).toBe(code);
});

it("refuses files that are none", () => {
  expect(() => readProofFile("/nowhere/proof.json")).toThrow("cannot be read");
  expect(() => readProofFile(home.file("half.json", "{"))).toThrow("is not a file of proofs");
});

it("makes keys of words as contracts do", () => {
  const account = accountFromBytes(new Uint8Array(32).fill(1));
  const key = (name: string, ...parts: readonly string[]) =>
    stateKey({ contract: "412", name, parts }).toHex();
  const head = "000000000000019c";
  expect(key("offer")).toBe(`${head}6f6666657200`);
  expect(key("by", account)).toBe(`${head}627900${"01".repeat(32)}00`);
  expect(key("by", muxedAddress(account, 5n))).toBe(
    `${head}627900${"01".repeat(32)}010000000000000005`,
  );
  expect(key("by", "0", "7", "-2")).toBe(`${head}627900${"0100"}${"010107"}${"00fefd"}`);
  expect(key("by", "alice", "text:7")).toBe(`${head}627900616c69636500${"3700"}`);
  expect(key("by", OTHER, "hex:00ff")).toBe(`${head}627900${OTHER}00ff`);
});

it.each([
  [{ contract: "18446744073709551616", name: "offer", parts: [] }],
  [{ contract: "one", name: "offer", parts: [] }],
  [{ contract: "1", name: "offer", parts: ["hex:abc"] }],
  [{ contract: "1", name: "offer", parts: ["x".repeat(128)] }],
  [{ contract: "1", name: "of\0fer", parts: [] }],
])("makes no key of %o", (words) => {
  expect(() => stateKey(words)).toThrow(expect.objectContaining({ code: "USAGE" }));
});

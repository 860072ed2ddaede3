// Goal: `ace ledger verify` tells a person what was checked and what is wrong, and a script too.
import { expect, it } from "vitest";
import { DOCTORED_STREAM, fixturePath, PUBNET } from "../fixtures/stellar-data.ts";
import { makeHome } from "./cli-process.ts";

const TESTNET_QUORUM = {
  threshold: 2,
  validators: [
    "GC2V2EFSXN6SQTWVYA5EPJPBWWIMSD2XQNKUOHGEKB535AQE2I6IXV2Z",
    "GCUCJTIYXSOXKBSNFGNFWW5MUQ54HKRPGJUTQFJ5RQXZXNOLNXYDHRAP",
  ],
};

it("a whole archive shows what held, with the quorum of one's own", async () => {
  using home = makeHome();
  const quorum = home.file("quorum.json", JSON.stringify(TESTNET_QUORUM));
  const path = fixturePath("archive-testnet");
  const { exitCode, stdout } = await home.ace(["ledger", "verify", path, "--quorum", quorum]);
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/^archive +\//);
  expect(stdout).toMatch(/^ledgers +127 \(1 to 127\)$/m);
  expect(stdout).toMatch(/^proved empty +9 legacy, 108 sequential$/m);
  expect(stdout).toMatch(/^SCP signature +378 +0$/m);
  expect(stdout).toMatch(/^quorum at the checkpoint +2 +0$/m);
  expect(stdout).toMatch(/^every check held$/m);
});

it("doctored ledgers are named, with what should be and what is, and the exit code says so", async () => {
  using home = makeHome();
  const path = fixturePath(DOCTORED_STREAM);
  const [shown, data] = await Promise.all([
    home.ace(["ledger", "verify", path]),
    home.ace(["ledger", "verify", path, "--json"]),
  ]);
  expect(shown.exitCode).toBe(6);
  expect(shown.stdout).toMatch(
    /^ +85 +result hash +galexie\S+ +12b590ea730b8740… +b86670cf1bc4190e…$/m,
  );
  expect(shown.stderr).toContain(
    "error[LEDGER_HASH_MISMATCH]: ledger 85: the transaction set hash",
  );
  expect(shown.stderr).toContain("(and 3 more)");
  expect(shown.stderr).toContain("note: no passphrase");
  expect(data.exitCode).toBe(6);
  expect(JSON.parse(data.stdout)).toMatchObject({
    ok: false,
    error: { code: "LEDGER_HASH_MISMATCH" },
    data: { kind: "file", ledgers: 3, failureCount: 4, failures: { length: 4 } },
  });
});

it("wrong paths, passphrases and quorum files are told apart", async () => {
  using home = makeHome();
  const archive = fixturePath("archive-testnet");
  const broken = home.file("broken.json", '{"threshold":3,"validators":[]}');
  const cases = [
    [["/nowhere/at/all"], "FILE_UNREADABLE", "/nowhere/at/all cannot be read"],
    [[home.path], "LEDGER_MALFORMED", "holds neither objects of a data lake nor a history archive"],
    [[archive, "--passphrase", PUBNET], "NETWORK_MISMATCH", "the archive holds"],
    [[archive, "--quorum", broken], "QUORUM_INVALID", "asks for 3 of 0"],
    [[archive, "--quorum", "none.json"], "QUORUM_INVALID", "there is no none.json"],
  ] as const;
  const ends = await Promise.all(cases.map(([args]) => home.ace(["ledger", "verify", ...args])));
  for (const [index, [, code, message]] of cases.entries()) {
    expect(ends[index]?.stderr).toContain(`error[${code}]`);
    expect(ends[index]?.stderr).toContain(message);
    expect(ends[index]?.exitCode).not.toBe(0);
  }
});

// Goal: a token is given where no other process of the machine sees it, and one that cannot be a token is
//       refused in words before anybody is asked.
// Method: real files, and the real command, which finds no network after it.
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { expect, it } from "vitest";
import { Flags } from "../../src/cli/flags.ts";
import { givenToken } from "../../src/cli/given-token.ts";
import { makeHome } from "./cli-process.ts";

const TOKEN = `eyJh.e30.${"A".repeat(86)}`;
const CONTENT = "5b".repeat(32);

async function given(
  values: Readonly<Record<string, string>>,
  environment: Readonly<Record<string, string>> = {},
  stdin = "",
): Promise<string | undefined> {
  const nobody = async () => "";
  const readAll = async () => stdin;
  const terminal = { canAsk: false, show: () => {}, ask: nobody, askSecret: nobody, readAll };
  return await givenToken({ terminal, environment }, new Flags(values));
}

it("is taken from a flag, a file, standard input or the environment, in this order", async () => {
  using home = makeHome();
  const file = home.file("one.token", `${TOKEN}\n`);
  const environment = { ACE_TOKEN: "of.the.environment" };
  expect(await given({ token: TOKEN }, environment)).toBe(TOKEN);
  expect(await given({ tokenFile: file }, environment)).toBe(TOKEN);
  expect(await given({ tokenFile: "-" }, environment, `${TOKEN}\r\n`)).toBe(TOKEN);
  expect(await given({}, environment)).toBe("of.the.environment");
  expect(await given({}, { ACE_TOKEN: "" })).toBeUndefined();
  expect(await given({})).toBeUndefined();
});

it.each([
  ["a file that is not there", { tokenFile: "/nowhere/one.token" }, {}, "FILE_UNREADABLE"],
  ["a folder", { tokenFile: tmpdir() }, {}, "FILE_UNREADABLE"],
  ["nothing on standard input", { tokenFile: "-" }, {}, "TOKEN_INVALID"],
  ["two tokens", { token: TOKEN, tokenFile: "-" }, {}, "USAGE"],
  ["words", { token: "secret words" }, {}, "TOKEN_INVALID"],
  ["what is too long", { token: TOKEN + "A".repeat(2_048) }, {}, "TOKEN_INVALID"],
  ["an environment of other words", {}, { ACE_TOKEN: "secret words" }, "TOKEN_INVALID"],
])("refuses %s, and does not repeat it", async (_, values, environment, code) => {
  const refusal = given(values, environment);
  await expect(refusal).rejects.toMatchObject({ code });
  await expect(refusal).rejects.not.toThrow("secret words");
});

it("refuses a file that holds more than a token, however much that is", async () => {
  using home = makeHome();
  const long = home.file("long.token", `${TOKEN}${" ".repeat(100_000)}more`);
  const files = existsSync("/dev/zero") ? [long, "/dev/zero"] : [long];
  for (const tokenFile of files) {
    await expect(given({ tokenFile })).rejects.toMatchObject({ code: "TOKEN_INVALID" });
  }
});

it("is looked at before anything else, and the command says what to do about it", async () => {
  using home = makeHome();
  const tokenFile = home.file("one.token", "words");
  const args = ["stream", "get", CONTENT, "--token-file"];
  const wrong = await home.ace([...args, tokenFile]);
  expect(wrong.exitCode).not.toBe(0);
  expect(wrong.stderr).toContain("TOKEN_INVALID");
  expect(wrong.stderr).toContain("ace token get");
  // With what may be a token it goes on: no network is founded here.
  const right = await home.ace([...args, "-"], { stdin: `${TOKEN}\n` });
  expect(right.stderr).toContain("network.json");
});

// Goal: the command as people and scripts meet it. Method: start the real executable.
import { symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import packageFile from "../../package.json" with { type: "json" };
import { catalogue } from "../../src/lib/catalogue.ts";
import { BIN, makeHome } from "./cli-process.ts";

const home = makeHome();
afterAll(() => home[Symbol.dispose]());

it("prints its version", async () => {
  const { exitCode, stdout } = await home.ace(["--version"]);
  expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: `${packageFile.version}\n` });
});

it("shows its nouns to whoever types nothing", async () => {
  const bare = await home.ace([]);
  const help = await home.ace(["--help"]);
  expect(bare.exitCode).toBe(0);
  expect(bare.stdout).toBe(help.stdout);
  expect(bare.stdout).toMatch(/Everybody:[\s\S]+key +keys to act with/);
});

it("names the flag when a further node's address is none", async () => {
  const id = "ab".repeat(32);
  const { exitCode, stderr } = await home.ace(["stream", "get", id, "--issuer-node", "nowhere"]);
  expect(exitCode).not.toBe(0);
  expect(stderr).toContain('--issuer-node: "nowhere" is not a URL');
});

it("starts through a link and from any folder, as npm installs it", async () => {
  const link = join(home.path, "ace-link");
  symlinkSync(BIN, link);
  const command = [process.execPath, link] as const;
  const { stdout } = await home.ace(["--version"], { command: [...command], folder: tmpdir() });
  expect(stdout).toBe(`${packageFile.version}\n`);
});

it("teaches the verbs of a noun, with examples", async () => {
  const { exitCode, stdout } = await home.ace(["help", "key"]);
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/Examples:[\s\S]+ace key new alice/);
});

it.each([
  [["bogus"], "unknown command 'bogus'"],
  [["help", "bogus"], "unknown command 'bogus'"],
  [["bogus", "--help"], "unknown command 'bogus'"],
  [["keys"], "Did you mean key?"],
  [["key"], "a verb is missing, one of new, import"],
  [["key", "new"], "missing required argument 'names'"],
  [["key", "list", "--bogus"], "unknown option '--bogus'"],
  [["key", "list", "extra"], "too many arguments"],
  [["--as"], "argument missing"],
])("answers %j with usage, exit 2 and one hint", async (args, words) => {
  const { exitCode, stdout, stderr } = await home.ace(args);
  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
  expect(stderr).toContain(words);
  expect(stderr).toMatch(/^error\[USAGE\]: .+\n {2}hint: .+\n$/);
});

it("puts an error of usage on stdout as one object with --json", async () => {
  const { exitCode, stdout } = await home.ace(["--json", "key", "new"]);
  const { code, hint } = { code: "USAGE", hint: catalogue.USAGE.hint };
  const message = "missing required argument 'names'";
  expect(exitCode).toBe(2);
  expect(JSON.parse(stdout)).toEqual({ v: 1, ok: false, error: { code, message, hint } });
});

it("names all faults of the profile at once, and prints no stack without -v", async () => {
  using broken = makeHome();
  broken.file("config.json", '{"rpcUrl":"ftp://x","colour":"red"}');
  const { exitCode, stderr } = await broken.ace(["config"]);
  expect(exitCode).toBe(2);
  expect(stderr).toContain("error[CONFIG_INVALID]");
  expect(stderr).toContain("not http or https");
  expect(stderr).toContain("colour");
  expect(stderr).not.toContain("    at ");
  expect((await broken.ace(["config", "-v"])).stderr).toContain("    at ");
});

it("keeps a setting in the profile and tells where each comes from", async () => {
  using own = makeHome();
  const environment = { ACE_RPC: "", ACE_NODE: "http://10.0.0.5:1" };
  await own.ace(["config", "set", "rpcUrl", "http://10.0.0.9:8000/"]);
  await own.ace(["config", "set", "network", "nets/demo.json"]);
  const { stdout } = await own.ace(["config", "--json", "--as", "bob"], { environment });
  expect(JSON.parse(stdout)).toEqual({
    v: 1,
    command: "config.show",
    ok: true,
    data: {
      home: { value: own.path, origin: "environment" },
      network: { value: join(own.path, "nets", "demo.json"), origin: "profile" },
      rpcUrl: { value: "http://10.0.0.9:8000", origin: "profile" },
      nodeUrl: { value: "http://10.0.0.5:1", origin: "environment" },
      identity: { value: "bob", origin: "flag" },
    },
  });
  await own.ace(["config", "set", "network"]);
  const shown = await own.ace(["config", "get", "network"]);
  expect(shown.stdout).toBe(`${join(own.path, "network.json")}\n`);
});

it("refuses to keep a setting that is wrong", async () => {
  const { exitCode, stderr } = await home.ace(["config", "set", "nodeUrl", "nowhere"]);
  expect(exitCode).toBe(2);
  expect(stderr).toContain('"nowhere" is not a URL');
});

it("explains a code in any case, and knows what is none", async () => {
  const known = await home.ace(["explain", "key_locked", "--json"]);
  expect(JSON.parse(known.stdout).data).toEqual({ code: "KEY_LOCKED", ...catalogue.KEY_LOCKED });
  expect((await home.ace(["explain", "toString"])).exitCode).toBe(3);
});

it("ends quietly when the reader of a pipe has seen enough", async () => {
  const command = ["sh", "-c", '"$0" "$@" | head -n 1', process.execPath, BIN] as const;
  const { stdout, stderr } = await home.ace(["explain"], { command: [...command] });
  expect(stdout).toMatch(/^code +exit +what to do\n$/);
  expect(stderr).toBe("");
});

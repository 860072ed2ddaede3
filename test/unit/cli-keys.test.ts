// Goal: keys live and die as promised, and no secret ever shows. Method: the real executable.
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Keypair } from "@stellar/stellar-sdk/base";
import { afterAll, expect, it } from "vitest";
import { type Ended, type Home, makeHome } from "./cli-process.ts";

const PASSPHRASE = "correct horse battery";
const home = makeHome();
const passphraseFile = home.file("passphrase", `${PASSPHRASE}\n`);
const environment = { ACE_PASSPHRASE_FILE: passphraseFile };
afterAll(() => home[Symbol.dispose]());

it("takes a key through its life without ever showing its secret", async () => {
  const pair = Keypair.random();
  const stdin = `${pair.secret()}\n`;
  const args = ["key", "import", "alice", "--secret-stdin", "--json"];
  const imported = await home.ace(args, { environment, stdin });
  const entry = { name: "alice", address: pair.publicKey(), kind: "encrypted" };
  expect(JSON.parse(imported.stdout).data).toEqual(entry);

  const listed = await home.ace(["key", "list", "--json"]);
  expect(JSON.parse(listed.stdout).data.items).toContainEqual(entry);
  const shown = await home.ace(["key", "address", "alice"]);
  expect(shown.stdout).toBe(`${pair.publicKey()}\n`);

  const again = await home.ace(["key", "new", "alice", "--plaintext"]);
  expect(again).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("KEY_EXISTS") });
  const file = readFileSync(join(home.path, "keys", "alice.json"), "utf8");
  const everything = JSON.stringify([imported, listed, shown, again]) + file;
  expect(everything).not.toContain(pair.secret());
  expect(everything).not.toContain(Buffer.from(pair.rawSecretKey()).toString("hex"));

  const kept = await home.ace(["key", "remove", "alice"]);
  expect(kept).toMatchObject({ exitCode: 7, stdout: "" });
  expect(kept.stderr).toContain("error[CONFIRMATION_NEEDED]");
  expect(kept.stderr).toContain(pair.publicKey());
  expect((await home.ace(["key", "remove", "alice", "--yes"])).exitCode).toBe(0);
  expect((await home.ace(["key", "address", "alice"])).stderr).toContain("error[KEY_MISSING]");
});

it("keeps keys where only their owner reads them", async () => {
  using own = makeHome();
  chmodSync(own.path, 0o755);
  await own.ace(["key", "new", "bob", "--plaintext"]);
  const folder = join(own.path, "keys");
  expect(modeOf(folder)).toBe(0o700);
  expect(modeOf(join(folder, "bob.json"))).toBe(0o600);
  expect(readdirSync(folder)).toEqual(["bob.json"]);

  chmodSync(join(folder, "bob.json"), 0o644);
  const { exitCode, stderr } = await own.ace(["key", "address", "bob"]);
  expect(exitCode).toBe(4);
  expect(stderr).toContain("error[KEY_FILE_MODE]");
});

it("marks a plaintext key as such, and warns once", async () => {
  const { stderr, stdout } = await home.ace(["key", "new", "carol", "--plaintext"]);
  expect(stderr).toMatch(/^warning: "carol" lies unprotected/);
  const file = JSON.parse(readFileSync(join(home.path, "keys", "carol.json"), "utf8"));
  expect(file).toMatchObject({ plaintext: true, address: stdout.trim() });
  expect((await home.ace(["key", "address", "carol"])).stderr).toBe("");
});

it("refuses a plaintext key on a public network", async () => {
  using own = makeHome();
  own.file("network.json", '{"passphrase":"Test SDF Network ; September 2015"}');
  const { exitCode, stderr } = await own.ace(["key", "new", "dan", "--plaintext"]);
  expect(exitCode).toBe(4);
  expect(stderr).toContain("error[KEY_PLAINTEXT_REFUSED]");
  expect((await own.ace(["key", "list", "--json"])).stdout).toContain('"items":[]');
});

it("asks nobody for a passphrase where nobody is", async () => {
  const { exitCode, stderr } = await home.ace(["key", "new", "erin"]);
  expect(exitCode).toBe(4);
  expect(stderr).toContain("error[KEY_LOCKED]");
});

it("refuses a passphrase that others may read, and one that is short", async () => {
  const open = { ACE_PASSPHRASE_FILE: home.file("open", PASSPHRASE, 0o644) };
  chmodSync(open.ACE_PASSPHRASE_FILE, 0o644);
  const short = { ACE_PASSPHRASE_FILE: home.file("short", "1234567") };
  const answers = [open, short].map((each) => home.ace(["key", "new", "f"], { environment: each }));
  const [byMode, byLength] = await Promise.all(answers);
  expect(byMode?.stderr).toContain("error[KEY_FILE_MODE]");
  expect(byLength?.stderr).toContain("error[PASSPHRASE_SHORT]");
});

it("says nothing of what it was given when that is no secret", async () => {
  const args = ["key", "import", "gus", "--secret-stdin", "-v"];
  const { exitCode, stderr } = await home.ace(args, { stdin: "SECRETBUTWRONG" });
  expect(exitCode).toBe(2);
  expect(stderr).toContain("error[SECRET_INVALID]");
  expect(stderr).not.toContain("SECRETBUTWRONG");
});

it.each(["../evil", "a b", "", "x".repeat(33), ".hidden"])("refuses the name %j", async (name) => {
  const { exitCode, stderr } = await home.ace(["key", "new", "--plaintext", "--", name]);
  expect(exitCode).toBe(2);
  expect(stderr).toContain("is not a key name");
});

it("lists a broken key beside the good ones, and removes it", async () => {
  using own = makeHome();
  await own.ace(["key", "new", "good", "--plaintext"]);
  writeFileSync(join(own.path, "keys", "bad.json"), "{}", { mode: 0o600 });
  const { stdout, exitCode } = await own.ace(["key", "list"]);
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/bad .*is not a key file.*broken\ngood +G[A-Z2-7]{55} +plaintext/);
  expect((await own.ace(["key", "remove", "bad", "--yes"])).exitCode).toBe(0);
});

it("links identities of stellar-cli in place, and writes nothing into their folder", async () => {
  using own = makeHome();
  const pair = Keypair.random();
  const identities = join(own.path, "stellar", "identity");
  mkdirSync(identities, { recursive: true });
  const phrase = "illness spike retreat truth genius clock brain pass fit cave bargain toe";
  writeFileSync(join(identities, "secret.toml"), `secret_key = "${pair.secret()}" # mine\n`);
  writeFileSync(join(identities, "phrase.toml"), `seed_phrase = '${phrase}'\nhd_path = 9\n`);
  writeFileSync(join(identities, "wallet.toml"), 'hardware = "ledger"\n');
  const before = contentsOf(identities);
  const [secret, phrased, hardware, missing] = await linkAll(own, [
    "secret",
    "phrase",
    "wallet",
    "nobody",
  ]);
  expect(secret?.stdout).toBe(`${pair.publicKey()}\n`);
  expect(secret?.stderr).toContain("unprotected");
  expect(phrased?.stdout).toBe("GBTVYYDIYWGUQUTKX6ZMLGSZGMTESJYJKJWAATGZGITA25ZB6T5REF44\n");
  expect(hardware?.stderr).toContain("error[KEY_FILE_INVALID]");
  expect(hardware?.stderr).toContain("holds hardware");
  expect(missing?.stderr).toContain("error[KEY_MISSING]");
  expect(contentsOf(identities)).toEqual(before);
  const link = readFileSync(join(own.path, "keys", "secret.json"), "utf8");
  expect(JSON.parse(link)).toEqual({ v: 1, kind: "stellar-cli", identity: "secret" });
});

function linkAll(own: Home, names: readonly string[]): Promise<readonly Ended[]> {
  const options = { environment: { STELLAR_CONFIG_HOME: join(own.path, "stellar") } };
  return Promise.all(names.map((name) => own.ace(["key", "link", name], options)));
}

function contentsOf(folder: string): readonly string[] {
  return readdirSync(folder).map((name) => name + readFileSync(join(folder, name), "utf8"));
}

function modeOf(path: string): number {
  return statSync(path).mode & 0o777;
}

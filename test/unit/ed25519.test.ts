// Goal: who checks signatures, by which rules, and what happens where libsodium is not installed.
// Method: published edge cases through both engines; and the module itself in a folder without libsodium,
//         with one that does not load and with one that is something else.
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { nodeEngine, sodiumEngine } from "../../src/lib/ed25519.ts";
import { isSoundPoint } from "../../src/lib/ed25519-points.ts";
import { encode, littleEndian, TORSION } from "../support/edwards.ts";

const Case = z.strictObject({
  what: z.string(),
  message: z.string(),
  key: z.string(),
  signature: z.string(),
  isGood: z.boolean(),
});
const { cases } = z
  .object({ source: z.string(), licence: z.string(), cases: z.array(Case) })
  .parse(JSON.parse(readFileSync("test/vectors/ed25519.json", "utf8")));

const engines = [nodeEngine, sodiumEngine()].flatMap((engine) => engine ?? []);

describe.each(engines)("signatures judged by $name", (engine) => {
  it.each(cases)("$what", ({ key, message, signature, isGood }) => {
    const [keyBytes, messageBytes, signatureBytes] = [key, message, signature].map((hex) =>
      Uint8Array.fromHex(hex),
    );
    expect(
      keyBytes && messageBytes && signatureBytes
        ? engine.verify(keyBytes, messageBytes, signatureBytes)
        : undefined,
    ).toBe(isGood);
  });
});

it("calls the eight points of small order unsound however they are written, and what is not below p", () => {
  const p = 2n ** 255n - 19n;
  const small = TORSION.flatMap((point) => [encode(point), encode(point, true)]);
  const unreduced = Array.from({ length: 19 }, (_, above) => littleEndian(p + BigInt(above)));
  const signed = [...small, ...unreduced].map((bytes) => bytes.with(31, (bytes[31] ?? 0) | 0x80));
  for (const bytes of [...small, ...unreduced, ...signed]) {
    expect([bytes.toHex(), isSoundPoint(bytes.toHex())]).toEqual([bytes.toHex(), false]);
  }
  for (const y of [2n, 3n, p - 2n, p - 3n, 2n ** 254n, 2n ** 255n - 2n ** 248n - 1n]) {
    expect([y, isSoundPoint(littleEndian(y).toHex())]).toEqual([y, true]);
  }
});

describe("where libsodium is not to be had", () => {
  const folder = mkdtempSync(join(tmpdir(), "ace-signatures-"));
  const package_ = join(folder, "node_modules/sodium-native");
  for (const name of ["bytes", "ed25519", "ed25519-points", "sodium"]) {
    cpSync(`src/lib/${name}.ts`, join(folder, `${name}.ts`));
  }
  mkdirSync(package_, { recursive: true });
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  writeFileSync(
    join(folder, "probe.ts"),
    `import { isSignedBy, signatureEngine } from "./ed25519.ts";
     const [key, message, signature] = process.argv.slice(2).map((hex) => Uint8Array.fromHex(hex));
     const answers = [isSignedBy(key, message, signature), isSignedBy(key, signature, signature)];
     process.stdout.write([signatureEngine().name, ...answers].join(" "));`,
  );
  const good = cases.find(({ isGood }) => isGood);
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each([
    ["is absent", undefined],
    ["has no binary for this machine", 'throw new Error("Cannot load addon");'],
    ["is something else", "module.exports = { crypto_sign_verify_detached: 1 };"],
    ["judges wrongly", "module.exports = { crypto_sign_verify_detached: () => true };"],
    ["fails", 'module.exports = { crypto_sign_verify_detached() { throw new Error("no"); } };'],
  ])("judges the same when it %s", (_what, code) => {
    if (code !== undefined) writeFileSync(join(package_, "index.js"), code);
    const words = [good?.key ?? "", good?.message ?? "", good?.signature ?? ""];
    const said = execFileSync(process.execPath, [join(folder, "probe.ts"), ...words]);
    expect(said.toString()).toBe("node:crypto true false");
  });
});

it.each(["process-child", "process-admission-thread", "keeper"])(
  "is not part of what runs contracts: %s has Stellar's rules and loads no libsodium",
  (name) => {
    const files = importsOf(join("src/runtime", `${name}.ts`));
    expect(files).toContain(join("src/runtime", `${name}.ts`));
    expect([...files].filter((file) => /lib\/(?:ed25519|sodium)/.test(file))).toEqual([]);
  },
);

/** The file and all of ours that it imports, at whatever remove. */
function importsOf(file: string, found = new Set<string>()): ReadonlySet<string> {
  if (found.has(file)) return found;
  found.add(file);
  const text = readFileSync(file, "utf8");
  for (const [, target = ""] of text.matchAll(/(?:from|import\(?) ?"(\.[^"]+)"/g)) {
    importsOf(join(dirname(file), target), found);
  }
  return found;
}

// Goal: no forged token is accepted, by the node's verifier or by `ace-node/verify`, which must run
//       wherever there is WebCrypto.
// Method: the vectors as data, seeded mutations of good tokens, jose as a second opinion, and the
//         published module alone in a bare context.
import { readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { posix } from "node:path";
import { createContext, runInContext } from "node:vm";
import { gzipSync } from "node:zlib";
import { createLocalJWKSet, jwtVerify } from "jose";
import { describe, expect, it } from "vitest";
import { loadDeviceKey, proveRegistration } from "../../src/access/device-key.ts";
import { jwkSetOf, makeIssuerSet, thumbprint } from "../../src/access/issuer-set.ts";
import { TokenVerifier } from "../../src/access/verifier.ts";
import { checkToken, issuersOf, verifyToken } from "../../src/access/verify.ts";
import { tokenVectors } from "../vectors/make-tokens.ts";

const vectors = tokenVectors();
const { wanted, issuers, valid, refused } = vectors;
const set = makeIssuerSet(issuers);
const open = () =>
  new TokenVerifier({ net: wanted.net, issuers: () => set, licenceOf: () => BigInt(wanted.lic) });
const jwks = createLocalJWKSet({ keys: jwkSetOf(set).keys.map((key) => ({ ...key })) });

async function isAcceptedByJose(token: string): Promise<boolean> {
  try {
    await jwtVerify(token, jwks, {
      algorithms: ["EdDSA"],
      typ: "ace-access+jwt",
      audience: wanted.aud,
      currentDate: new Date(wanted.nowS * 1_000),
      clockTolerance: 0,
    });
    return true;
  } catch {
    return false;
  }
}

it("keeps the vectors' file as its maker writes it, with over 500 forgeries", () => {
  const file = readFileSync(new URL("../vectors/tokens.json", import.meta.url), "utf8");
  expect(JSON.parse(file)).toEqual(vectors);
  expect(new Set(refused.map(({ token }) => token)).size).toBeGreaterThanOrEqual(500);
});

it("names issuers in the browser as on the node", async () => {
  expect(await issuersOf(issuers)).toEqual(issuers);
  expect(issuers.map(({ key }) => thumbprint(key))).toEqual(issuers.map(({ kid }) => kid));
  const unsound = ["00".repeat(32), "ab", `01${"00".repeat(30)}80`];
  expect(await issuersOf(unsound.map((key) => ({ account: "G", key })))).toEqual([]);
});

it("proves a device's registration over the bytes that the vectors name", () => {
  const { deviceSeed, proof, ...terms } = vectors.registration;
  expect(proveRegistration(loadDeviceKey(deviceSeed), terms)).toBe(proof);
});

it.each(valid)("accepts: $name", async ({ token, name }) => {
  const expected = { ok: true, account: vectors.viewer, deviceKey: vectors.deviceKey };
  expect(open().verify(token, wanted)).toMatchObject(expected);
  expect(await verifyToken(token, { ...wanted, issuers })).toMatchObject(expected);
  // jose knows no grace before `nbf`.
  expect(await isAcceptedByJose(token)).toBe(name !== "issuer's clock 55 s ahead");
});

it("refuses every forgery with its code, by both verifiers, twice", async () => {
  const verifier = open();
  for (const { name, code, token } of refused) {
    for (const _ of [1, 2]) {
      expect(verifier.verify(token, wanted), name).toMatchObject({ ok: false, code });
    }
    const verdict = await verifyToken(token, { ...wanted, issuers });
    expect(verdict, name).toMatchObject({ ok: false, code });
  }
});

it("reads no text that is too long, however it begins", async () => {
  const long = { code: "TOKEN_INVALID", reason: expect.stringContaining("too long") };
  const text = `${valid[0]?.token}${"A".repeat(2_000)}`;
  expect(open().verify(text, wanted)).toMatchObject(long);
  expect(await verifyToken(text, { ...wanted, issuers })).toMatchObject(long);
});

it("is of one mind with jose about signatures", async () => {
  for (const { name, token } of refused) {
    if (name.startsWith("signature")) expect(await isAcceptedByJose(token), name).toBe(false);
  }
});

it("needs a signature that only WebCrypto or node:crypto can judge", async () => {
  const [good] = valid;
  const forged = refused.find(({ name }) => name === "signature of zeros");
  expect(checkToken(good?.token ?? "", { ...wanted, issuers }).ok).toBe(true);
  expect(checkToken(forged?.token ?? "", { ...wanted, issuers }).ok).toBe(true);
});

/** Ten times as many where it is asked for. */
const MUTATIONS = Number(process.env["ACE_MUTATIONS"] ?? "20000");

it("accepts none of very many mutated tokens", () => {
  const verifier = open();
  const random = randomFrom(20_260_101);
  const good = new Set(valid.map(({ token }) => token));
  const accepted: string[] = [];
  for (let round = 0; round < MUTATIONS; round += 1) {
    const base = valid[random(valid.length)]?.token ?? "";
    const mutated = mutate(base, random);
    if (!good.has(mutated) && verifier.verify(mutated, wanted).ok) accepted.push(mutated);
  }
  expect(accepted).toEqual([]);
});

describe("ace-node/verify", () => {
  const modules = importGraph("access/verify.ts");

  it("imports nothing but small files of its own, and is small", () => {
    expect([...modules.keys()].sort()).toEqual([
      "access/proof-checks.ts",
      "access/text-bytes.ts",
      "access/token-form.ts",
      "access/token-rules.ts",
      "access/verify.ts",
      "lib/ed25519-points.ts",
      "runtime/proof-format.ts",
      "runtime/state-format.ts",
    ]);
    const code = [...modules.values()].map((text) => stripTypeScriptTypes(text)).join("\n");
    expect(code).not.toMatch(/\b(?:Buffer|process|require|globalThis|Date)\b|node:|import\(/);
    expect(gzipSync(code).length).toBeLessThan(15_000);
  });

  it("verifies where there is WebCrypto and nothing else", async () => {
    const script = [...modules].map(([name, text]) => asScript(name, text)).join("\n");
    const context = createContext({ crypto: globalThis.crypto });
    runInContext(`"use strict"; const modules = {};\n${script}`, context);
    context["wanted"] = { ...wanted, issuers };
    const verify = async (token: string): Promise<unknown> => {
      context["token"] = token;
      return await runInContext('modules["access/verify.ts"].verifyToken(token, wanted)', context);
    };
    for (const { token } of valid) expect(await verify(token)).toMatchObject({ ok: true });
    for (const { name, code, token } of refused) {
      expect(await verify(token), name).toMatchObject({ ok: false, code });
    }
  });
});

/** The module and all it imports, those that import nothing first. */
function importGraph(name: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const visit = (file: string): void => {
    if (found.has(file)) return;
    const text = readFileSync(new URL(`../../src/${file}`, import.meta.url), "utf8");
    const code = stripTypeScriptTypes(text);
    for (const [, target = ""] of code.matchAll(/(?:from|import) ?\(?"([^"]+)"/g)) {
      if (!target.startsWith(".")) throw new Error(`${file} imports ${target}`);
      visit(posix.join(posix.dirname(file), target));
    }
    found.set(file, text);
  };
  visit(name);
  return found;
}

/** The module as a script that leaves its exports in `modules`, for a context without a loader. */
function asScript(name: string, text: string): string {
  const code = stripTypeScriptTypes(text)
    .replaceAll(
      /^import (\{[^}]*\}) from "(\.[^"]+)";$/gm,
      (_all, names: string, target: string) =>
        `const ${names} = modules["${posix.join(posix.dirname(name), target)}"];`,
    )
    .replaceAll(/^export (?=async function|function|const)/gm, "");
  const names = [...text.matchAll(/^export (?:async function|function|const) (\w+)/gm)].map(
    ([, exported]) => exported,
  );
  return `modules["${name}"] = (() => {\n${code}\nreturn { ${names.join()} };\n})();`;
}

type Random = (below: number) => number;

/** mulberry32: small, fast, and the same on every machine. */
function randomFrom(seed: number): Random {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

function mutate(token: string, random: Random): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ ";
  const at = random(token.length);
  const character = alphabet.charAt(random(alphabet.length));
  const parts = token.split(".");
  const part = random(3);
  const bytes = Buffer.from(parts[part] ?? "", "base64url");
  switch (random(6)) {
    case 0:
      return token.slice(0, at) + character + token.slice(at + 1);
    case 1:
      return token.slice(0, at) + character + token.slice(at);
    case 2:
      return token.slice(0, at) + token.slice(at + 1 + random(8));
    case 3:
      return parts.with(part, valid[random(valid.length)]?.token.split(".")[part] ?? "").join(".");
    case 4:
      return parts.with(part, parts[random(3)] ?? "").join(".");
    default:
      bytes.writeUInt8(bytes.readUInt8(at % bytes.length) ^ (1 << random(8)), at % bytes.length);
      return parts.with(part, bytes.toString("base64url")).join(".");
  }
}

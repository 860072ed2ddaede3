// Goal: a node with a wrong setting, file or key does not start, and says all that is wrong at once.
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Keypair, Networks } from "@stellar/stellar-sdk/base";
import { afterAll, expect, it } from "vitest";
import { loadDeviceKey } from "../../src/access/device-key.ts";
import { developmentSettings } from "../../src/contracts/settings.ts";
import { isAceError } from "../../src/lib/errors.ts";
import { readAdminToken, writeAdminToken } from "../../src/node/admin-token.ts";
import { fromEnvironment, loadConfig } from "../../src/node/config.ts";
import {
  ownSecret,
  readOperatorKeys,
  readServiceNetwork,
  writeOperatorKeys,
} from "../../src/node/files.ts";
import { openNode } from "../../src/node/node.ts";
import { systemContractHashes } from "../../src/node/system-contracts.ts";

const folder = mkdtempSync(join(tmpdir(), "ace-config-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const needed = { networkFile: "network.json", dataDir: "data" };
const operatorKey = Keypair.fromRawEd25519Seed(new Uint8Array(32).fill(3));
const operator = { issuerSecret: operatorKey.secret(), tokenSeed: "05".repeat(32) };
const vault = Keypair.fromRawEd25519Seed(new Uint8Array(32).fill(4)).publicKey();
const network = {
  name: "test",
  passphrase: "Ace Test ; config",
  vault,
  genesisLedger: 2,
  genesisHash: "11".repeat(32),
  protocolVersion: 1,
  assets: ["XLM"],
  governanceAsset: `ACE:${vault}`,
  signers: [{ account: vault, key: "22".repeat(32) }],
  threshold: 1,
  issuers: [{ account: operatorKey.publicKey(), key: tokenKey(operator.tokenSeed) }],
  systemContracts: systemContractHashes(),
  settings: developmentSettings,
};

function tokenKey(seed: string): string {
  return Buffer.from(loadDeviceKey(seed).publicKey).toString("hex");
}

function file(name: string, content: unknown, mode = 0o600): string {
  const path = join(folder, name);
  rmSync(path, { force: true });
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content), { mode });
  return path;
}

/** The code, and what is said. */
function faultOf(work: () => unknown): readonly [code: string, message: string] {
  try {
    work();
    return ["none", ""];
  } catch (error) {
    return isAceError(error) ? [error.code, error.message] : ["no code", String(error)];
  }
}

it("needs no more than a network and a folder, and stays on this machine", () => {
  const config = loadConfig(needed);
  expect(config).toMatchObject({ host: "127.0.0.1", httpPort: 7070 });
  expect(Object.isFrozen(config)).toBe(true);
});

it("takes the later of two sources, and no source's silence", () => {
  const environment = fromEnvironment({ ACE_HTTP_PORT: "8001", ACE_PEER_PORT: "8002", PATH: "/" });
  const config = loadConfig(needed, environment, { httpPort: 0, peerPort: undefined });
  expect(config).toMatchObject({ httpPort: 0, peerPort: 8_002 });
});

it("names both of two mistakes", () => {
  const [code, message] = faultOf(() => loadConfig({ ...needed, httpPort: "70700", pollMs: 1 }));
  expect(code).toBe("CONFIG_INVALID");
  expect(message).toContain("httpPort");
  expect(message).toContain("pollMs");
});

it.each([
  { httpPort: "" },
  { httpPort: " 80" },
  { httpPort: "0x50" },
  { httpPort: "7070.5" },
  { httpPort: 7070.5 },
  { httpPort: -1 },
  { httpPort: true },
  { httpPort: null },
  { httpPort: [80] },
  { pollMs: "1e3" },
  { host: "" },
  { host: "everywhere" },
  { host: "127.0.0.1:80" },
  { dataDir: "" },
  { logLevel: "loud" },
  { rpcUrl: "ftp://127.0.0.1" },
  { rpcUrl: "127.0.0.1:8000" },
  { networkFile: 7 },
  { httpports: 80 },
])("refuses %j and names it", (source) => {
  const [code, message] = faultOf(() => loadConfig(needed, source));
  expect(code).toBe("CONFIG_INVALID");
  expect(message).toContain(Object.keys(source)[0]);
});

it("takes sources as a list or separated by commas, and a local RPC only where none is named", () => {
  expect(loadConfig(needed).rpcUrl).toEqual(["http://127.0.0.1:8000"]);
  const environment = fromEnvironment({
    ACE_RPC_URL: "https://one.example, https://two.example",
    ACE_LAKE_URL: "./lake,file:///lake",
    ACE_ARCHIVE_URL: "https://archive.example/one",
  });
  expect(loadConfig(needed, environment)).toMatchObject({
    rpcUrl: ["https://one.example", "https://two.example"],
    lakeUrl: ["./lake", "file:///lake"],
    archiveUrl: ["https://archive.example/one"],
    trustLevel: 0,
  });
  expect(loadConfig(needed, { lakeUrl: "./lake" }).rpcUrl).toEqual([]);
});

it("asks for as much trust as its sources and its quorum set can give", () => {
  const several = { rpcUrl: "https://one.example,https://two.example" };
  const quorum = { quorumFile: "quorum.json" };
  expect(loadConfig(needed, several).trustLevel).toBe(0);
  expect(loadConfig(needed, several, quorum).trustLevel).toBe(1);
  expect(loadConfig(needed, several, quorum, { trustLevel: "0" }).trustLevel).toBe(0);
  const archive = { archiveUrl: "./archive", trustLevel: 2 };
  expect(loadConfig(needed, archive, quorum).trustLevel).toBe(2);
});

it.each([
  [{ rpcUrl: [] }, "no source is named"],
  [{ trustLevel: 1 }, "needs your own quorum set"],
  [{ trustLevel: 1, quorumFile: "q" }, "needs 2 sources that agree"],
  [{ trustLevel: 2, archiveUrl: "./archive" }, "needs your own quorum set"],
  [{ trustLevel: 2, quorumFile: "q" }, "needs a history archive"],
  [{ trustLevel: 3 }, "trustLevel"],
  [{ lakeUrl: "s3://bucket" }, "lakeUrl"],
  [{ archiveUrl: "" }, "archiveUrl"],
  [{ rpcUrl: "https://one.example,https://one.example" }, "names one place twice"],
])("refuses %j, which gives less than it asks for", (source, words) => {
  const [code, message] = faultOf(() => loadConfig(needed, source));
  expect([code, message.includes(words)]).toEqual(["CONFIG_INVALID", true]);
});

it("reads a network.json, and makes no other of it", () => {
  expect(readServiceNetwork(file("network.json", network))).toEqual(network);
});

it("names all faults of a network.json at once", () => {
  const broken = {
    ...network,
    name: "Not A Name",
    vault: "GABC",
    genesisLedger: 0,
    genesisHash: "11",
    assets: ["USD"],
    governanceAsset: "ACE",
    issuers: [],
    systemContracts: { one: "11" },
    extra: 1,
  };
  const [code, message] = faultOf(() => readServiceNetwork(file("network.json", broken)));
  expect(code).toBe("NETWORK_FILE_INVALID");
  const names = [...Object.keys(broken).slice(0, 1), "vault", "genesisLedger", "genesisHash"];
  const others = ["assets[0]", "governanceAsset", "issuers", "systemContracts", "extra"];
  for (const name of [...names, ...others]) expect(message).toContain(name);
});

it.each([
  ["not JSON", "{"],
  ["an array", []],
  ["null", null],
  ["a threshold that its signers never reach", { ...network, threshold: 2 }],
  ["settings that are text", { ...network, settings: { "token.lifeS": "60" } }],
])("refuses a network.json that is %s", (_name, content) => {
  const [code] = faultOf(() => readServiceNetwork(file("network.json", content)));
  expect(code).toBe("NETWORK_FILE_INVALID");
});

it("says where it looked for a network.json that is not there", () => {
  const path = join(folder, "nowhere.json");
  const [code, message] = faultOf(() => readServiceNetwork(path));
  expect([code, message.includes(path)]).toEqual(["NETWORK_FILE_INVALID", true]);
});

it.each([Networks.PUBLIC, Networks.TESTNET])(
  "refuses the short clocks of development under the passphrase %s",
  (passphrase) => {
    const short = { ...network, passphrase };
    const [code, message] = faultOf(() => readServiceNetwork(file("network.json", short)));
    expect(code).toBe("SETTINGS_REFUSED");
    for (const name of ["dao.delayS", "dao.votingS", "dao.minLockS"]) {
      expect(message).toContain(name);
    }
    const calm = { ...short, settings: {} };
    expect(readServiceNetwork(file("network.json", calm)).passphrase).toBe(passphrase);
  },
);

it("refuses a setting that nobody knows and one out of bounds", () => {
  const settings = { "dao.mood": 1, "token.lifeS": 9_999 };
  const [code, message] = faultOf(() =>
    readServiceNetwork(file("network.json", { ...network, settings })),
  );
  expect(code).toBe("SETTINGS_REFUSED");
  expect(message).toContain("dao.mood");
  expect(message).toContain("token.lifeS");
});

it("reads issuer keys only where nobody else can", () => {
  const path = join(folder, "operator-own.json");
  writeOperatorKeys(path, operator);
  expect(readOperatorKeys(path)).toEqual(operator);
  expect(() => writeOperatorKeys(path, operator)).toThrow("EEXIST");
  for (const mode of [0o640, 0o604, 0o660]) {
    chmodSync(path, mode);
    expect(faultOf(() => readOperatorKeys(path))[0]).toBe("KEY_FILE_MODE");
  }
});

it.each([
  ["not JSON", "{", "CONFIG_INVALID"],
  ["short of a key", { issuerSecret: operator.issuerSecret }, "CONFIG_INVALID"],
  ["without real keys", { issuerSecret: "S", tokenSeed: "zz" }, "CONFIG_INVALID"],
])("refuses an operator file that is %s, and tells no secret", (_name, content, wanted) => {
  const [code, message] = faultOf(() => readOperatorKeys(file("operator-bad.json", content)));
  expect(code).toBe(wanted);
  expect(message).not.toContain(operator.issuerSecret);
});

it("names an operator file that is not there", () => {
  expect(faultOf(() => readOperatorKeys(join(folder, "gone.json")))[0]).toBe("FILE_UNREADABLE");
});

it("makes its own secrets once, keeps them to itself, and refuses a damaged one", () => {
  const dir = join(folder, "secrets");
  const secret = ownSecret(dir, "node.key");
  expect(secret).toMatch(/^[0-9a-f]{64}$/);
  expect(ownSecret(dir, "node.key")).toBe(secret);
  expect(statSync(join(dir, "node.key")).mode & 0o777).toBe(0o600);
  writeFileSync(join(dir, "node.key"), "half");
  expect(faultOf(() => ownSecret(dir, "node.key"))[0]).toBe("CONFIG_INVALID");
  expect(readFileSync(join(dir, "node.key"), "utf8")).toBe("half");
  chmodSync(join(dir, "node.key"), 0o644);
  expect(faultOf(() => ownSecret(dir, "node.key"))[0]).toBe("KEY_FILE_MODE");
});

it("hands the operator's token to this user alone, whatever was there before", () => {
  const path = file("admin-token", "old", 0o644);
  writeAdminToken(path, "new");
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readAdminToken(path)).toBe("new");
  expect(faultOf(() => readAdminToken(join(folder, "none")))[0]).toBe("FORBIDDEN");
});

it("does not start on an address that is not of this machine", async () => {
  const config = loadConfig({
    networkFile: file("network.json", network),
    dataDir: join(folder, "elsewhere"),
    host: "192.0.2.1",
    logLevel: "silent",
  });
  for (const httpPort of [0, 7_170]) {
    const opening = openNode({ ...config, httpPort }, "0.0.0");
    await expect(opening).rejects.toMatchObject({ code: "CONFIG_INVALID" });
  }
});

it("does not start with issuer keys that its network does not list, and lets go of all", async () => {
  const stranger = { ...operator, tokenSeed: "06".repeat(32) };
  const config = loadConfig({
    networkFile: file("network.json", network),
    dataDir: join(folder, "node"),
    operatorFile: file("operator-stranger.json", stranger),
    rpcUrl: "http://127.0.0.1:9",
    httpPort: 0,
    peerPort: 0,
    trackerPort: 0,
    logLevel: "silent",
  });
  for (let attempt = 0; attempt < 2; attempt += 1) {
    await expect(openNode(config, "0.0.0")).rejects.toMatchObject({ code: "ISSUER_UNKNOWN" });
  }
});

it("refuses a web seed that nobody could reach, and says what to give", () => {
  const anywhere = { host: "0.0.0.0", webSeedPort: 7_073 };
  for (const host of ["0.0.0.0", "::", "0:0:0:0:0:0:0:0"]) {
    const [code, message] = faultOf(() => loadConfig(needed, { ...anywhere, host }));
    expect([
      code,
      message.includes("--public-host"),
      message.includes("--web-seed-origin"),
    ]).toEqual(["CONFIG_INVALID", true, true]);
  }
  expect(loadConfig(needed, { ...anywhere, publicHost: "192.0.2.7" }).publicHost).toBe("192.0.2.7");
  const origin = "https://films.example/";
  expect(loadConfig(needed, { ...anywhere, webSeedOrigin: origin }).webSeedOrigin).toBe(
    "https://films.example",
  );
  expect(loadConfig(needed, { host: "0.0.0.0" }).webSeedPort).toBeUndefined();
  for (const wrong of [
    { webSeedOrigin: origin },
    { publicHost: "films.example" },
    { ...anywhere, webSeedOrigin: "ftp://films.example" },
    { uploadTo: "10.0.0.0/40" },
    { uploadTo: "nobody" },
    { peersMax: "0" },
    { uploadLimitKbPerS: "fast" },
  ]) {
    expect(faultOf(() => loadConfig(needed, wrong))[0], JSON.stringify(wrong)).toBe(
      "CONFIG_INVALID",
    );
  }
  expect(loadConfig(needed, { uploadTo: "10.0.0.0/8, 2001:db8::/32" }).uploadTo).toHaveLength(2);
});

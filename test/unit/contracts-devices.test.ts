import { afterAll, beforeAll, expect, it } from "vitest";
import { linkProof } from "../../src/access/device-key.ts";
import { muxedAddress } from "../../src/lib/strkey.ts";
import { type DeviceKey, deviceKeyFromSeed } from "../../src/p2p/ed25519.ts";
import { accountOf, Sandbox, vault } from "../support/sandbox.ts";

const DEVICES = 2n;
const DAY_S = 86_400n;
const ann = accountOf("ann");
const ben = accountOf("ben");
const device = (seed: number): DeviceKey => deviceKeyFromSeed(new Uint8Array(32).fill(seed));
const key = (seed: number): string => device(seed).publicKey.toHex();

let devices: Sandbox;
const code = (from: string, method: string, ...args: readonly string[]): Promise<string> =>
  devices.code({ from, call: { contract: DEVICES, method, args } });
const proof = (seed: number, account: string): string =>
  linkProof(device(seed), { contract: muxedAddress(vault, DEVICES), account });
const add = (from: string, seed: number): Promise<string> =>
  code(from, "add", key(seed), proof(seed, from));

beforeAll(async () => {
  devices = await Sandbox.open();
});
afterAll(() => devices[Symbol.asyncDispose]());

it("links a device key to one account", async () => {
  expect(await add(ann, 1)).toBe("");
  expect(await add(ann, 1)).toBe("DEVICE_LINKED");
  expect(await add(ben, 1)).toBe("DEVICE_TAKEN");
  expect(await devices.view(DEVICES, "holder", [key(1)])).toBe(ann);
  expect(await devices.view(DEVICES, "devices", [ann])).toEqual([key(1)]);
});

it("links no key that did not sign for this account and this network", async () => {
  expect(await code(ben, "add", key(2), proof(2, ann))).toBe("DEVICE_PROOF");
  expect(await code(ben, "add", key(2), proof(3, ben))).toBe("DEVICE_PROOF");
  expect(await code(ben, "add", key(2), "00".repeat(64))).toBe("DEVICE_PROOF");
  const elsewhere = { contract: muxedAddress(accountOf("other vault"), DEVICES), account: ben };
  expect(await code(ben, "add", key(2), linkProof(device(2), elsewhere))).toBe("DEVICE_PROOF");
  expect(await devices.view(DEVICES, "holder", [key(2)])).toBeNull();
});

it("lets nobody but the holder remove a key", async () => {
  expect(await code(ben, "remove", key(1))).toBe("DEVICE_UNKNOWN");
  expect(await code(ann, "remove", key(9))).toBe("DEVICE_UNKNOWN");
});

it("keeps a removed key from other accounts for 180 days, and gives it back to its own", async () => {
  expect(await code(ann, "remove", key(1))).toBe("");
  const removedS = devices.timeS;
  expect(await devices.view(DEVICES, "holder", [key(1)])).toBeNull();
  expect(await add(ben, 1)).toBe("DEVICE_COOLDOWN");
  expect(await add(ann, 1)).toBe("");
  expect(await code(ann, "remove", key(1))).toBe("");
  const againS = devices.timeS;
  devices.advanceTo(removedS + 180n * DAY_S);
  expect(await add(ben, 1)).toBe("DEVICE_COOLDOWN");
  devices.advanceTo(againS + 180n * DAY_S);
  expect(await add(ben, 1)).toBe("");
  expect(await devices.view(DEVICES, "holder", [key(1)])).toBe(ben);
});

it("links sixteen keys to an account and no more", async () => {
  for (let seed = 32; seed < 48; seed += 1) expect(await add(ann, seed)).toBe("");
  expect(await add(ann, 48)).toBe("DEVICE_LIMIT");
  expect(await code(ann, "remove", key(40))).toBe("");
  expect(await add(ann, 48)).toBe("");
});

it("refuses what is not 32 bytes", async () => {
  await expect(code(ann, "add", "00", "00".repeat(64))).rejects.toThrow(
    "args[0]: expected bytes(32)",
  );
});

import { afterAll, beforeAll, expect, it } from "vitest";
import { accountOf, Sandbox } from "../support/sandbox.ts";

const DEVICES = 2n;
const DAY_S = 86_400n;
const ann = accountOf("ann");
const ben = accountOf("ben");
const key = (seed: number): string => seed.toString(16).padStart(2, "0").repeat(32);

let devices: Sandbox;
const code = (from: string, method: string, ...args: readonly string[]): Promise<string> =>
  devices.code({ from, call: { contract: DEVICES, method, args } });

beforeAll(async () => {
  devices = await Sandbox.open();
});
afterAll(() => devices[Symbol.asyncDispose]());

it("links a device key to one account", async () => {
  expect(await code(ann, "add", key(1))).toBe("");
  expect(await code(ann, "add", key(1))).toBe("DEVICE_LINKED");
  expect(await code(ben, "add", key(1))).toBe("DEVICE_TAKEN");
  expect(await devices.view(DEVICES, "holder", [key(1)])).toBe(ann);
  expect(await devices.view(DEVICES, "devices", [ann])).toEqual([key(1)]);
});

it("lets nobody but the holder remove a key", async () => {
  expect(await code(ben, "remove", key(1))).toBe("DEVICE_UNKNOWN");
  expect(await code(ann, "remove", key(9))).toBe("DEVICE_UNKNOWN");
});

it("keeps a removed key from other accounts for 180 days, and gives it back to its own", async () => {
  expect(await code(ann, "remove", key(1))).toBe("");
  const removedS = devices.timeS;
  expect(await devices.view(DEVICES, "holder", [key(1)])).toBeNull();
  expect(await code(ben, "add", key(1))).toBe("DEVICE_COOLDOWN");
  expect(await code(ann, "add", key(1))).toBe("");
  expect(await code(ann, "remove", key(1))).toBe("");
  const againS = devices.timeS;
  devices.advanceTo(removedS + 180n * DAY_S);
  expect(await code(ben, "add", key(1))).toBe("DEVICE_COOLDOWN");
  devices.advanceTo(againS + 180n * DAY_S);
  expect(await code(ben, "add", key(1))).toBe("");
  expect(await devices.view(DEVICES, "holder", [key(1)])).toBe(ben);
});

it("links sixteen keys to an account and no more", async () => {
  for (let seed = 32; seed < 48; seed += 1) expect(await code(ann, "add", key(seed))).toBe("");
  expect(await code(ann, "add", key(48))).toBe("DEVICE_LIMIT");
  expect(await code(ann, "remove", key(40))).toBe("");
  expect(await code(ann, "add", key(48))).toBe("");
});

it("refuses what is not 32 bytes", async () => {
  await expect(code(ann, "add", "00")).rejects.toThrow("args[0]: expected bytes(32)");
});

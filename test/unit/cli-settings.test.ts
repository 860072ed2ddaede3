// Goal: the user always knows which setting is in force, and why.
import { expect, it } from "vitest";
import { Flags } from "../../src/cli/flags.ts";
import { type Profile, resolveSettings } from "../../src/cli/settings.ts";

function resolved(
  flags: Readonly<Record<string, unknown>>,
  environment: Readonly<Record<string, string>>,
  profile: Profile = {},
) {
  return resolveSettings({
    flags: new Flags(flags),
    environment,
    userHome: "/home/me",
    folder: "/srv",
    readProfile: () => profile,
  });
}

it("falls back to defaults under the user's home", () => {
  const { settings, origins } = resolved({}, {});
  expect(settings).toMatchObject({
    home: "/home/me/.ace",
    network: "/home/me/.ace/network.json",
    rpcUrl: "http://127.0.0.1:8000",
    nodeUrl: "http://127.0.0.1:7070",
    identity: undefined,
    noInput: false,
  });
  expect(new Set(Object.values(origins))).toEqual(new Set(["default"]));
});

it("lets flags win over the environment, that over the profile", () => {
  const profile = { rpcUrl: "http://profile", nodeUrl: "http://profile", identity: "profile" };
  const environment = { ACE_RPC: "http://variable", ACE_NODE: "http://variable", ACE_AS: "" };
  const { settings, origins } = resolved({ rpc: "http://flag/" }, environment, profile);
  expect([settings.rpcUrl, origins.rpcUrl]).toEqual(["http://flag", "flag"]);
  expect([settings.nodeUrl, origins.nodeUrl]).toEqual(["http://variable", "environment"]);
  expect([settings.identity, origins.identity]).toEqual(["profile", "profile"]);
});

it("reads relative paths from where they were written", () => {
  const { settings } = resolved({ network: "n.json", home: "ace" }, {});
  expect([settings.home, settings.network]).toEqual(["/srv/ace", "/srv/n.json"]);
  const kept = resolved({ home: "ace" }, {}, { network: "n.json" });
  expect(kept.settings.network).toBe("/srv/ace/n.json");
});

it("names every fault at once, with the place to correct", () => {
  const resolve = () => resolved({ rpc: "nowhere" }, { ACE_NODE: "ftp://x" });
  expect(resolve).toThrow(expect.objectContaining({ code: "CONFIG_INVALID" }));
  expect(resolve).toThrow(
    'rpcUrl (--rpc): "nowhere" is not a URL\nnodeUrl (ACE_NODE): "ftp://x" is not http or https',
  );
});

it("never asks after --no-input or with ACE_NO_INPUT", () => {
  expect(resolved({ input: false }, {}).settings.noInput).toBe(true);
  expect(resolved({ input: true }, { ACE_NO_INPUT: "1" }).settings.noInput).toBe(true);
});

it("reads flags as what they are, and names the one that is not", () => {
  const flags = new Flags({ maxFee: "200", tag: ["a", "b"], json: true, wait: false });
  const bounds = { min: 1, max: 1_000 };
  expect(flags.whole("maxFee", bounds)).toBe(200);
  expect(flags.whole("absent", bounds)).toBeUndefined();
  expect([flags.texts("tag"), flags.isOn("json"), flags.isOff("wait")]).toEqual([
    ["a", "b"],
    true,
    true,
  ]);
  for (const maxFee of ["0", "1001", "1.5", "1e2", ""]) {
    expect(() => new Flags({ maxFee }).whole("maxFee", bounds)).toThrow(/--max-fee takes/);
  }
});

/**
 * Settings in force: flags win over the environment, that over the profile, that over defaults.
 *
 * Errors  `CONFIG_INVALID` naming every fault at once, each with where it was set.
 */
import { join, resolve } from "node:path";
import { AceError } from "../lib/errors.ts";
import type { Flags } from "./flags.ts";

export interface Settings {
  /** Folder of keys, devices and the profile. */
  readonly home: string;
  /** Path of the service network's network.json. */
  readonly network: string;
  /** Without a slash at the end, as `nodeUrl`. */
  readonly rpcUrl: string;
  readonly nodeUrl: string;
  /** Name of a key, or an address, to act as. */
  readonly identity: string | undefined;
  readonly yes: boolean;
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly noInput: boolean;
}

export type Origin = "default" | "profile" | "environment" | "flag";

/** Where a setting may be set, besides the profile. */
export const sourceNames = {
  home: { flag: "home", variable: "ACE_HOME" },
  network: { flag: "network", variable: "ACE_NETWORK_FILE" },
  rpcUrl: { flag: "rpc", variable: "ACE_RPC" },
  nodeUrl: { flag: "node", variable: "ACE_NODE" },
  identity: { flag: "as", variable: "ACE_AS" },
} as const;

type SettingName = keyof typeof sourceNames;
export type Origins = Readonly<Record<SettingName, Origin>>;

/** What `config.json` may hold. Not `home`, for that is where it lies. */
export const profileNames = ["network", "rpcUrl", "nodeUrl", "identity"] as const;
export type ProfileName = (typeof profileNames)[number];
export type Profile = { readonly [Name in ProfileName]?: string | undefined };

export interface SettingSources {
  readonly flags: Flags;
  readonly environment: Readonly<NodeJS.ProcessEnv>;
  /** The user's home folder, under which ours lies. */
  readonly userHome: string;
  /** Relative paths of flags and environment start here; those of the profile beside it. */
  readonly folder: string;
  readonly readProfile: (home: string) => Profile;
}

interface Found {
  readonly value: string;
  readonly origin: Origin;
  /** The flag, variable or file to correct. */
  readonly place: string;
}

export function resolveSettings(sources: SettingSources): {
  readonly settings: Settings;
  readonly origins: Origins;
} {
  const { flags, environment, folder } = sources;
  const home = find(sources, {}, "home") ?? absent(join(sources.userHome, ".ace"));
  const homePath = resolve(folder, home.value);
  const profile = sources.readProfile(homePath);
  const network = find(sources, profile, "network") ?? absent(join(homePath, "network.json"));
  const rpc = find(sources, profile, "rpcUrl") ?? absent("http://127.0.0.1:8000");
  const node = find(sources, profile, "nodeUrl") ?? absent("http://127.0.0.1:7070");
  const identity = find(sources, profile, "identity");
  refuse([...urlFaults("rpcUrl", rpc), ...urlFaults("nodeUrl", node)]);

  const settings: Settings = {
    home: homePath,
    network: resolve(network.origin === "profile" ? homePath : folder, network.value),
    rpcUrl: rpc.value.replace(/\/+$/, ""),
    nodeUrl: node.value.replace(/\/+$/, ""),
    identity: identity?.value,
    yes: flags.isOn("yes"),
    json: flags.isOn("json"),
    quiet: flags.isOn("quiet"),
    verbose: flags.isOn("verbose"),
    noInput: flags.isOff("input") || (environment["ACE_NO_INPUT"] ?? "") !== "",
  };
  const origins: Origins = {
    home: home.origin,
    network: network.origin,
    rpcUrl: rpc.origin,
    nodeUrl: node.origin,
    identity: identity?.origin ?? "default",
  };
  return { settings, origins };
}

/** What is wrong with `value` as a URL; empty when nothing is. */
export function urlFault(value: string): string {
  const url = URL.parse(value);
  if (url === null) return `"${value}" is not a URL`;
  if (url.protocol !== "http:" && url.protocol !== "https:")
    return `"${value}" is not http or https`;
  return "";
}

function find(sources: SettingSources, profile: Profile, name: SettingName): Found | undefined {
  const { flag, variable } = sourceNames[name];
  const byFlag = sources.flags.text(flag);
  if (byFlag !== undefined) return { value: byFlag, origin: "flag", place: `--${flag}` };
  const byVariable = sources.environment[variable] ?? "";
  if (byVariable !== "") return { value: byVariable, origin: "environment", place: variable };
  const byProfile = name === "home" ? undefined : profile[name];
  if (byProfile === undefined) return undefined;
  return { value: byProfile, origin: "profile", place: "config.json" };
}

function absent(value: string): Found {
  return { value, origin: "default", place: "the default" };
}

function urlFaults(name: SettingName, found: Found): readonly string[] {
  const fault = urlFault(found.value);
  return fault === "" ? [] : [`${name} (${found.place}): ${fault}`];
}

function refuse(faults: readonly string[]): void {
  if (faults.length > 0) throw new AceError("CONFIG_INVALID", faults.join("\n"));
}

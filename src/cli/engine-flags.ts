/** Flags by which an operator says how an engine takes part in swarms. */
import type { Command, Option } from "commander";
import { AceError } from "../lib/errors.ts";
import type { EngineTerms } from "../node/engine-terms.ts";
import { AddressSet } from "../p2p/address-set.ts";
import { parseAddress } from "../p2p/addresses.ts";
import { PUBLIC_BOOTSTRAP } from "../p2p/dht-node.ts";
import { isTrackerUrl } from "../p2p/tracker-tier.ts";
import type { Flags } from "./flags.ts";
import { downloadOption, readLimits, uploadOption } from "./limit-flags.ts";
import { repeatable } from "./repeatable.ts";

const MEBIBYTE = 1_048_576;
const CACHE_MAX_MIB = 16_777_216;
const WEB_SEED_MODES = ["p2p-only", "p2p-first", "cdn-first"] as const;

export function termOptions(command: Command): void {
  command
    .option("--listen <address>", "where peers connect; 0.0.0.0 lets other machines", "127.0.0.1")
    .option("--peer-port <port>", "BitTorrent port; 0 takes any free one", "0")
    .addOption(repeatable("--peer <host:port>", "connect to this peer too; may be given again"))
    .addOption(uploadToOption())
    .addOption(downloadFromOption());
  uploadOption(command);
  downloadOption(command);
  command
    .option("--peers-max <count>", "connections of all swarms together (default: 400)")
    .option("--swarm-peers-max <count>", "connections of one swarm (default: 60, gated 40)")
    .option("--cache <where>", "keep fetched pieces on disk or in memory", "disk")
    .option("--cache-size <MiB>", "how much is kept at most; 0 is without a limit on disk")
    .option(
      "--web-seed <mode>",
      `HTTP servers beside peers: ${WEB_SEED_MODES.join(", ")}`,
      "p2p-first",
    )
    .addOption(repeatable("--trust-host <host>", "host that may lie in the local network"))
    .addOption(repeatable("--tracker <url>", "tracker to ask about public content too"))
    .option("--dht", "find peers of public content in the DHT")
    .addOption(
      repeatable("--dht-node <host:port>", "begin the DHT here, not at the public routers"),
    )
    .option("--lsd", "find peers in the local network; tells it what is watched")
    .option(
      "--allow-remote <address>",
      "serve players of other machines at this address of ours; they show the token in ACE_PLAYER_TOKEN",
    )
    .addOption(
      repeatable(
        "--origin <origin>",
        "web page that may call the player API, such as https://tv.example",
      ),
    );
}

export function engineTerms(flags: Flags): Partial<EngineTerms> {
  const cache = flags.oneOf("cache", ["disk", "memory"]) ?? "disk";
  const cacheMib = flags.whole("cacheSize", { min: 0, max: CACHE_MAX_MIB });
  const nodes = checked(flags.texts("dhtNode"), DHT_NODE);
  const isDhtAsked = flags.isOn("dht") || nodes.length > 0;
  const port = flags.whole("peerPort", { min: 0, max: 65_535 }) ?? 0;
  return {
    listen: { host: flags.text("listen") ?? "127.0.0.1", port },
    peers: checked(flags.texts("peer"), PEER),
    ...privateTerms(flags),
    ...readLimits(flags),
    cache,
    ...(cacheMib === undefined ? {} : { cacheBytes: cacheMib * MEBIBYTE }),
    webSeeds: flags.oneOf("webSeed", WEB_SEED_MODES) ?? "p2p-first",
    trustedHosts: checked(flags.texts("trustHost"), TRUSTED),
    trackers: checked(flags.texts("tracker"), TRACKER),
    ...(isDhtAsked
      ? { dht: { port, bootstrap: nodes.length > 0 ? nodes : PUBLIC_BOOTSTRAP } }
      : {}),
    isLocalSearched: flags.isOn("lsd"),
  };
}

export function uploadToOption(): Option {
  return repeatable("--upload-to <address>", "private: give only to this address or network");
}

export function downloadFromOption(): Option {
  return repeatable("--download-from <address>", "private: take only from this address or network");
}

/** Whom alone a private node gives to, and takes from. */
export function privateTerms(flags: Flags): Pick<EngineTerms, "uploadTo" | "downloadFrom"> {
  return {
    uploadTo: checked(flags.texts("uploadTo"), { ...PRIVATE, flag: "--upload-to" }),
    downloadFrom: checked(flags.texts("downloadFrom"), { ...PRIVATE, flag: "--download-from" }),
  };
}

/** Web pages that may call the player API, each as a browser names it. */
export function playerOrigins(flags: Flags): readonly string[] {
  return checked(flags.texts("origin"), PAGE);
}

/** What a flag takes that may be given again. */
interface Form {
  readonly flag: string;
  readonly takes: string;
  isRight(text: string): boolean;
}

const HOST = /^(?:[\w.-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i;
const PEER: Form = {
  flag: "--peer",
  takes: "an address such as 192.0.2.1:6881",
  isRight: (text) => parseAddress(text) !== undefined,
};
const DHT_NODE: Form = {
  flag: "--dht-node",
  takes: "a host and port such as router.example:6881",
  isRight: (text) => HOST.test(text) && /:\d+$/.test(text),
};
const PRIVATE: Omit<Form, "flag"> = {
  takes: "an address or network such as 192.0.2.1 or 10.0.0.0/8",
  isRight: isAddressOrNet,
};
const TRUSTED: Form = {
  flag: "--trust-host",
  takes: "a host such as films.lan or 10.0.0.2:8080",
  isRight: (text) => HOST.test(text),
};
const TRACKER: Form = {
  flag: "--tracker",
  takes: "an address such as udp://tracker.example:6969/announce",
  isRight: isTrackerUrl,
};
const PAGE: Form = {
  flag: "--origin",
  takes: "an origin such as https://tv.example",
  isRight: (text) => /^[a-z][a-z0-9+.-]*:\/\/[^/\s?#]+$/.test(text),
};

function checked(texts: readonly string[], { flag, takes, isRight }: Form): readonly string[] {
  const wrong = texts.find((text) => !isRight(text));
  if (wrong === undefined) return texts;
  throw new AceError("USAGE", `${flag} takes ${takes}, not "${wrong}"`);
}

function isAddressOrNet(text: string): boolean {
  try {
    return new AddressSet([text]) !== undefined;
  } catch {
    return false;
  }
}

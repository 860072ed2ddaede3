import { z } from "zod";
import type { TrustLevel } from "../ledger/trust.ts";
import { AceError } from "../lib/errors.ts";
import { AddressSet } from "../p2p/address-set.ts";
import { NODE_PEERS_MAX } from "../p2p/engine-limits.ts";

/** A number, or its digits. Nothing else is one: an empty variable is a mistake and not a 0. */
const whole = (min: number, max: number) =>
  z
    .union(
      [
        z.number(),
        z
          .string()
          .regex(/^\d{1,9}$/, "is not a number")
          .transform(Number),
      ],
      {
        error: `is not a whole number from ${min} to ${max}`,
      },
    )
    .pipe(z.int().min(min).max(max));
const port = whole(0, 65_535);
const SOURCES_MAX = 16;
const WORKERS_MAX = 16;
const PEERS_LIMIT = 10_000;
const RPC_URL = "http://127.0.0.1:8000";

/** One place or several, as a list or separated by commas; none of them twice. */
const places = (place: z.ZodType<string, string>) =>
  z
    .union(
      [
        z.string().transform((text) => text.split(",").map((part) => part.trim())),
        z.array(z.string()),
      ],
      {
        error: "is not a place, nor a list of places",
      },
    )
    .pipe(z.array(place).max(SOURCES_MAX))
    .refine((list) => new Set(list).size === list.length, "names one place twice");
const peers = z
  .union(
    [
      z.string().transform((text) => text.split(",").map((part) => part.trim())),
      z.array(z.string()),
    ],
    {
      error: "is not an address, nor a list of addresses",
    },
  )
  .refine(isPeerList, "is not an address or network such as 192.0.2.1 or 10.0.0.0/8");
const location = z
  .string()
  .min(1)
  .refine(isLocation, "is neither a folder nor file://, http:// or https://");

/** Every setting of the node, with its default. Names end in their unit. */
const Config = z.strictObject({
  networkFile: z.string().min(1).describe("The network.json to follow"),
  dataDir: z.string().min(1).describe("Folder of this node's databases and keys"),
  rpcUrl: places(z.url({ protocol: /^https?$/ }))
    .optional()
    .describe(`Stellar RPC servers; ${RPC_URL} where no other source is named`),
  lakeUrl: places(location).default([]).describe("Data lakes (SEP-54)"),
  archiveUrl: places(location).default([]).describe("History archives"),
  quorumFile: z.string().min(1).optional().describe("Your quorum set: whose word counts"),
  trustLevel: whole(0, 2).optional().describe("What a ledger must have reached to be applied"),
  agreeSources: whole(2, SOURCES_MAX).default(2).describe("Sources that must agree at level 1"),
  host: z
    .union([z.ipv4(), z.ipv6(), z.literal("localhost")], { error: "is not an IP address" })
    .default("127.0.0.1")
    .describe("Address to listen on; loopback unless you mean it"),
  httpPort: port.default(7070),
  peerPort: port.default(7071).describe("BitTorrent peers"),
  trackerPort: port.default(7072),
  publicHost: z
    .union([z.ipv4(), z.ipv6()], { error: "is not an IP address" })
    .optional()
    .describe("Address that content records name for this node; where it listens when absent"),
  webSeedPort: port.optional().describe("Contents over HTTP too; absent is off"),
  webSeedOrigin: z
    .url({ protocol: /^https?$/, error: "is not an address such as https://films.example" })
    .transform((url) => new URL(url).origin)
    .optional()
    .describe("Where others reach the web seed, such as a proxy in front of it"),
  uploadLimitKbPerS: whole(0, 10_000_000).default(0).describe("Of all seeds together; 0 is none"),
  uploadTo: peers.default([]).describe("Private: gives only to these addresses and networks"),
  peersMax: whole(1, PEERS_LIMIT).default(NODE_PEERS_MAX).describe("Peers of all swarms together"),
  swarmPeersMax: whole(1, PEERS_LIMIT).optional().describe("Peers of one swarm"),
  operatorFile: z.string().min(1).optional().describe("Issuer keys; without them no tokens"),
  issuerNode: places(
    z.url({ protocol: /^https?$/, error: "is not an address such as https://node.example" }),
  )
    .default([])
    .describe("Other issuers' nodes: asked for revocations, leases, and who the issuers are"),
  leaseHomeMs: whole(100, 10_000)
    .default(1_000)
    .describe("So long an issuer is waited for before the next one counts plays in its place"),
  workers: whole(1, WORKERS_MAX).default(1).describe("Processes that run contracts"),
  logLevel: z.enum(["silent", "error", "warn", "info", "debug"]).default("info"),
  pollMs: whole(50, 60_000).default(150),
});

type Given = Readonly<z.infer<typeof Config>>;

export interface Config extends Omit<Given, "rpcUrl" | "trustLevel"> {
  readonly rpcUrl: readonly string[];
  readonly trustLevel: TrustLevel;
}

/** Settings by name; later sources win. Order of use: file, environment, flags. */
type Source = Readonly<Record<string, unknown>>;

/**
 * Merges the sources and checks the result once, at the edge; nothing inside checks again.
 *
 * Errors  `CONFIG_INVALID`, listing every wrong setting at once.
 */
export function loadConfig(...sources: readonly Source[]): Config {
  const result = Config.safeParse(Object.assign({}, ...sources.map(present)));
  if (result.success) return Object.freeze(completed(result.data));
  throw new AceError("CONFIG_INVALID", z.prettifyError(result.error));
}

/** Adds what follows from other settings, and refuses trust that they cannot give. */
function completed(given: Given): Config {
  const { lakeUrl, archiveUrl, quorumFile, agreeSources } = given;
  const others = lakeUrl.length + archiveUrl.length;
  const rpcUrl = given.rpcUrl ?? (others === 0 ? [RPC_URL] : []);
  const sources = rpcUrl.length + others;
  const usual = sources >= agreeSources && quorumFile !== undefined ? 1 : 0;
  const trustLevel = levelOf(given.trustLevel ?? usual);
  if (sources === 0) throw invalid("no source is named: give --rpc, --lake or --archive");
  if (trustLevel > 0 && quorumFile === undefined) {
    throw invalid(`trust level ${trustLevel} needs your own quorum set: --quorum FILE`);
  }
  if (trustLevel === 1 && sources < agreeSources) {
    const more = "name more with --rpc, --lake or --archive";
    throw invalid(`trust level 1 needs ${agreeSources} sources that agree: ${more}`);
  }
  if (trustLevel === 2 && archiveUrl.length === 0) {
    throw invalid("trust level 2 needs a history archive: --archive LOCATION");
  }
  refuseUselessWebSeed(given);
  return { ...given, rpcUrl, trustLevel };
}

/** Nobody can ask 0.0.0.0 for anything, and a torrent keeps the address that it was published with. */
function refuseUselessWebSeed({ host, publicHost, webSeedPort, webSeedOrigin }: Given): void {
  if (webSeedOrigin !== undefined && webSeedPort === undefined) {
    throw invalid("a web seed's origin needs the port it listens on: --web-seed-port PORT");
  }
  if (webSeedPort === undefined || !isAnyHost(host)) return;
  if (publicHost !== undefined || webSeedOrigin !== undefined) return;
  const ways = "--public-host 192.0.2.1, or --web-seed-origin https://films.example";
  throw invalid(`a web seed on ${host} needs the address that others reach it at: ${ways}`);
}

/** Listening on all addresses of a machine is not an address that anybody else could use. */
export function isAnyHost(host: string): boolean {
  return host === "0.0.0.0" || /^[0:]+$/.test(host);
}

function invalid(message: string): AceError {
  return new AceError("CONFIG_INVALID", message);
}

function levelOf(level: number): TrustLevel {
  return level === 0 || level === 1 ? level : 2;
}

function isPeerList(entries: readonly string[]): boolean {
  try {
    return new AddressSet(entries) !== undefined;
  } catch {
    return false;
  }
}

function isLocation(text: string): boolean {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1]?.toLowerCase();
  if (scheme === undefined || scheme === "file") return true;
  return (scheme === "http" || scheme === "https") && URL.canParse(text);
}

/** Picks `ACE_HTTP_PORT=7070` out of an environment as `{ httpPort: "7070" }`. */
export function fromEnvironment(environment: NodeJS.ProcessEnv): Source {
  const names = Object.keys(Config.shape).map((name) => [name, environmentName(name)] as const);
  return Object.fromEntries(
    names.flatMap(([name, variable]) => {
      const value = environment[variable];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

function present(source: Source): Source {
  return Object.fromEntries(Object.entries(source).filter(([, value]) => value !== undefined));
}

function environmentName(setting: string): string {
  return `ACE_${setting.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

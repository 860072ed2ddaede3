import { z } from "zod";
import { AceError } from "../lib/errors.ts";

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

/** Every setting of the node, with its default. Names end in their unit. */
const Config = z.strictObject({
  networkFile: z.string().min(1).describe("The network.json to follow"),
  dataDir: z.string().min(1).describe("Folder of this node's databases and keys"),
  rpcUrl: z.url({ protocol: /^https?$/ }).default("http://127.0.0.1:8000"),
  host: z
    .union([z.ipv4(), z.ipv6(), z.literal("localhost")], { error: "is not an IP address" })
    .default("127.0.0.1")
    .describe("Address to listen on; loopback unless you mean it"),
  httpPort: port.default(7070),
  peerPort: port.default(7071).describe("BitTorrent peers"),
  trackerPort: port.default(7072),
  operatorFile: z.string().min(1).optional().describe("Issuer keys; without them no tokens"),
  logLevel: z.enum(["silent", "error", "warn", "info", "debug"]).default("info"),
  pollMs: whole(50, 60_000).default(150),
});

export type Config = Readonly<z.infer<typeof Config>>;

/** Settings by name; later sources win. Order of use: file, environment, flags. */
type Source = Readonly<Record<string, unknown>>;

/**
 * Merges the sources and checks the result once, at the edge; nothing inside checks again.
 *
 * Errors  `CONFIG_INVALID`, listing every wrong setting at once.
 */
export function loadConfig(...sources: readonly Source[]): Config {
  const result = Config.safeParse(Object.assign({}, ...sources.map(present)));
  if (result.success) return Object.freeze(result.data);
  throw new AceError("CONFIG_INVALID", z.prettifyError(result.error));
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

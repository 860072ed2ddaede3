/** What an operator means to send: the stream's name and keys, and who may watch it. */
import { join } from "node:path";
import { loadDeviceKey } from "../access/device-key.ts";
import { toHex } from "../lib/bytes.ts";
import { AceError, isAceError } from "../lib/errors.ts";
import { ownSecret } from "../node/files.ts";
import type { DeviceKey } from "../p2p/ed25519.ts";
import { describeLive, type LiveDescriptor } from "../p2p/live-descriptor.ts";
import { holdPlace } from "../store/hold.ts";
import type { Context } from "./context.ts";
import { requirePrivateWay } from "./encrypt-content.ts";
import type { Flags } from "./flags.ts";
import { loadServerKey } from "./live-server-key.ts";

export interface LivePlan {
  readonly descriptor: LiveDescriptor;
  readonly key: DeviceKey;
  /** Proved to viewers before they show a token. */
  readonly serverKey: DeviceKey;
  /** Keys of the nodes that serve the stream, this one's first. */
  readonly serverKeys: readonly string[];
  readonly licence: string | undefined;
  readonly isEncrypted: boolean;
  readonly title: string;
  /** Folder of an HLS origin that viewers may ask, too. */
  readonly origin: string | undefined;
  readonly folder: string;
}

/** Two sources would sign two things of one piece, and every viewer would leave the stream for good. */
export function holdStream({ folder, descriptor, title }: LivePlan): Disposable {
  try {
    return holdPlace(join(folder, `${descriptor.streamId}.lock`));
  } catch (cause) {
    if (!isAceError(cause, "DB_LOCKED")) throw cause;
    throw new AceError("LIVE_SOURCE_RUNNING", `another process sends "${title}"`, { cause });
  }
}

export function livePlanOf({ settings }: Context, name: string, flags: Flags): LivePlan {
  const licence = flags.text("licence");
  if ((licence === undefined) === !flags.isOn("public")) {
    throw new AceError("USAGE", "say who may watch: --licence <contract> or --public");
  }
  const isEncrypted = flags.isOn("encrypt");
  if (isEncrypted && licence === undefined) {
    throw new AceError("USAGE", "--encrypt needs --licence: somebody must be let in");
  }
  // Its keys go to the node: told before anything is paid for or published.
  if (isEncrypted) requirePrivateWay(settings.nodeUrl);
  const folder = join(settings.home, "live");
  const key = loadDeviceKey(ownSecret(folder, "broadcaster.key"));
  const serverKey = loadServerKey(settings.home);
  const serverKeys = [toHex(serverKey.publicKey), ...supportKeys(flags)];
  const descriptor = describeLive(key.publicKey, name);
  const title = flags.text("title") ?? name;
  const origin = originOf(flags, isEncrypted);
  return { descriptor, key, serverKey, serverKeys, licence, isEncrypted, title, origin, folder };
}

function originOf(flags: Flags, isEncrypted: boolean): string | undefined {
  const text = flags.text("origin");
  if (text === undefined) return undefined;
  if (isEncrypted) {
    throw new AceError(
      "USAGE",
      "--origin holds the stream in the clear: it goes not with --encrypt",
    );
  }
  if (!/^https?:\/\/[^?#]+\.m3u8(?:[?#]|$)/.test(flags.text("from") ?? "")) {
    throw new AceError("USAGE", "--origin needs a playlist to follow: --from http…/name.m3u8");
  }
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isPlain = url !== undefined && /^https?:$/.test(url.protocol) && url.search === "";
  if (!isPlain || url.username !== "" || url.hash !== "") {
    throw new AceError("USAGE", `--origin takes the address of a folder, not "${text}"`);
  }
  return url.href.endsWith("/") ? url.href : `${url.href}/`;
}

function supportKeys(flags: Flags): readonly string[] {
  const keys = flags.texts("supportKey");
  const wrong = keys.find((key) => !/^[0-9a-f]{64}$/.test(key));
  if (wrong === undefined) return keys;
  throw new AceError(
    "USAGE",
    `"${wrong}" is no key: \`ace stream support\` says it where it will run`,
  );
}

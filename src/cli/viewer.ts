/** Who watches on this machine: the account that holds the licence, and this device's own key. */
import type { Option } from "commander";
import { loadDeviceKey } from "../access/device-key.ts";
import { openNodeClient } from "../client/http.ts";
import { AceError } from "../lib/errors.ts";
import type { Stranger } from "../node/engine-access.ts";
import { askIssuers } from "../node/known-issuers.ts";
import type { Viewer } from "../node/token-source.ts";
import type { Context } from "./context.ts";
import { deviceKeyFile } from "./device-key.ts";
import type { Flags } from "./flags.ts";
import { identity } from "./identity.ts";
import { repeatable } from "./repeatable.ts";
import { openSession } from "./session.ts";
import { urlFault } from "./settings.ts";

/** For commands that need a node all the time. */
export function otherNodes(): Option {
  return repeatable(
    "--issuer-node <url>",
    "another issuer's node, asked when --node does not answer; may be given again",
  );
}

/** Who has no network.json can watch public torrents. */
export async function openStranger({ settings, clock }: Context): Promise<Stranger> {
  return { device: loadDeviceKey(await deviceKeyFile(settings.home)), clock };
}

function issuerNodes(given: readonly string[] = []): readonly string[] {
  for (const url of given) {
    const fault = urlFault(url);
    if (fault !== "") throw new AceError("CONFIG_INVALID", `--issuer-node: ${fault}`);
  }
  return given.map((url) => url.replace(/\/+$/, ""));
}

export async function openViewer(context: Context, flags?: Flags): Promise<Viewer> {
  const urls = issuerNodes(flags?.texts("issuerNode"));
  const { node, network } = openSession(context);
  const { signal, settings, clock } = context;
  const device = loadDeviceKey(await deviceKeyFile(settings.home));
  const others = urls.map((url) => openNodeClient(url, signal));
  const issuers = async () =>
    (await askIssuers(network, [node, ...others])).map(({ account }) => account);
  return { node, others, network, signer: () => identity(context), device, clock, issuers };
}

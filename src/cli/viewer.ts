/** Who watches on this machine: the account that holds the licence, and this device's own key. */
import { loadDeviceKey } from "../access/device-key.ts";
import type { Viewer } from "../node/token-source.ts";
import type { Context } from "./context.ts";
import { deviceKeyFile } from "./device-key.ts";
import { identity } from "./identity.ts";
import { openSession } from "./session.ts";

export async function openViewer(context: Context): Promise<Viewer> {
  const { node, network } = openSession(context);
  const device = loadDeviceKey(await deviceKeyFile(context.settings.home));
  return { node, network, signer: () => identity(context), device, clock: context.clock };
}

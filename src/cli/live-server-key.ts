/** The key that a node of live streams proves to its peers: as a source, and as a node that helps one. */
import { join } from "node:path";
import { loadDeviceKey } from "../access/device-key.ts";
import { ownSecret } from "../node/files.ts";
import type { DeviceKey } from "../p2p/ed25519.ts";

export function loadServerKey(home: string): DeviceKey {
  return loadDeviceKey(ownSecret(join(home, "live"), "server.key"));
}

/** Shows web seeds and origins of gated contents what peers are shown at the gate: a token, and a proof of a key. */
import { makeDpopProof } from "../access/dpop.ts";
import type { Clock } from "../lib/clock.ts";
import type { DeviceKey } from "../p2p/ed25519.ts";
import type { WebSeedCredentials } from "../p2p/web-seed-port.ts";
import type { TokenSource } from "./engine-tokens.ts";

interface Bearer {
  readonly tokens: TokenSource;
  readonly device: DeviceKey;
  readonly clock: Clock;
}

/** A proof is good for one request to one address, so that a server cannot use it anywhere else. */
export function webSeedCredentials({ tokens, device, clock }: Bearer): WebSeedCredentials {
  return {
    headers: async (url) => {
      const token = await tokens.token();
      const nowS = clock.nowMs() / 1_000;
      const dpop = makeDpopProof(device, { method: "GET", url, token, nowS });
      return { authorization: `DPoP ${token}`, dpop };
    },
  };
}

/** A server of the content has no token: its key is listed, and the proof says that it has the key. */
export function serverCredentials(key: DeviceKey, clock: Clock): WebSeedCredentials {
  return {
    headers: async (url) => ({
      dpop: makeDpopProof(key, { method: "GET", url, nowS: clock.nowMs() / 1_000 }),
    }),
  };
}

/**
 * What an engine may watch, and by what right: the catalogue of a node, tokens and keys of its viewer.
 *
 * A stranger has a device and no service network: public torrents are all that is found for it.
 */

import { AceError } from "../lib/errors.ts";
import type { Events } from "../lib/events.ts";
import type { TokenVerifier } from "../p2p/gate.ts";
import type { KeyProvider } from "../p2p/key-port.ts";
import { EngineRecords } from "./engine-records.ts";
import { type EngineTokens, engineTokens } from "./engine-tokens.ts";
import { keySourceOf } from "./keys-source.ts";
import { openPolicy } from "./policy.ts";
import type { Viewer } from "./token-source.ts";
import { openViewerGuard } from "./viewer-guard.ts";

/** Whoever watches without a network.json. */
export type Stranger = Pick<Viewer, "device" | "clock">;

export interface EngineAccess {
  readonly records: EngineRecords;
  readonly verifier: TokenVerifier;
  readonly tokens: EngineTokens;
  readonly keys: KeyProvider;
}

interface AccessParts {
  readonly viewer: Viewer | Stranger;
  /** Shown to peers instead of tokens of the viewer's own. */
  readonly token: string | undefined;
  readonly dataDir: string;
  readonly events: Events;
}

export function openEngineAccess(
  parts: AsyncDisposableStack,
  { viewer, token, dataDir, events }: AccessParts,
): EngineAccess {
  if (!("network" in viewer)) return strangersAccess(viewer);
  const records = new EngineRecords(viewer);
  const licenceOf = (swarm: string) => records.licenceOf(swarm);
  const guard = parts.use(openViewerGuard({ viewer, licenceOf, dir: dataDir, events }));
  const tokens = engineTokens(viewer, token);
  const keys = keySourceOf(viewer, async (contentId) => await tokens.of(contentId).token());
  return { records, verifier: guard.policy.verifier, tokens, keys };
}

function strangersAccess({ clock }: Stranger): EngineAccess {
  const policy = { networkId: "", issuers: [], licenceOf: () => undefined, clock };
  const refuse = async (): Promise<never> => {
    throw new AceError("LICENCE_MISSING", "without a network.json there is no licence to show");
  };
  return {
    records: new EngineRecords(undefined),
    verifier: openPolicy(policy).policy.verifier,
    tokens: { of: () => ({ token: refuse }), leftS: () => undefined },
    keys: { key: refuse },
  };
}

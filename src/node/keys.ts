/** Keys of encrypted content at the node of who published it: kept, and released to who proves a right. */
import { KeyRelease } from "../access/key-release.ts";
import type { KeyPorts, KeyProof } from "../api/keys.ts";
import { fromHex, toHex } from "../lib/bytes.ts";
import type { Clock } from "../lib/clock.ts";
import { AceError, type ErrorCode } from "../lib/errors.ts";
import type { Events } from "../lib/events.ts";
import { ContentKeys } from "./content-keys.ts";

/** Whoever a token and its proof show, and whether they still may. */
export interface KeyPolicy {
  admitRequest(
    request: KeyProof & { readonly aud: string },
  ):
    | { readonly ok: true; readonly grant: Grant; readonly epk?: string | undefined }
    | { readonly ok: false; readonly code: ErrorCode };
}

interface Grant {
  readonly account: string;
  readonly jti: string;
  readonly deviceKey: string;
  readonly role: string;
  readonly expiresAtS: number;
}

export interface KeyParts {
  readonly dataDir: string;
  readonly adminToken: string;
  readonly policy: KeyPolicy;
  /** The swarm of a content, as tokens name it. */
  readonly swarmOf: (content: string) => string | undefined;
  readonly events: Events;
  readonly clock: Clock;
}

export function keyPorts(parts: KeyParts): KeyPorts {
  const { dataDir, adminToken, policy, swarmOf, events, clock } = parts;
  const keys = new ContentKeys(dataDir);
  const desk = new KeyRelease({ keys, clock });
  return {
    adminToken,
    release: (request, proof) => {
      const aud = swarmOf(request.content);
      if (aud === undefined) {
        throw new AceError("CONTENT_NOT_FOUND", `this node does not list ${request.content}`);
      }
      const verdict = policy.admitRequest({ ...proof, aud });
      if (!verdict.ok) throw new AceError(verdict.code, "the token or its proof opens no key");
      const { epk, ct } = desk.release(request, { ...verdict.grant, epk: verdict.epk });
      events.info("keys.released", { ...request, jti: verdict.grant.jti });
      return { epk: toHex(epk), ct: toHex(ct) };
    },
    keep: (content, { epoch, key, startsInMs }) => {
      const bytes = fromHex(key) ?? new Uint8Array();
      keys.put({ content, epoch, key: bytes, startsAtMs: clock.nowMs() + startsInMs });
      events.info("keys.kept", { content, epoch });
    },
  };
}

/**
 * The access policy as this room asks it: one object that guards the gate, web seeds and the player.
 *
 * Both ways in give the same `Grant`, and both ask on: `endedBy` says for each moment whether what was
 * granted still stands. Who sends a long answer asks it again between pieces.
 *
 * Units   `nowS` and `expiresAtS` are Unix seconds; keys are 64 hexadecimal characters.
 * Errors  Refusals are values with a code; a peer is told the code and nothing more.
 * Source  RFC 9449 (DPoP) for requests; gate.ts for wires.
 */
import type { ErrorCode } from "../lib/errors.ts";

/** Whom a token admits, and until when. */
export interface Grant {
  readonly account: string;
  readonly expiresAtS: number;
  /** Names the token: what was sent under it is counted by it. */
  readonly jti: string;
  readonly deviceKey: string;
  /** A carrier may have ciphertext and no key. */
  readonly role: "viewer" | "owner" | "preview" | "carrier";
  /** 0 is without a cap. */
  readonly bytesPerSMax: number;
  /** What a revocation may name of this token; nobody's business but the policy's. */
  readonly marks: readonly string[];
}

export type Refused = { readonly ok: false; readonly code: ErrorCode };
/** `epk`: an X25519 key out of the signed proof, base64url. */
export type Granted = { readonly ok: true; readonly grant: Grant; readonly epk?: string };

export interface HttpAccess {
  readonly method: string;
  /** As the client asked for it, scheme and host too; what follows a `?` is left out of the proof. */
  readonly url: string;
  /** The header `Authorization`: `DPoP <token>`. */
  readonly authorization: string | undefined;
  /** The header `DPoP`: the proof of possession for this one request. */
  readonly dpop: string | undefined;
  /** Name of the swarm whose content is asked for: `btih:…` or `acelive:…`. */
  readonly aud: string;
}

export interface AccessPolicy {
  /** For the bearer of a request: token, proof of its device key for this request, never used before. */
  admitRequest(request: HttpAccess): Granted | Refused;
  /** Why the grant does not stand any more; undefined while it does. */
  endedBy(grant: Grant, nowS: number): ErrorCode | undefined;
  /** Calls back when grants may have ended before their time. Returns what ends the subscription. */
  onChange(listener: () => void): () => void;
}

/** Payload that went out under one token, for whoever accounts for it. */
export interface PayloadSink {
  onPayload(sent: { readonly grant: Grant; readonly aud: string; readonly bytes: number }): void;
}

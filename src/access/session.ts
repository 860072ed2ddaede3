/**
 * Session tokens: what a sign-in gives, good for the API of this one node and nothing else.
 *
 * Units   Unix seconds. A device key is 64 hexadecimal characters.
 * Range   A session lives `SESSION_LIFE_S` and cannot be renewed without a new sign-in.
 * Errors  `SESSION_INVALID`.
 * Source  RFC 7519, RFC 7800, RFC 8725.
 */
import { createPublicKey, type KeyObject, randomBytes } from "node:crypto";
import { compactVerify, SignJWT } from "jose";
import { z } from "zod";
import { fromHex, toHex } from "../lib/bytes.ts";
import type { Clock } from "../lib/clock.ts";
import { AceError } from "../lib/errors.ts";
import { isAccount, isAddress } from "../lib/strkey.ts";
import { ED25519_KEY_BYTES, privateKeyOf } from "./ed25519.ts";
import type { Identity } from "./sign-in.ts";
import { decodeBase64url, encodeBase64url } from "./text-bytes.ts";

export const SESSION_LIFE_S = 86_400;
const SESSION_TYPE = "ace-session+jwt";
const SESSION_MAX_CHARACTERS = 2_048;
const ID_BYTES = 12;

const deviceKey = z.string().transform((x, context) => {
  const key = decodeBase64url(x);
  if (key?.length === ED25519_KEY_BYTES) return toHex(key);
  context.addIssue("is not a key");
  return z.NEVER;
});

const Claims = z.strictObject({
  iss: z.string(),
  aud: z.string(),
  sub: z.string().refine(isAccount),
  mux: z.string().refine(isAddress).optional(),
  jti: z.string(),
  iat: z.int(),
  exp: z.int(),
  cnf: z.strictObject({
    jwk: z.strictObject({ kty: z.literal("OKP"), crv: z.literal("Ed25519"), x: deviceKey }),
  }),
});

export interface SessionOptions {
  /** What names this node, in every session it makes and takes. */
  readonly nodeId: string;
  /** Seed of the session key, 64 hexadecimal characters. */
  readonly seed: string;
  readonly clock: Clock;
}

export interface Session extends Identity {
  readonly expiresAtS: number;
}

export class Sessions {
  readonly #options: SessionOptions;
  readonly #privateKey: KeyObject;
  readonly #publicKey: KeyObject;

  constructor(options: SessionOptions) {
    const key = privateKeyOf(options.seed);
    if (key === undefined) throw new AceError("SESSION_INVALID", "the session key is damaged");
    this.#options = options;
    this.#privateKey = key;
    this.#publicKey = createPublicKey(key);
  }

  async issue(
    identity: Identity,
  ): Promise<{ readonly token: string; readonly expiresAtS: number }> {
    const { nodeId } = this.#options;
    const issuedAtS = this.#nowS();
    const expiresAtS = issuedAtS + SESSION_LIFE_S;
    const x = encodeBase64url(fromHex(identity.deviceKey) ?? new Uint8Array());
    const token = await new SignJWT({
      iss: nodeId,
      aud: nodeId,
      sub: identity.account,
      ...(identity.mux === undefined ? {} : { mux: identity.mux }),
      jti: encodeBase64url(randomBytes(ID_BYTES)),
      iat: issuedAtS,
      exp: expiresAtS,
      cnf: { jwk: { kty: "OKP", crv: "Ed25519", x } },
    })
      .setProtectedHeader({ alg: "EdDSA", typ: SESSION_TYPE })
      .sign(this.#privateKey);
    return { token, expiresAtS };
  }

  async read(token: string): Promise<Session> {
    const { nodeId } = this.#options;
    const claims = Claims.safeParse(await this.#signedClaims(token));
    if (!claims.success) throw new AceError("SESSION_INVALID", "the session token is malformed");
    const { iss, aud, sub, mux, cnf, exp } = claims.data;
    if (iss !== nodeId || aud !== nodeId) {
      throw new AceError("SESSION_INVALID", "the session token is for another node");
    }
    if (this.#nowS() >= exp) throw new AceError("SESSION_INVALID", `the session ended at ${exp}`);
    const via = mux === undefined ? {} : { mux };
    return { account: sub, ...via, deviceKey: cnf.jwk.x, expiresAtS: exp };
  }

  async #signedClaims(token: string): Promise<unknown> {
    if (token.length > SESSION_MAX_CHARACTERS) {
      throw new AceError("SESSION_INVALID", "the session token is too long");
    }
    try {
      const algorithms = ["EdDSA"];
      const signed = await compactVerify(token, this.#publicKey, { algorithms });
      if (signed.protectedHeader.typ !== SESSION_TYPE) return undefined;
      return JSON.parse(new TextDecoder().decode(signed.payload));
    } catch (cause) {
      throw new AceError("SESSION_INVALID", "the session token is not signed by this node", {
        cause,
      });
    }
  }

  #nowS(): number {
    return Math.floor(this.#options.clock.nowMs() / 1_000);
  }
}

/**
 * DPoP: the proof that who sends a request has the device key of the token it carries.
 *
 * One proof is good for one method and one address, for a minute, once. It is checked before it is
 * remembered, so that nobody without a good token can fill the memory.
 *
 * Units   Unix seconds. Keys are 64 hexadecimal characters.
 * Range   A proof counts for `DPOP_WINDOW_S` before and after its `iat`; the memory has bounds for each
 *         device and for all.
 * Errors  `PROOF_INVALID`, `PROOF_REPLAYED`; `checkDpop` gives them as values.
 * Source  RFC 9449, sections 4.2 and 4.3. The scheme of `htu` is not compared: TLS may end at a proxy.
 */
import { hash, randomBytes } from "node:crypto";
import { z } from "zod";
import { isSignedBy } from "../lib/ed25519.ts";
import type { DeviceKey } from "./device-key.ts";
import { decodeBase64url, encodeAscii, encodeBase64url, hexOf } from "./text-bytes.ts";

const DPOP_WINDOW_S = 60;
/** Longer than a proof may live: from its first second, made a window ahead, to the end of its last. */
const REMEMBER_S = 2 * DPOP_WINDOW_S + 1;
const REMEMBERED_MAX = 100_000;
/** More than a web seed answers one viewer in that time. */
const REMEMBERED_OF_DEVICE_MAX = 8_192;
/** Beside `REMEMBERED_MAX`, for devices that have no more than `FEW_OF_DEVICE` in use. */
const SPARE_MAX = 50_000;
const FEW_OF_DEVICE = 32;
const PROOF_CHARACTERS_MAX = 2_048;
const JTI_BYTES = 12;
const SIGNATURE_BYTES = 64;
const KEY_BYTES = 32;

export interface ProvenRequest {
  readonly method: string;
  readonly url: string;
  /** The access token that goes with it. */
  readonly token?: string | undefined;
  readonly nowS: number;
}

export interface DpopProof {
  readonly ok: true;
  readonly deviceKey: string;
  readonly jti: string;
  /** A key that the answer is to be wrapped to: X25519, base64url. */
  readonly epk: string | undefined;
}

type DpopRefusal = { readonly ok: false; readonly code: "PROOF_INVALID"; readonly reason: string };

const Header = z.strictObject({
  typ: z.literal("dpop+jwt"),
  alg: z.literal("EdDSA"),
  jwk: z.strictObject({ kty: z.literal("OKP"), crv: z.literal("Ed25519"), x: z.string().max(43) }),
});
const Payload = z.strictObject({
  jti: z.string().min(8).max(128),
  htm: z.string().max(16),
  htu: z.string().max(PROOF_CHARACTERS_MAX),
  iat: z.int().positive(),
  ath: z.string().max(43).optional(),
  epk: z.string().max(43).optional(),
});

/** The value of a `DPoP` header for this one request. */
export function makeDpopProof(
  key: DeviceKey,
  { method, url, token, nowS, epk }: ProvenRequest & { readonly epk?: string | undefined },
): string {
  const x = encodeBase64url(key.publicKey);
  const header = { typ: "dpop+jwt", alg: "EdDSA", jwk: { kty: "OKP", crv: "Ed25519", x } };
  const payload = {
    jti: encodeBase64url(randomBytes(JTI_BYTES)),
    htm: method,
    htu: bareUrl(url) ?? url,
    iat: Math.floor(nowS),
    ...(token === undefined ? {} : { ath: tokenHash(token) }),
    ...(epk === undefined ? {} : { epk }),
  };
  const signedText = [header, payload].map(encodeJson).join(".");
  return `${signedText}.${encodeBase64url(key.sign(encodeAscii(signedText)))}`;
}

/** Checks everything but whether the proof was used before. */
export function checkDpop(proof: string, request: ProvenRequest): DpopProof | DpopRefusal {
  if (proof.length > PROOF_CHARACTERS_MAX) return refuse("it is too long");
  const [headerText = "", payloadText = "", signatureText = "", ...more] = proof.split(".");
  const header = Header.safeParse(decodeJson(headerText));
  const payload = Payload.safeParse(decodeJson(payloadText));
  const signature = decodeBase64url(signatureText);
  if (more.length > 0 || !header.success || !payload.success) return refuse("its form is wrong");
  const key = decodeBase64url(header.data.jwk.x);
  if (key?.length !== KEY_BYTES || signature?.length !== SIGNATURE_BYTES) {
    return refuse("its key or its signature is none");
  }
  const fault = faultOf(payload.data, request);
  if (fault !== undefined) return refuse(fault);
  if (!isSignedBy(key, encodeAscii(`${headerText}.${payloadText}`), signature)) {
    return refuse("its signature is wrong");
  }
  return { ok: true, deviceKey: hexOf(key), jti: payload.data.jti, epk: payload.data.epk };
}

/**
 * Remembers proofs that were used, for as long as they could be used again.
 *
 * No device can use up what the others need: each has a bound of its own, and beyond `REMEMBERED_MAX` in
 * all only those go on that have few, which is what a device needs to renew its tokens.
 */
export class DpopMemory {
  /** In the order in which they were used: so the first are the first to be forgotten. */
  readonly #used = new Map<string, { readonly deviceKey: string; readonly forgetAtS: number }>();
  readonly #countOf = new Map<string, number>();

  /** False when the proof was used before, or when so many are in use that this cannot be told. */
  use({ deviceKey, jti }: DpopProof, nowS: number): boolean {
    this.#forget(nowS);
    const id = hash("sha256", `${deviceKey} ${jti}`, "base64");
    const count = this.#countOf.get(deviceKey) ?? 0;
    if (this.#used.has(id) || count >= this.#most()) return false;
    this.#used.set(id, { deviceKey, forgetAtS: nowS + REMEMBER_S });
    this.#countOf.set(deviceKey, count + 1);
    return true;
  }

  get size(): number {
    return this.#used.size;
  }

  /** What one device may have in use now. */
  #most(): number {
    const size = this.#used.size;
    if (size >= REMEMBERED_MAX + SPARE_MAX) return 0;
    return size >= REMEMBERED_MAX ? FEW_OF_DEVICE : REMEMBERED_OF_DEVICE_MAX;
  }

  #forget(nowS: number): void {
    for (const [id, { deviceKey, forgetAtS }] of this.#used) {
      if (forgetAtS > nowS) return;
      this.#used.delete(id);
      const left = (this.#countOf.get(deviceKey) ?? 0) - 1;
      if (left > 0) this.#countOf.set(deviceKey, left);
      else this.#countOf.delete(deviceKey);
    }
  }
}

function faultOf(
  { htm, htu, iat, ath }: z.infer<typeof Payload>,
  { method, url, token, nowS }: ProvenRequest,
): string | undefined {
  if (htm !== method) return "it is for another method";
  const [theirs, ours] = [bareUrl(htu), bareUrl(url)];
  if (theirs === undefined || ours === undefined || placeOf(theirs) !== placeOf(ours)) {
    return "it is for another address";
  }
  if (!Number.isFinite(nowS) || Math.abs(nowS - iat) > DPOP_WINDOW_S) return "it is not of now";
  if (token !== undefined && ath !== tokenHash(token)) return "it is for another token";
  return undefined;
}

function bareUrl(text: string): string | undefined {
  const url = URL.parse(text);
  return url === null ? undefined : `${url.origin}${url.pathname}`;
}

function placeOf(bare: string): string {
  return bare.replace(/^https?:/, "");
}

function tokenHash(token: string): string {
  return hash("sha256", token, "base64url");
}

function encodeJson(value: object): string {
  return encodeBase64url(new TextEncoder().encode(JSON.stringify(value)));
}

function decodeJson(part: string): unknown {
  const bytes = decodeBase64url(part);
  if (bytes === undefined) return undefined;
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
}

function refuse(reason: string): DpopRefusal {
  return { ok: false, code: "PROOF_INVALID", reason };
}

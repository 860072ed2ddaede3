/**
 * The form of an access token: what its text may be, before anybody asks who signed it.
 *
 * Units   `iat`, `nbf` and `exp` are Unix seconds. A device key is 64 hexadecimal characters.
 * Range   At most `TOKEN_MAX_BYTES`. Header and payload are the compact JSON that `JSON.stringify`
 *         writes, in ASCII: so a member stands once, a number is written one way, and no two texts
 *         mean the same token.
 * Source  RFC 7519 (JWT), RFC 7515 (compact form), RFC 7800 (`cnf`), RFC 8037 (EdDSA), RFC 8725.
 */
import { isSoundPoint } from "../lib/ed25519-points.ts";
import { decodeAscii, decodeBase64url, hexOf } from "./text-bytes.ts";

export const TOKEN_MAX_BYTES = 2_048;
/** How far `nbf` lies before `iat`, for verifiers whose clock is a little slow. */
export const BACKDATE_S = 5;

export interface TokenClaims {
  /** Issuer's account; with the header's `kid` it names one entry of the issuer set. */
  readonly iss: string;
  /** Viewer's account. */
  readonly sub: string;
  /** Name of the one swarm the token opens. */
  readonly aud: string;
  readonly jti: string;
  readonly iat: number;
  readonly nbf: number;
  readonly exp: number;
  readonly cnf: { readonly jwk: DeviceJwk };
  /** First 16 hexadecimal characters of the service network's id. */
  readonly net: string;
  /** Number of the licence contract. */
  readonly lic: string;
  /** Ledger at which the right was read, and the state root there. */
  readonly led: number;
  readonly root: string;
  readonly rol?: Role;
  /** Cap on the rate, kbit/s. */
  readonly kbs?: number;
  readonly lse?: string;
}

interface DeviceJwk {
  readonly kty: "OKP";
  readonly crv: "Ed25519";
  readonly x: string;
}

export const ROLES = ["viewer", "owner", "preview", "carrier"] as const;
export type Role = (typeof ROLES)[number];

export interface ParsedToken {
  readonly ok: true;
  readonly kid: string;
  readonly claims: TokenClaims;
  readonly deviceKey: string;
  /** The text that the signature covers. */
  readonly signedText: string;
  readonly signature: Uint8Array<ArrayBuffer>;
}

export interface Malformed {
  readonly ok: false;
  readonly code: "TOKEN_INVALID";
  readonly reason: string;
}

const SIGNATURE_CHARACTERS = 86;
const KEY_BYTES = 32;
/** The one header there is: the algorithm is compared, never chosen by the token. */
const HEADER = /^\{"alg":"EdDSA","typ":"ace-access\+jwt","kid":"([A-Za-z0-9_-]{43})"\}$/;

type Rule = (value: unknown) => boolean;

const required: ReadonlyMap<string, Rule> = new Map([
  ["iss", matches(/^G[A-Z2-7]{55}$/)],
  ["sub", matches(/^G[A-Z2-7]{55}$/)],
  ["aud", matches(/^(?:btih|acelive):[0-9a-f]{40}$/)],
  ["jti", (value: unknown) => isBase64urlOf(value, 12)],
  ["iat", isPositive],
  ["nbf", isPositive],
  ["exp", isPositive],
  ["cnf", isConfirmation],
  ["net", matches(/^[0-9a-f]{16}$/)],
  ["lic", matches(/^(?:0|[1-9][0-9]{0,19})$/)],
  ["led", isPositive],
  ["root", (value: unknown) => isBase64urlOf(value, KEY_BYTES)],
]);

const optional: ReadonlyMap<string, Rule> = new Map([
  ["rol", (value: unknown) => ROLES.some((role) => role === value)],
  ["kbs", isPositive],
  ["lse", matches(/^[A-Za-z0-9_-]{1,43}$/)],
]);

/** Reads a token's text. Says nothing about its times, its audience or its signature. */
export function parseToken(token: unknown): ParsedToken | Malformed {
  if (typeof token !== "string") return malformed("it is not text");
  if (token.length > TOKEN_MAX_BYTES) return malformed("it is too long");

  const [header = "", payload = "", proof = "", ...more] = token.split(".");
  if (more.length > 0) return malformed("it has more than three parts");
  const kid = HEADER.exec(textOf(header) ?? "")?.[1];
  if (kid === undefined) return malformed("its header is not the one allowed");
  const claims = readCompactJson(textOf(payload));
  if (!isClaims(claims)) return malformed("its claims are not the ones allowed");
  const deviceKey = hexOf(decodeBase64url(claims.cnf.jwk.x) ?? new Uint8Array());
  if (!isSoundPoint(deviceKey)) return malformed("its device key proves nothing");
  const signature = proof.length === SIGNATURE_CHARACTERS ? decodeBase64url(proof) : undefined;
  if (signature === undefined) return malformed("its signature is not 64 bytes");

  const signedText = token.slice(0, header.length + 1 + payload.length);
  return { ok: true, kid, claims, deviceKey, signedText, signature };
}

/** The value, when `text` is exactly what `JSON.stringify` writes for it. */
function readCompactJson(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return JSON.stringify(value) === text ? value : undefined;
  } catch {
    return undefined;
  }
}

function textOf(part: string): string | undefined {
  const bytes = decodeBase64url(part);
  return bytes === undefined ? undefined : decodeAscii(bytes);
}

function isClaims(value: unknown): value is TokenClaims {
  if (!isObject(value)) return false;
  for (const name of required.keys()) if (!Object.hasOwn(value, name)) return false;
  return Object.entries(value).every(([name, item]) => {
    const rule = required.get(name) ?? optional.get(name);
    return rule?.(item) === true;
  });
}

function isConfirmation(value: unknown): boolean {
  return isObject(value) && Object.keys(value).join() === "jwk" && isDeviceJwk(value);
}

function isDeviceJwk(confirmation: object): boolean {
  const jwk: unknown = "jwk" in confirmation ? confirmation.jwk : undefined;
  if (!isObject(jwk) || Object.keys(jwk).sort().join() !== "crv,kty,x") return false;
  return (
    "kty" in jwk &&
    jwk.kty === "OKP" &&
    "crv" in jwk &&
    jwk.crv === "Ed25519" &&
    "x" in jwk &&
    isBase64urlOf(jwk.x, KEY_BYTES)
  );
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isPositive(value: unknown): boolean {
  return typeof value === "number" && Number.isSafeInteger(value) && value > 0;
}

function isBase64urlOf(value: unknown, bytes: number): boolean {
  return typeof value === "string" && decodeBase64url(value)?.length === bytes;
}

function matches(pattern: RegExp): Rule {
  return (value) => typeof value === "string" && pattern.test(value);
}

function malformed(reason: string): Malformed {
  return { ok: false, code: "TOKEN_INVALID", reason };
}

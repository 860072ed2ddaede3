// The gate of the measured swarms: keys that both processes know, and tokens with one signature.
import { createHash } from "node:crypto";
import { isSignedBy } from "../src/lib/ed25519.ts";
import { deviceKeyFromSeed } from "../src/p2p/ed25519.ts";
import type { GatePolicy } from "../src/p2p/link-gate.ts";
import type { Torrent } from "../src/p2p/torrent.ts";

const keyOf = (name: string) => deviceKeyFromSeed(createHash("sha256").update(name).digest());
const issuer = keyOf("issuer");
const server = keyOf("seed");
const viewer = keyOf("leech");
const LIFE_S = 3_600;

/** What the movie counts as enciphered with: deciphering random bytes costs as much as any. */
export const benchSecret = { key: new Uint8Array(32).fill(7), nonce: new Uint8Array(8).fill(9) };

export function benchGate(torrent: Torrent, role: string): GatePolicy {
  const upload = { verify: verifyToken };
  if (role === "seed") return { deviceKey: server, upload };
  const tokens = { token: async () => issueToken(`btih:${torrent.infohash}`) };
  const serverKeys = [server.publicKey.toHex()];
  return { deviceKey: viewer, upload, download: { tokens, serverKeys } };
}

function issueToken(aud: string): string {
  const exp = Math.floor(Date.now() / 1_000) + LIFE_S;
  const claims = { aud, exp, key: viewer.publicKey.toHex(), sub: "viewer" };
  const body = Buffer.from(JSON.stringify(claims)).toString("base64url");
  return `${body}.${Buffer.from(issuer.sign(Buffer.from(body))).toString("base64url")}`;
}

function verifyToken(token: string, want: { readonly aud: string; readonly nowS: number }) {
  const [body = "", signature = ""] = token.split(".");
  const bytes = Buffer.from(signature, "base64url");
  const isGenuine = isSignedBy(issuer.publicKey, Buffer.from(body), bytes);
  const claims = JSON.parse(Buffer.from(body, "base64url").toString());
  if (!isGenuine || claims.aud !== want.aud || claims.exp <= want.nowS) {
    return { ok: false, code: "TOKEN_INVALID" } as const;
  }
  const grant = { deviceKey: claims.key, account: claims.sub, expiresAtS: claims.exp };
  return { ok: true, ...grant } as const;
}

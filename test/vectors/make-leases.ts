// Goal: where leases are counted, and what issuers ask each other about them, as data for any implementation.
// Method: scores and signatures are made by hand with node:crypto, sharing no code with src/access. Keys
//         come from fixed texts, so the same file comes out each time.
// Use:    `node test/vectors/make-leases.ts` writes leases.json anew.
import { createPrivateKey, createPublicKey, hash, sign } from "node:crypto";
import { writeFileSync } from "node:fs";
import { accountFromBytes } from "../../src/lib/strkey.ts";

const PKCS8 = "302e020100300506032b657004220420";
const VIEWERS = 8;
const NET = "0123456789abcdef";
const AT_MS = 1_900_000_000_000;
const NONCE = "AAECAwQFBgcICQoLDA0ODw";

function keyPair(name: string) {
  const seed = hash("sha256", `ace-node lease vectors: ${name}`, "hex");
  const key = createPrivateKey({
    key: Buffer.from(PKCS8 + seed, "hex"),
    format: "der",
    type: "pkcs8",
  });
  const raw = createPublicKey(key).export({ format: "der", type: "spki" }).subarray(12);
  const x = raw.toString("base64url");
  const kid = hash("sha256", `{"crv":"Ed25519","kty":"OKP","x":"${x}"}`, "base64url");
  return { seed, key, hex: raw.toString("hex"), kid };
}

const accountOf = (name: string) => accountFromBytes(Buffer.from(keyPair(name).hex, "hex"));
const issuers = ["one", "two", "three"].map((name) => {
  const { seed, hex, kid } = keyPair(`token key ${name}`);
  return { account: accountOf(`issuer ${name}`), key: hex, kid, seed };
});

function orderOf(account: string): readonly string[] {
  const scored = issuers.map(({ account: issuer }) => ({
    issuer,
    score: hash("sha256", `ace-lease-home-v1 ${account} ${issuer}`, "hex"),
  }));
  scored.sort((one, other) => other.score.localeCompare(one.score));
  return scored.map(({ issuer }) => issuer);
}

function signedBy(place: number, tag: string, body: object) {
  const { seed, kid } = issuers[place] ?? { seed: "", kid: "" };
  const key = createPrivateKey({
    key: Buffer.from(PKCS8 + seed, "hex"),
    format: "der",
    type: "pkcs8",
  });
  const text = JSON.stringify(body);
  return { kid, body: text, signature: sign(null, Buffer.from(tag + text), key).toString("hex") };
}

export function leaseVectors() {
  const viewers = Array.from({ length: VIEWERS }, (_, place) => accountOf(`viewer ${place}`));
  const [asking = "", home = ""] = issuers.map(({ account }) => account);
  const [account = ""] = viewers;
  const right = {
    contract: "412",
    account,
    deviceKey: keyPair("device").hex,
    content: hash("sha256", "a film", "hex"),
  };
  const times = { startedAtS: AT_MS / 1_000, untilS: AT_MS / 1_000 + 330 };
  const play = { ...right, limit: "1", evict: "oldest" };
  const envelope = { v: 1, net: NET, nonce: NONCE, atMs: AT_MS };
  const ask = {
    ...envelope,
    from: asking,
    to: home,
    ask: { kind: "take", play, untilS: times.untilS },
  };
  const lease = { id: "AAECAwQFBgcICQoL", ...right, ...times };
  const answer = {
    ...envelope,
    from: home,
    to: asking,
    answer: { kind: "leased", lease, evicted: [] },
  };
  return {
    net: NET,
    issuers: issuers.map(({ account: name, key, kid }) => ({ account: name, key, kid })),
    homes: viewers.map((viewer) => ({ account: viewer, order: orderOf(viewer) })),
    ask: signedBy(0, "ace-lease-ask-v1", ask),
    answer: signedBy(1, "ace-lease-answer-v1", answer),
  };
}

/** Of the issuer that answers. */
export const homeSeed = issuers[1]?.seed ?? "";
export const askingSeed = issuers[0]?.seed ?? "";
export const vectorAtMs = AT_MS;

if (import.meta.main) {
  const path = new URL("leases.json", import.meta.url);
  writeFileSync(path, `${JSON.stringify(leaseVectors(), null, 2)}\n`);
}

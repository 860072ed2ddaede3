// Goal: access tokens as data, for any implementation: good ones, and every forgery we can think of.
// Method: tokens are put together by hand with node:crypto, sharing no code with src/access. Keys
//         come from fixed texts, so the same file comes out each time.
// Use:    `node test/vectors/make-tokens.ts` writes tokens.json anew.
import { createHmac, createPrivateKey, createPublicKey, hash, sign } from "node:crypto";
import { writeFileSync } from "node:fs";
import { accountFromBytes } from "../../src/lib/strkey.ts";

const PKCS8 = "302e020100300506032b657004220420";

function keyPair(name: string) {
  const seed = hash("sha256", `ace-node token vectors: ${name}`, "hex");
  const key = createPrivateKey({
    key: Buffer.from(PKCS8 + seed, "hex"),
    format: "der",
    type: "pkcs8",
  });
  const raw = createPublicKey(key).export({ format: "der", type: "spki" }).subarray(12);
  const x = raw.toString("base64url");
  const kid = hash("sha256", `{"crv":"Ed25519","kty":"OKP","x":"${x}"}`, "base64url");
  return { seed, key, x, hex: raw.toString("hex"), kid };
}
type KeyPair = ReturnType<typeof keyPair>;

const issuer = keyPair("issuer");
const second = keyPair("second issuer");
const stranger = keyPair("stranger");
const device = keyPair("device");
const issuerAccount = accountFromBytes(Buffer.from(keyPair("issuer account").hex, "hex"));
const secondAccount = accountFromBytes(Buffer.from(keyPair("second account").hex, "hex"));
const strangerAccount = accountFromBytes(Buffer.from(keyPair("stranger account").hex, "hex"));
const viewer = accountFromBytes(Buffer.from(keyPair("viewer").hex, "hex"));

const NOW = 1_900_000_000;
const AUD = "btih:486e92fa265a1a95ba62f154453e97eceef34e29";
const NET = "0123456789abcdef";
const root = hash("sha256", "a state root", "base64url");
const jwk = { kty: "OKP", crv: "Ed25519", x: device.x };
const header = { alg: "EdDSA", typ: "ace-access+jwt", kid: issuer.kid };
const claims = {
  iss: issuerAccount,
  sub: viewer,
  aud: AUD,
  jti: "AAECAwQFBgcICQoL",
  iat: NOW - 10,
  nbf: NOW - 15,
  exp: NOW + 290,
  cnf: { jwk },
  net: NET,
  lic: "412",
  led: 123_456,
  root,
};

const encode = (text: string): string => Buffer.from(text).toString("base64url");

/** A token whose signature is right, over whatever header and payload text it is given. */
function signed(headerText: string, payloadText: string, by: KeyPair = issuer): string {
  const text = `${encode(headerText)}.${encode(payloadText)}`;
  return `${text}.${sign(null, Buffer.from(text), by.key).toString("base64url")}`;
}
const withHeader = (changed: object, by?: KeyPair): string =>
  signed(JSON.stringify(changed), JSON.stringify(claims), by);
const withClaims = (changed: object, by?: KeyPair): string =>
  signed(JSON.stringify(header), JSON.stringify(changed), by);
const withPayloadText = (text: string): string => signed(JSON.stringify(header), text);

export interface RefusedVector {
  readonly name: string;
  readonly code: string;
  readonly token: string;
}

const invalid = (name: string, token: string): RefusedVector => ({
  name,
  code: "TOKEN_INVALID",
  token,
});

const plain = withClaims(claims);
const [plainHeader = "", plainPayload = "", plainSignature = ""] = plain.split(".");
const signature = Buffer.from(plainSignature, "base64url");
const sealed = (bytes: Uint8Array): string =>
  `${plainHeader}.${plainPayload}.${Buffer.from(bytes).toString("base64url")}`;

const valid = [
  { name: "plain", token: plain },
  {
    name: "all optional claims",
    token: withClaims({ ...claims, rol: "owner", kbs: 5_000, lse: "a-1" }),
  },
  {
    name: "claims in another order",
    token: withClaims(Object.fromEntries(Object.entries(claims).reverse())),
  },
  {
    name: "second issuer",
    token: signed(
      JSON.stringify({ ...header, kid: second.kid }),
      JSON.stringify({ ...claims, iss: secondAccount }),
      second,
    ),
  },
  {
    name: "last second",
    token: withClaims({ ...claims, iat: NOW - 299, nbf: NOW - 304, exp: NOW + 1 }),
  },
  { name: "longest life", token: withClaims({ ...claims, exp: NOW - 10 + 900 }) },
  {
    name: "issuer's clock 55 s ahead",
    token: withClaims({ ...claims, iat: NOW + 65, nbf: NOW + 60, exp: NOW + 365 }),
  },
];

const algorithms = [
  "none",
  "None",
  "NONE",
  "nOnE",
  "HS256",
  "HS384",
  "HS512",
  "ES256",
  "ES256K",
  "ES384",
  "RS256",
  "PS256",
  "Ed25519",
  "Ed448",
  "ED25519",
  "eddsa",
  "EDDSA",
  "EdDSA ",
  "",
  null,
  1,
  true,
  ["EdDSA"],
  { alg: "EdDSA" },
];
const types = [
  "JWT",
  "jwt",
  "at+jwt",
  "ace-session+jwt",
  "ACE-ACCESS+JWT",
  "ace-access",
  "application/ace-access+jwt",
  "",
  null,
  1,
];
const kids = [
  "",
  "../../etc/passwd",
  "/dev/null",
  "https://evil.example/key",
  "file:///key",
  "' OR 1=1 --",
  `${issuer.kid}=`,
  ` ${issuer.kid}`,
  issuer.kid.slice(1),
  `${issuer.kid}A`,
  issuer.hex,
  null,
  1,
  [issuer.kid],
  { kid: issuer.kid },
];
const extras = [
  "jwk",
  "jku",
  "x5c",
  "x5u",
  "x5t",
  "x5t#S256",
  "crit",
  "b64",
  "zip",
  "cty",
  "enc",
  "iss",
  "nonce",
  "__proto__",
  "constructor",
];
const headerTexts = {
  "header with a space": JSON.stringify(header).replace(",", ", "),
  "header with a leading space": ` ${JSON.stringify(header)}`,
  "header with a newline": `${JSON.stringify(header)}\n`,
  "header in another order": JSON.stringify({
    typ: header.typ,
    alg: header.alg,
    kid: header.kid,
  }),
  "header with two algorithms": `{"alg":"none",${JSON.stringify(header).slice(1)}`,
  "header with two algorithms, none last": `${JSON.stringify(header).slice(0, -1)},"alg":"none"}`,
  "header with two kids": `${JSON.stringify(header).slice(0, -1)},"kid":"${second.kid}"}`,
  "header with an escape": JSON.stringify(header).replace('"alg"', '"\\u0061lg"'),
  "header is null": "null",
  "header is a list": JSON.stringify([header]),
  "header is text": JSON.stringify("EdDSA"),
  "header is empty": "{}",
  "header is not JSON": "alg=EdDSA",
  "header only in __proto__": `{"__proto__":${JSON.stringify(header)}}`,
};

function headerForgeries(): RefusedVector[] {
  return [
    ...algorithms.map((alg) =>
      invalid(`alg ${JSON.stringify(alg)}`, withHeader({ ...header, alg })),
    ),
    ...types.map((typ) => invalid(`typ ${JSON.stringify(typ)}`, withHeader({ ...header, typ }))),
    ...kids.map((kid) => invalid(`kid ${JSON.stringify(kid)}`, withHeader({ ...header, kid }))),
    ...["alg", "typ", "kid"].map((name) =>
      invalid(
        `header without ${name}`,
        withHeader(Object.fromEntries(Object.entries(header).filter(([key]) => key !== name))),
      ),
    ),
    ...extras.map((name) =>
      invalid(
        `header with ${name}`,
        signed(
          `${JSON.stringify(header).slice(0, -1)},${JSON.stringify(name)}:${JSON.stringify(jwk)}}`,
          JSON.stringify(claims),
        ),
      ),
    ),
    ...Object.entries(headerTexts).map(([name, text]) =>
      invalid(name, signed(text, JSON.stringify(claims))),
    ),
  ];
}

function claimForgeries(): RefusedVector[] {
  const wrong = [null, "", " ", 0, -1, 1.5, true, [], {}, "x".repeat(100)];
  return Object.entries(claims).flatMap(([name, value]) => [
    invalid(
      `without ${name}`,
      withClaims(Object.fromEntries(Object.entries(claims).filter(([key]) => key !== name))),
    ),
    ...wrong.map((item) =>
      invalid(
        `${name} is ${JSON.stringify(item).slice(0, 12)}`,
        withClaims({ ...claims, [name]: item }),
      ),
    ),
    invalid(`${name} as a list`, withClaims({ ...claims, [name]: [value] })),
    invalid(
      `${name} twice`,
      withPayloadText(
        `${JSON.stringify(claims).slice(0, -1)},${JSON.stringify(name)}:${JSON.stringify(value)}}`,
      ),
    ),
  ]);
}

const smallOrderKeys = [
  "00".repeat(32),
  `01${"00".repeat(31)}`,
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
  `ec${"ff".repeat(30)}7f`,
  `ed${"ff".repeat(30)}7f`,
  `ee${"ff".repeat(30)}7f`,
];
const signedSmallOrderKeys = smallOrderKeys.map(
  (key) =>
    key.slice(0, -2) + (Number.parseInt(key.slice(-2), 16) | 0x80).toString(16).padStart(2, "0"),
);
const forgedValues: Readonly<Record<string, readonly unknown[]>> = {
  iss: [
    issuerAccount.toLowerCase(),
    `M${issuerAccount.slice(1)}`,
    `${issuerAccount} `,
    issuerAccount.slice(1),
    `${issuerAccount}A`,
  ],
  sub: [viewer.toLowerCase(), `${viewer}\n`, viewer.slice(0, -1)],
  aud: [
    [AUD, AUD],
    `${AUD} `,
    AUD.toUpperCase(),
    AUD.slice(0, -1),
    `${AUD}0`,
    AUD.slice(5),
    `urn:${AUD}`,
    `${AUD},${AUD}`,
    "*",
    "btih:*",
  ],
  jti: ["AAECAwQFBgcICQo", "AAECAwQFBgcICQoLA", "AAECAwQFBgcICQo="],
  iat: [`${NOW}`, NOW + 0.5, -NOW, 9_007_199_254_740_992],
  nbf: [NOW, NOW - 14, 1, NOW - 16],
  exp: [
    `${NOW + 290}`,
    NOW + 290.5,
    NOW - 10,
    NOW - 11,
    NOW + 86_400,
    9_007_199_254_740_991,
    9_007_199_254_740_992,
  ],
  net: [NET.toUpperCase(), NET.slice(1), `${NET}0`, "*"],
  lic: [412, "0412", "-412", "412.0", "0x19c", "412 ", "4.12e2", "1".repeat(21)],
  led: ["123456", 123_456.5, 9_007_199_254_740_992],
  root: [
    root.slice(1),
    `${root}A`,
    `${root}=`,
    `${root.slice(0, -1)}${root.endsWith("A") ? "B" : String.fromCharCode(root.charCodeAt(42) + 1)}`,
  ],
  rol: ["admin", "", "Owner", null, ["owner"]],
  kbs: [0, -1, "5000", 0.5],
  lse: ["", "a b", "x".repeat(44), 1],
  cnf: [
    { jwk: { ...jwk, kty: "EC" } },
    { jwk: { ...jwk, crv: "X25519" } },
    { jwk: { ...jwk, crv: "Ed448" } },
    { jwk: { ...jwk, d: device.x } },
    { jwk: { ...jwk, alg: "EdDSA" } },
    { jwk: { kty: "OKP", crv: "Ed25519" } },
    { jwk: { ...jwk, x: device.x.slice(1) } },
    { jwk: { ...jwk, x: `${device.x}=` } },
    { jwk: { ...jwk, x: `${device.x}A` } },
    { jwk: { ...jwk, x: device.hex } },
    { jwk: { ...jwk, x: null } },
    { jwk: [jwk] },
    { jwk, jku: "https://evil.example" },
    { jkt: device.kid },
    { kid: device.kid },
    jwk,
    ...[...smallOrderKeys, ...signedSmallOrderKeys].map((key) => ({
      jwk: { ...jwk, x: Buffer.from(key, "hex").toString("base64url") },
    })),
  ],
};
const unknownClaims = [
  "scope",
  "admin",
  "azp",
  "roles",
  "constructor",
  "toString",
  "hasOwnProperty",
  "alg",
  "kid",
  "Aud",
  "",
];

function valueForgeries(): RefusedVector[] {
  return [
    ...Object.entries(forgedValues).flatMap(([name, list]) =>
      list.map((item, index) =>
        invalid(
          `${name} forged, ${index}: ${JSON.stringify(item).slice(0, 40)}`,
          withClaims({ ...claims, [name]: item }),
        ),
      ),
    ),
    ...unknownClaims.map((name) =>
      invalid(`unknown claim "${name}"`, withClaims({ ...claims, [name]: "x" })),
    ),
  ];
}

function jsonForgeries(): RefusedVector[] {
  const text = JSON.stringify(claims);
  const texts: Readonly<Record<string, string>> = {
    "a leading space": ` ${text}`,
    "a trailing space": `${text} `,
    "a newline inside": text.replace(",", ",\n"),
    "an escaped name": text.replace('"aud"', '"\\u0061ud"'),
    "an escaped value": text.replace("btih:", "\\u0062tih:"),
    "an escaped solidus": text.replace(viewer, `${viewer}\\/`),
    "a trailing comma": `${text.slice(0, -1)},}`,
    "a byte order mark": `\uFEFF${text}`,
    "a name with a look-alike": text.replace('"aud"', '"аud"'),
    "a second document": text + text,
    "a comment": `/* */${text}`,
    "single quotes": text.replaceAll('"', "'"),
    "a list": `[${text}]`,
    "a text": JSON.stringify(text),
    null: "null",
    "a number": "1",
    nothing: "",
    "an empty object": "{}",
    "a time in exponents": text.replace(`"exp":${claims.exp}`, '"exp":1.90000029e9'),
    "a time with a fraction of zero": text.replace(`"exp":${claims.exp}`, `"exp":${claims.exp}.0`),
    "a time too large to hold": text.replace(`"exp":${claims.exp}`, '"exp":1e400'),
    "a time of minus zero": text.replace(`"iat":${claims.iat}`, '"iat":-0'),
    "a time with a leading zero": text.replace(`"exp":${claims.exp}`, `"exp":0${claims.exp}`),
    "NaN as a time": text.replace(`"exp":${claims.exp}`, '"exp":NaN'),
    __proto__: `${text.slice(0, -1)},"__proto__":{"aud":"${AUD}"}}`,
    "claims only in __proto__": `{"__proto__":${text}}`,
    "aud only in __proto__": `${text.replace(`"aud":"${AUD}",`, "").slice(0, -1)},"__proto__":{"aud":"${AUD}"}}`,
    "aud twice, ours first": `${text.slice(0, -1)},"aud":"btih:${"0".repeat(40)}"}`,
    "aud twice, ours last": `{"aud":"btih:${"0".repeat(40)}",${text.slice(1)}`,
    "exp twice": `${text.slice(0, -1)},"exp":${claims.exp + 100}}`,
    "a jwk member twice": text.replace('"kty":"OKP"', '"kty":"OKP","kty":"OKP"'),
    "deep nesting": `${text.slice(0, -1)},"x":${"[".repeat(300)}${"]".repeat(300)}}`,
    "a control character": text.replace('"412"', '"412\u0000"'),
  };
  return Object.entries(texts).map(([name, payload]) =>
    invalid(`payload with ${name}`, withPayloadText(payload)),
  );
}

function textForgeries(): RefusedVector[] {
  const next = (character: string): string => {
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    return alphabet.charAt((alphabet.indexOf(character) + 1) % 64);
  };
  const stray = (part: string): string => part.slice(0, -1) + next(part.slice(-1));
  const long = withClaims({ ...claims, lse: "x".repeat(2_000) });
  return [
    invalid("empty text", ""),
    invalid("a dot", "."),
    invalid("two dots", ".."),
    invalid("no signature", `${plainHeader}.${plainPayload}`),
    invalid("an empty signature", `${plainHeader}.${plainPayload}.`),
    invalid("an empty payload", `${plainHeader}..${plainSignature}`),
    invalid("an empty header", `.${plainPayload}.${plainSignature}`),
    invalid("a fourth part", `${plain}.${plainSignature}`),
    invalid("five parts", `${plain}.a.b`),
    invalid("a trailing dot", `${plain}.`),
    invalid("a leading dot", `.${plain}`),
    invalid("padding after the signature", `${plain}==`),
    invalid("padding in the payload", `${plainHeader}.${plainPayload}=.${plainSignature}`),
    invalid("a space before", ` ${plain}`),
    invalid("a space behind", `${plain} `),
    invalid("a newline behind", `${plain}\n`),
    invalid("a newline inside", `${plainHeader}\n.${plainPayload}.${plainSignature}`),
    invalid("the scheme Bearer", `Bearer ${plain}`),
    invalid("a look-alike letter", plain.replace("e", "е")),
    invalid("a zero character", `${plain}\u0000`),
    invalid(
      "stray bits in the signature",
      `${plainHeader}.${plainPayload}.${stray(plainSignature)}`,
    ),
    invalid("stray bits in the header", `${stray(plainHeader)}.${plainPayload}.${plainSignature}`),
    invalid("stray bits in the payload", `${plainHeader}.${stray(plainPayload)}.${plainSignature}`),
    invalid("plain base64", `${plainHeader}.${plainPayload}.${signature.toString("base64")}`),
    invalid("hexadecimal", `${plainHeader}.${plainPayload}.${signature.toString("hex")}`),
    invalid("over the longest length", long),
    invalid(
      "JSON serialisation",
      JSON.stringify({ protected: plainHeader, payload: plainPayload, signature: plainSignature }),
    ),
  ];
}

/** S + L is the same number to a careless verifier: RFC 8032 wants it refused. */
function unreduced(): Uint8Array {
  const order = 2n ** 252n + 27_742_317_777_372_353_535_851_937_790_883_648_493n;
  const s = BigInt(`0x${Buffer.from(signature.subarray(32)).reverse().toString("hex")}`);
  const sum = Buffer.from((s + order).toString(16).padStart(64, "0"), "hex").reverse();
  return Buffer.concat([signature.subarray(0, 32), sum]);
}

function signatureForgeries(): RefusedVector[] {
  const flipped = Array.from({ length: 64 }, (_, index) => {
    const bytes = Buffer.from(signature);
    bytes[index] = (bytes[index] ?? 0) ^ (1 << (index % 8));
    return invalid(`signature, byte ${index} changed`, sealed(bytes));
  });
  const text = `${plainHeader}.${plainPayload}`;
  const mac = (secret: Uint8Array | string): string =>
    createHmac("sha256", secret).update(text).digest("base64url");
  const hsHeader = encode(JSON.stringify({ ...header, alg: "HS256" }));
  const noneHeader = encode(JSON.stringify({ ...header, alg: "none" }));
  const other = withClaims({ ...claims, sub: strangerAccount }).split(".");
  return [
    ...flipped,
    invalid("signature of zeros", sealed(new Uint8Array(64))),
    invalid("signature of ones", sealed(new Uint8Array(64).fill(255))),
    invalid("signature with S not reduced", sealed(unreduced())),
    invalid(
      "signature with S of zero",
      sealed(Buffer.concat([signature.subarray(0, 32), Buffer.alloc(32)])),
    ),
    invalid(
      "signature with R the neutral point",
      sealed(Buffer.concat([Buffer.from([1]), Buffer.alloc(63)])),
    ),
    invalid("signature of 63 bytes", sealed(signature.subarray(0, 63))),
    invalid("signature of 65 bytes", sealed(Buffer.concat([signature, Buffer.alloc(1)]))),
    invalid("signature twice", sealed(Buffer.concat([signature, signature]))),
    invalid(
      "signature of the halves swapped",
      sealed(Buffer.concat([signature.subarray(32), signature.subarray(0, 32)])),
    ),
    invalid("signature by a stranger", withClaims(claims, stranger)),
    invalid("signature by the second issuer", withClaims(claims, second)),
    invalid("signature by the device", withClaims(claims, device)),
    invalid(
      "signature of the payload alone",
      `${text}.${sign(null, Buffer.from(plainPayload), issuer.key).toString("base64url")}`,
    ),
    invalid(
      "signature of the decoded text",
      `${text}.${sign(null, Buffer.from(JSON.stringify(header) + JSON.stringify(claims)), issuer.key).toString("base64url")}`,
    ),
    invalid("signature of another token", `${text}.${other[2]}`),
    invalid("payload of another token", `${plainHeader}.${other[1]}.${plainSignature}`),
    invalid("HMAC with the public key", `${text}.${mac(issuer.x)}`),
    invalid("HS256 with the public key's text", `${hsHeader}.${plainPayload}.${mac(issuer.x)}`),
    invalid(
      "HS256 with the public key's bytes",
      `${hsHeader}.${plainPayload}.${mac(Buffer.from(issuer.hex, "hex"))}`,
    ),
    invalid("alg none without signature", `${noneHeader}.${plainPayload}.`),
    invalid("alg none with a signature", `${noneHeader}.${plainPayload}.${plainSignature}`),
  ];
}

function misplaced(): RefusedVector[] {
  const coded = (code: string, name: string, changed: object, by?: KeyPair): RefusedVector => ({
    name,
    code,
    token: withClaims({ ...claims, ...changed }, by),
  });
  const kid = (name: string, key: string, changed: object, by: KeyPair): RefusedVector => ({
    name,
    code: "ISSUER_UNKNOWN",
    token: signed(
      JSON.stringify({ ...header, kid: key }),
      JSON.stringify({ ...claims, ...changed }),
      by,
    ),
  });
  return [
    coded("TOKEN_EXPIRED", "ended this second", { iat: NOW - 300, nbf: NOW - 305, exp: NOW }),
    coded("TOKEN_EXPIRED", "ended a second ago", { iat: NOW - 301, nbf: NOW - 306, exp: NOW - 1 }),
    coded("TOKEN_EXPIRED", "ended a year ago", {
      iat: NOW - 31_536_000,
      nbf: NOW - 31_536_005,
      exp: NOW - 31_535_700,
    }),
    coded("TOKEN_INVALID", "begins 61 s from now", {
      iat: NOW + 66,
      nbf: NOW + 61,
      exp: NOW + 366,
    }),
    coded("TOKEN_INVALID", "begins tomorrow", {
      iat: NOW + 86_400,
      nbf: NOW + 86_395,
      exp: NOW + 86_700,
    }),
    coded("TOKEN_INVALID", "lives 901 s", { exp: claims.iat + 901 }),
    coded("TOKEN_AUDIENCE", "of another torrent", { aud: `btih:${"0".repeat(40)}` }),
    coded("TOKEN_AUDIENCE", "of the live stream with our hash", {
      aud: AUD.replace("btih", "acelive"),
    }),
    coded("TOKEN_AUDIENCE", "of another licence contract", { lic: "413" }),
    coded("TOKEN_NETWORK", "of another network", { net: "f".repeat(16) }),
    coded("ISSUER_UNKNOWN", "by an unknown account with our key", { iss: strangerAccount }),
    coded("ISSUER_UNKNOWN", "by the second issuer's account with the first one's key", {
      iss: secondAccount,
    }),
    kid("by a stranger's key", stranger.kid, {}, stranger),
    kid("by a stranger", stranger.kid, { iss: strangerAccount }, stranger),
    kid("by the second key under the first account", second.kid, {}, second),
    kid("by the device's own key", device.kid, {}, device),
  ];
}

/** The proof that ties a device key to a sign-in; `accountBytes` are the key under the account. */
function registration() {
  const accountBytes = keyPair("viewer").hex;
  const networkId = hash("sha256", "a service network");
  const challengeHash = hash("sha256", "a challenge");
  const prefix = Buffer.from("ace-device-v1").toString("hex");
  const message = Buffer.from(prefix + networkId + accountBytes + challengeHash, "hex");
  return {
    deviceSeed: device.seed,
    networkId,
    account: viewer,
    challengeHash,
    message: message.toString("hex"),
    proof: sign(null, message, device.key).toString("hex"),
  };
}

export function tokenVectors() {
  const refused = [
    ...misplaced(),
    ...headerForgeries(),
    ...claimForgeries(),
    ...valueForgeries(),
    ...jsonForgeries(),
    ...textForgeries(),
    ...signatureForgeries(),
  ];
  return {
    about:
      "Access tokens of docs/spec/tokens.md. Every refused token but those about signatures is signed by the issuer.",
    wanted: { aud: AUD, net: NET, nowS: NOW, lic: "412" },
    issuers: [
      { account: issuerAccount, key: issuer.hex, kid: issuer.kid },
      { account: secondAccount, key: second.hex, kid: second.kid },
    ],
    issuerSeed: issuer.seed,
    viewer,
    deviceKey: device.hex,
    registration: registration(),
    valid,
    refused,
  };
}

if (import.meta.main) {
  writeFileSync(
    new URL("tokens.json", import.meta.url),
    `${JSON.stringify(tokenVectors(), undefined, 2)}\n`,
  );
}

// Goal: how many viewers a second one core lets in, and how many it lets go on.
// Method: an admission is what the gate does for one newcomer that has shook hands: the proof of its key
//         over a transcript of its own, and its token, neither seen before. Beside it stands what two
//         bare signature checks leave room for, in the same rounds. A cached one is what it does when a known token is
//         shown again, read anew from the bytes of a message: text, licence, times, issuer, revocation.
//         Rates are per second of CPU; the median of the rounds counts.
import { randomBytes } from "node:crypto";
import { loadDeviceKey } from "../src/access/device-key.ts";
import { TokenIssuer } from "../src/access/issue.ts";
import { makeIssuerSet } from "../src/access/issuer-set.ts";
import { RevocationSet, revocationOf } from "../src/access/revocation.ts";
import { TokenVerifier } from "../src/access/verifier.ts";
import { signatureEngine } from "../src/lib/ed25519.ts";
import { invariant } from "../src/lib/invariant.ts";
import { accountFromBytes } from "../src/lib/strkey.ts";
import {
  type GateInput,
  type GateState,
  type GateTerms,
  isAdmitted,
  startGate,
  stepGate,
} from "../src/p2p/gate.ts";
import { gateMessageBytes, helloFields, transcript } from "../src/p2p/gate-message.ts";
import { type Figure, median } from "./figure.ts";

const ROUNDS = 5;
const NEWCOMERS = 1_500;
const HITS = 300_000;
const REVOKED = 10_000;
const NOW_S = 1_900_000_000;
const NET = "0123456789abcdef";
const INFOHASH = "ab".repeat(20);
const AUD = `btih:${INFOHASH}`;
const LICENCE = 412n;
const NODE = loadDeviceKey("55".repeat(32));

export async function admissionFigures(): Promise<readonly Figure[]> {
  const issuer = loadDeviceKey("11".repeat(32));
  const account = accountFromBytes(issuer.publicKey);
  const set = makeIssuerSet([{ account, key: issuer.publicKey.toHex() }]);
  const revocations = new RevocationSet();
  const engine = signatureEngine();
  const fresh: number[] = [];
  const bare: number[] = [];
  const cached: number[] = [];
  // The first round warms everything up and is not counted.
  for (let round = 0; round <= ROUNDS; round += 1) {
    const verifier = new TokenVerifier({
      net: NET,
      issuers: () => set,
      licenceOf: (aud) => (aud === AUD ? LICENCE : undefined),
      revocations,
    });
    const crowd = await newcomers(account);
    const shaken = crowd.map((newcomer) => shakeHands(newcomer, verifier));
    const admissions = ratePerS(crowd.length, () => {
      for (const newcomer of shaken) admit(newcomer);
    });
    const checks = ratePerS(crowd.length, () => {
      for (const { message, signature, key } of crowd) engine.verify(key, message, signature);
    });
    const texts = crowd.map(({ token }) => Buffer.from(token));
    revokeOthers(revocations, account, round);
    const hits = ratePerS(HITS, () => {
      for (let hit = 0; hit < HITS; hit += 1) {
        const token = texts[hit % texts.length]?.toString("latin1") ?? "";
        invariant(verifier.verify(token, { aud: AUD, nowS: NOW_S }).ok, "the token is good");
      }
    });
    if (round === 0) continue;
    fresh.push(admissions);
    bare.push(checks / 2);
    cached.push(hits);
  }
  const unit = "a CPU-second";
  const [value, peer] = [Math.round(median(fresh)), Math.round(median(bare))];
  const ratio = Number((value / peer).toFixed(2));
  return [
    { name: "p2p.admissions_per_s", value, unit, peer, ratio },
    { name: "p2p.admissions_cached_per_s", value: Math.round(median(cached)), unit },
  ];
}

interface Newcomer {
  readonly token: string;
  readonly nonce: Uint8Array;
  readonly hello: GateInput;
  /** Its proof, then its token. */
  readonly inputs: readonly GateInput[];
  readonly key: Uint8Array;
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
}

interface Shaken {
  readonly terms: GateTerms;
  readonly state: GateState;
  readonly inputs: readonly GateInput[];
}

async function newcomers(issuer: string): Promise<readonly Newcomer[]> {
  const answer = { ok: true, until: 0n, concurrent: 0n, devices: 0n, role: "viewer" };
  const issuing = new TokenIssuer({
    account: issuer,
    seed: "11".repeat(32),
    net: NET,
    lifeS: () => 300,
    head: () => ({ sequence: 7, closeTime: BigInt(NOW_S), stateRoot: "5e".repeat(32) }),
    contentOf: (id) => ({ id, swarm: AUD, contract: LICENCE }),
    views: { view: async () => ({ ok: true, code: "", result: new Map(Object.entries(answer)) }) },
    issued: { record: () => {} },
    clock: { nowMs: () => NOW_S * 1_000 },
  });
  const crowd: Newcomer[] = [];
  while (crowd.length < NEWCOMERS) {
    const device = loadDeviceKey(randomBytes(32).toHex());
    const deviceKey = device.publicKey.toHex();
    const request = { account: issuer, deviceKey, content: "c0".repeat(32) };
    const { token } = await issuing.issue(request);
    const [nonce, theirs] = [randomBytes(32), randomBytes(32)].map((bytes) =>
      Uint8Array.from(bytes),
    );
    invariant(nonce !== undefined && theirs !== undefined, "two nonces were made");
    const initiator = { key: device.publicKey, nonce: theirs };
    const acceptor = { key: NODE.publicKey, nonce };
    const ends = { infohash: Uint8Array.fromHex(INFOHASH), initiator, acceptor };
    const message = transcript("I", ends);
    const signature = device.sign(message);
    const hello = helloFields({ ...initiator, gatesUploads: false, holdsToken: true });
    crowd.push({
      token,
      nonce,
      key: device.publicKey,
      message,
      signature,
      hello: { kind: "hello", fields: new Map(Object.entries(hello)) },
      inputs: [
        { kind: "message", bytes: gateMessageBytes({ kind: "prove", signature }) },
        { kind: "message", bytes: gateMessageBytes({ kind: "admit", token }) },
      ],
    });
  }
  return crowd;
}

/** The node's side, with its own signature. */
function shakeHands({ nonce, hello, inputs }: Newcomer, verifier: TokenVerifier): Shaken {
  const infohash = Uint8Array.fromHex(INFOHASH);
  const terms: GateTerms = { role: "A", infohash, aud: AUD, key: NODE, nonce, verifier };
  return { terms, state: stepGate(terms, startGate(NOW_S), hello, NOW_S).state, inputs };
}

function admit({ terms, state: shaken, inputs }: Shaken): void {
  let state = shaken;
  for (const input of inputs) state = stepGate(terms, state, input, NOW_S).state;
  invariant(isAdmitted(state, NOW_S), "the newcomer is let in");
}

/** Between rounds, so that each token is looked up among them once more. */
function revokeOthers(set: RevocationSet, issuer: string, round: number): void {
  const terms = { contract: LICENCE.toString(), untilS: NOW_S + 300 };
  const others = Array.from({ length: REVOKED / ROUNDS }, (_, number) =>
    revocationOf("jti", `${round} ${number}`, terms),
  );
  set.add(others, NOW_S, issuer);
}

function ratePerS(count: number, work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return count / ((user + system) / 1e6);
}

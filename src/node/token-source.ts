/**
 * A viewer's tokens: signs in with the account's key once, then renews them by the device alone.
 *
 * The wallet's key signs nothing but the challenge of a node that this network lists as an issuer. A
 * token is renewed while the one before still has time left, so that playback never waits for it; and at
 * another node when the one that was asked last does not answer.
 *
 * Units   Seconds.
 * Errors  What the node answers, such as `LICENCE_MISSING`; `CHALLENGE_INVALID` for a challenge that
 *         no listed issuer made.
 */
import { type DeviceKey, proveRegistration } from "../access/device-key.ts";
import { makeDpopProof } from "../access/dpop.ts";
import { type SignedChallenge, signChallenge } from "../access/sep10-client.ts";
import type { Signer } from "../client/client.ts";
import type { LeasesJson, TokenJson } from "../client/content-schemas.ts";
import type { NodeClient } from "../client/http.ts";
import { networkId, type ServiceNetwork } from "../contracts/service-network.ts";
import { toHex } from "../lib/bytes.ts";
import type { Clock } from "../lib/clock.ts";
import { AceError, type ErrorCode, isAceError } from "../lib/errors.ts";
import { isPassing, NodeRing } from "./node-ring.ts";

export interface Viewer {
  readonly node: NodeClient;
  /** Asked when that one does not answer, in this order. */
  readonly others?: readonly NodeClient[];
  readonly network: ServiceNetwork;
  /** The account that holds the licence; its key is unlocked only to sign in. */
  readonly signer: () => Promise<Signer>;
  readonly device: DeviceKey;
  readonly clock: Clock;
  /** Accounts that may issue tokens by now, where network.json alone is not all that is known. */
  readonly issuers?: () => Promise<readonly string[]>;
}

export interface TokenDesk {
  /** A token of one content. */
  ask(contentId: string): Promise<TokenJson>;
  /** What the account plays now, on whatever device. */
  leases(): Promise<LeasesJson>;
  /** Ends one of these plays. */
  stop(lease: string): Promise<LeasesJson>;
}

export function nodesOf<Node>({
  node,
  others = [],
}: {
  readonly node: Node;
  readonly others?: readonly Node[];
}): readonly Node[] {
  return [node, ...others];
}

/** Asks each node in its turn. */
export function openTokenDesk(viewer: Viewer): TokenDesk {
  const ring = new NodeRing(nodesOf(viewer));
  const desks = openDesks(viewer);
  return {
    ask: async (contentId) => {
      await unlock(viewer);
      return await ring.ask((node) => desks(node).ask(contentId), mayKnowBetter);
    },
    leases: () => ring.ask((node) => desks(node).leases()),
    stop: (lease) => ring.ask((node) => desks(node).stop(lease)),
  };
}

function openDesks(viewer: Viewer): (node: NodeClient) => TokenDesk {
  const opened = new Map<string, TokenDesk>();
  return (node) => {
    const desk = opened.get(node.url) ?? deskAt({ ...viewer, node });
    opened.set(node.url, desk);
    return desk;
  };
}

/** Whoever types a passphrase takes longer than one node is waited for: it is no node's fault. */
async function unlock({ others = [], signer }: Viewer): Promise<void> {
  if (others.length > 0) await signer();
}

/** Not every node lists every content. */
export function mayKnowBetter(error: unknown): boolean {
  return isPassing(error) || isAceError(error, "CONTENT_NOT_FOUND");
}

/** Signs in when there is no session, and again when it has ended. */
function deskAt(viewer: Viewer): TokenDesk {
  let session: Promise<string> | undefined;
  const open = (): Promise<string> => {
    session ??= signIn(viewer).catch((error: unknown) => {
      session = undefined;
      throw error;
    });
    return session;
  };
  const withSession = async <T>(work: (session: string) => Promise<T>): Promise<T> => {
    const held = await open();
    try {
      return await work(held);
    } catch (error) {
      if (!isAceError(error, "SESSION_INVALID")) throw error;
      session = undefined;
      return await work(await open());
    }
  };
  const { node } = viewer;
  return {
    ask: (contentId) => withSession((held) => node.token({ content: contentId }, held)),
    leases: () => withSession((held) => node.leases(held)),
    stop: (lease) => withSession((held) => node.stop(lease, held)),
  };
}

/** Renewed when so much of its life is left; the gate asks a little later than that. */
const RENEWAL_LEAD_S = 72;
const RENEWAL_SHARE = 0.25;
/** Why a renewal cannot help, but a new start can. */
const STARTS_ANEW: ReadonlySet<ErrorCode> = new Set([
  "TOKEN_EXPIRED",
  "TOKEN_REVOKED",
  "TOKEN_INVALID",
  "ISSUER_UNKNOWN",
  "CONTENT_NOT_FOUND",
]);

interface Held {
  readonly json: TokenJson;
  /** From here on it is renewed. */
  readonly renewAtS: number;
}

export interface HeldTokens {
  token(): Promise<string>;
  /** For how many seconds the last one is good. */
  leftS(): number | undefined;
}

/** The tokens of one content, in the form that a swarm asks for them. */
export function tokenSourceOf(viewer: Viewer, contentId: string): HeldTokens {
  const ring = new NodeRing(nodesOf(viewer));
  const desks = openDesks(viewer);
  let held: Held | undefined;
  let fetching: Promise<Held> | undefined;
  const nowS = () => viewer.clock.nowMs() / 1_000;
  const fetchNext = async (): Promise<Held> => {
    const before = held?.json;
    if (before === undefined) await unlock(viewer);
    const json = await ring.ask(
      (node) => nextToken({ ...viewer, node }, desks(node), contentId, before),
      mayKnowBetter,
    );
    const lifeS = json.expiresAtS - nowS();
    const leadS = Math.min(RENEWAL_LEAD_S, lifeS * RENEWAL_SHARE);
    held = { json, renewAtS: json.expiresAtS - leadS };
    return held;
  };
  const fetchOnce = (): Promise<Held> => {
    fetching ??= fetchNext().finally(() => {
      fetching = undefined;
    });
    return fetching;
  };
  return {
    leftS: () => (held === undefined ? undefined : held.json.expiresAtS - nowS()),
    token: async (): Promise<string> => {
      if (held !== undefined && nowS() < held.renewAtS) return held.json.token;
      const before = held;
      try {
        return (await fetchOnce()).json.token;
      } catch (error) {
        // While the old one is good, a node that does not answer is no reason to stop.
        const isGood = before !== undefined && nowS() < before.json.expiresAtS;
        if (isGood && isPassing(error)) return before.json.token;
        throw error;
      }
    },
  };
}

/** By the device alone where that is enough; else with the account's session. */
async function nextToken(
  { node, device, clock }: Viewer,
  desk: TokenDesk,
  contentId: string,
  before: TokenJson | undefined,
): Promise<TokenJson> {
  if (before === undefined) return await desk.ask(contentId);
  const { token } = before;
  const url = new URL("/v1/access/renew", node.url).href;
  const proof = makeDpopProof(device, {
    method: "POST",
    url,
    token,
    nowS: clock.nowMs() / 1_000,
  });
  try {
    return await node.renew(token, proof);
  } catch (error) {
    if (!isAceError(error) || !STARTS_ANEW.has(error.code)) throw error;
    return await desk.ask(contentId);
  }
}

async function signIn(viewer: Viewer): Promise<string> {
  const { node, network, device } = viewer;
  const signer = await viewer.signer();
  const challenge = await node.challenge(signer.account);
  const { transaction, hash } = await signedChallenge(viewer, signer, challenge.transaction);
  const registration = {
    networkId: networkId(network),
    account: signer.account,
    challengeHash: hash,
  };
  const { token } = await node.signIn({
    transaction,
    device: toHex(device.publicKey),
    proof: proveRegistration(device, registration),
  });
  return token;
}

async function signedChallenge(
  { node, network, clock, issuers }: Viewer,
  signer: Signer,
  transaction: string,
): Promise<SignedChallenge> {
  const terms = {
    transaction,
    passphrase: network.passphrase,
    homeDomain: network.name,
    webAuthDomain: new URL(node.url).host,
    account: signer.account,
    nowS: Math.floor(clock.nowMs() / 1_000),
  };
  const attempt = (accounts: readonly string[]): SignedChallenge => {
    let fault: unknown;
    for (const serverKey of accounts) {
      try {
        return signChallenge({ ...terms, serverKey }, [signer]);
      } catch (error) {
        fault = error;
      }
    }
    if (fault instanceof AceError) throw fault;
    throw new AceError("CHALLENGE_INVALID", "this network lists no issuers");
  };
  const founding = network.issuers.map(({ account }) => account);
  try {
    return attempt(founding);
  } catch (error) {
    // Those that votes have added are asked for only when it is none of the others.
    const added = (await issuers?.()) ?? [];
    if (added.every((account) => founding.includes(account))) throw error;
    return attempt(added);
  }
}

/**
 * A viewer's tokens: signs in with the account's key once, then asks for tokens as they are needed.
 *
 * The wallet's key signs nothing but the challenge of a node that this network lists as an issuer.
 *
 * Errors  What the node answers, such as `LICENCE_MISSING`; `CHALLENGE_INVALID` for a challenge that
 *         no listed issuer made.
 */
import { type DeviceKey, proveRegistration } from "../access/device-key.ts";
import { type SignedChallenge, signChallenge } from "../access/sep10-client.ts";
import type { Signer } from "../client/client.ts";
import type { NodeClient } from "../client/http.ts";
import type { TokenJson } from "../client/schemas.ts";
import { networkId, type ServiceNetwork } from "../contracts/service-network.ts";
import { toHex } from "../lib/bytes.ts";
import type { Clock } from "../lib/clock.ts";
import { AceError, isAceError } from "../lib/errors.ts";

export interface Viewer {
  readonly node: NodeClient;
  readonly network: ServiceNetwork;
  /** The account that holds the licence; its key is unlocked only to sign in. */
  readonly signer: () => Promise<Signer>;
  readonly device: DeviceKey;
  readonly clock: Clock;
}

/** Asks for a token of one content, signing in first when there is no session. */
export function openTokenDesk(viewer: Viewer): (contentId: string) => Promise<TokenJson> {
  let session: string | undefined;
  return async (contentId) => {
    session ??= await signIn(viewer);
    try {
      return await viewer.node.token({ content: contentId }, session);
    } catch (error) {
      if (!isAceError(error, "SESSION_INVALID")) throw error;
      session = await signIn(viewer);
      return await viewer.node.token({ content: contentId }, session);
    }
  };
}

/** Part of a token's life that must be left for it to be used once more. */
const SPARE_S = 5;

/** The tokens of one content, in the form that a swarm asks for them. */
export function tokenSourceOf(viewer: Viewer, contentId: string) {
  const ask = openTokenDesk(viewer);
  let held: TokenJson | undefined;
  return {
    token: async (): Promise<string> => {
      const nowS = viewer.clock.nowMs() / 1_000;
      if (held === undefined || held.expiresAtS - SPARE_S < nowS) held = await ask(contentId);
      return held.token;
    },
  };
}

async function signIn(viewer: Viewer): Promise<string> {
  const { node, network, device } = viewer;
  const signer = await viewer.signer();
  const challenge = await node.challenge(signer.account);
  const { transaction, hash } = signedChallenge(viewer, signer, challenge.transaction);
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

function signedChallenge(
  { node, network, clock }: Viewer,
  signer: Signer,
  transaction: string,
): SignedChallenge {
  const terms = {
    transaction,
    passphrase: network.passphrase,
    homeDomain: network.name,
    webAuthDomain: new URL(node.url).host,
    account: signer.account,
    nowS: Math.floor(clock.nowMs() / 1_000),
  };
  let fault: unknown;
  for (const { account: serverKey } of network.issuers) {
    try {
      return signChallenge({ ...terms, serverKey }, [signer]);
    } catch (error) {
      fault = error;
    }
  }
  if (fault instanceof AceError) throw fault;
  throw new AceError("CHALLENGE_INVALID", "this network lists no issuers");
}

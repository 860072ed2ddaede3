/**
 * Access, joined: who signs in, what their licence lets them do, and the tokens that say so.
 *
 * Every node verifies tokens. Only one with issuer keys that `network.json` lists signs them.
 */
import { Keypair } from "@stellar/stellar-sdk";
import { loadDeviceKey } from "../access/device-key.ts";
import type { Views } from "../access/entitlement.ts";
import { type Content, type Head, TokenIssuer } from "../access/issue.ts";
import { jwkSetOf, makeIssuerSet } from "../access/issuer-set.ts";
import { Sessions } from "../access/session.ts";
import { SignIn } from "../access/sign-in.ts";
import type { AuthPorts } from "../api/auth.ts";
import type { Stellar } from "../client/stellar.ts";
import type { ServiceNetwork } from "../contracts/service-network.ts";
import { toHex } from "../lib/bytes.ts";
import type { Clock } from "../lib/clock.ts";
import { AceError } from "../lib/errors.ts";
import type { Outbox } from "../store/outbox.ts";
import type { OperatorKeys } from "./files.ts";

export interface AccessParts {
  readonly network: ServiceNetwork;
  readonly networkId: string;
  readonly operator: OperatorKeys;
  /** Seed of the key that signs this node's sessions. */
  readonly sessionSeed: string;
  /** Host and port by which viewers reach this node: what SEP-10 binds a challenge to. */
  readonly webAuthDomain: () => string;
  readonly outbox: Outbox;
  /** False after a crash, and when a node with a history has lost its outbox. */
  readonly wasClosedCleanly: boolean;
  readonly stellar: Stellar;
  readonly views: Views;
  readonly head: () => Head | undefined;
  readonly contentOf: (id: string) => Content | undefined;
  /** The setting `token.lifeS` in force. */
  readonly lifeS: () => Promise<number>;
  readonly clock: Clock;
}

const NETWORK_PREFIX = 16;

export function openAccess(parts: AccessParts): AuthPorts {
  const { network, networkId, operator, clock } = parts;
  const account = Keypair.fromSecret(operator.issuerSecret).publicKey();
  requireListed(network, account, operator.tokenSeed);
  const startedAtS = Math.floor(clock.nowMs() / 1_000);
  // Made on first use: only then is it known where this node listens.
  let opened: SignIn | undefined;
  const signIn = (): SignIn => {
    opened ??= openSignIn(parts, startedAtS);
    return opened;
  };
  const sessions = new Sessions({ nodeId: networkId, seed: parts.sessionSeed, clock });
  let lifeS = 0;
  const issuer = new TokenIssuer({
    account,
    seed: operator.tokenSeed,
    net: networkId.slice(0, NETWORK_PREFIX),
    lifeS: () => lifeS,
    head: parts.head,
    contentOf: parts.contentOf,
    views: parts.views,
    issued: parts.outbox,
    clock,
  });
  return {
    challenge: (request) => {
      const { transaction, networkPassphrase } = signIn().createChallenge(request);
      return { transaction, network_passphrase: networkPassphrase };
    },
    signIn: async ({ transaction, device, proof }, signal) => {
      const identity = await signIn().verifyChallenge(transaction, { key: device, proof }, signal);
      return await sessions.issue(identity);
    },
    token: async ({ content, contract }, session) => {
      const identity = await sessions.read(session);
      lifeS = await parts.lifeS();
      const issued = await issuer.issue({
        account: identity.account,
        deviceKey: identity.deviceKey,
        content,
        contract: contract === undefined ? undefined : BigInt(contract),
      });
      return { ...issued, contract: issued.contract.toString() };
    },
    jwks: () => jwkSetOf(makeIssuerSet(network.issuers)),
  };
}

function openSignIn(parts: AccessParts, startedAtS: number): SignIn {
  const { network, networkId, operator, outbox, wasClosedCleanly, stellar, clock } = parts;
  const key = Keypair.fromSecret(operator.issuerSecret);
  return new SignIn({
    server: { account: key.publicKey(), sign: (hash) => key.sign(Buffer.from(hash)) },
    passphrase: network.passphrase,
    networkId,
    homeDomain: network.name,
    webAuthDomain: parts.webAuthDomain(),
    ...(wasClosedCleanly ? {} : { uncleanStartAtS: startedAtS }),
    signers: {
      of: async (id) => {
        const found = await stellar.signers(id);
        return found === undefined
          ? { exists: false, signers: [], mediumThreshold: 0 }
          : { exists: true, ...found };
      },
    },
    consumed: {
      consume: (challengeHash, forgetAtS) => {
        outbox.forget(Math.floor(clock.nowMs() / 1_000));
        return outbox.consume(challengeHash, forgetAtS);
      },
    },
    clock,
  });
}

function requireListed(network: ServiceNetwork, account: string, tokenSeed: string): void {
  const key = toHex(loadDeviceKey(tokenSeed).publicKey);
  const isListed = network.issuers.some((entry) => entry.account === account && entry.key === key);
  if (isListed) return;
  throw new AceError("ISSUER_UNKNOWN", `network.json does not list ${account} with this token key`);
}

/**
 * Access, joined: who signs in, what their licence lets them do, and the tokens that say so.
 *
 * Every node verifies tokens. Only one with issuer keys that the network lists signs them, counts the
 * plays of licences that limit them, and revokes what the ledger takes away.
 */
import { Keypair } from "@stellar/stellar-sdk";
import { loadDeviceKey } from "../access/device-key.ts";
import type { Views } from "../access/entitlement.ts";
import { type Content, type Head, TokenIssuer } from "../access/issue.ts";
import { jwkSetOf, thumbprint } from "../access/issuer-set.ts";
import type { Lease } from "../access/lease.ts";
import { Renewals, TokenPace } from "../access/renewal.ts";
import { revocationOf } from "../access/revocation.ts";
import { RevocationLog } from "../access/revocation-log.ts";
import { RightWatch } from "../access/right-watch.ts";
import { Sessions } from "../access/session.ts";
import type { AuthPorts } from "../api/auth.ts";
import type { Stellar } from "../client/stellar.ts";
import type { ServiceNetwork } from "../contracts/service-network.ts";
import { toHex } from "../lib/bytes.ts";
import type { Clock } from "../lib/clock.ts";
import { AceError } from "../lib/errors.ts";
import type { Events } from "../lib/events.ts";
import type { Applied } from "../runtime/applied.ts";
import type { Outbox } from "../store/outbox.ts";
import type { OperatorKeys } from "./files.ts";
import { openLeases } from "./lease-links.ts";
import { ledgerChange } from "./ledger-change.ts";
import type { AccessGuard } from "./policy.ts";
import { openSignIn } from "./sign-in.ts";

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
  readonly contentOfSwarm: (swarm: string) => string | undefined;
  /** The setting `token.lifeS` in force. */
  readonly lifeS: () => Promise<number>;
  readonly guard: AccessGuard;
  readonly onLedger: (listener: (ledgers: readonly Applied[]) => void) => void;
  /** Where other issuers' nodes answer. */
  readonly issuerNodes: readonly string[];
  /** So long each of them is waited for. */
  readonly leaseHomeMs: number;
  readonly events: Events;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

export function openAccess(parts: AccessParts): AuthPorts {
  const { networkId, operator, clock, guard } = parts;
  const nowS = () => Math.floor(clock.nowMs() / 1_000);
  const account = Keypair.fromSecret(operator.issuerSecret).publicKey();
  requireListed(guard, account, operator.tokenSeed);
  const signIn = openSignIn(parts, nowS());
  const sessions = new Sessions({ nodeId: networkId, seed: parts.sessionSeed, clock });
  const desk = openIssuing(parts, account);
  const pace = new TokenPace();
  const leases = async (of: string) => ({
    leases: (await desk.leases.playing(of, nowS())).map(leaseJson),
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
      pace.demand(identity.deviceKey, nowS());
      const issued = await desk.issuer.issue({
        account: identity.account,
        deviceKey: identity.deviceKey,
        content,
        contract: contract === undefined ? undefined : BigInt(contract),
      });
      return { ...issued, contract: issued.contract.toString() };
    },
    renew: async (request) => {
      const issued = await new Renewals({
        verifier: guard.policy.verifier,
        proofs: guard.proofs,
        issuer: desk.issuer,
        contentOf: parts.contentOfSwarm,
        pace,
        clock,
      }).renew(request);
      return { ...issued, contract: issued.contract.toString() };
    },
    leases: async (session) => await leases((await sessions.read(session)).account),
    stop: async (lease, session) => {
      const identity = await sessions.read(session);
      const stopped = await desk.leases.stop(lease, identity.account);
      if (stopped === undefined) throw new AceError("NOT_FOUND", `you hold no lease ${lease}`);
      return await leases(identity.account);
    },
    askLeases: desk.askLeases,
    revocations: (since) => {
      const { next, deltas } = desk.log.since(since);
      return { next, deltas: [...deltas] };
    },
    jwks: () => jwkSetOf(guard.issuers.current()),
  };
}

/** What signs tokens, and what takes them back. */
function openIssuing(parts: AccessParts, account: string) {
  const { operator, clock, guard, outbox, views, head, events } = parts;
  const { tokenSeed: seed } = operator;
  const nowS = () => Math.floor(clock.nowMs() / 1_000);
  const kid = thumbprint(toHex(loadDeviceKey(seed).publicKey));
  const log = new RevocationLog({
    issuer: account,
    kid,
    seed,
    net: guard.net,
    store: outbox,
    set: guard.revocations,
  });
  log.restore(nowS());
  const { leases, askLeases } = openLeases({
    ...parts,
    account,
    kid,
    revoke: (ended) => {
      const revocations = ended.map(({ id, contract, untilS }) =>
        revocationOf("lse", id, { contract: contract.toString(), untilS }),
      );
      log.revoke(revocations, { ledger: head()?.sequence ?? 0, nowS: nowS() });
    },
  });
  const issuer = new TokenIssuer({
    account,
    seed,
    net: guard.net,
    lifeS: parts.lifeS,
    head,
    contentOf: parts.contentOf,
    views,
    issued: outbox,
    leases,
    clock,
  });
  const watch = new RightWatch({
    views,
    head,
    live: (atS) => outbox.live(atS),
    revoke: (revocations, ledger) => log.revoke(revocations, { ledger, nowS: nowS() }),
    events,
    clock,
  });
  parts.onLedger((ledgers) => {
    try {
      outbox.forget(nowS());
      void watch.onLedger(ledgerChange(ledgers));
    } catch (error) {
      // A disk that is full for a moment must not keep the node from following.
      const message = error instanceof Error ? error.message : String(error);
      events.warn("access.watch_fault", { message });
    }
  });
  return { issuer, leases, askLeases, log };
}

function leaseJson({ id, contract, content, deviceKey, startedAtS, untilS }: Lease) {
  return {
    lease: id,
    contract: contract.toString(),
    contentId: content,
    device: deviceKey,
    startedAtS,
    untilS,
  };
}

function requireListed({ issuers }: AccessGuard, account: string, tokenSeed: string): void {
  const kid = thumbprint(toHex(loadDeviceKey(tokenSeed).publicKey));
  if (issuers.current().keyOf(account, kid) !== undefined) return;
  throw new AceError("ISSUER_UNKNOWN", `network.json does not list ${account} with this token key`);
}

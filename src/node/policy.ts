/** The access policy of a process: verifier, revocations, used proofs and issuers, joined once. */
import { DpopMemory } from "../access/dpop.ts";
import { IssuerBook } from "../access/issuer-book.ts";
import type { IssuerEntry } from "../access/issuer-set.ts";
import { AccessPolicy } from "../access/policy.ts";
import { RevocationSet } from "../access/revocation.ts";
import { type TokenUse, UsageBook } from "../access/usage-book.ts";
import { TokenVerifier } from "../access/verifier.ts";
import type { Clock } from "../lib/clock.ts";
import type { Events } from "../lib/events.ts";

export interface AccessGuard {
  /** What guards the gate, web seeds and the player. */
  readonly policy: AccessPolicy;
  readonly issuers: IssuerBook;
  readonly revocations: RevocationSet;
  /** Proofs of requests that were used: one memory, whatever they asked for. */
  readonly proofs: DpopMemory;
  /** What was sent under which token. */
  readonly usage: UsageBook;
  /** First 16 hexadecimal characters of the service network's id. */
  readonly net: string;
}

interface GuardParts {
  readonly networkId: string;
  /** Those of network.json: what is known before anything else is heard. */
  readonly issuers: readonly IssuerEntry[];
  /** Number of the contract that the content record of this swarm names. */
  readonly licenceOf: (swarm: string) => bigint | undefined;
  /** Told of each token once it has ended, with what was sent under it. */
  readonly onUsed?: (use: TokenUse) => void;
  readonly clock: Clock;
}

/** Tells what was sent under a token in the log of a process that serves. */
export function toldIn(events: Events): (use: TokenUse) => void {
  return ({ jti, part, account, aud, bytes }) =>
    events.info("access.served", { jti, part, account, aud, bytes });
}

/** A token names its network by this many characters of the id. */
const NETWORK_PREFIX = 16;

export function networkPrefix(networkId: string): string {
  return networkId.slice(0, NETWORK_PREFIX);
}

export function openPolicy(parts: GuardParts): AccessGuard {
  const { networkId, issuers, licenceOf, onUsed = () => {}, clock } = parts;
  const net = networkPrefix(networkId);
  const revocations = new RevocationSet();
  const proofs = new DpopMemory();
  const book = new IssuerBook(issuers, () => clock.nowMs() / 1_000);
  const verifier = new TokenVerifier({
    net,
    issuers: () => book.current(),
    licenceOf,
    revocations,
  });
  const policy = new AccessPolicy({ verifier, revocations, proofs, clock });
  return { policy, issuers: book, revocations, proofs, usage: new UsageBook(onUsed), net };
}

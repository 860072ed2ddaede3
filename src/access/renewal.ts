/**
 * Renewal: a newer token for an older one, by its device alone, while the right lasts.
 *
 * The wallet is not asked again. What counts is the contract's word at the last ledger, the lease, and
 * that nothing of the old token was revoked; account, device and content stay what they were.
 *
 * Units   Unix seconds.
 * Range   A token may be renewed until `RENEW_LATE_S` after its end, a device so often a minute.
 * Errors  What the token or its proof is refused with, `PROOF_REPLAYED`, `RATE_LIMITED`,
 *         `CONTENT_NOT_FOUND`, and those of `TokenIssuer`.
 * Source  RFC 9449.
 */
import type { Clock } from "../lib/clock.ts";
import { AceError } from "../lib/errors.ts";
import { checkDpop, type DpopMemory } from "./dpop.ts";
import type { AccessToken, TokenIssuer } from "./issue.ts";
import { Lru } from "./lru.ts";
import { parseToken } from "./token-form.ts";
import type { TokenVerifier } from "./verifier.ts";

const RENEW_LATE_S = 60;
const TOKENS_PER_MINUTE = 60;
const MINUTE_S = 60;
const DEVICES_MAX = 50_000;

export interface RenewalRequest {
  /** The headers `Authorization: DPoP <token>` and `DPoP`. */
  readonly authorization: string | undefined;
  readonly dpop: string | undefined;
  readonly method: string;
  readonly url: string;
}

export interface RenewalParts {
  readonly verifier: TokenVerifier;
  readonly proofs: DpopMemory;
  readonly issuer: TokenIssuer;
  /** Content id of a swarm. */
  readonly contentOf: (swarm: string) => string | undefined;
  readonly pace: TokenPace;
  readonly clock: Clock;
}

const AUTHORIZATION = /^DPoP ([A-Za-z0-9_.-]+)$/i;

export class Renewals {
  readonly #parts: RenewalParts;

  constructor(parts: RenewalParts) {
    this.#parts = parts;
  }

  async renew({ authorization, dpop, method, url }: RenewalRequest): Promise<AccessToken> {
    const { verifier, proofs, issuer, contentOf, pace, clock } = this.#parts;
    const nowS = Math.floor(clock.nowMs() / 1_000);
    const token = AUTHORIZATION.exec(authorization ?? "")?.[1] ?? "";
    const parsed = parseToken(token);
    if (!parsed.ok) throw new AceError(parsed.code, `the token is refused: ${parsed.reason}`);
    const { aud, exp, lse, iss } = parsed.claims;
    // A little late is not too late: the token counts as it did in its last second.
    const atS = nowS < exp + RENEW_LATE_S ? Math.min(nowS, exp - 1) : nowS;
    const verified = verifier.verify(token, { aud, nowS: atS });
    if (!verified.ok) throw new AceError(verified.code, `the token is refused: ${verified.reason}`);

    const proof = checkDpop(dpop ?? "", { method, url, token, nowS });
    if (!proof.ok) throw new AceError(proof.code, `the proof is refused: ${proof.reason}`);
    if (proof.deviceKey !== verified.deviceKey) {
      throw new AceError("TOKEN_NOT_YOURS", `${proof.deviceKey} is not the token's device`);
    }
    const content = contentOf(aud);
    if (content === undefined) throw new AceError("CONTENT_NOT_FOUND", `no record of ${aud}`);
    pace.demand(verified.deviceKey, nowS);
    if (!proofs.use(proof, nowS)) throw new AceError("PROOF_REPLAYED", "the proof was used before");
    const { account, deviceKey } = verified;
    return await issuer.issue({ account, deviceKey, content, lease: lse, leasedBy: iss });
  }
}

/** How often a device gets tokens. */
export class TokenPace {
  readonly #asked = new Lru<{ count: number; readonly untilS: number }>(DEVICES_MAX);

  demand(deviceKey: string, nowS: number): void {
    const before = this.#asked.get(deviceKey);
    if (before === undefined || nowS >= before.untilS) {
      this.#asked.set(deviceKey, { count: 1, untilS: nowS + MINUTE_S });
      return;
    }
    before.count += 1;
    if (before.count <= TOKENS_PER_MINUTE) return;
    throw new AceError("RATE_LIMITED", `device ${deviceKey} asks for too many tokens`);
  }
}

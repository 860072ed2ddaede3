/**
 * Issuing access tokens: a short signed copy of what a licence contract says, bound to a device.
 *
 * Flow    content record → the contract's view → lease, where plays are counted → token → recorded →
 *         handed out. The token names the ledger and the state root the right was read at, so that
 *         anybody can check it later. A renewal goes the same way and keeps account, device and lease.
 * Units   Unix seconds. Keys, ids and roots are hexadecimal text.
 * Range   A token lives for the life that is set, and never longer than the right.
 * Errors  `CONTENT_NOT_FOUND`, `NODE_BEHIND`, `LEASE_FULL`, `LEASE_LOST`, and those of
 *         `readEntitlement`; `ACCESS_METHOD_INVALID` for a limit that nobody here can count.
 * Source  docs/spec/tokens.md.
 */
import { type KeyObject, randomBytes } from "node:crypto";
import { SignJWT } from "jose";
import { fromHex, toHex } from "../lib/bytes.ts";
import type { Clock } from "../lib/clock.ts";
import { AceError } from "../lib/errors.ts";
import { privateKeyOf, rawPublicKey } from "./ed25519.ts";
import { type Entitlement, readEntitlement, type Views } from "./entitlement.ts";
import { thumbprint } from "./issuer-set.ts";
import { LEASE_SPARE_S, type Lease, type PlayCount } from "./lease.ts";
import { encodeBase64url } from "./text-bytes.ts";
import { BACKDATE_S, type TokenClaims } from "./token-form.ts";

/** Behind the network by more than this, a node does not know what is right now. */
const LAG_MAX_S = 60;
const READS_MAX = 5;
const JTI_BYTES = 12;

/** The last committed ledger. */
export interface Head {
  readonly sequence: number;
  readonly closeTime: bigint;
  readonly stateRoot: string;
}

/** What a content record says: only the record ties a content to its swarm and its licence. */
export interface Content {
  /** Content id, 64 hexadecimal characters. */
  readonly id: string;
  /** Name of its swarm, `btih:…` or `acelive:…`: the token's audience. */
  readonly swarm: string;
  /** Number of its licence contract. */
  readonly contract: bigint;
}

export interface IssuedToken {
  readonly jti: string;
  readonly account: string;
  readonly contract: bigint;
  readonly audience: string;
  readonly ledger: number;
  readonly expiresAtS: number;
  /** Content id. */
  readonly content: string;
  readonly deviceKey: string;
}

interface IssuedTokens {
  /** Stores the fact before the token leaves. When it throws, no token leaves. */
  record(token: IssuedToken): void | Promise<void>;
}

export interface TokenIssuerOptions {
  /** Issuer's G… account, as in network.json. */
  readonly account: string;
  /** Seed of the token key whose public half network.json lists. */
  readonly seed: string;
  /** First 16 hexadecimal characters of the service network's id. */
  readonly net: string;
  /** The setting `token.lifeS` in force. */
  readonly lifeS: () => number | Promise<number>;
  readonly head: () => Head | undefined;
  readonly contentOf: (content: string) => Content | undefined;
  readonly views: Views;
  readonly issued: IssuedTokens;
  /** Who plays now; without it a right that limits plays at once gives no token. */
  readonly leases?: PlayCount;
  readonly clock: Clock;
}

/** Who asks for what: account and device come from a session, never from the request alone. */
export interface TokenRequest {
  /** G… account. */
  readonly account: string;
  readonly deviceKey: string;
  /** Content id, 64 hexadecimal characters. */
  readonly content: string;
  /** The licence contract that the viewer means; refused when it is not the content's. */
  readonly contract?: bigint | undefined;
  readonly country?: string | undefined;
  /** The lease of the token that is renewed, and the account that issued that. */
  readonly lease?: string | undefined;
  readonly leasedBy?: string | undefined;
}

export interface AccessToken {
  readonly token: string;
  readonly expiresAtS: number;
  readonly contract: bigint;
}

export class TokenIssuer {
  readonly #options: TokenIssuerOptions;
  readonly #key: KeyObject;
  readonly #kid: string;

  constructor(options: TokenIssuerOptions) {
    const key = privateKeyOf(options.seed);
    if (key === undefined) throw new AceError("CONFIG_INVALID", "the token key is damaged");
    this.#options = options;
    this.#key = key;
    this.#kid = thumbprint(toHex(rawPublicKey(key)));
  }

  async issue(request: TokenRequest): Promise<AccessToken> {
    const content = this.#contentOf(request);
    const { entitlement, head } = await this.#read(request, content);
    const lifeS = await this.#options.lifeS();
    const unleased = this.#claims(request, content, entitlement, head, lifeS);
    const lease = await this.#lease(request, content, entitlement, unleased);
    const claims = lease === undefined ? unleased : { ...unleased, lse: lease.id };
    const token = await new SignJWT({ ...claims })
      .setProtectedHeader({ alg: "EdDSA", typ: "ace-access+jwt", kid: this.#kid })
      .sign(this.#key);
    const { contract } = content;
    await this.#options.issued.record({
      jti: claims.jti,
      account: claims.sub,
      contract,
      audience: claims.aud,
      ledger: claims.led,
      expiresAtS: claims.exp,
      content: content.id,
      deviceKey: request.deviceKey,
    });
    return { token, expiresAtS: claims.exp, contract };
  }

  async #lease(
    { account, deviceKey, lease, leasedBy = this.#options.account }: TokenRequest,
    { id, contract }: Content,
    { concurrent, evict }: Entitlement,
    { exp }: TokenClaims,
  ): Promise<Lease | undefined> {
    if (concurrent === 0n) return undefined;
    const { leases } = this.#options;
    if (leases === undefined) {
      const what = `\`access\` of contract ${contract} limits plays at once, which nobody here counts`;
      throw new AceError("ACCESS_METHOD_INVALID", what);
    }
    const play = { contract, account, deviceKey, content: id, limit: concurrent, evict };
    const times = { nowS: this.#nowS(), untilS: exp + LEASE_SPARE_S };
    if (lease === undefined) return await leases.take(play, times);
    return await leases.renew(lease, play, times, leasedBy);
  }

  #contentOf(request: TokenRequest): Content {
    const content = this.#options.contentOf(request.content);
    if (content === undefined) {
      throw new AceError("CONTENT_NOT_FOUND", `this node has no record of ${request.content}`);
    }
    if (request.contract !== undefined && request.contract !== content.contract) {
      throw new AceError(
        "CONTENT_NOT_OFFERED",
        `the licence of ${content.id} is contract ${content.contract}, not ${request.contract}`,
      );
    }
    return content;
  }

  /** The right and the ledger it was read at: read again when a ledger closed in between. */
  async #read(
    { account, deviceKey, country }: TokenRequest,
    { id, contract }: Content,
  ): Promise<{ readonly entitlement: Entitlement; readonly head: Head }> {
    for (let read = 0; read < READS_MAX; read += 1) {
      const head = this.#currentHead();
      const entitlement = await readEntitlement(this.#options.views, {
        contract,
        account,
        content: id,
        atS: head.closeTime,
        device: deviceKey,
        country,
      });
      if (this.#options.head()?.sequence === head.sequence) return { entitlement, head };
    }
    throw new AceError("NODE_BEHIND", "ledgers close faster than this node can read one");
  }

  #currentHead(): Head {
    const head = this.#options.head();
    if (head === undefined) throw new AceError("NODE_BEHIND", "no ledger is applied yet");
    const lagS = this.#nowS() - Number(head.closeTime);
    if (lagS > LAG_MAX_S) {
      throw new AceError("NODE_BEHIND", `ledger ${head.sequence} closed ${lagS} s ago`);
    }
    return head;
  }

  #claims(
    request: TokenRequest,
    content: Content,
    right: Entitlement,
    head: Head,
    lifeS: number,
  ): TokenClaims {
    const iat = this.#nowS();
    const end = iat + lifeS;
    const exp = right.until > 0n ? Math.min(end, Number(right.until)) : end;
    if (exp <= iat) {
      throw new AceError("LICENCE_EXPIRED", `the right of ${request.account} ended at ${exp}`);
    }
    return {
      iss: this.#options.account,
      sub: request.account,
      aud: content.swarm,
      jti: encodeBase64url(randomBytes(JTI_BYTES)),
      iat,
      nbf: iat - BACKDATE_S,
      exp,
      cnf: { jwk: { kty: "OKP", crv: "Ed25519", x: base64urlOfHex(request.deviceKey) } },
      net: this.#options.net,
      lic: content.contract.toString(),
      led: head.sequence,
      root: base64urlOfHex(head.stateRoot),
      ...(right.role === "viewer" ? {} : { rol: right.role }),
      ...(right.maxKbps === 0n ? {} : { kbs: Number(right.maxKbps) }),
    };
  }

  #nowS(): number {
    return Math.floor(this.#options.clock.nowMs() / 1_000);
  }
}

function base64urlOfHex(hex: string): string {
  return encodeBase64url(fromHex(hex) ?? new Uint8Array());
}

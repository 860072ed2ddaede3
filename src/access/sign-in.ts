/**
 * Sign-in: SEP-10 challenges issued, checked and consumed, with the device key that goes with them.
 *
 * Flow    shape, server signature and times → signers of the account → proof of the device → the
 *         challenge is consumed → an `Identity`, for which a session may be made. The challenge is
 *         consumed last and before any session exists, so it opens at most one.
 * Units   Unix seconds; hashes, ids and keys are hexadecimal text.
 * Errors  `CHALLENGE_INVALID`, `CHALLENGE_EXPIRED`, `CHALLENGE_USED`, `SIGNERS_INSUFFICIENT`,
 *         `PROOF_INVALID`, `ADDRESS_INVALID`.
 * Source  SEP-10 version 3.4.1, to which consuming is added: without it a challenge signs in again
 *         and again.
 */
import type { Clock } from "../lib/clock.ts";
import { AceError } from "../lib/errors.ts";
import { splitAddress } from "../lib/strkey.ts";
import { type AccountSigners, requireSigners } from "./challenge-signers.ts";
import { requireRegistration } from "./device-key.ts";
import {
  buildChallenge,
  CHALLENGE_LIFE_S,
  CHALLENGE_SKEW_S,
  type Challenge,
  readChallenge,
  type StellarSigner,
} from "./sep10.ts";

/** How long after its end a used challenge is remembered: others may grant 300 s more than we do. */
const REMEMBER_S = 300 + CHALLENGE_SKEW_S;

/** Reads an account's signers from Stellar, live: they are not part of any state of ours. */
interface Signers {
  of(account: string, signal: AbortSignal): Promise<AccountSigners>;
}

/** Remembers used challenges; what it was told survives a crash (`synchronous=FULL`). */
interface ConsumedChallenges {
  /** False when `hash` was consumed before. May forget it after `forgetAtS`. */
  consume(hash: string, forgetAtS: number): boolean;
}

export interface SignInOptions {
  readonly server: StellarSigner;
  /** The server key before the last rotation, and when that happened. */
  readonly previousServer?: { readonly account: string; readonly rotatedAtS: number };
  readonly passphrase: string;
  readonly networkId: string;
  readonly homeDomain: string;
  readonly webAuthDomain: string;
  /**
   * When this node started after a crash. A damaged log may have lost consumed challenges, so those
   * issued up to then are void.
   */
  readonly uncleanStartAtS?: number;
  readonly signers: Signers;
  readonly consumed: ConsumedChallenges;
  readonly clock: Clock;
}

export interface SignInRequest {
  /** G… or M… address. */
  readonly account: string;
  readonly homeDomain?: string | undefined;
  readonly clientDomain?: string | undefined;
  readonly memo?: string | undefined;
}

/** The device key to bind the session to, and its registration proof. */
export interface DeviceProof {
  readonly key: string;
  readonly proof: string;
}

/** Who signed in. Made only by `verifyChallenge`. */
export interface Identity {
  /** G… account. */
  readonly account: string;
  /** The M… address, when it signed in by one. */
  readonly mux?: string;
  readonly deviceKey: string;
}

export class SignIn {
  readonly #options: SignInOptions;

  constructor(options: SignInOptions) {
    this.#options = options;
  }

  /** A challenge for `account`, to be signed by it. Nothing is stored. */
  createChallenge(request: SignInRequest): {
    readonly transaction: string;
    readonly networkPassphrase: string;
  } {
    const { server, passphrase, homeDomain, webAuthDomain } = this.#options;
    if (request.clientDomain !== undefined || request.memo !== undefined) {
      throw new AceError("CHALLENGE_INVALID", "client_domain and memo are not supported here");
    }
    if (request.homeDomain !== undefined && request.homeDomain !== homeDomain) {
      throw new AceError("CHALLENGE_INVALID", `the home domain here is "${homeDomain}"`);
    }
    const nowS = this.#nowS();
    const address = request.account;
    const terms = { address, server, passphrase, homeDomain, webAuthDomain, nowS };
    return { transaction: buildChallenge(terms), networkPassphrase: passphrase };
  }

  /** Checks and consumes a signed challenge. */
  async verifyChallenge(
    transaction: string,
    device: DeviceProof,
    signal: AbortSignal,
  ): Promise<Identity> {
    const { signers, consumed, networkId } = this.#options;
    const challenge = this.#read(transaction);
    const { account } = splitAddress(challenge.address);
    requireSigners(challenge, await signers.of(account, signal));
    requireRegistration(device, { networkId, account, challengeHash: challenge.hash });

    if (!consumed.consume(challenge.hash, challenge.endsAtS + REMEMBER_S)) {
      throw new AceError("CHALLENGE_USED", `challenge ${challenge.hash} has signed in before`);
    }
    const mux = challenge.address === account ? {} : { mux: challenge.address };
    return { account, ...mux, deviceKey: device.key };
  }

  #read(transaction: string): Challenge {
    const { server, previousServer, uncleanStartAtS } = this.#options;
    const nowS = this.#nowS();
    const isPreviousValid =
      previousServer !== undefined && nowS <= previousServer.rotatedAtS + CHALLENGE_LIFE_S;
    const serverKeys = [server.account, ...(isPreviousValid ? [previousServer.account] : [])];
    const challenge = readChallenge(transaction, { ...this.#options, serverKeys }, nowS);
    if (uncleanStartAtS !== undefined && challenge.issuedAtS <= uncleanStartAtS) {
      throw new AceError("CHALLENGE_INVALID", "the challenge is older than this node's restart");
    }
    return challenge;
  }

  #nowS(): number {
    return Math.floor(this.#options.clock.nowMs() / 1_000);
  }
}

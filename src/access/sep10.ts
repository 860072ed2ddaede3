/**
 * SEP-10 challenges: a transaction that can never be sent, which a wallet signs to sign in.
 *
 * The server's own signature is the proof that we issued a challenge, so issuing keeps no state.
 * The rules are checked here against our own clock: the SDK's reader lets a challenge live 300 s
 * longer and accepts one without `web_auth_domain`. Client domains and memos are refused.
 *
 * Units   Unix seconds.
 * Errors  `CHALLENGE_INVALID`, `CHALLENGE_EXPIRED`, `ADDRESS_INVALID`.
 * Source  SEP-10 version 3.4.1.
 */
import { randomBytes } from "node:crypto";
import { WebAuth } from "@stellar/stellar-sdk";
import {
  Account,
  BASE_FEE,
  Operation,
  type OperationRecord,
  Transaction,
  TransactionBuilder,
} from "@stellar/stellar-sdk/base";
import { toHex } from "../lib/bytes.ts";
import { AceError } from "../lib/errors.ts";
import { isAddress, splitAddress } from "../lib/strkey.ts";

export const CHALLENGE_LIFE_S = 300;
export const CHALLENGE_SKEW_S = 30;
const CHALLENGE_MAX_CHARACTERS = 16 * 1024;
const NONCE_BYTES = 48;
/** A data entry's name has 64 bytes, " auth" takes five of them. */
const HOME_DOMAIN_MAX_BYTES = 59;
const DOMAIN_MAX_BYTES = 64;

/** A Stellar key that signs: the server's, or one of a wallet's. */
export interface StellarSigner {
  /** G… address of the key. */
  readonly account: string;
  /** The Ed25519 signature of a transaction hash. */
  sign(hash: Uint8Array): Uint8Array;
}

/** What both sides must know beforehand to recognise a challenge. */
export interface ChallengeRules {
  readonly passphrase: string;
  readonly homeDomain: string;
  readonly webAuthDomain: string;
  /** G… addresses of the keys a challenge may be issued under. */
  readonly serverKeys: readonly string[];
}

export interface Challenge {
  readonly transaction: Transaction;
  /** The server key it was issued under. */
  readonly serverKey: string;
  /** G… or M… address that signs in. */
  readonly address: string;
  /** Transaction hash, hexadecimal: the same whoever has signed. */
  readonly hash: string;
  readonly issuedAtS: number;
  readonly endsAtS: number;
}

export interface ChallengeRequest {
  /** G… or M… address. */
  readonly address: string;
  readonly server: StellarSigner;
  readonly passphrase: string;
  readonly homeDomain: string;
  readonly webAuthDomain: string;
  readonly nowS: number;
}

/** The envelope in base64, signed by the server. */
export function buildChallenge(request: ChallengeRequest): string {
  const { address, server, homeDomain, webAuthDomain, passphrase, nowS } = request;
  requireSignable(address, server.account);
  requireDomains(homeDomain, webAuthDomain);
  const transaction = new TransactionBuilder(new Account(server.account, "-1"), {
    fee: BASE_FEE,
    networkPassphrase: passphrase,
    timebounds: { minTime: nowS, maxTime: nowS + CHALLENGE_LIFE_S },
  })
    .addOperation(
      Operation.manageData({
        name: `${homeDomain} auth`,
        value: randomBytes(NONCE_BYTES).toString("base64"),
        source: address,
      }),
    )
    .addOperation(
      Operation.manageData({
        name: "web_auth_domain",
        value: webAuthDomain,
        source: server.account,
      }),
    )
    .build();
  return addSignature(transaction, server);
}

/** Adds the signature of `signer` and returns the envelope in base64. */
export function addSignature(transaction: Transaction, signer: StellarSigner): string {
  const signature = Buffer.from(signer.sign(transaction.hash())).toString("base64");
  transaction.addSignature(signer.account, signature);
  return transaction.toXdr();
}

/** Reads a challenge and checks everything but the account's own signatures. */
export function readChallenge(envelope: string, rules: ChallengeRules, nowS: number): Challenge {
  const transaction = parseTransaction(envelope, rules.passphrase);
  const serverKey = rules.serverKeys.find(
    (key) => transaction.source === key && WebAuth.verifyTxSignedBy(transaction, key),
  );
  if (serverKey === undefined) throw invalid("this server did not issue it");
  requireBareTransaction(transaction);

  const [first, second, ...others] = transaction.operations;
  if (first === undefined || second === undefined || others.length > 0) {
    throw invalid("it does not have exactly two operations; client domains are not supported");
  }
  const address = requireFirstOperation(first, rules.homeDomain);
  requireSignable(address, serverKey);
  requireAuthDomain(second, serverKey, rules.webAuthDomain);
  const { issuedAtS, endsAtS } = requireTimes(transaction, nowS);
  return {
    transaction,
    serverKey,
    address,
    hash: toHex(transaction.hash()),
    issuedAtS,
    endsAtS,
  };
}

function parseTransaction(envelope: string, passphrase: string): Transaction {
  if (envelope.length > CHALLENGE_MAX_CHARACTERS) throw invalid("it is too long");
  try {
    return new Transaction(envelope, passphrase);
  } catch (cause) {
    throw invalid("it is not a transaction envelope in base64", cause);
  }
}

/** Sequence 0 makes it unsendable; whatever else a transaction may carry has no place in it. */
function requireBareTransaction(transaction: Transaction): void {
  const isBare =
    transaction.sequence === "0" &&
    transaction.memo.type === "none" &&
    transaction.ledgerBounds === undefined &&
    transaction.minAccountSequence === undefined &&
    (transaction.extraSigners ?? []).length === 0;
  if (!isBare) throw invalid("its sequence is not 0, or it carries a memo or conditions");
}

/** The address that signs in. */
function requireFirstOperation(operation: OperationRecord, homeDomain: string): string {
  if (operation.type !== "manageData" || operation.name !== `${homeDomain} auth`) {
    throw invalid(`its first operation is not "${homeDomain} auth"`);
  }
  const nonce = Buffer.from(textOf(operation.value), "base64");
  if (nonce.length !== NONCE_BYTES || nonce.toString("base64") !== textOf(operation.value)) {
    throw invalid("its nonce is not 48 bytes in base64");
  }
  if (operation.source === undefined) throw invalid("its first operation names no account");
  return operation.source;
}

function requireAuthDomain(operation: OperationRecord, serverKey: string, domain: string): void {
  const isOurs =
    operation.type === "manageData" &&
    operation.name === "web_auth_domain" &&
    operation.source === serverKey &&
    textOf(operation.value) === domain;
  if (!isOurs) throw invalid(`its second operation is not the web_auth_domain "${domain}"`);
}

function requireTimes(
  transaction: Transaction,
  nowS: number,
): Pick<Challenge, "issuedAtS" | "endsAtS"> {
  const issuedAtS = Number(transaction.timeBounds?.minTime ?? "0");
  const endsAtS = Number(transaction.timeBounds?.maxTime ?? "0");
  const lifeS = endsAtS - issuedAtS;
  if (issuedAtS <= 0 || lifeS <= 0 || lifeS > CHALLENGE_LIFE_S) {
    throw invalid("its time bounds are not those of a challenge");
  }
  if (nowS > endsAtS + CHALLENGE_SKEW_S) {
    throw new AceError("CHALLENGE_EXPIRED", `the challenge ended at ${endsAtS}, now is ${nowS}`);
  }
  if (nowS < issuedAtS - CHALLENGE_SKEW_S) {
    throw new AceError("CHALLENGE_EXPIRED", `the challenge starts at ${issuedAtS}, now is ${nowS}`);
  }
  return { issuedAtS, endsAtS };
}

function requireSignable(address: string, serverKey: string): void {
  if (!isAddress(address)) {
    throw new AceError(
      "ADDRESS_INVALID",
      `"${address}" cannot sign in: it is not a G… or M… address`,
    );
  }
  if (splitAddress(address).account === serverKey) {
    throw invalid("the server's own account cannot sign in");
  }
}

function requireDomains(homeDomain: string, webAuthDomain: string): void {
  const isShort =
    Buffer.byteLength(homeDomain) <= HOME_DOMAIN_MAX_BYTES &&
    Buffer.byteLength(webAuthDomain) <= DOMAIN_MAX_BYTES;
  if (!isShort) throw invalid(`"${homeDomain}" or "${webAuthDomain}" is too long for a challenge`);
}

function textOf(value: Uint8Array | undefined): string {
  return Buffer.from(value ?? []).toString("latin1");
}

function invalid(what: string, cause?: unknown): AceError {
  return new AceError("CHALLENGE_INVALID", `the challenge was refused: ${what}`, { cause });
}

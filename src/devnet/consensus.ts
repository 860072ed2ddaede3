/**
 * Consensus: the devnet's validators, and the messages in which they say what they agreed on.
 *
 * Any two of three suffice. Their keys come from the passphrase and the seed, and Ed25519 signs the
 * same bytes the same way, so messages are made when somebody asks for them and never kept.
 *
 * Source  Stellar-SCP.x; stellar-core, HerderImpl.cpp (signature of a value, of an envelope) and
 *         HerderPersistenceImpl.cpp (what goes into an archive).
 */
import { createPrivateKey, sign } from "node:crypto";
import { Keypair, xdr } from "@stellar/stellar-sdk/base";
import { concatBytes, uint32Bytes, uint64Bytes } from "../lib/bytes.ts";
import { sha256 } from "../lib/hash.ts";

export interface Validator {
  readonly id: xdr.PublicKey;
  readonly address: string;
  sign(message: Uint8Array): Uint8Array;
}

/** The form in which a node's configuration names whom it believes. */
export interface QuorumSet {
  readonly threshold: number;
  readonly validators: readonly string[];
  readonly innerQuorumSets: readonly QuorumSet[];
}

export interface Consensus {
  /** The first signs the values; all of them vote. */
  readonly validators: readonly [Validator, ...Validator[]];
  readonly quorumSet: QuorumSet;
  /** XDR of one SCPHistoryEntry: what every validator said about a ledger, and the quorum set. */
  historyEntry(sequence: number, value: xdr.StellarValue): Uint8Array;
}

export interface ConsensusOptions {
  readonly networkId: Uint8Array;
  readonly seed: string;
  /** How many of the validators, counted from the last, were heard to confirm but not to externalize. */
  readonly confirming?: number;
}

const VALIDATORS = 3;
const THRESHOLD = 2;
const ENVELOPE_TYPE_SCP = 1;
const ENVELOPE_TYPE_SCP_VALUE = 4;
/** DER of an Ed25519 private key, up to the seed itself (RFC 8410). */
const ED25519_PKCS8 = Uint8Array.fromHex("302e020100300506032b657004220420");

export function createConsensus(options: ConsensusOptions): Consensus {
  const { networkId, seed, confirming = 0 } = options;
  const [first, ...others] = Array.from({ length: VALIDATORS }, (_, index) => {
    const place = index === 0 ? "" : `\nvalidator ${index + 1}`;
    return createValidator(sha256(concatBytes(networkId, Buffer.from(seed + place))));
  });
  const validators = [first ?? createValidator(networkId), ...others] as const;
  const quorumSet = new xdr.ScpQuorumSet({
    threshold: THRESHOLD,
    validators: validators.map(({ id }) => id),
    innerSets: [],
  });
  const quorumSetHash = sha256(quorumSet.toXdr());

  return {
    validators,
    quorumSet: {
      threshold: THRESHOLD,
      validators: validators.map(({ address }) => address),
      innerQuorumSets: [],
    },
    historyEntry: (sequence, value) => {
      const ballot = new xdr.ScpBallot({ counter: 1, value: new xdr.Value(value.toXdr()) });
      const messages = validators.map((validator, index) => {
        const isConfirming = index >= VALIDATORS - confirming;
        const pledges = isConfirming
          ? confirmed(ballot, quorumSetHash)
          : externalized(ballot, quorumSetHash);
        return signedEnvelope(networkId, validator, sequence, pledges);
      });
      const ledgerMessages = new xdr.LedgerScpMessages({ ledgerSeq: sequence, messages });
      return xdr.ScpHistoryEntry.v0(
        new xdr.ScpHistoryEntryV0({ quorumSets: [quorumSet], ledgerMessages }),
      ).toXdr();
    },
  };
}

function createValidator(seed: Uint8Array): Validator {
  const key = createPrivateKey({
    key: Buffer.from(concatBytes(ED25519_PKCS8, seed)),
    format: "der",
    type: "pkcs8",
  });
  const pair = Keypair.fromRawEd25519Seed(seed);
  return {
    id: pair.xdrPublicKey(),
    address: pair.publicKey(),
    sign: (message) => Uint8Array.from(sign(null, message, key)),
  };
}

/** How a validator vouches for the set and close time that it nominates. */
export function signValue(
  networkId: Uint8Array,
  validator: Validator,
  value: { readonly setHash: Uint8Array; readonly closeTime: bigint },
): xdr.LedgerCloseValueSignature {
  const kind = uint32Bytes(ENVELOPE_TYPE_SCP_VALUE);
  const message = concatBytes(networkId, kind, value.setHash, uint64Bytes(value.closeTime));
  return new xdr.LedgerCloseValueSignature({
    nodeId: validator.id,
    signature: new xdr.Signature(validator.sign(message)),
  });
}

function externalized(commit: xdr.ScpBallot, hash: Uint8Array): xdr.ScpStatementPledges {
  return xdr.ScpStatementPledges.scpStExternalize(
    new xdr.ScpStatementExternalize({ commit, nH: 1, commitQuorumSetHash: hash }),
  );
}

function confirmed(ballot: xdr.ScpBallot, hash: Uint8Array): xdr.ScpStatementPledges {
  return xdr.ScpStatementPledges.scpStConfirm(
    new xdr.ScpStatementConfirm({ ballot, nPrepared: 1, nCommit: 1, nH: 1, quorumSetHash: hash }),
  );
}

function signedEnvelope(
  networkId: Uint8Array,
  validator: Validator,
  sequence: number,
  pledges: xdr.ScpStatementPledges,
): xdr.ScpEnvelope {
  const statement = new xdr.ScpStatement({
    nodeId: validator.id,
    slotIndex: BigInt(sequence),
    pledges,
  });
  const message = concatBytes(networkId, uint32Bytes(ENVELOPE_TYPE_SCP), statement.toXdr());
  return new xdr.ScpEnvelope({
    statement,
    signature: new xdr.Signature(validator.sign(message)),
  });
}

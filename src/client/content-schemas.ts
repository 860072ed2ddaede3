/**
 * The forms of the node's HTTP API that are about contents: what is listed, and the rights to it.
 *
 * Units   Hashes, keys and bytes are hexadecimal; contract numbers are decimal strings; Unix seconds.
 */
import { z } from "zod";

const hash = z.string().regex(/^[0-9a-f]{64}$/);
const whole = z.string().regex(/^-?\d+$/);
const bytes = z.string().regex(/^(?:[0-9a-f]{2})*$/);

export const ContentJson = z.object({
  contentId: hash,
  infohash: z.string(),
  title: z.string(),
  length: z.int(),
  live: z.literal(true).optional().describe("A stream without an end; its length is 0"),
  licence: whole.optional().describe("Licence contract; absent for public content"),
  encryption: z
    .enum(["file", "hls", "live"])
    .optional()
    .describe("Absent when the swarm carries the film in the clear"),
  seed: z
    .enum(["open", "licensed"])
    .optional()
    .describe("Of encrypted content: who may carry the ciphertext"),
  seeding: z.boolean(),
  swarm: z
    .object({
      peers: z.int(),
      bytesUp: z.int().describe("Payload bytes sent"),
      ungatedBytesUp: z.int().describe("Payload sent without an open gate: always 0"),
      closed: z.record(z.string(), z.int()).describe("Peers let go, by reason"),
    })
    .optional(),
  record: z.unknown().describe("The signed content record, with the torrent inside"),
});
export type ContentJson = z.infer<typeof ContentJson>;

export const TokenJson = z.object({ token: z.string(), expiresAtS: z.int(), contract: whole });
export type TokenJson = z.infer<typeof TokenJson>;

/** Opened by the X25519 key inside the proof of the request. */
export const WrappedKeyJson = z.object({
  epk: hash.describe("X25519 key that the node made for this answer"),
  ct: z
    .string()
    .regex(/^(?:[0-9a-f]{2}){17,48}$/)
    .describe("The key in AES-256-GCM, with its tag"),
});
export type WrappedKeyJson = z.infer<typeof WrappedKeyJson>;

export const LeasesJson = z.object({
  leases: z.array(
    z.object({
      lease: z.string(),
      contract: whole,
      contentId: hash,
      device: hash.describe("Its device key"),
      startedAtS: z.int(),
      untilS: z.int().describe("It lapses then, unless its token is renewed"),
    }),
  ),
});
export type LeasesJson = z.infer<typeof LeasesJson>;

const LEASE_MESSAGE_CHARACTERS_MAX = 48 * 1024;

/** What issuers' nodes ask each other about leases, and what they answer. */
export const LeaseMessageJson = z.strictObject({
  kid: z.string().max(64).describe("Thumbprint of the token key that signed it"),
  body: z.string().max(LEASE_MESSAGE_CHARACTERS_MAX).describe("JSON; see docs/spec/tokens.md"),
  signature: bytes.max(128).describe("Ed25519"),
});
export type LeaseMessageJson = z.infer<typeof LeaseMessageJson>;

const ISSUER_WORDS_MAX = 4_096;

export const IssuerWordsJson = z.object({
  words: z
    .array(
      z.object({
        body: bytes.describe("Canonical CBOR; see docs/spec/tokens.md"),
        signature: bytes.describe("Of the issuer, Ed25519"),
      }),
    )
    .max(ISSUER_WORDS_MAX),
});
export type IssuerWordsJson = z.infer<typeof IssuerWordsJson>;

export const RevocationsJson = z.object({
  next: z.int().describe("What to ask for as `since` next time"),
  deltas: z.array(
    z.object({
      body: bytes.describe("Canonical CBOR; see docs/spec/tokens.md"),
      signature: bytes.describe("Of the issuer, Ed25519"),
    }),
  ),
});
export type RevocationsJson = z.infer<typeof RevocationsJson>;

/**
 * What issuers ask each other about leases, and what they answer: signed texts.
 *
 * Form    `body` is JSON, signed as it stands with the token key over `TAG || body`; an ask and its answer
 *         have different tags. It names the network, who says it to whom, an ask's nonce and the time.
 * Units   Unix seconds, `atMs` in milliseconds; contracts are decimal text, keys and ids as in tokens.
 * Range   `BODY_CHARACTERS_MAX`, and at most `LEASES_MAX` leases in one message.
 * Errors  The readers answer undefined for anything else.
 */
import type { KeyObject } from "node:crypto";
import { z } from "zod";
import { concatBytes, fromHex, toHex } from "../lib/bytes.ts";
import { isSignedBy } from "../lib/ed25519.ts";
import { isAccount } from "../lib/strkey.ts";
import { signEd25519 } from "./ed25519.ts";
import type { Lease } from "./lease.ts";

export interface LeaseMessage {
  /** Thumbprint of the key that signed it. */
  readonly kid: string;
  readonly body: string;
  /** Hexadecimal. */
  readonly signature: string;
}

const BODY_CHARACTERS_MAX = 48 * 1024;
/** As many as one right may have at once. */
const LEASES_MAX = 64;
/** Of all rights of one account; more are not listed. */
export const PLAYING_MAX = 128;
const TEXT_MAX = 8_192;

const account = z.string().refine(isAccount);
const key = z.string().regex(/^[0-9a-f]{64}$/);
const second = z.int().positive();
const leaseId = z.string().regex(/^[A-Za-z0-9_-]{1,43}$/);
const contract = z
  .string()
  .regex(/^[1-9]\d{0,19}$/)
  .transform(BigInt);
const right = { contract, account, deviceKey: key, content: key };
const Row = z.strictObject({ id: leaseId, ...right, startedAtS: second, untilS: second });
const PlayRow = z.strictObject({
  ...right,
  limit: contract,
  evict: z.enum(["oldest", "refuse"]),
});
const rows = z.array(Row).max(LEASES_MAX);

const Ask = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("hello") }),
  z.strictObject({ kind: z.literal("take"), play: PlayRow, untilS: second }),
  z.strictObject({
    kind: z.literal("renew"),
    id: leaseId,
    play: PlayRow,
    untilS: second,
    leasedBy: account,
  }),
  z.strictObject({ kind: z.literal("stop"), id: leaseId, account }),
  z.strictObject({ kind: z.literal("playing"), account }),
  z.strictObject({ kind: z.literal("merge"), leases: rows }),
]);
/** `merge` brings leases that were given while the home was out of reach. */
export type LeaseAsk = z.infer<typeof Ask>;

const Answer = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("hello") }),
  z.strictObject({ kind: z.literal("leased"), lease: Row, evicted: rows }),
  z.strictObject({
    kind: z.literal("refused"),
    code: z.enum(["LEASE_FULL", "LEASE_LOST"]),
    message: z.string().max(TEXT_MAX),
  }),
  z.strictObject({ kind: z.literal("stopped"), leases: rows.max(1) }),
  z.strictObject({ kind: z.literal("playing"), leases: z.array(Row).max(PLAYING_MAX) }),
  z.strictObject({ kind: z.literal("merged"), ended: z.array(leaseId).max(LEASES_MAX) }),
]);
/** `merged` names those of the leases that did not stand. */
export type LeaseAnswer = z.infer<typeof Answer>;

const envelope = {
  v: z.literal(1),
  net: z.string(),
  from: account,
  nonce: z.string().regex(/^[A-Za-z0-9_-]{22}$/),
  atMs: z.int().positive(),
};
const AskBody = z.strictObject({ ...envelope, to: account.or(z.literal("")), ask: Ask });
/** `to` is empty in a `hello` alone: it asks who is there. */
export type AskBody = z.infer<typeof AskBody>;
const AnswerBody = z.strictObject({ ...envelope, to: account, answer: Answer });
export type AnswerBody = z.infer<typeof AnswerBody>;

const TAGS = { ask: "ace-lease-ask-v1", answer: "ace-lease-answer-v1" } as const;
type Side = keyof typeof TAGS;
export interface Signing {
  readonly kid: string;
  readonly key: KeyObject;
}

export function signAsk(body: AskBody, signing: Signing): LeaseMessage {
  return signed("ask", body, signing);
}

export function signAnswer(body: AnswerBody, signing: Signing): LeaseMessage {
  return signed("answer", body, signing);
}

/** @param publicKey 32 bytes. Nothing of a message is read before its signature. */
export function readAsk(message: LeaseMessage, publicKey: Uint8Array): AskBody | undefined {
  return AskBody.safeParse(readBody("ask", message, publicKey)).data;
}

export function readAnswer(message: LeaseMessage, publicKey: Uint8Array): AnswerBody | undefined {
  return AnswerBody.safeParse(readBody("answer", message, publicKey)).data;
}

/** A lease as it travels, and nothing more. */
export function rowOf(lease: Lease): z.infer<typeof Row> {
  const { id, contract, account, deviceKey, content, startedAtS, untilS } = lease;
  return { id, contract, account, deviceKey, content, startedAtS, untilS };
}

function signed(side: Side, body: AskBody | AnswerBody, { kid, key }: Signing): LeaseMessage {
  const text = JSON.stringify(body, (_name, value: unknown) =>
    typeof value === "bigint" ? value.toString() : value,
  );
  return { kid, body: text, signature: toHex(signEd25519(key, signedBytes(side, text))) };
}

function readBody(side: Side, { body, signature }: LeaseMessage, publicKey: Uint8Array): unknown {
  const proof = body.length <= BODY_CHARACTERS_MAX ? fromHex(signature) : undefined;
  if (proof === undefined) return undefined;
  if (!isSignedBy(publicKey, signedBytes(side, body), proof)) return undefined;
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

function signedBytes(side: Side, body: string): Uint8Array {
  const encoder = new TextEncoder();
  return concatBytes(encoder.encode(TAGS[side]), encoder.encode(body));
}

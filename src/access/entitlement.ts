/**
 * Entitlement: what a licence contract says an account may do with a content, now.
 *
 * The contract is asked through its view `access(account, content, {atS, device?, country?})` of the
 * interface licence/1. A refusal becomes the error that tells the viewer what to do. Where a right
 * limits devices, the device must be linked to the account. Plays at once are the issuer's to count.
 *
 * Units   Unix seconds; `until` 0 is for ever. `concurrent` and `devices` 0 are without limit.
 * Errors  `LICENCE_MISSING`, `LICENCE_EXPIRED`, `LICENCE_NOT_STARTED`, `LICENCE_REVOKED`,
 *         `CONTENT_NOT_OFFERED`, `REGION_DENIED`, `DEVICE_NOT_LINKED`, `DEVICE_LIMIT`,
 *         `MINUTES_SPENT`; `CONTRACT_UNKNOWN`; `ACCESS_METHOD_INVALID` when the contract is faulty.
 */
import { compareBytes, fromHex } from "../lib/bytes.ts";
import type { CborValue } from "../lib/cbor.ts";
import { AceError, type ErrorCode } from "../lib/errors.ts";
import { accountBytes } from "../lib/strkey.ts";
import { ROLES, type Role } from "./token-form.ts";

/** Runs a contract's view on the committed state. */
export interface Views {
  view(request: {
    readonly contract: bigint;
    readonly method: string;
    readonly args: readonly CborValue[];
  }): Promise<{ readonly ok: boolean; readonly code: string; readonly result: CborValue }>;
}

export interface AccessQuestion {
  readonly contract: bigint;
  /** G… account. */
  readonly account: string;
  /** Content id, 64 hexadecimal characters. */
  readonly content: string;
  /** Close time of the ledger that is asked: rights are measured in ledger time. */
  readonly atS: bigint;
  /** Device key, 64 hexadecimal characters. */
  readonly device: string;
  readonly country?: string | undefined;
}

export interface Entitlement {
  readonly until: bigint;
  readonly concurrent: bigint;
  readonly devices: bigint;
  readonly role: Role;
  /** When all plays are taken: the oldest ends, or the newcomer is refused. */
  readonly evict: "oldest" | "refuse";
  /** Cap on the rate, kbit/s; 0 is without. */
  readonly maxKbps: bigint;
}

const OFFER_CHARS_MAX = 512;

/** System contract 2 knows which device belongs to whom. */
const DEVICES_CONTRACT = 2n;

type Answer = ReadonlyMap<string, CborValue>;

const codeOfReason: ReadonlyMap<string, ErrorCode> = new Map<string, ErrorCode>([
  ["unknown_content", "CONTENT_NOT_OFFERED"],
  ["no_right", "LICENCE_MISSING"],
  ["pending", "LICENCE_NOT_STARTED"],
  ["revoked", "LICENCE_REVOKED"],
  ["not_yet", "LICENCE_NOT_STARTED"],
  ["start_expired", "LICENCE_EXPIRED"],
  ["expired", "LICENCE_EXPIRED"],
  ["territory", "REGION_DENIED"],
  ["device_unknown", "DEVICE_NOT_LINKED"],
  ["device_limit", "DEVICE_LIMIT"],
  ["plays_spent", "MINUTES_SPENT"],
  ["time_spent", "MINUTES_SPENT"],
  ["meter_empty", "MINUTES_SPENT"],
]);

export async function readEntitlement(
  views: Views,
  question: AccessQuestion,
): Promise<Entitlement> {
  const { contract, account, content } = question;
  const view = await views.view({ contract, method: "access", args: argumentsOf(question) });
  if (!view.ok && view.code === "CONTRACT_UNKNOWN") {
    throw new AceError("CONTRACT_UNKNOWN", `there is no contract ${contract}`);
  }
  if (!view.ok) throw faulty(contract, `failed with ${view.code}`);
  if (!isAnswer(view.result)) throw faulty(contract, "did not answer with a record");

  const isGranted = view.result.get("ok");
  if (isGranted === true)
    return await requireKept(views, question, readGrant(contract, view.result));
  if (isGranted !== false) throw faulty(contract, "did not say whether it grants");
  const reason = view.result.get("reason");
  const code = typeof reason === "string" ? codeOfReason.get(reason) : undefined;
  if (code === undefined)
    throw faulty(contract, "refused for a reason that licence/1 does not have");
  const offerUrl = offerOf(view.result);
  const sold = offerUrl === undefined ? "" : `; it is sold at ${offerUrl}`;
  const what = `contract ${contract} refuses ${account} the content ${content}: ${reason}${sold}`;
  throw new AceError(code, what, { offerUrl });
}

/** A page of the web, or nothing: whoever wrote the contract must not put anything else before a viewer. */
function offerOf(answer: Answer): string | undefined {
  const offer = answer.get("offer");
  if (typeof offer !== "string" || offer.length > OFFER_CHARS_MAX) return undefined;
  const url = URL.parse(offer);
  const isPage = url !== null && /^https?:$/.test(url.protocol) && url.username === "";
  return isPage && url.password === "" ? url.href : undefined;
}

/** What a grant demands beyond itself: a limit that nobody holds to is no limit. */
async function requireKept(
  views: Views,
  { account, device }: AccessQuestion,
  right: Entitlement,
): Promise<Entitlement> {
  if (right.devices === 0n) return right;
  const args = [hashBytes(device)];
  const holder = await views.view({ contract: DEVICES_CONTRACT, method: "holder", args });
  const isLinked =
    holder.ok &&
    holder.result instanceof Uint8Array &&
    compareBytes(holder.result, accountBytes(account)) === 0;
  if (isLinked) return right;
  throw new AceError("DEVICE_NOT_LINKED", `device ${device} is not linked to ${account}`);
}

function argumentsOf({ account, content, atS, device, country }: AccessQuestion): CborValue[] {
  const circumstances = new Map<string, CborValue>([
    ["atS", atS],
    ["device", hashBytes(device)],
  ]);
  if (country !== undefined) circumstances.set("country", country);
  return [accountBytes(account), hashBytes(content), circumstances];
}

function readGrant(contract: bigint, answer: Answer): Entitlement {
  const role = ROLES.find((name) => name === answer.get("role"));
  if (role === undefined) throw faulty(contract, "granted a role that licence/1 does not have");
  const count = (name: string, otherwise?: bigint): bigint => {
    const value = answer.get(name) ?? otherwise;
    if (typeof value === "bigint" && value >= 0n) return value;
    throw faulty(contract, `gave no "${name}" of 0 or more`);
  };
  return {
    until: count("until"),
    concurrent: count("concurrent"),
    devices: count("devices"),
    role,
    evict: answer.get("evict") === "oldest" ? "oldest" : "refuse",
    maxKbps: count("maxKbps", 0n),
  };
}

function isAnswer(value: CborValue): value is Answer {
  return value instanceof Map;
}

function hashBytes(hash: string): Uint8Array {
  const bytes = fromHex(hash);
  if (bytes?.length === 32) return bytes;
  throw new AceError("ARGUMENT_INVALID", `"${hash}" is not 64 hexadecimal characters`);
}

function faulty(contract: bigint, what: string): AceError {
  return new AceError("ACCESS_METHOD_INVALID", `\`access\` of contract ${contract} ${what}`);
}

/**
 * Issuers' nodes that count leases together: who answers where, asked again and again, and not waited for.
 *
 * An issuer's address is one that the operator has named; whose node it is it says itself, signed. One
 * whose address nobody has named is told in the log: it counts alone for the accounts it is home of.
 *
 * Units   Milliseconds where the name says so; Unix seconds.
 * Range   A greeting every `GREET_MS`, after faults up to every `GREET_MS_MAX`.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { readEntitlement, type Views } from "../access/entitlement.ts";
import { type Lease, LeaseDesk } from "../access/lease.ts";
import { LeaseHomes } from "../access/lease-homes.ts";
import type { LeaseAnswer, LeaseAsk, LeaseMessage } from "../access/lease-message.ts";
import { LeasePost } from "../access/lease-post.ts";
import { leaseMark } from "../access/revocation.ts";
import { isInForce } from "../access/verify.ts";
import { openNodeClient } from "../client/http.ts";
import type { Clock } from "../lib/clock.ts";
import { AceError, isAceError } from "../lib/errors.ts";
import type { Events } from "../lib/events.ts";
import type { Outbox } from "../store/outbox.ts";
import type { OperatorKeys } from "./files.ts";
import type { AccessGuard } from "./policy.ts";

export interface LeaseParts {
  readonly account: string;
  /** Thumbprint of the token key. */
  readonly kid: string;
  readonly operator: Pick<OperatorKeys, "tokenSeed">;
  readonly guard: AccessGuard;
  readonly outbox: Outbox;
  readonly views: Views;
  readonly head: () => { readonly sequence: number; readonly closeTime: bigint } | undefined;
  readonly issuerNodes: readonly string[];
  readonly leaseHomeMs: number;
  /** Takes back the tokens of these leases. */
  readonly revoke: (leases: readonly Lease[]) => void;
  readonly events: Events;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

export interface Leases {
  readonly leases: LeaseHomes;
  /** Answers another issuer's node. */
  readonly askLeases: (message: LeaseMessage) => Promise<LeaseMessage>;
}

interface Link {
  readonly url: string;
  /** Whose node it is, once it has said so. */
  issuer: string | undefined;
}

const GREET_MS = 1_000;
const GREET_MS_MAX = 8_000;
/** Bringing leases home keeps no viewer waiting. */
const BRING_MS = 10_000;
const UNNAMED_AFTER_MS = 30_000;

export function openLeases(parts: LeaseParts): Leases {
  const { account, kid, guard, head, events, clock, signal } = parts;
  const post = new LeasePost({
    account,
    kid,
    seed: parts.operator.tokenSeed,
    net: guard.net,
    issuers: () => guard.issuers.current(),
    ledger: () => head()?.sequence ?? 0,
    clock,
  });
  const links = parts.issuerNodes.map((url): Link => ({ url, issuer: undefined }));
  const send = async (url: string, to: string, ask: LeaseAsk) => {
    const waitMs = ask.kind === "merge" ? BRING_MS : parts.leaseHomeMs;
    const asked = post.ask(to, ask);
    const limit = AbortSignal.any([signal, AbortSignal.timeout(waitMs)]);
    const message = await askWithin(url, asked.message, { limit, waitMs });
    signal.throwIfAborted();
    return post.answered(asked, message);
  };
  const homes = new LeaseHomes({
    account,
    desk: new LeaseDesk(parts.outbox),
    issuers: issuersInForce(parts),
    ask: async (issuer, ask): Promise<LeaseAnswer> => {
      const link = links.find((each) => each.issuer === issuer);
      if (link === undefined) throw new AceError("NODE_UNREACHABLE", `${issuer} has no address`);
      return (await send(link.url, issuer, ask)).answer;
    },
    end: parts.revoke,
    isEndedBy: (issuer, lease) => {
      const nowS = clock.nowMs() / 1_000;
      return guard.revocations.codeOf([leaseMark(issuer, lease)], nowS) !== undefined;
    },
    concurrentOf: concurrentReader(parts),
    events,
    clock,
  });
  for (const link of links) {
    const greet = async () => (await send(link.url, "", { kind: "hello" })).from;
    void keepMeeting({ link, greet, homes, events }, signal);
  }
  if (links.length > 0) void keepEnding({ homes, guard, events }, signal);
  void tellUnnamed({ ...parts, links }, signal);
  return {
    leases: homes,
    askLeases: async (message) => {
      try {
        const body = post.heard(message);
        return post.answer(body, await homes.serve(body));
      } catch (error) {
        const code = codeOf(error);
        const reason = error instanceof Error ? error.message : String(error);
        events.info("access.lease_refused", { code, reason });
        throw error;
      }
    },
  };
}

async function askWithin(
  url: string,
  message: LeaseMessage,
  { limit, waitMs }: { readonly limit: AbortSignal; readonly waitMs: number },
): Promise<LeaseMessage> {
  try {
    return await openNodeClient(url, limit).askLeases(message);
  } catch (cause) {
    if (isAceError(cause)) throw cause;
    const what = `${url} has not answered about leases for ${waitMs} ms`;
    throw new AceError("NODE_UNREACHABLE", what, { cause });
  }
}

interface Meeting {
  readonly link: Link;
  readonly greet: () => Promise<string>;
  readonly homes: LeaseHomes;
  readonly events: Events;
}

/** Resolves when `signal` aborts. Never rejects. */
async function keepMeeting(meeting: Meeting, signal: AbortSignal): Promise<void> {
  const { link, events } = meeting;
  let waitMs = GREET_MS;
  let told = "";
  while (!signal.aborted) {
    const code = await meetOnce(meeting);
    if (signal.aborted) return;
    if (code !== "" && code !== told) {
      events.info("access.lease_issuer_silent", { node: link.url, code });
    }
    told = code;
    if (code !== "") loseIssuer(meeting, code);
    waitMs = code === "" ? GREET_MS : Math.min(2 * waitMs, GREET_MS_MAX);
    await pause(waitMs, signal);
  }
}

/** Why it was in vain; empty when it was not. */
async function meetOnce({ link, greet, homes }: Meeting): Promise<string> {
  try {
    const issuer = await greet();
    if (link.issuer !== undefined && link.issuer !== issuer) homes.lose(link.issuer, "MOVED");
    link.issuer = issuer;
    await homes.meet(issuer);
    return "";
  } catch (error) {
    return codeOf(error);
  }
}

/** A disk that cannot be read for a moment keeps nobody from being greeted again. */
function loseIssuer({ link, homes, events }: Meeting, code: string): void {
  if (link.issuer === undefined) return;
  try {
    homes.lose(link.issuer, code);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    events.warn("access.lease_fault", { message });
  }
}

function codeOf(error: unknown): string {
  return isAceError(error) ? error.code : "INTERNAL";
}

interface Ending {
  readonly homes: LeaseHomes;
  readonly guard: AccessGuard;
  readonly events: Events;
}

/** What homes have ended is in their lists of revocations, which others read for us. */
async function keepEnding({ homes, guard, events }: Ending, signal: AbortSignal): Promise<void> {
  let version = -1;
  while (!signal.aborted) {
    try {
      if (version !== guard.revocations.version) {
        version = guard.revocations.version;
        homes.endWhatEnded();
      }
    } catch (error) {
      // A disk that is full for a moment: what has ended is looked for again.
      version = -1;
      const message = error instanceof Error ? error.message : String(error);
      events.warn("access.lease_fault", { message });
    }
    await pause(GREET_MS, signal);
  }
}

/** Issuers that the ledger names and no `--issuer-node` has turned out to be. */
async function tellUnnamed(
  parts: LeaseParts & { readonly links: readonly Link[] },
  signal: AbortSignal,
): Promise<void> {
  const told = new Set([parts.account]);
  const issuers = issuersInForce(parts);
  await pause(UNNAMED_AFTER_MS, signal);
  while (!signal.aborted) {
    for (const issuer of issuers()) {
      const isNamed = told.has(issuer) || parts.links.some((link) => link.issuer === issuer);
      if (!isNamed) parts.events.warn("access.lease_issuer_unnamed", { issuer });
      told.add(issuer);
    }
    await pause(UNNAMED_AFTER_MS, signal);
  }
}

async function pause(waitMs: number, signal: AbortSignal): Promise<void> {
  await sleep(waitMs, undefined, { signal, ref: false }).catch(() => undefined);
}

function issuersInForce({ guard, head }: Pick<LeaseParts, "guard" | "head">) {
  return (): readonly string[] => {
    const ledger = head()?.sequence ?? 0;
    const entries = guard.issuers.current().issuers.filter((entry) => isInForce(entry, ledger));
    return [...new Set(entries.map(({ account }) => account))];
  };
}

/** How many may play at once, as the contract says now. */
function concurrentReader({ views, head }: Pick<LeaseParts, "views" | "head">) {
  return async ({ contract, account, content, deviceKey }: Lease): Promise<bigint> => {
    const atS = head()?.closeTime ?? 0n;
    const question = { contract, account, content, atS, device: deviceKey };
    return (await readEntitlement(views, question)).concurrent;
  };
}

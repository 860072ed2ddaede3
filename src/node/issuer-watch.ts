/**
 * The issuer set as the ledger has it: those of network.json, and what votes have changed since.
 *
 * A key whose time is over verifies what it signed for one token life more, counted in ledgers; then it
 * is gone, so that nothing can be dated back under it. One that a vote ended at once is gone with the
 * ledger of the vote, and all its tokens with it. A key that anybody can sign for is never taken, and
 * while the set cannot be read the one before stands: a key that was ended does not come back.
 */
import type { Views } from "../access/entitlement.ts";
import { type IssuerEntry, thumbprint } from "../access/issuer-set.ts";
import { revocationOf } from "../access/revocation.ts";
import { TOKEN_LIFE_S_MAX } from "../access/token-rules.ts";
import type { ServiceNetwork } from "../contracts/service-network.ts";
import { toHex } from "../lib/bytes.ts";
import type { CborValue } from "../lib/cbor.ts";
import type { Clock } from "../lib/clock.ts";
import { isSoundPoint } from "../lib/ed25519-points.ts";
import { isAceError } from "../lib/errors.ts";
import type { Events } from "../lib/events.ts";
import { accountFromBytes } from "../lib/strkey.ts";
import type { Applied } from "../runtime/applied.ts";
import { ledgerChange } from "./ledger-change.ts";
import type { AccessGuard } from "./policy.ts";

export interface IssuerWatchParts {
  readonly guard: AccessGuard;
  readonly network: ServiceNetwork;
  readonly views: Views;
  readonly head: () => { readonly sequence: number } | undefined;
  readonly onLedger: (listener: (ledgers: readonly Applied[]) => void) => void;
  readonly events: Events;
  readonly clock: Clock;
}

const DAO = 1n;
/** The longest life of a token, in ledgers of five seconds. */
const LIFE_LEDGERS = 180;
/** What the DAO writes for a key whose tokens all end at once. */
const NEVER = 1;
const KEY_BYTES = 32;

/** Reads the set, and again with each ledger from then on. */
export async function watchIssuers(parts: IssuerWatchParts): Promise<void> {
  const { onLedger, guard } = parts;
  let changed: readonly IssuerEntry[] = [];
  let isDue = true;
  const look = async () => {
    if (isDue) {
      isDue = false;
      const read = await readChanges(parts);
      isDue ||= read === undefined;
      changed = read ?? changed;
    }
    hear(parts, changed);
  };
  await look();
  let reading = Promise.resolve();
  onLedger((ledgers) => {
    isDue ||= ledgerChange(ledgers).contracts.has(Number(DAO));
    reading = reading.then(look).catch((error: unknown) => {
      const message = error instanceof Error ? error.message : String(error);
      parts.events.warn("access.issuers_fault", { message });
    });
  });
  if (guard.issuers.isStale) parts.events.warn("access.issuers_stale");
}

function hear(parts: IssuerWatchParts, changed: readonly IssuerEntry[]): void {
  const { guard, network, head, events } = parts;
  const now = head()?.sequence ?? 0;
  revokeEnded(parts, changed);
  if (!guard.issuers.hear(merged(network.issuers, changed, now))) return;
  events.info("access.issuers_changed", { issuers: guard.issuers.current().issuers.length });
}

/** Open wires hold tokens that were good: they end with the key. */
function revokeEnded({ guard, clock }: IssuerWatchParts, changed: readonly IssuerEntry[]): void {
  const nowS = Math.floor(clock.nowMs() / 1_000);
  const ended = changed.filter(({ toLedger }) => toLedger === NEVER);
  const kids = ended.map(({ key }) => thumbprint(key));
  const terms = { contract: "", untilS: nowS + TOKEN_LIFE_S_MAX };
  const revocations = kids.map((kid) => revocationOf("kid", kid, terms));
  guard.issuers.end(kids);
  guard.revocations.add(revocations, nowS);
}

/** A key that a vote named is what the vote says, whatever network.json has of it. */
function merged(
  founding: readonly IssuerEntry[],
  changed: readonly IssuerEntry[],
  now: number,
): readonly IssuerEntry[] {
  const voted = new Set(changed.map(({ key }) => key));
  const all = [...founding.filter(({ key }) => !voted.has(key)), ...changed];
  return all.filter(({ toLedger }) => toLedger === undefined || now <= toLedger + LIFE_LEDGERS);
}

/** Undefined when it cannot be told now. Before its first ledger a node has no contracts to ask. */
async function readChanges({
  views,
  events,
}: IssuerWatchParts): Promise<readonly IssuerEntry[] | undefined> {
  try {
    const { ok, code, result } = await views.view({ contract: DAO, method: "issuers", args: [] });
    if (ok && Array.isArray(result)) return result.flatMap(entryOf);
    events.info("access.issuers_unread", { code });
  } catch (error) {
    events.info("access.issuers_unread", { code: isAceError(error) ? error.code : "INTERNAL" });
  }
  return undefined;
}

function entryOf(row: CborValue): readonly IssuerEntry[] {
  if (!(row instanceof Map)) return [];
  const [key, account] = [row.get("key"), row.get("account")];
  const [from, to] = [row.get("fromLedger"), row.get("toLedger")];
  if (!(key instanceof Uint8Array) || !(account instanceof Uint8Array)) return [];
  if (account.length !== KEY_BYTES || typeof from !== "bigint" || typeof to !== "bigint") return [];
  if (key.length !== KEY_BYTES || !isSoundPoint(toHex(key))) return [];
  return [
    {
      account: accountFromBytes(account),
      key: toHex(key),
      fromLedger: Number(from),
      ...(to === 0n ? {} : { toLedger: Number(to) }),
    },
  ];
}

/**
 * The issuer set as the ledger has it: those of network.json, and what votes have changed since.
 *
 * A key whose time is over verifies what it signed for one token life more, counted in ledgers; then it
 * is gone, so that nothing can be dated back under it. One that a vote ended at once is gone with the
 * ledger of the vote, and all its tokens with it. A key that anybody can sign for is never taken, and
 * while the set cannot be read the one before stands: a key that was ended does not come back.
 */
import type { Views } from "../access/entitlement.ts";
import { ENDED_AT_ONCE, type IssuerEntry, thumbprint } from "../access/issuer-set.ts";
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
  /** Told after each ledger of all issuers that were ever named, once they are read. */
  readonly onRead?: (entries: readonly IssuerEntry[], sequence: number) => void;
  readonly events: Events;
  readonly clock: Clock;
}

const DAO = 1n;
/** The longest life of a token, in ledgers of five seconds. */
const LIFE_LEDGERS = 180;
const KEY_BYTES = 32;

/** Reads the set, and again with each ledger from then on. */
export async function watchIssuers(parts: IssuerWatchParts): Promise<void> {
  const { onLedger, guard } = parts;
  let changed: readonly IssuerEntry[] = [];
  let isDue = true;
  const ended = new Set<string>();
  const look = async (told: number | undefined) => {
    if (isDue) {
      isDue = false;
      const read = await readChanges(parts);
      isDue ||= read === undefined;
      changed = read ?? changed;
    }
    hear(parts, changed, ended);
    // What was read is of this ledger only when no other was applied meanwhile.
    if (isDue || told === undefined || parts.head()?.sequence !== told) return;
    parts.onRead?.(named(parts.network.issuers, changed), told);
  };
  await look(undefined);
  let reading = Promise.resolve();
  onLedger((ledgers) => {
    isDue ||= ledgerChange(ledgers).contracts.has(Number(DAO));
    const told = ledgers.at(-1)?.sequence;
    reading = reading
      .then(() => look(told))
      .catch((error: unknown) => {
        const message = error instanceof Error ? error.message : String(error);
        parts.events.warn("access.issuers_fault", { message });
      });
  });
  if (guard.issuers.isStale) parts.events.warn("access.issuers_stale");
}

function hear(parts: IssuerWatchParts, changed: readonly IssuerEntry[], known: Set<string>): void {
  const { guard, network, head, events, clock } = parts;
  const now = head()?.sequence ?? 0;
  const ended = changed.filter(({ toLedger }) => toLedger === ENDED_AT_ONCE);
  const kids = ended.map(({ key }) => thumbprint(key)).filter((kid) => !known.has(kid));
  for (const kid of kids) known.add(kid);
  revokeKeys(guard, kids, Math.floor(clock.nowMs() / 1_000));
  const entries = stillSigned(named(network.issuers, changed), now);
  if (!guard.issuers.hear(entries)) return;
  events.info("access.issuers_changed", { issuers: guard.issuers.current().issuers.length });
}

/** Open wires hold tokens that were good: they end with the key. */
export function revokeKeys(
  { revocations }: Pick<AccessGuard, "revocations">,
  kids: readonly string[],
  nowS: number,
): void {
  const terms = { contract: "", untilS: nowS + TOKEN_LIFE_S_MAX };
  const ended = kids.map((kid) => revocationOf("kid", kid, terms));
  revocations.add(ended, nowS, "");
}

/** A key whose time is over verifies what it signed for one token life more; one ended at once, nothing. */
export function stillSigned(
  entries: readonly IssuerEntry[],
  ledger: number,
): readonly IssuerEntry[] {
  return entries.filter(
    ({ toLedger }) =>
      toLedger === undefined || (toLedger !== ENDED_AT_ONCE && ledger <= toLedger + LIFE_LEDGERS),
  );
}

/** A key that a vote named is what the vote says, whatever network.json has of it. */
function named(
  founding: readonly IssuerEntry[],
  changed: readonly IssuerEntry[],
): readonly IssuerEntry[] {
  const voted = new Set(changed.map(({ key }) => key));
  return [...founding.filter(({ key }) => !voted.has(key)), ...changed];
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

// Goal: whoever speaks, in whatever order it is heard, a minority of issuers brings nobody in and nobody out; and
//       when all has been heard, the set is the one that the ledger has.
// Method: six honest and thieving issuers with real signatures; the roll hears their words in random pages.
import fc from "fast-check";
import { expect, it } from "vitest";
import { loadDeviceKey } from "../../src/access/device-key.ts";
import { privateKeyOf } from "../../src/access/ed25519.ts";
import { IssuerRoll } from "../../src/access/issuer-roll.ts";
import { ENDED_AT_ONCE, type IssuerEntry, thumbprint } from "../../src/access/issuer-set.ts";
import { type SignedWord, signWord, textOf } from "../../src/access/issuer-word.ts";
import { invariant } from "../../src/lib/invariant.ts";
import { accountFromBytes } from "../../src/lib/strkey.ts";

const SEED = Number(process.env["ACE_SEED"] ?? "20261123");
const NET = "0123456789abcdef";
const seedOf = (number: number) => `${number}`.padStart(2, "0").repeat(32);
const entries = Array.from({ length: 10 }, (_, number): IssuerEntry => {
  const { publicKey } = loadDeviceKey(seedOf(number + 10));
  return { account: accountFromBytes(publicKey), key: publicKey.toHex(), fromLedger: 0 };
});
const entryOf = (number: number): IssuerEntry => {
  const entry = entries[number];
  invariant(entry !== undefined, "there are ten");
  return entry;
};
const FOUNDERS = [0, 1, 2, 3, 4];
const HONEST = [0, 1, 2, 5];
const THIEVES = [3, 4];
const EVIL = 9;

/** As the ledger has it: a sixth issuer comes, then one of the thieves is found out. */
const founded = FOUNDERS.map(entryOf);
const joined = [...founded, { ...entryOf(5), fromLedger: 110 }];
const cleaned = joined.map((entry) =>
  entry.key === entryOf(3).key ? { ...entry, toLedger: ENDED_AT_ONCE } : entry,
);
const history = [
  { fromLedger: 1, set: founded },
  { fromLedger: 100, set: joined },
  { fromLedger: 200, set: cleaned },
];
const setAt = (ledger: number) =>
  history.findLast(({ fromLedger }) => fromLedger <= ledger)?.set ?? [];

function word(number: number, ledger: number, set: readonly IssuerEntry[]): SignedWord {
  const key = privateKeyOf(seedOf(number + 10));
  invariant(key !== undefined, "the seed is one");
  const { account: issuer, key: publicKey } = entryOf(number);
  const kid = thumbprint(publicKey);
  const said = { net: NET, issuer, kid, ledger, ledgerHash: "1e".repeat(32), atS: ledger };
  return signWord({ ...said, entries: set }, key);
}

/** What thieves would have: one of theirs in, honest ones out, or the past back. */
const lies: readonly (readonly IssuerEntry[])[] = [
  [...founded, entryOf(EVIL)],
  [...cleaned, entryOf(EVIL)],
  joined.map((entry) =>
    entry.key === entryOf(0).key ? { ...entry, toLedger: ENDED_AT_ONCE } : entry,
  ),
  [entryOf(3), entryOf(4)],
  founded,
];
const ledger = fc.integer({ min: 1, max: 300 });
const truth = fc
  .tuple(fc.constantFrom(...HONEST), ledger)
  .map(([number, at]) =>
    word(
      number,
      number === 5 ? Math.max(at, 110) : at,
      setAt(number === 5 ? Math.max(at, 110) : at),
    ),
  );
const lie = fc
  .tuple(fc.constantFrom(...THIEVES, EVIL), ledger, fc.constantFrom(...lies))
  .map(([number, at, set]) => word(number, at, set));
const pages = fc.array(fc.array(fc.oneof(truth, lie), { maxLength: 6 }), { maxLength: 12 });
const last = HONEST.map((number) => word(number, 301, cleaned));
const sets = history.map(({ set }) => textOf(set));

it("goes by nothing but what the ledger had, and ends by what it has", () => {
  const met = { changes: 0, refused: 0, ended: 0 };
  fc.assert(
    fc.property(pages, (list) => {
      const roll = new IssuerRoll({ net: NET, founding: founded });
      let before = 0;
      for (const page of list) {
        met.refused += roll
          .hear(page)
          .filter((heard) => heard === "older" || heard === "unknown").length;
        const now = sets.indexOf(textOf(roll.entries));
        expect(now).toBeGreaterThanOrEqual(before);
        met.changes += now - before;
        before = now;
        for (const number of HONEST)
          expect(roll.ended).not.toContain(thumbprint(entryOf(number).key));
        if (roll.ended.length > 0) met.ended += 1;
      }
      roll.hear(last);
      roll.hear(last);
      expect(textOf(roll.entries)).toBe(sets.at(-1));
      const late = new IssuerRoll({ net: NET, founding: founded });
      late.hear(roll.words());
      expect(textOf(late.entries)).toBe(sets.at(-1));
      expect(late.ended).toEqual([thumbprint(entryOf(3).key)]);
    }),
    { numRuns: 60, seed: SEED },
  );
  for (const count of Object.values(met)) expect(count).toBeGreaterThan(0);
});

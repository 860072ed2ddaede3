// Goal: a verifier without a ledger goes by the issuers that more than half of those it knows name, and no others.
// Method: real keys and signatures; words are told by hand, as nodes would tell them.
import { expect, it } from "vitest";
import { loadDeviceKey } from "../../src/access/device-key.ts";
import { privateKeyOf } from "../../src/access/ed25519.ts";
import { IssuerRoll } from "../../src/access/issuer-roll.ts";
import { ENDED_AT_ONCE, type IssuerEntry, thumbprint } from "../../src/access/issuer-set.ts";
import { IssuerSpeaker } from "../../src/access/issuer-speaker.ts";
import {
  type IssuerWord,
  readWord,
  type SignedWord,
  signWord,
} from "../../src/access/issuer-word.ts";
import { invariant } from "../../src/lib/invariant.ts";
import { accountFromBytes } from "../../src/lib/strkey.ts";

const NET = "0123456789abcdef";
const NOW_S = 1_900_000_000;
const seedOf = (name: string) => Buffer.from(name.padEnd(32)).toString("hex");
const publicKey = (name: string) => loadDeviceKey(seedOf(name)).publicKey.toHex();
const accountOf = (name: string) => accountFromBytes(loadDeviceKey(seedOf(`${name}!`)).publicKey);
/** A second key of an account is written `ann2`. */
const entry = (name: string, fromLedger = 0, toLedger?: number): IssuerEntry => ({
  account: accountOf(name.replace(/\d/, "")),
  key: publicKey(name),
  fromLedger,
  ...(toLedger === undefined ? {} : { toLedger }),
});
const [ann, ben, cat] = [entry("ann"), entry("ben"), entry("cat")];

function word(
  name: string,
  ledger: number,
  entries: readonly IssuerEntry[],
  change: Partial<IssuerWord> = {},
) {
  const key = privateKeyOf(seedOf(name));
  invariant(key !== undefined, "the seed is one");
  const kid = thumbprint(publicKey(name));
  const issuer = accountOf(name.replace(/\d/, ""));
  const atS = NOW_S + ledger;
  return signWord(
    { net: NET, issuer, kid, ledger, ledgerHash: "1e".repeat(32), atS, entries, ...change },
    key,
  );
}

const rollOf = (...founding: readonly IssuerEntry[]) => new IssuerRoll({ net: NET, founding });
const named = (roll: IssuerRoll) => roll.entries.map(({ key }) => key).toSorted();
const keysOf = (...entries: readonly IssuerEntry[]) => entries.map(({ key }) => key).toSorted();

it("takes a new issuer when more than half of those it knows have signed him in", () => {
  const roll = rollOf(ann, ben, cat);
  const next = [ann, ben, cat, entry("dan", 110)];
  expect(roll.hear([word("ann", 100, next)])).toEqual(["taken"]);
  expect(named(roll)).toEqual(keysOf(ann, ben, cat));
  expect(roll.pending).toEqual({ votes: 1, needed: 2 });
  expect(roll.hear([word("ben", 103, next)])).toEqual(["taken"]);
  expect(named(roll)).toEqual(keysOf(...next));
  expect([roll.ledger, roll.confirmedAtS, roll.pending]).toEqual([100, NOW_S + 100, undefined]);
});

it("counts an account once, whatever keys it signs with, and nobody who is no issuer", () => {
  const two = entry("ann2");
  const roll = rollOf(ann, two, ben, cat);
  const next = [ann, two, ben, cat, entry("dan")];
  expect(roll.hear([word("ann", 100, next), word("ann2", 101, next)])).toEqual(["taken", "taken"]);
  expect(roll.hear([word("dan", 102, next), word("eve", 102, next)])).toEqual([
    "unknown",
    "unknown",
  ]);
  expect(named(roll)).toEqual(keysOf(ann, two, ben, cat));
});

it("refuses what is forged, of another network, older, or said twice of one ledger", () => {
  const roll = rollOf(ann);
  const next = [ann, entry("dan", 110)];
  const good = word("ann", 100, next);
  const { body, signature } = good;
  const flip = (text: string, at: number) =>
    text.slice(0, at) + (text[at] === "0" ? "1" : "0") + text.slice(at + 1);
  for (let at = 0; at < body.length; at += 5) {
    expect(roll.hear([{ body: flip(body, at), signature }])[0]).not.toBe("taken");
  }
  for (let at = 0; at < signature.length; at += 5) {
    expect(roll.hear([{ body, signature: flip(signature, at) }])).toEqual(["forged"]);
  }
  const { signature: others } = word("eve", 100, next, {
    issuer: ann.account,
    kid: thumbprint(ann.key),
  });
  expect(roll.hear([{ body, signature: others }])).toEqual(["forged"]);
  expect(roll.hear([word("ann", 100, next, { net: "f".repeat(16) })])).toEqual(["forged"]);
  expect(
    roll.hear([
      { body: "00", signature: "00" },
      { body: "", signature: "" },
    ]),
  ).toEqual(["forged", "forged"]);
  expect(roll.words()).toEqual([]);
  expect(roll.hear([good])).toEqual(["taken"]);
  expect(roll.hear([good])).toEqual(["known"]);
  expect(roll.hear([word("ann", 99, [ann]), word("ann", 100, [ann])])).toEqual(["older", "older"]);
  expect(named(roll)).toEqual(keysOf(...next));
});

it.each<[string, object]>([
  ["a key twice", { entries: [ann, ann] }],
  ["a key that anybody can sign for", { entries: [{ ...ann, key: "00".repeat(32) }] }],
  ["an account that is none", { entries: [{ ...ann, account: "GA" }] }],
  [
    "more keys than there may be",
    { entries: Array.from({ length: 321 }, (_, n) => entry(`k${n}`)) },
  ],
])("reads no word with %s", (_what, change) => {
  expect(readWord(word("ann", 100, [ann], change))).toBeUndefined();
});

/** All of a network's words over time, told by each issuer with its own clock of ledgers. */
function rotation(): readonly SignedWord[] {
  const sets = [
    [ann, entry("ben", 110)],
    [{ ...ann, toLedger: 250 }, entry("ben", 110)],
    [{ ...ann, toLedger: 250 }, entry("ben", 110), entry("cat", 310)],
    [{ ...ann, toLedger: 250 }, entry("ben", 110, 450), entry("cat", 310)],
    [{ ...ann, toLedger: 250 }, entry("ben", 110, 450), entry("cat", 310), entry("cat2", 510)],
    [
      { ...ann, toLedger: 250 },
      entry("ben", 110, 450),
      entry("cat", 310, ENDED_AT_ONCE),
      entry("cat2", 510),
    ],
  ];
  const [first = [], second = [], third = [], fourth = [], fifth = [], sixth = []] = sets;
  return [
    word("ann", 100, first),
    word("ann", 160, first),
    word("ben", 161, first),
    word("ann", 200, second),
    word("ben", 201, second),
    word("ben", 300, third),
    word("ben", 360, third),
    word("cat", 361, third),
    word("ben", 400, fourth),
    word("cat", 401, fourth),
    word("cat", 500, fifth),
    word("cat2", 560, fifth),
    word("cat2", 600, sixth),
  ];
}

it("is led along while all issuers are replaced, also when it comes late or starts anew", () => {
  const words = rotation();
  const last = keysOf(ann, ben, cat, entry("cat2"));
  const roll = rollOf(ann);
  for (const each of words) expect(roll.hear([each])).toEqual(["taken"]);
  expect(named(roll)).toEqual(last);
  expect(roll.ended).toEqual([thumbprint(cat.key)]);
  expect(roll.ledger).toBe(600);
  for (const late of [words, words.toReversed(), roll.words()]) {
    const fresh = rollOf(ann);
    fresh.hear(late);
    expect([named(fresh), fresh.ledger, fresh.confirmedAtS]).toEqual([
      last,
      600,
      roll.confirmedAtS,
    ]);
  }
  const ahead = rollOf(ann);
  ahead.hear(words.slice(0, 5));
  ahead.hear(roll.words(ahead.ledger));
  expect(named(ahead)).toEqual(last);
});

it("needs both votes as soon as the second issuer's key is in force, and the leaver's until he has left", () => {
  const roll = rollOf(ann);
  const both = [ann, entry("ben", 110)];
  const soon = [...both, entry("cat", 310)];
  const early = rollOf(ann);
  early.hear([word("ann", 100, both), word("ann", 109, soon)]);
  expect(named(early)).toEqual(keysOf(...soon));
  roll.hear([word("ann", 100, both), word("ann", 120, both)]);
  const without = [{ ...ann, toLedger: 250 }, entry("ben", 110)];
  roll.hear([word("ben", 200, without)]);
  expect(roll.pending).toEqual({ votes: 1, needed: 2 });
  roll.hear([word("ann", 201, without)]);
  expect(roll.pending).toBeUndefined();
  const alone = [...without, entry("cat", 310)];
  expect(roll.hear([word("ann", 251, alone)])).toEqual(["unknown"]);
  expect(roll.hear([word("ben", 260, alone)])).toEqual(["taken"]);
  expect(named(roll)).toEqual(keysOf(...alone));
});

it("ends a stolen key by the others' word, takes no more from it, and lets no single issuer end another", () => {
  const roll = rollOf(ann, ben, cat);
  const stolen = [{ ...ann, toLedger: ENDED_AT_ONCE }, ben, cat];
  const framed = [ann, { ...ben, toLedger: ENDED_AT_ONCE }, cat, entry("eve")];
  roll.hear([word("ann", 100, framed)]);
  expect(roll.ended).toEqual([]);
  roll.hear([word("ben", 101, stolen)]);
  expect(roll.ended).toEqual([]);
  roll.hear([word("cat", 102, stolen)]);
  expect(roll.ended).toEqual([thumbprint(ann.key)]);
  expect(roll.hear([word("ann", 103, framed)])).not.toEqual(["taken"]);
  expect(named(roll)).toEqual(keysOf(ann, ben, cat));
});

it("ends a key of two on the other's word, but gives nobody a place on one vote of two", () => {
  const roll = rollOf(ann, ben);
  const next = [{ ...ann, toLedger: ENDED_AT_ONCE }, ben, entry("dan")];
  roll.hear([word("ben", 100, next)]);
  expect(roll.ended).toEqual([thumbprint(ann.key)]);
  const framed = [ann, { ...ben, toLedger: ENDED_AT_ONCE }];
  expect(roll.hear([word("ann", 101, framed)])).toEqual(["older"]);
  expect(roll.ended).toEqual([thumbprint(ann.key)]);
  expect(named(roll)).toEqual(keysOf(ann, ben));
  expect(roll.pending).toEqual({ votes: 1, needed: 2 });
});

it("leads late comers also through words by which nothing changed but who has a vote", () => {
  const three = [ann, ben, cat];
  const five = [...three, entry("dan", 110), entry("eve", 110)];
  const six = [...five, entry("fay", 310)];
  const roll = rollOf(...three);
  roll.hear([word("ann", 100, five), word("ben", 101, five)]);
  roll.hear([word("ann", 150, five), word("ben", 151, five)]);
  roll.hear([word("cat", 200, six), word("dan", 201, six)]);
  expect(roll.pending).toEqual({ votes: 2, needed: 3 });
  roll.hear([word("eve", 202, six)]);
  expect(named(roll)).toEqual(keysOf(...six));
  roll.hear(["ann", "ben", "cat", "dan", "eve"].map((name) => word(name, 300, six)));
  const late = rollOf(...three);
  late.hear(roll.words().filter((signed) => (readWord(signed)?.ledger ?? 0) < 300));
  expect(named(late)).toEqual(keysOf(...six));
});

it("takes no word from before the ledger that it has, whoever says it", () => {
  const roll = rollOf(ann, ben, cat);
  const next = [ann, ben, cat, entry("dan", 110)];
  roll.hear([word("ann", 100, next), word("ben", 100, next)]);
  expect(roll.hear([word("cat", 99, [ann, ben, cat])])).toEqual(["older"]);
  expect(roll.hear([word("cat", 99, next)])).toEqual(["known"]);
  expect(roll.pending).toBeUndefined();
});

it("is confirmed as late as more than half of the votes are", () => {
  const roll = rollOf(ann, ben, cat);
  const same = [ann, ben, cat];
  expect(roll.confirmedAtS).toBe(0);
  roll.hear([word("ann", 900, same)]);
  expect(roll.confirmedAtS).toBe(0);
  roll.hear([word("ben", 500, same)]);
  expect(roll.confirmedAtS).toBe(NOW_S + 500);
  roll.hear([word("cat", 700, same)]);
  expect(roll.confirmedAtS).toBe(NOW_S + 700);
});

it("is told at once of a change and every minute that it is still so, by keys in force alone", () => {
  const speaker = new IssuerSpeaker({
    account: ben.account,
    kid: thumbprint(ben.key),
    publicKey: ben.key,
    seed: seedOf("ben"),
    net: NET,
  });
  const at = (ledger: number, entries: readonly IssuerEntry[]) =>
    speaker.speak({ ledger, ledgerHash: "1e".repeat(32), closeTimeS: NOW_S + 5 * ledger, entries });
  const both = [ann, entry("ben", 110)];
  expect(at(109, both)).toBeUndefined();
  expect(at(110, both)).toBeDefined();
  expect(at(111, both.toReversed())).toBeUndefined();
  expect(at(122, both)).toBeDefined();
  expect(at(123, [...both, cat])).toBeDefined();
  expect(at(124, [ann, entry("ben", 110, ENDED_AT_ONCE)])).toBeUndefined();
  expect(speaker.word && readWord(speaker.word)).toMatchObject({ ledger: 123, atS: NOW_S + 615 });
});

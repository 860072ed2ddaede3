// Goal: a ledger is anchored exactly when validators of our own choice, enough of them, signed for it.
// Method: made messages by seeded keys around every edge, and real ones of two networks.
import { Keypair, xdr } from "@stellar/stellar-sdk/base";
import { describe, expect, it } from "vitest";
import { openArchiveSource } from "../../src/ledger/archive-source.ts";
import { isSatisfied, readQuorumSet, validatorsOf } from "../../src/ledger/quorum.ts";
import { type AnchorQuestion, anchor, requireAnchor } from "../../src/ledger/scp-anchor.ts";
import { stellarNetworkId } from "../../src/ledger/transaction-hash.ts";
import { verifyRaw } from "../../src/ledger/verify-ledger.ts";
import { concatBytes, uint32Bytes } from "../../src/lib/bytes.ts";
import { sha256 } from "../../src/lib/hash.ts";
import { fixturePath, PUBNET, TESTNET } from "../fixtures/stellar-data.ts";

const keys = Array.from({ length: 9 }, (_, index) =>
  Keypair.fromRawEd25519Seed(Buffer.from(sha256(uint32Bytes(index)))),
);
const [a = "", b = "", c = "", d = "", e = "", f = "", g = "", h = "", i = ""] = keys.map((key) =>
  key.publicKey(),
);
const LEDGER = 63;
const networkId = stellarNetworkId(TESTNET);
const valueBytes = new Uint8Array([1, 2, 3, 4, 5]);
const hash = new Uint8Array(32);

type Pledges = xdr.ScpStatementPledges;
const ballot = (value: Uint8Array) => new xdr.ScpBallot({ counter: 1, value });
const externalize = (value = valueBytes): Pledges =>
  xdr.ScpStatementPledges.scpStExternalize(
    new xdr.ScpStatementExternalize({ commit: ballot(value), nH: 1, commitQuorumSetHash: hash }),
  );
const confirm = (nCommit: number, nH: number, value = valueBytes): Pledges =>
  xdr.ScpStatementPledges.scpStConfirm(
    new xdr.ScpStatementConfirm({
      ballot: ballot(value),
      nPrepared: 1,
      nCommit,
      nH,
      quorumSetHash: hash,
    }),
  );
const nominate = (): Pledges =>
  xdr.ScpStatementPledges.scpStNominate(
    new xdr.ScpNomination({ quorumSetHash: hash, votes: [valueBytes], accepted: [valueBytes] }),
  );

interface Said {
  readonly pledges?: Pledges;
  readonly slot?: number;
  readonly network?: Uint8Array;
}

function says(validator: string, { pledges = externalize(), slot = LEDGER, network }: Said = {}) {
  const key = keys.find((each) => each.publicKey() === validator);
  if (key === undefined) throw new Error(`no key of ${validator}`);
  const statement = new xdr.ScpStatement({
    nodeId: key.xdrPublicKey(),
    slotIndex: BigInt(slot),
    pledges,
  });
  const message = concatBytes(network ?? networkId, uint32Bytes(1), statement.toXdr());
  const signature = key.sign(Buffer.from(message));
  return new xdr.ScpEnvelope({ statement, signature }).toXdr();
}

const question = (
  quorum: unknown,
  envelopes: readonly Uint8Array[],
  over: Partial<AnchorQuestion> = {},
): AnchorQuestion => ({
  sequence: LEDGER,
  valueBytes,
  networkId,
  quorumSet: readQuorumSet(quorum),
  envelopes,
  ...over,
});

const reasonOf = (envelope: Uint8Array) => {
  const { counted, rejected } = anchor(question({ threshold: 1, validators: [a] }, [envelope]));
  return counted.length > 0 ? "counted" : rejected[0]?.reason;
};

/** Two of: one of (a, b), all of (c, d), a set within a set. */
const nested = {
  threshold: 2,
  innerQuorumSets: [
    { threshold: 1, validators: [a, b] },
    { threshold: 2, validators: [c, d] },
    { threshold: 2, validators: [e], innerQuorumSets: [{ threshold: 2, validators: [f, g, h] }] },
  ],
};

describe("a quorum set", () => {
  it.each([
    [[], false],
    [[a, b], false],
    [[a, c], false],
    [[a, c, d], true],
    [[c, d, e, f], false],
    [[c, d, e, f, g], true],
    [[b, e, g, h], true],
    [[c, d, f, g, h], false],
  ])("of two levels is satisfied at its thresholds and not below: %#", (counted, satisfied) => {
    expect(isSatisfied(readQuorumSet(nested), new Set(counted))).toBe(satisfied);
  });

  it("names all of its validators", () => {
    expect(validatorsOf(readQuorumSet(nested))).toEqual([a, b, c, d, e, f, g, h]);
  });

  const inside = (depth: number): unknown =>
    depth === 1
      ? { threshold: 1, validators: [a] }
      : { threshold: 1, innerQuorumSets: [inside(depth - 1)] };

  it("may be four deep", () => {
    expect(validatorsOf(readQuorumSet(inside(4)))).toEqual([a]);
  });

  it.each([
    ["nested too deep", inside(5), "nested more than 4 deep"],
    ["nested without end", inside(5000), "nested more than 4 deep"],
    ["that can never be satisfied", { threshold: 3, validators: [a, b] }, "asks for 3 of 2"],
    ["that is always satisfied", { threshold: 0, validators: [a] }, "threshold"],
    [
      "with a validator twice",
      { threshold: 1, validators: [a, b, a] },
      "is in the quorum set twice",
    ],
    [
      "with a validator in two places",
      { threshold: 1, validators: [a], innerQuorumSets: [{ threshold: 1, validators: [a] }] },
      "twice",
    ],
    ["with a misspelt key", { threshold: 1, validators: [`${a.slice(0, -1)}2`] }, "not the key of"],
    ["with a word we do not know", { threshold: 1, validators: [a], treshold: 1 }, "treshold"],
    ["that is empty", {}, "threshold"],
    ["that is nothing", null, "object"],
    [
      "whose inner set can never be satisfied",
      { threshold: 1, validators: [a], innerQuorumSets: [{ threshold: 1 }] },
      "the quorum set, inner set 1 asks for 1 of 0",
    ],
  ])("is refused when it is one %s", (_what, value, message) => {
    const read = () => readQuorumSet(value);
    expect(read).toThrow(expect.objectContaining({ code: "QUORUM_INVALID" }));
    expect(read).toThrow(message);
  });
});

describe("a message counts", () => {
  it.each([
    ["externalizing the value", externalize(), "counted"],
    ["externalizing another value", externalize(new Uint8Array([9])), "otherValue"],
    ["confirming the value", confirm(1, 1), "counted"],
    ["confirming a range of ballots", confirm(3, 7), "counted"],
    ["confirming without a commit", confirm(0, 4), "notCommitted"],
    ["confirming more than its highest", confirm(5, 4), "notCommitted"],
    ["confirming another value", confirm(1, 1, new Uint8Array([9])), "otherValue"],
    ["nominating the value", nominate(), "notCommitted"],
  ])("or not: %s", (_what, pledges, outcome) => {
    expect(reasonOf(says(a, { pledges }))).toBe(outcome);
  });

  it("only for its ledger, its network, its signer, and as a whole", () => {
    const envelope = says(a);
    expect(reasonOf(says(a, { slot: 64 }))).toBe("otherLedger");
    expect(reasonOf(says(a, { network: stellarNetworkId(PUBNET) }))).toBe("badSignature");
    expect(reasonOf(says(b))).toBe("notConfigured");
    expect(reasonOf(envelope.subarray(0, -4))).toBe("malformed");
    expect(reasonOf(concatBytes(envelope, uint32Bytes(0)))).toBe("malformed");
    for (let bit = 0; bit < envelope.length * 8; bit += 1) {
      const changed = Uint8Array.from(envelope);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(reasonOf(changed)).not.toBe("counted");
    }
  });
});

describe("a ledger is anchored", () => {
  const two = { threshold: 2, validators: [a, b, c] };

  it("once the quorum set is satisfied, and no further message is looked at", () => {
    const answer = anchor(question(two, [says(a), says(b), new Uint8Array(), says(c)]));
    expect(answer).toEqual({ satisfied: true, counted: [a, b], rejected: [] });
  });

  it("by each validator once, however often he says it", () => {
    const answer = anchor(question(two, [says(a), says(a), says(a, { pledges: confirm(1, 1) })]));
    expect(answer).toMatchObject({ satisfied: false, counted: [a] });
  });

  it("by what several archives heard, taken together", () => {
    const one = [says(a), says(b, { pledges: nominate() })];
    const other = [says(i), says(b, { pledges: confirm(1, 2) })];
    expect(anchor(question(two, one)).satisfied).toBe(false);
    expect(anchor(question(two, other)).satisfied).toBe(false);
    const both = anchor(question(two, [...one, ...other]));
    expect(both).toMatchObject({ satisfied: true, counted: [a, b] });
    expect(both.rejected.map(({ reason }) => reason)).toEqual(["notCommitted", "notConfigured"]);
  });

  it("or an error says how many agreed", () => {
    const ask = () => requireAnchor(question(nested, [says(a), says(c)]));
    expect(ask).toThrow(expect.objectContaining({ code: "LEDGER_UNANCHORED" }));
    expect(ask).toThrow("ledger 63: 2 of 8 configured validators");
  });
});

describe("real checkpoints", () => {
  const testnet = [
    "GC2V2EFSXN6SQTWVYA5EPJPBWWIMSD2XQNKUOHGEKB535AQE2I6IXV2Z",
    "GCUCJTIYXSOXKBSNFGNFWW5MUQ54HKRPGJUTQFJ5RQXZXNOLNXYDHRAP",
  ];
  const pubnet = [
    "GABMKJM6I25XI4K7U6XWMULOUQIQ27BCTMLS6BYYSOWKTBUXVRJSXHYQ",
    "GCM6QMP3DLRPTAZW2UZPCPX2LF3SXWXKPMP3GKFZBDSF3QZGV2G5QSTK",
    "GCGB2S2KGYARPVIA37HYZXVRM2YZUEXA6S33ZU5BUDC6THSB62LZSTYH",
  ];

  it.each([
    ["archive-testnet", TESTNET, 63, testnet],
    ["archive-testnet", TESTNET, 127, testnet],
    ["archive-pubnet", PUBNET, 12_000_063, pubnet],
    ["archive-pubnet", PUBNET, 12_000_127, pubnet],
  ])(
    "of %s are anchored by two of its validators: %s %i",
    async (name, passphrase, checkpoint, validators) => {
      const source = openArchiveSource({ location: fixturePath(name) });
      const [raw] = await Array.fromAsync(source.read(checkpoint));
      if (raw === undefined) throw new Error("the fixture has its checkpoints");
      const ledger = verifyRaw(raw, { passphrase });
      const envelopes = await source.consensus(checkpoint);
      const over = {
        sequence: checkpoint,
        valueBytes: ledger.valueBytes,
        networkId: stellarNetworkId(passphrase),
      };
      const quorum = { threshold: 2, validators };
      expect(anchor(question(quorum, envelopes, over))).toMatchObject({ satisfied: true });
      const swapped = { ...over, networkId: stellarNetworkId("another network") };
      expect(anchor(question(quorum, envelopes, swapped))).toMatchObject({ counted: [] });
      const other = { ...over, sequence: checkpoint - 1 };
      expect(anchor(question(quorum, envelopes, other))).toMatchObject({ counted: [] });
    },
  );
});

// Goal: every result code of the rules that the devnet models can be met, each by its own cause.
// Method: one scenario a code; the codes that have none are listed with the reason.
import {
  Asset,
  Claimant,
  type Keypair,
  Operation,
  TransactionBuilder,
  xdr,
} from "@stellar/stellar-sdk/base";
import { describe, expect, it } from "vitest";
import { type Bench, codeOf, createBench, keypair, PASSPHRASE, setOptions } from "../devnet-kit.ts";

const alice = keypair("alice");
const bob = keypair("bob");
const issuer = keypair("issuer");
const ghost = keypair("ghost");
const native = Asset.native();
const usd = new Asset("USD", issuer.publicKey());
const LIMIT_MAX = "922337203685.4775807";

const pay = (to: Keypair, amount: string, asset = native, source?: Keypair) =>
  Operation.payment({
    destination: to.publicKey(),
    amount,
    asset,
    ...(source === undefined ? {} : { source: source.publicKey() }),
  });
const trust = (asset = usd, limit = "1000") => Operation.changeTrust({ asset, limit });
const create = (to: Keypair, startingBalance: string) =>
  Operation.createAccount({ destination: to.publicKey(), startingBalance });
const data = (name: string, value: string | null) => Operation.manageData({ name, value });
const lock = (amount: string, asset = native, claimants = [new Claimant(bob.publicKey())]) =>
  Operation.createClaimableBalance({ amount, asset, claimants });
const options = (op: Parameters<typeof Operation.setOptions>[0]) => Operation.setOptions(op);

/** An operation as the SDK would refuse to build it. */
const raw = (body: xdr.OperationBody) => new xdr.Operation({ sourceAccount: null, body });
const rawPayment = (amount: bigint, asset: xdr.Asset) =>
  raw(
    xdr.OperationBody.payment(
      new xdr.PaymentOp({ destination: bob.xdrMuxedAccount(), asset, amount }),
    ),
  );
const rawOptions = (changes: Parameters<typeof setOptions>[0]) => raw(setOptions(changes));
const signer = (key: Keypair, weight: number) =>
  new xdr.Signer({ key: xdr.SignerKey.signerKeyTypeEd25519(key.rawPublicKey()), weight });

/** Leaves alice with her reserve, one fee of 100, and `extra` stroops. */
const drain = (bench: Bench, extra = 0n) => {
  const { balance, numSubEntries } = bench.account(alice);
  const reserve = BigInt(2 + numSubEntries) * 5_000_000n;
  const left = balance - reserve - extra - 200n;
  bench.run({ from: alice }, pay(bob, stroops(left)));
};
const stroops = (amount: bigint) =>
  `${amount / 10_000_000n}.${String(amount % 10_000_000n).padStart(7, "0")}`;

type Scenario = (bench: Bench) => xdr.TransactionResult;
const by = (...operations: readonly xdr.Operation[]): Scenario => {
  return (bench) => bench.run({ from: alice }, ...operations);
};
const after = (first: readonly xdr.Operation[], ...then: readonly xdr.Operation[]): Scenario => {
  return (bench) => {
    bench.run({ from: alice }, ...first);
    return bench.run({ from: alice }, ...then);
  };
};
const poor = (...operations: readonly xdr.Operation[]): Scenario => {
  return (bench) => {
    drain(bench);
    return bench.run({ from: alice }, ...operations);
  };
};
/** With an issuer who must authorize each trustline and has not. */
const strict = (...operations: readonly xdr.Operation[]): Scenario => {
  return (bench) => {
    bench.run({ from: issuer }, rawOptions({ setFlags: 1 }));
    bench.run({ from: alice }, trust());
    return bench.run({ from: alice }, ...operations);
  };
};
const conditioned = (build: (builder: TransactionBuilder) => TransactionBuilder): Scenario => {
  return (bench) => bench.run({ from: alice, build }, data("a", "1"));
};
const bumped = (fee: string, ...operations: readonly xdr.Operation[]): Scenario => {
  return (bench) => {
    const inner = TransactionBuilder.fromXDR(
      bench.envelope({ from: alice }, ...operations),
      PASSPHRASE,
    );
    if ("innerTransaction" in inner) throw new Error("not a plain transaction");
    const bump = TransactionBuilder.buildFeeBumpTransaction(bob, fee, inner, PASSPHRASE);
    bump.sign(bob);
    return bench.submitted(bump.toXDR());
  };
};

const scenarios: Readonly<Record<string, Scenario>> = {
  txSuccess: by(data("a", "1")),
  txTooEarly: (bench) =>
    bench.run({ from: alice, time: { minTime: 9_999, maxTime: 0 } }, data("a", "1")),
  txTooLate: (bench) =>
    bench.run({ from: alice, time: { minTime: 0, maxTime: 500 } }, data("a", "1")),
  txMissingOperation: by(),
  txBadSeq: (bench) => bench.run({ from: alice, sequence: 5n }, data("a", "1")),
  txBadAuth: (bench) => bench.run({ from: alice, signers: [bob] }, data("a", "1")),
  txInsufficientBalance: (bench) => {
    drain(bench);
    return bench.run({ from: alice, fee: "101" }, data("a", "1"));
  },
  txNoAccount: (bench) => bench.run({ from: ghost, sequence: 1n }, data("a", "1")),
  txInsufficientFee: (bench) => bench.run({ from: alice, fee: "99" }, data("a", "1")),
  txBadAuthExtra: (bench) => bench.run({ from: alice, signers: [alice, bob] }, data("a", "1")),
  txBadMinSeqAgeOrGap: (bench) => {
    bench.run({ from: alice }, data("a", "1"));
    const build = (builder: TransactionBuilder) => builder.setMinAccountSequenceAge(60n);
    return bench.run({ from: alice, build }, data("a", "2"));
  },
  txMalformed: conditioned((builder) =>
    builder.setExtraSigners([bob.publicKey(), bob.publicKey()]),
  ),
  txFeeBumpInnerSuccess: bumped("200", data("a", "1")),
  txFeeBumpInnerFailed: (bench) => bumped("200", pay(ghost, "1"))(bench),

  opBadAuth: by(pay(alice, "1", native, bob)),
  opNoAccount: (bench) =>
    bench.run({ from: alice, signers: [alice, ghost] }, pay(bob, "1", native, ghost)),
  opNotSupported: by(Operation.inflation()),
  opTooManySubentries: (bench) => {
    const names = Array.from({ length: 1_000 }, (_, index) => data(`n${index}`, "1"));
    for (let first = 0; first < names.length; first += 100) {
      bench.run({ from: alice }, ...names.slice(first, first + 100));
    }
    return bench.run({ from: alice }, data("one too many", "1"));
  },

  createAccountSuccess: by(create(ghost, "5")),
  createAccountMalformed: by(
    raw(
      xdr.OperationBody.createAccount(
        new xdr.CreateAccountOp({ destination: ghost.xdrPublicKey(), startingBalance: -1n }),
      ),
    ),
  ),
  createAccountUnderfunded: by(create(ghost, "10000")),
  createAccountLowReserve: by(create(ghost, "0.9999999")),
  createAccountAlreadyExist: by(create(bob, "5")),

  paymentSuccess: by(pay(bob, "1")),
  paymentMalformed: by(rawPayment(0n, xdr.Asset.assetTypeNative())),
  paymentUnderfunded: by(pay(bob, "9999.0000001")),
  paymentSrcNoTrust: by(pay(issuer, "1", usd)),
  paymentSrcNotAuthorized: strict(pay(issuer, "1", usd)),
  paymentNoDestination: by(pay(ghost, "1")),
  paymentNoTrust: by(pay(bob, "1", usd)),
  paymentNotAuthorized: (bench) => {
    strict(data("a", "1"))(bench);
    return bench.run({ from: issuer }, pay(alice, "1", usd));
  },
  paymentLineFull: (bench) => {
    bench.run({ from: alice }, trust(usd, "10"));
    return bench.run({ from: issuer }, pay(alice, "10.0000001", usd));
  },

  changeTrustSuccess: by(trust()),
  changeTrustMalformed: by(
    raw(
      xdr.OperationBody.changeTrust(
        new xdr.ChangeTrustOp({ line: xdr.ChangeTrustAsset.assetTypeNative(), limit: 1n }),
      ),
    ),
  ),
  changeTrustNoIssuer: by(trust(new Asset("USD", ghost.publicKey()))),
  changeTrustInvalidLimit: (bench) => {
    bench.run({ from: alice }, trust());
    bench.run({ from: issuer }, pay(alice, "10", usd));
    return bench.run({ from: alice }, trust(usd, "9.9999999"));
  },
  changeTrustLowReserve: poor(trust()),

  manageDataSuccess: by(data("a", "1")),
  manageDataInvalidName: by(data("a\nb", "1")),
  manageDataNameNotFound: by(data("never set", null)),
  manageDataLowReserve: poor(data("a", "1")),

  setOptionsSuccess: by(options({ homeDomain: "ace.example" })),
  setOptionsLowReserve: poor(rawOptions({ signer: signer(bob, 1) })),
  setOptionsTooManySigners: (bench) => {
    const signers = Array.from({ length: 20 }, (_, index) => signer(keypair(`s${index}`), 1));
    bench.run({ from: alice }, ...signers.map((each) => rawOptions({ signer: each })));
    return bench.run({ from: alice }, rawOptions({ signer: signer(bob, 1) }));
  },
  setOptionsBadFlags: by(rawOptions({ setFlags: 3, clearFlags: 1 })),
  setOptionsInvalidInflation: by(rawOptions({ inflationDest: ghost.xdrPublicKey() })),
  setOptionsCantChange: after([rawOptions({ setFlags: 4 })], rawOptions({ setFlags: 1 })),
  setOptionsUnknownFlag: by(rawOptions({ setFlags: 16 })),
  setOptionsThresholdOutOfRange: by(rawOptions({ medThreshold: 256 })),
  setOptionsBadSigner: by(rawOptions({ signer: signer(alice, 1) })),
  setOptionsInvalidHomeDomain: by(rawOptions({ homeDomain: "a\u0000b" })),
  setOptionsAuthRevocableRequired: by(rawOptions({ setFlags: 8 })),

  createClaimableBalanceSuccess: by(lock("1")),
  createClaimableBalanceMalformed: by(
    raw(
      xdr.OperationBody.createClaimableBalance(
        new xdr.CreateClaimableBalanceOp({
          asset: xdr.Asset.assetTypeNative(),
          amount: 1n,
          claimants: [],
        }),
      ),
    ),
  ),
  createClaimableBalanceLowReserve: (bench) => {
    drain(bench, 10n);
    return bench.run({ from: alice }, lock("0.0000001"));
  },
  createClaimableBalanceNoTrust: by(lock("1", usd)),
  createClaimableBalanceNotAuthorized: strict(lock("1", usd)),
  createClaimableBalanceUnderfunded: by(lock("10000")),
};

/** What no transaction of protocol 23 and later can meet, or what another test meets. */
const unreachable = {
  txNotSupported: "an old v0 envelope is rewritten as v1 before it is judged",
  txFailed: "always seen as the code of its first failed operation",
  txInternalError: "a fault of stellar-core itself",
  txBadSponsorship: "see devnet-codes-authority",
  txSorobanInvalid: "Soroban operations are refused",
  txFrozenKeyAccessed: "no key is frozen",
  opInner: "always seen as its inner code",
  opExceededWorkLimit: "see devnet-exchange-codes",
  opTooManySponsoring: "4 billion entries do not fit",
  paymentNoIssuer: "not since protocol 13",
  changeTrustSelfNotAllowed: "malformed since protocol 16",
  changeTrustTrustLineMissing: "see devnet-exchange-codes",
  changeTrustCannotDelete: "see devnet-exchange-codes",
  changeTrustNotAuthMaintainLiabilities: "see devnet-exchange-codes",
  manageDataNotSupportedYet: "not since protocol 2",
} as const;

const modelled = [
  xdr.TransactionResultCode,
  xdr.OperationResultCode,
  xdr.CreateAccountResultCode,
  xdr.PaymentResultCode,
  xdr.ChangeTrustResultCode,
  xdr.ManageDataResultCode,
  xdr.SetOptionsResultCode,
  xdr.CreateClaimableBalanceResultCode,
].flatMap((codes) => [...codes.schema.nameByValue.values()]);

describe("the result codes", () => {
  it("each have a scenario or a reason to have none", () => {
    const known = new Set([...Object.keys(scenarios), ...Object.keys(unreachable)]);
    expect(modelled.filter((code) => !known.has(code))).toEqual([]);
    expect(known.size).toBe(modelled.length);
  });

  it.each(Object.entries(scenarios))("%s is met", (code, scenario) => {
    const bench = createBench();
    bench.fund("alice", "bob", "issuer");
    const result = scenario(bench);
    const isOuter = code.startsWith("tx");
    const seen = code.endsWith("Success") && !isOuter ? operationsOf(result) : [codeOf(result)];
    expect([...seen, result.result.type]).toContain(code);
  });
});

function operationsOf({ result }: xdr.TransactionResult): readonly string[] {
  if (result.type !== "txSuccess") return [result.type];
  return result.results.map((each) => (each.type === "opInner" ? each.tr.value.type : each.type));
}

it("an asset can be held up to the largest int64", () => {
  const bench = createBench();
  bench.fund("alice", "issuer");
  bench.run({ from: alice }, trust(usd, LIMIT_MAX));
  expect(codeOf(bench.run({ from: issuer }, pay(alice, LIMIT_MAX, usd)))).toBe("txSuccess");
  expect(codeOf(bench.run({ from: issuer }, pay(alice, "0.0000001", usd)))).toBe("paymentLineFull");
});

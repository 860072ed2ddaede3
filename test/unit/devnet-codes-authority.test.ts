// Goal: every result code of authorization, clawback, claiming, sponsorship, merging and bumping can
// be met, each by its own cause.
// Method: one scenario a code, from one prepared network; the codes without one are listed with the
// reason. `issuer` may revoke and claw back, `plain` may do neither.
import {
  Asset,
  Claimant,
  type Keypair,
  LiquidityPoolAsset,
  Operation,
  xdr,
} from "@stellar/stellar-sdk/base";
import { beforeAll, describe, expect, it } from "vitest";
import { minimumBalance } from "../../src/devnet/reserve.ts";
import { type Bench, codeOf, codesOf, createBench, keypair, XLM } from "../devnet-kit.ts";

const alice = keypair("alice");
const bob = keypair("bob");
const carol = keypair("carol");
const issuer = keypair("issuer");
const plain = keypair("plain");
const ghost = keypair("ghost");
const native = Asset.native();
const usd = new Asset("USD", issuer.publicKey());
const eur = new Asset("EUR", plain.publicKey());
const shares = new LiquidityPoolAsset(native, usd, 30);
const REVOCABLE_AND_CLAWBACK = 10;
const BASE_RESERVE = 5_000_000n;
const UNKNOWN_ID = `00000000${"ab".repeat(32)}`;

type Scenario = (bench: Bench) => xdr.TransactionResult;
type Step = { readonly by: Keypair; readonly also?: readonly Keypair[] };

const source = (of: Keypair | undefined) => (of === undefined ? {} : { source: of.publicKey() });
const trust = (asset: Asset | LiquidityPoolAsset, limit = "1000") =>
  Operation.changeTrust({ asset, limit });
const pay = (to: Keypair, amount: string, asset = native) =>
  Operation.payment({ destination: to.publicKey(), amount, asset });
const data = (name: string, of?: Keypair) =>
  Operation.manageData({ name, value: "1", ...source(of) });
const merge = (into: Keypair, of?: Keypair) =>
  Operation.accountMerge({ destination: into.publicKey(), ...source(of) });
const options = (setFlags: xdr.Uint32) =>
  new xdr.Operation({
    sourceAccount: null,
    body: xdr.OperationBody.setOptions(
      new xdr.SetOptionsOp({
        inflationDest: null,
        clearFlags: null,
        setFlags,
        masterWeight: null,
        lowThreshold: null,
        medThreshold: null,
        highThreshold: null,
        homeDomain: null,
        signer: null,
      }),
    ),
  });
const flags = (set: number, clear: number, asset = usd, trustor = alice) =>
  raw(
    xdr.OperationBody.setTrustLineFlags(
      new xdr.SetTrustLineFlagsOp({
        trustor: trustor.xdrPublicKey(),
        asset: asset.toXdrObject(),
        setFlags: set,
        clearFlags: clear,
      }),
    ),
  );
const allow = (authorize: number, code = "USD", trustor = alice) =>
  raw(
    xdr.OperationBody.allowTrust(
      new xdr.AllowTrustOp({
        trustor: trustor.xdrPublicKey(),
        asset: xdr.AssetCode.assetTypeCreditAlphanum4(Buffer.from(code.padEnd(4, "\0"))),
        authorize,
      }),
    ),
  );
const clawback = (amount: string, asset = usd, from = alice) =>
  Operation.clawback({ asset, amount, from: from.publicKey() });
const lock = (asset: Asset, amount: string, claimants = [new Claimant(bob.publicKey())]) =>
  Operation.createClaimableBalance({ asset, amount, claimants });
const claim = (balanceId: string) => Operation.claimClaimableBalance({ balanceId });
const begin = (sponsored: Keypair, of?: Keypair) =>
  Operation.beginSponsoringFutureReserves({ sponsoredId: sponsored.publicKey(), ...source(of) });
const end = (of: Keypair) => Operation.endSponsoringFutureReserves(source(of));
const revokeData = (name: string, owner: Keypair, of?: Keypair) =>
  Operation.revokeDataSponsorship({ account: owner.publicKey(), name, ...source(of) });
const raw = (body: xdr.OperationBody) => new xdr.Operation({ sourceAccount: null, body });

const by = (step: Step | Keypair, ...operations: readonly xdr.Operation[]): Scenario => {
  const { by: from, also = [] } = "by" in step ? step : { by: step };
  return (bench) => bench.run({ from, signers: [from, ...also] }, ...operations);
};
const first = (...steps: readonly Scenario[]): Scenario => {
  return (bench) => {
    const results = steps.map((step) => step(bench));
    const last = results.at(-1);
    if (last === undefined) throw new Error("no step");
    return last;
  };
};
/** The id of the balance that `step` creates goes into `then`. */
const withBalance = (step: Scenario, then: (id: string) => Scenario): Scenario => {
  return (bench) => then(balanceOf(step(bench)))(bench);
};
/** bob sponsors a data entry of alice. */
const sponsoredData = by({ by: bob, also: [alice] }, begin(alice), data("s", alice), end(alice));
/** Leaves the owner its reserve and one fee. */
const drain = (owner: Keypair): Scenario => {
  return (bench) => {
    const account = bench.account(owner);
    const left = account.balance - minimumBalance(account, BASE_RESERVE) - 200n;
    return by(owner, pay(issuer, amount(left)))(bench);
  };
};
const pooled = by(
  alice,
  trust(shares),
  Operation.liquidityPoolDeposit({
    liquidityPoolId: poolIdOf(),
    maxAmountA: "10",
    maxAmountB: "10",
    minPrice: "0.1",
    maxPrice: "10",
  }),
);

const scenarios: Readonly<Record<string, Scenario>> = {
  txBadSponsorship: by(alice, begin(bob)),
  opNotSupported: by(alice, Operation.inflation()),

  accountMergeSuccess: by(carol, merge(bob)),
  accountMergeMalformed: by(alice, merge(alice)),
  accountMergeNoAccount: by(alice, merge(ghost)),
  accountMergeImmutableSet: first(by(carol, options(4)), by(carol, merge(bob))),
  accountMergeHasSubEntries: by(alice, merge(bob)),
  accountMergeSeqnumTooFar: by(
    carol,
    Operation.bumpSequence({ bumpTo: String(10n ** 15n) }),
    merge(bob),
  ),
  accountMergeIsSponsor: first(
    by({ by: carol, also: [alice] }, begin(alice), data("s", alice), end(alice)),
    by(carol, merge(bob)),
  ),
  accountMergeDestFull: (bench) => {
    // An offer that is going to buy almost all the lumens that fit keeps that room free.
    by(issuer, pay(bob, "429.4967213", usd))(bench);
    by(
      bob,
      Operation.manageSellOffer({
        selling: usd,
        buying: native,
        amount: "429.4967213",
        price: { n: 2_147_483_647, d: 1 },
      }),
    )(bench);
    return by(carol, merge(bob))(bench);
  },

  bumpSequenceSuccess: by(alice, Operation.bumpSequence({ bumpTo: "1" })),
  bumpSequenceBadSeq: by(
    alice,
    raw(xdr.OperationBody.bumpSequence(new xdr.BumpSequenceOp({ bumpTo: -1n }))),
  ),

  allowTrustSuccess: by(issuer, allow(2)),
  allowTrustMalformed: by(issuer, allow(3)),
  allowTrustNoTrustLine: by(issuer, allow(1, "GBP")),
  allowTrustCantRevoke: by(plain, allow(2, "EUR")),
  allowTrustLowReserve: redeemedAtThePoorestCost(allow(0)),

  setTrustLineFlagsSuccess: by(issuer, flags(0, 5)),
  setTrustLineFlagsMalformed: by(alice, flags(0, 1)),
  setTrustLineFlagsNoTrustLine: by(issuer, flags(0, 1, usd, carol)),
  setTrustLineFlagsCantRevoke: by(plain, flags(0, 1, eur)),
  setTrustLineFlagsInvalidState: by(issuer, flags(2, 0)),
  setTrustLineFlagsLowReserve: redeemedAtThePoorestCost(flags(0, 1)),

  clawbackSuccess: by(issuer, clawback("100")),
  clawbackMalformed: by(alice, clawback("1")),
  clawbackNotClawbackEnabled: by(plain, clawback("1", eur)),
  clawbackNoTrust: by(issuer, clawback("1", usd, carol)),
  clawbackUnderfunded: by(issuer, clawback("100.0000001")),

  clawbackClaimableBalanceSuccess: withBalance(by(alice, lock(usd, "1")), (id) =>
    by(issuer, Operation.clawbackClaimableBalance({ balanceId: id })),
  ),
  clawbackClaimableBalanceDoesNotExist: by(
    issuer,
    Operation.clawbackClaimableBalance({ balanceId: UNKNOWN_ID }),
  ),
  clawbackClaimableBalanceNotIssuer: withBalance(by(alice, lock(native, "1")), (id) =>
    by(issuer, Operation.clawbackClaimableBalance({ balanceId: id })),
  ),
  clawbackClaimableBalanceNotClawbackEnabled: withBalance(by(alice, lock(eur, "1")), (id) =>
    by(plain, Operation.clawbackClaimableBalance({ balanceId: id })),
  ),

  claimClaimableBalanceSuccess: withBalance(by(alice, lock(usd, "1")), (id) => by(bob, claim(id))),
  claimClaimableBalanceDoesNotExist: by(bob, claim(UNKNOWN_ID)),
  claimClaimableBalanceCannotClaim: withBalance(by(alice, lock(usd, "1")), (id) =>
    by(carol, claim(id)),
  ),
  claimClaimableBalanceLineFull: first(
    by(bob, trust(usd, "0.5")),
    withBalance(by(alice, lock(usd, "1")), (id) => by(bob, claim(id))),
  ),
  claimClaimableBalanceNoTrust: withBalance(
    by(alice, lock(usd, "1", [new Claimant(carol.publicKey())])),
    (id) => by(carol, claim(id)),
  ),
  claimClaimableBalanceNotAuthorized: first(
    by(issuer, flags(0, 1, usd, bob)),
    withBalance(by(alice, lock(usd, "1")), (id) => by(bob, claim(id))),
  ),

  beginSponsoringFutureReservesSuccess: sponsoredData,
  endSponsoringFutureReservesSuccess: sponsoredData,
  beginSponsoringFutureReservesMalformed: by(alice, begin(alice)),
  beginSponsoringFutureReservesAlreadySponsored: by(
    { by: alice, also: [carol] },
    begin(bob),
    begin(bob, carol),
  ),
  beginSponsoringFutureReservesRecursive: by(
    { by: alice, also: [bob] },
    begin(bob),
    begin(carol, bob),
  ),
  endSponsoringFutureReservesNotSponsored: by(alice, end(alice)),

  revokeSponsorshipSuccess: first(sponsoredData, by(bob, revokeData("s", alice))),
  revokeSponsorshipDoesNotExist: by(alice, revokeData("none", alice)),
  revokeSponsorshipNotSponsor: first(sponsoredData, by(carol, revokeData("s", alice))),
  revokeSponsorshipLowReserve: first(sponsoredData, drain(alice), by(bob, revokeData("s", alice))),
  revokeSponsorshipOnlyTransferable: withBalance(by(alice, lock(native, "1")), (id) =>
    by(alice, Operation.revokeClaimableBalanceSponsorship({ balanceId: id })),
  ),
  revokeSponsorshipMalformed: by(
    alice,
    raw(
      xdr.OperationBody.revokeSponsorship(
        xdr.RevokeSponsorshipOp.revokeSponsorshipLedgerEntry(
          xdr.LedgerKey.offer(
            new xdr.LedgerKeyOffer({ sellerId: alice.xdrPublicKey(), offerId: 0n }),
          ),
        ),
      ),
    ),
  ),
};

const unreachable = {
  inflationSuccess: "ended with protocol 12",
  inflationNotTime: "ended with protocol 12",
  allowTrustTrustNotRequired: "not since protocol 16",
  allowTrustSelfNotAllowed: "malformed since protocol 16",
  claimClaimableBalanceTrustlineFrozen: "no key is frozen",
} as const;

const modelled = [
  xdr.AccountMergeResultCode,
  xdr.BumpSequenceResultCode,
  xdr.InflationResultCode,
  xdr.AllowTrustResultCode,
  xdr.SetTrustLineFlagsResultCode,
  xdr.ClawbackResultCode,
  xdr.ClawbackClaimableBalanceResultCode,
  xdr.ClaimClaimableBalanceResultCode,
  xdr.BeginSponsoringFutureReservesResultCode,
  xdr.EndSponsoringFutureReservesResultCode,
  xdr.RevokeSponsorshipResultCode,
].flatMap((codes) => [...codes.schema.nameByValue.values()]);

describe("the result codes of authority and sponsorship", () => {
  const bench = createBench();
  let opened: ReturnType<Bench["net"]["snapshot"]>;
  beforeAll(() => {
    bench.fund("alice", "bob", "carol", "issuer", "plain");
    const prepared = [
      by(issuer, options(REVOCABLE_AND_CLAWBACK)),
      by(alice, trust(usd), trust(eur)),
      by(bob, trust(usd)),
      by(issuer, pay(alice, "100", usd)),
      by(plain, pay(alice, "100", eur)),
    ].map((step) => codeOf(step(bench)));
    expect(prepared).toEqual(prepared.map(() => "txSuccess"));
    opened = bench.net.snapshot();
  });

  it("each have a scenario or a reason to have none", () => {
    const known = new Set([...Object.keys(scenarios), ...Object.keys(unreachable)]);
    expect(modelled.filter((code) => !known.has(code))).toEqual([]);
  });

  it.each(Object.entries(scenarios))("%s is met", (code, scenario) => {
    bench.net.restore(opened);
    const result = scenario(bench);
    const codes = code.endsWith("Success") ? codesOf(result) : [codeOf(result)];
    expect(codes).toContain(code);
  });
});

/** alice's shares become two claimable balances whose reserve carol should pay, and cannot. */
function redeemedAtThePoorestCost(revocation: xdr.Operation): Scenario {
  return first(
    pooled,
    drain(carol),
    by({ by: issuer, also: [carol, alice] }, begin(alice, carol), revocation, end(alice)),
  );
}

function poolIdOf(): string {
  const { assetA, assetB, fee } = shares.getLiquidityPoolParameters();
  return new LiquidityPoolAsset(assetA, assetB, fee).toString().replace("liquidity_pool:", "");
}

function balanceOf({ result }: xdr.TransactionResult): string {
  const [created] = result.type === "txSuccess" ? result.results : [];
  const inner = created?.type === "opInner" ? created.tr.value : undefined;
  if (inner?.type !== "createClaimableBalanceSuccess") throw new Error(result.type);
  return inner.balanceId.toXdr("hex");
}

function amount(stroops: bigint): string {
  return `${stroops / XLM}.${String(stroops % XLM).padStart(7, "0")}`;
}

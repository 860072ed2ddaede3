/** Which operations the devnet models. All others are refused by name, never approximated. */
import type { xdr } from "@stellar/stellar-sdk/base";
import { accountMergeRule } from "./op-account-merge.ts";
import { bumpSequenceRule } from "./op-bump-sequence.ts";
import { changeTrustRule } from "./op-change-trust.ts";
import { changePoolTrustRule } from "./op-change-trust-pool.ts";
import { claimClaimableBalanceRule } from "./op-claim-claimable-balance.ts";
import { clawbackClaimableBalanceRule, clawbackRule } from "./op-clawback.ts";
import { createAccountRule } from "./op-create-account.ts";
import { createClaimableBalanceRule } from "./op-create-claimable-balance.ts";
import { inflationRule } from "./op-inflation.ts";
import { liquidityPoolDepositRule, liquidityPoolWithdrawRule } from "./op-liquidity-pool.ts";
import { manageDataRule } from "./op-manage-data.ts";
import {
  createPassiveSellOfferRule,
  manageBuyOfferRule,
  manageSellOfferRule,
} from "./op-manage-offer.ts";
import { pathPaymentStrictReceiveRule, pathPaymentStrictSendRule } from "./op-path-payment.ts";
import { paymentRule } from "./op-payment.ts";
import { revokeSponsorshipRule } from "./op-revoke-sponsorship.ts";
import { setOptionsRule } from "./op-set-options.ts";
import { beginSponsoringRule, endSponsoringRule } from "./op-sponsoring.ts";
import { allowTrustRule, setTrustLineFlagsRule } from "./op-trust-flags.ts";
import type { OperationRule } from "./operation.ts";

/** The rules of an operation, or undefined when it is not modelled. */
export function ruleOf(body: xdr.OperationBody): OperationRule | undefined {
  switch (body.type) {
    case "createAccount":
      return createAccountRule(body.createAccountOp);
    case "payment":
      return paymentRule(body.paymentOp);
    case "setOptions":
      return setOptionsRule(body.setOptionsOp);
    case "changeTrust": {
      const { line, limit } = body.changeTrustOp;
      return line.type === "assetTypePoolShare"
        ? changePoolTrustRule(line.liquidityPool, limit)
        : changeTrustRule(line, limit);
    }
    case "accountMerge":
      return accountMergeRule(body.destination);
    case "bumpSequence":
      return bumpSequenceRule(body.bumpSequenceOp.bumpTo);
    case "inflation":
      return inflationRule();
    case "allowTrust":
      return allowTrustRule(body.allowTrustOp);
    case "setTrustLineFlags":
      return setTrustLineFlagsRule(body.setTrustLineFlagsOp);
    case "clawback":
      return clawbackRule(body.clawbackOp);
    case "claimClaimableBalance":
      return claimClaimableBalanceRule(body.claimClaimableBalanceOp.balanceId);
    case "clawbackClaimableBalance":
      return clawbackClaimableBalanceRule(body.clawbackClaimableBalanceOp.balanceId);
    case "beginSponsoringFutureReserves":
      return beginSponsoringRule(body.beginSponsoringFutureReservesOp);
    case "endSponsoringFutureReserves":
      return endSponsoringRule();
    case "revokeSponsorship":
      return revokeSponsorshipRule(body.revokeSponsorshipOp);
    case "manageData":
      return manageDataRule(body.manageDataOp);
    case "createClaimableBalance":
      return createClaimableBalanceRule(body.createClaimableBalanceOp);
    case "manageSellOffer":
      return manageSellOfferRule(body.manageSellOfferOp);
    case "manageBuyOffer":
      return manageBuyOfferRule(body.manageBuyOfferOp);
    case "createPassiveSellOffer":
      return createPassiveSellOfferRule(body.createPassiveSellOfferOp);
    case "pathPaymentStrictSend":
      return pathPaymentStrictSendRule(body.pathPaymentStrictSendOp);
    case "pathPaymentStrictReceive":
      return pathPaymentStrictReceiveRule(body.pathPaymentStrictReceiveOp);
    case "liquidityPoolDeposit":
      return liquidityPoolDepositRule(body.liquidityPoolDepositOp);
    case "liquidityPoolWithdraw":
      return liquidityPoolWithdrawRule(body.liquidityPoolWithdrawOp);
    default:
      return undefined;
  }
}

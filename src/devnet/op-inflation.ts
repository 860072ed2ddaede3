/** inflation: ended with protocol 12, and answered so ever since. Source: CAP-26. */
import { xdr } from "@stellar/stellar-sdk/base";
import type { OperationRule } from "./operation.ts";

export function inflationRule(): OperationRule {
  const notSupported = xdr.OperationResult.opNotSupported();
  return {
    threshold: "low",
    isForbidden: () => true,
    untried: xdr.OperationResult.opInner(
      xdr.OperationResultTr.inflation(xdr.InflationResult.inflationSuccess([])),
    ),
    check: () => notSupported,
    apply: () => notSupported,
  };
}

/** Trust as a test asks for it; no validator is known unless it names some. */
import { Trust, type TrustLevel, type TrustOptions } from "../../src/ledger/trust.ts";

export function trustLevel(required: TrustLevel, more: Partial<TrustOptions> = {}): Trust {
  return new Trust({
    required,
    agreeing: 2,
    validators: new Set(),
    checkValue: () => false,
    ...more,
  });
}

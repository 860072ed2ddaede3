import { expect, it } from "vitest";
import { lockOperation, paymentOperation } from "../../src/client/build.ts";

const account = "GBM3R2KMSCLNIHFAXKCMFYAYPK636F5VON6GYSEDD27SYBLJZUTQKIGF";

it.each(["viewer", "", `C${account.slice(1)}`, `${account}A`])(
  "a payment to %j is refused by name, not by the SDK",
  (to) => {
    expect(() => paymentOperation({ to, asset: "XLM", amount: 1n })).toThrow(
      expect.objectContaining({ code: "ADDRESS_INVALID" }),
    );
  },
);

it("nothing can be neither paid nor locked", () => {
  const refused = expect.objectContaining({ code: "AMOUNT_INVALID" });
  expect(() => paymentOperation({ to: account, asset: "XLM", amount: 0n })).toThrow(refused);
  expect(() => lockOperation(account, "XLM", 0n, 5n)).toThrow(refused);
});

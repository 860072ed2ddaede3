/** A small market on the devnet: who trades there, in what, and the operations of them. */
import {
  Asset,
  getLiquidityPoolId,
  type Keypair,
  LiquidityPoolAsset,
  Operation,
} from "@stellar/stellar-sdk/base";
import { toHex } from "../../src/lib/bytes.ts";
import { keypair } from "../devnet-kit.ts";

export const alice = keypair("alice");
export const bob = keypair("bob");
export const carol = keypair("carol");
export const issuer = keypair("issuer");
export const native = Asset.native();
export const usd = new Asset("USD", issuer.publicKey());
export const eur = new Asset("EUR", issuer.publicKey());
export const shares = new LiquidityPoolAsset(native, usd, 30);
export const poolId = toHex(
  getLiquidityPoolId("constant_product", shares.getLiquidityPoolParameters()),
);
export const LIMIT_MAX = "922337203685.4775807";

export const trust = (asset: Asset | LiquidityPoolAsset, limit = "100000") =>
  Operation.changeTrust({ asset, limit });

export const pay = (to: Keypair, amount: string, asset: Asset) =>
  Operation.payment({ destination: to.publicKey(), amount, asset });

/**
 * The purchase that all runtimes of the benchmark make: 6 reads of state, 3 writes, 1 event, 1 payment.
 * A buyer of many pays, and until then holds a licence; the seller gets the price less a fee.
 */
import type { Call } from "../src/contracts/call.ts";
import type { ServiceNetwork } from "../src/contracts/service-network.ts";
import { toHex } from "../src/lib/bytes.ts";
import { sha256 } from "../src/lib/hash.ts";
import { accountBytes, accountFromBytes, muxedAddress } from "../src/lib/strkey.ts";

const accountOf = (name: string): string => accountFromBytes(sha256(Buffer.from(name)));

export const vault = accountOf("vault");
export const seller = accountOf("seller");
export const PRICE = 50_000_000n;
export const FEE_PER_10_000 = 250n;
export const DURATION_S = 2_592_000n;
const FIRST_CONTRACT = 256n;

const purchaseSource = `import { contract, state, ctx, int, account, XLM, pay, emit, fail } from "ace-node/contract";
contract({ name: "pass", methods: {
  setup: { args: [int, int, account] }, buy: { args: [], returns: int, payable: [XLM] } } });
const price = state.value("price", int);
const fee = state.value("fee", int);
const owner = state.value("owner", account);
const sold = state.value("sold", int);
const until = state.map("until", account, int);
const earned = state.map("earned", account, int);
export function setup(cost, share, seller) {
  price.set(cost); fee.set(share); owner.set(seller); sold.set(0n);
}
export function buy() {
  const cost = price.get();
  const seller = owner.get();
  const share = fee.get();
  if (ctx.paid(XLM) < cost) fail("UNDERPAID");
  const before = until.get(ctx.caller) ?? 0n;
  const end = (before > ctx.time ? before : ctx.time) + ${DURATION_S}n;
  until.set(ctx.caller, end);
  const income = cost - cost * share / 10000n;
  earned.set(seller, (earned.get(seller) ?? 0n) + income);
  sold.set(sold.get() + 1n);
  pay(seller, XLM, income);
  emit("licence", ctx.caller);
  return end;
}`;

export const purchaseNetwork: ServiceNetwork = {
  name: "bench",
  passphrase: "Ace Runtime Benchmark",
  vault,
  genesisLedger: 1,
  genesisHash: "00".repeat(32),
  protocolVersion: 1,
  assets: [],
  governanceAsset: `ACE:${vault}`,
  signers: [{ account: vault, key: "11".repeat(32) }],
  threshold: 1,
  issuers: [{ account: vault, key: "11".repeat(32) }],
  systemContracts: {},
  settings: {},
};

const buyers = new Map<number, string>();

export function buyer(number: number): string {
  const known = buyers.get(number) ?? accountOf(`buyer ${number}`);
  buyers.set(number, known);
  return known;
}

/** The calls that put the contract on the ledger, as number `FIRST_CONTRACT`. */
export function deployCalls(): readonly Call[] {
  const bytes = Buffer.from(purchaseSource);
  const hash = sha256(bytes);
  const common = { kind: "call", contract: 0n, caller: seller, gasLimit: 5_000_000n } as const;
  const nothing = { paid: [], transfers: [], locks: [] };
  const setup = [PRICE, FEE_PER_10_000, accountBytes(seller)];
  return [
    {
      ...common,
      ...nothing,
      txHash: txHash("put"),
      index: 0,
      method: "put",
      args: [hash, 0n, bytes],
    },
    {
      ...common,
      ...nothing,
      txHash: txHash("deploy"),
      index: 0,
      method: "deploy",
      args: [hash, setup],
    },
  ];
}

/** One purchase by this buyer; `round` makes its transaction one of its own. */
export function purchaseCall(number: number, round: number): Call {
  const from = buyer(number);
  const to = muxedAddress(vault, FIRST_CONTRACT);
  const payment = { operation: 0, from, to, asset: "XLM", amount: PRICE };
  return {
    txHash: txHash(`${round} ${number}`),
    index: 0,
    kind: "call",
    contract: FIRST_CONTRACT,
    method: "buy",
    args: [],
    caller: from,
    gasLimit: 100_000n,
    paid: [payment],
    transfers: [payment],
    locks: [],
  };
}

function txHash(name: string): string {
  return toHex(sha256(Buffer.from(name)));
}

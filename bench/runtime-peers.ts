/**
 * The same purchase in other engines, written by hand. Each makes a batch of purchases and keeps what
 * they changed. None of them meters or makes receipts as ours does; quickjs keeps the contract's balance
 * and the book of what is owed, because that is what a payment is here, and the EVM its own.
 *
 * quickjs-emscripten   one context, state in a Map of its own, the batch as one text in, one text out
 * @ethereumjs/evm      bytecode: storage slots 0 to 3 hold price, fee, owner and sold; the licence of a
 *                      buyer and the income of a seller lie at keccak256(account ‖ slot), as Solidity
 *                      lays out a mapping. The price comes as the call's value, the seller is paid by
 *                      a CALL that carries the income, and the event is a LOG1.
 */
import { Common, Hardfork, Mainnet } from "@ethereumjs/common";
import { createEVM, type EVM } from "@ethereumjs/evm";
import { Caches, MerkleStateManager, SimpleStateManager } from "@ethereumjs/statemanager";
import { Account, Address, bigIntToBytes, hexToBytes, setLengthLeft } from "@ethereumjs/util";
import { getQuickJS } from "quickjs-emscripten";
import { assemble } from "./evm-assembly.ts";
import { buyer, DURATION_S, FEE_PER_10_000, PRICE, seller } from "./runtime-purchase.ts";

/** Makes one purchase for each of these buyers. */
export type Peer = (buyers: readonly number[], timeS: number) => void | Promise<void>;

const QUICKJS = `
const known = new Map([["price", ${PRICE}n], ["fee", ${FEE_PER_10_000}n], ["owner", "${seller}"], ["sold", 0n]]);
let writes, events, pays;
const get = (key) => writes.has(key) ? writes.get(key) : known.get(key);
function add(key, amount) {
  const sum = (get(key) ?? 0n) + amount;
  if (sum < 0n) throw new Error("INSUFFICIENT_BALANCE");
  writes.set(key, sum);
}
function pay(to, amount) {
  add("balance", -amount);
  add("owed/" + to, amount);
  pays.push([to, "XLM", String(amount)]);
}
function buy(caller, paid, time) {
  const cost = get("price"), owner = get("owner"), share = get("fee");
  if (paid < cost) throw new Error("UNDERPAID");
  const before = get("until/" + caller) ?? 0n;
  const end = (before > time ? before : time) + ${DURATION_S}n;
  writes.set("until/" + caller, end);
  const income = cost - cost * share / 10000n;
  writes.set("earned/" + owner, (get("earned/" + owner) ?? 0n) + income);
  writes.set("sold", get("sold") + 1n);
  pay(owner, income);
  events.push(["licence", caller]);
  return end;
}
function call(caller, paid, time) {
  writes = new Map(); events = []; pays = [];
  let result, code = "";
  add("balance", BigInt(paid));
  try { result = String(buy(caller, BigInt(paid), BigInt(time))); } catch (error) { code = error.message; }
  const rows = [];
  if (code === "") for (const [key, value] of writes) { known.set(key, value); rows.push(key, String(value)); }
  return [code, result, rows, events, pays];
}
function batch(text) { return JSON.stringify(JSON.parse(text).map(([caller, paid, time]) => call(caller, paid, time))); }
`;

export async function quickjsPeer(): Promise<Peer> {
  const engine = await getQuickJS();
  const context = engine.newRuntime().newContext();
  context.unwrapResult(context.evalCode(QUICKJS)).dispose();
  const batch = context.getProp(context.global, "batch");
  return (buyers, timeS) => {
    const calls = buyers.map((number) => [buyer(number), PRICE.toString(), timeS]);
    const text = context.newString(JSON.stringify(calls));
    const answer = context.unwrapResult(context.callFunction(batch, context.undefined, text));
    const told = context.getString(answer);
    if (!told.startsWith('[["",')) throw new Error(told.slice(0, 100));
    answer.dispose();
    text.dispose();
  };
}

/** Stack on the right, its top last. */
const PURCHASE = `
  PUSH 0 SLOAD DUP1 CALLVALUE LT @fail JUMPI                          price
  CALLER PUSH 0 MSTORE PUSH 4 PUSH 32 MSTORE PUSH 64 PUSH 0 KECCAK256
  DUP1 SLOAD PUSH 0 CALLDATALOAD                                      price key before time
  DUP2 DUP2 LT @later JUMPI SWAP1
  later: POP PUSH ${DURATION_S} ADD                                   price key end
  SWAP1 DUP2 SWAP1 SSTORE                                             price end
  SWAP1 PUSH 1 SLOAD DUP2 MUL PUSH 10000 SWAP1 DIV SWAP1 SUB          end income
  PUSH 2 SLOAD                                                        end income seller
  DUP1 PUSH 0 MSTORE PUSH 5 PUSH 32 MSTORE PUSH 64 PUSH 0 KECCAK256
  DUP1 SLOAD DUP4 ADD SWAP1 SSTORE
  PUSH 3 SLOAD PUSH 1 ADD PUSH 3 SSTORE
  PUSH 0 DUP1 DUP1 DUP1 DUP6 DUP6 GAS CALL ISZERO @fail JUMPI
  CALLER PUSH 0 MSTORE PUSH 0x6c6963656e6365 PUSH 32 PUSH 0 LOG1
  POP POP PUSH 0 MSTORE PUSH 32 PUSH 0 RETURN
  fail: PUSH 0 DUP1 REVERT`;

const purchaseCode = (): string => assemble(PURCHASE.replaceAll(/ {6,}[a-z ]+$/gm, ""));

const word = (value: bigint): Uint8Array => setLengthLeft(bigIntToBytes(value), 32);
const addressOf = (number: number): Address =>
  new Address(setLengthLeft(bigIntToBytes(BigInt(number + 4_096)), 20));
const SELLER = addressOf(1_000_000_000);
const CONTRACT = addressOf(1_000_000_001);
const RICH = 10n ** 30n;

export async function evmPeer(kind: "simple" | "merkle"): Promise<Peer> {
  const common = new Common({ chain: Mainnet, hardfork: Hardfork.Shanghai });
  const stateManager =
    kind === "simple"
      ? new SimpleStateManager({ common })
      : new MerkleStateManager({ common, caches: new Caches() });
  const evm: EVM = await createEVM({ common, stateManager });
  await stateManager.putAccount(CONTRACT, new Account());
  await stateManager.putCode(CONTRACT, hexToBytes(`0x${purchaseCode()}`));
  const slots = [PRICE, FEE_PER_10_000, BigInt(SELLER.toString()), 1n];
  for (const [slot, value] of slots.entries()) {
    await stateManager.putStorage(CONTRACT, word(BigInt(slot)), bigIntToBytes(value));
  }
  const known = new Set<number>();
  return async (buyers, timeS) => {
    for (const number of buyers) {
      const caller = addressOf(number);
      if (!known.has(number)) await stateManager.putAccount(caller, new Account(0n, RICH));
      known.add(number);
      const data = word(BigInt(timeS));
      const call = { caller, to: CONTRACT, value: PRICE, data, gasLimit: 1_000_000n };
      const { execResult } = await evm.runCall(call);
      const { exceptionError, logs } = execResult;
      if (exceptionError !== undefined || logs?.length !== 1) throw new Error("the EVM failed");
    }
    // A root once a ledger, as ours; SimpleStateManager has none.
    if (kind === "merkle") await stateManager.getStateRoot();
  };
}

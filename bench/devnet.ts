// Goal: what the devnet costs those who test with it.
// Method: medians of rounds in this process, outputs off, nothing on disk; each round a network of its
//         own. The first funded account counts from nothing to friendbot's answer over HTTP.
import { Account, Asset, Keypair, Operation, TransactionBuilder } from "@stellar/stellar-sdk/base";
import { createDevnet, type Devnet } from "../src/devnet/devnet.ts";
import { serveDevnet } from "../src/devnet/server.ts";
import { silentEvents } from "../src/lib/events.ts";
import { sha256 } from "../src/lib/hash.ts";
import { invariant } from "../src/lib/invariant.ts";
import { type Figure, median } from "./figure.ts";

const PASSPHRASE = "Ace Bench ; devnet";
const ROUNDS = 5;
const EMPTY_LEDGERS = 2_000;
const PAYMENTS = 1_000;
const FUND_BATCH = 100;

export async function devnetFigures(): Promise<readonly Figure[]> {
  const firstMs: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) firstMs.push(await firstAccountMs());
  const emptyMs = rounds(emptyLedgerMs);
  const paymentsMs = rounds(crowdedLedgerMs);
  return [
    figure("devnet.first_account_ms", median(firstMs), "ms from nothing to a funded account"),
    figure("devnet.empty_close_ms", median(emptyMs), "ms to close an empty ledger"),
    figure("devnet.crowded_close_ms", median(paymentsMs), `ms to close ${PAYMENTS} payments`),
  ];
}

function rounds(measure: () => number): readonly number[] {
  return Array.from({ length: ROUNDS }, measure);
}

function figure(name: string, value: number, unit: string): Figure {
  return { name, value: Number(value.toFixed(3)), unit };
}

async function firstAccountMs(): Promise<number> {
  const start = performance.now();
  const net = found();
  const clock = { nowMs: () => Date.now() };
  await using server = await serveDevnet({
    net,
    port: 0,
    closeMs: "manual",
    events: silentEvents,
    clock,
  });
  const response = await fetch(`${server.friendbotUrl}?addr=${keyOf(1).publicKey()}`);
  invariant(response.ok, "friendbot funds a new account");
  return performance.now() - start;
}

function emptyLedgerMs(): number {
  const net = found();
  const start = performance.now();
  net.closeUntil(net.latest.sequence + EMPTY_LEDGERS);
  return (performance.now() - start) / EMPTY_LEDGERS;
}

/** Every payment comes from another account, as one account has one transaction a ledger. */
function crowdedLedgerMs(): number {
  const net = found();
  const keys = Array.from({ length: PAYMENTS }, (_, index) => keyOf(index));
  for (let first = 0; first < PAYMENTS; first += FUND_BATCH) {
    net.fund(keys.slice(first, first + FUND_BATCH).map((key) => key.publicKey()));
    net.close({ closeTime: 0n });
  }
  for (const [index, key] of keys.entries()) send(net, key, keys[index - 1] ?? key, index);
  const start = performance.now();
  const { transactions } = net.close({ closeTime: 0n });
  const tookMs = performance.now() - start;
  invariant(transactions.length === PAYMENTS, "a ledger takes a thousand payments");
  return tookMs;
}

function send(net: Devnet, from: Keypair, to: Keypair, index: number): void {
  const createdIn = BigInt(2 + Math.floor(index / FUND_BATCH));
  const account = new Account(from.publicKey(), String(createdIn << 32n));
  const builder = new TransactionBuilder(account, {
    fee: "100",
    networkPassphrase: PASSPHRASE,
    timebounds: { minTime: 0, maxTime: 0 },
  });
  const destination = to.publicKey();
  builder.addOperation(Operation.payment({ destination, asset: Asset.native(), amount: "1" }));
  const transaction = builder.build();
  transaction.sign(from);
  invariant(net.submit(transaction.toXDR()).status === "PENDING", "the payment is valid");
}

function found(): Devnet {
  return createDevnet({ passphrase: PASSPHRASE, seed: "bench", closeTime: 1_000n });
}

function keyOf(index: number): Keypair {
  return Keypair.fromRawEd25519Seed(Buffer.from(sha256(Buffer.from(`bench account ${index}`))));
}

// A devnet that plays by itself, in a process of its own: `node devnet-play.ts FOLDER|- LEDGERS`.
// Prints sequence and hash of every ledger; with a folder it keeps its network there.
import { Asset, Operation } from "@stellar/stellar-sdk/base";
import { createDevnet } from "../../src/devnet/devnet.ts";
import { openKeptDevnet } from "../../src/devnet/files-network.ts";
import { createBench, keypair, PASSPHRASE } from "../devnet-kit.ts";

const [folder = "-", ledgers = "20"] = process.argv.slice(2);
const identity = { passphrase: PASSPHRASE, seed: "play" };
const net =
  folder === "-"
    ? createDevnet({ ...identity, closeTime: 1_000n })
    : openKeptDevnet({ folder, closeTime: 1_000n, defaults: identity }).net;
const bench = createBench(net);
const [alice, bob] = [keypair("alice"), keypair("bob")];
const tell = (): void => {
  process.stdout.write(`${net.latest.sequence} ${net.latest.hash}\n`);
};
if (net.latest.sequence === 1) {
  tell();
  bench.fund("alice", "bob");
  tell();
}
while (net.latest.sequence < Number(ledgers)) {
  const amount = String(1 + (net.latest.sequence % 7));
  const payment = { destination: bob.publicKey(), asset: Asset.native(), amount };
  if (net.latest.sequence % 3 === 0) bench.send({ from: alice }, Operation.payment(payment));
  net.close({ closeTime: 0n });
  tell();
}

/**
 * A history to follow: a devnet on which a service network was founded, and some ledgers of calls
 * that succeed, fail, bring money and give it back.
 */
import { Asset, Claimant, type Keypair, Operation } from "@stellar/stellar-sdk/base";
import { callOperations, paymentOperation } from "../../src/client/build.ts";
import { parseServiceNetwork, type ServiceNetwork } from "../../src/contracts/service-network.ts";
import { developmentSettings } from "../../src/contracts/settings.ts";
import { createDevnet, type Devnet } from "../../src/devnet/devnet.ts";
import { muxedAddress } from "../../src/lib/strkey.ts";
import { systemContractHashes } from "../../src/node/system-contracts.ts";
import { createBench, keypair, PASSPHRASE } from "../devnet-kit.ts";
import { linkDevice } from "./devices.ts";

export interface History {
  readonly network: ServiceNetwork;
  readonly first: number;
  readonly last: number;
  /** The devnet itself. */
  readonly net: Devnet;
  /** XDR of the LedgerCloseMeta of one ledger. */
  meta(sequence: number): Uint8Array;
}

const MEMBERS = ["alice", "bob", "carol"];

const HISTORY_LEDGERS_MAX = 100_000;

/**
 * @param rounds How many ledgers of calls follow the founding.
 * @param quiet How many ledgers without a call follow each of them.
 */
export function makeHistory(rounds: number, quiet = 0): History {
  const net = createDevnet({
    passphrase: PASSPHRASE,
    seed: "test",
    closeTime: 1_000n,
    historyLedgersMax: HISTORY_LEDGERS_MAX,
  });
  const bench = createBench(net);
  bench.fund("founder", "vault", ...MEMBERS);
  const [founder, vault] = [keypair("founder"), keypair("vault")];
  const governance = new Asset("ACE", founder.publicKey());
  for (const name of MEMBERS) {
    bench.run({ from: keypair(name) }, Operation.changeTrust({ asset: governance }));
    const destination = keypair(name).publicKey();
    bench.run(
      { from: founder },
      Operation.payment({ destination, asset: governance, amount: "100" }),
    );
  }
  bench.run({ from: vault }, Operation.setOptions({ masterWeight: 1 }));
  const { sequence: first, hash } = net.latest;
  const network = networkOf(founder, vault, { first, hash });
  for (let round = 0; round < rounds; round += 1) {
    playRound(bench, network, round);
    if (quiet > 0) net.closeUntil(net.latest.sequence + quiet);
  }
  return {
    net,
    network,
    first,
    last: net.latest.sequence,
    meta: (sequence) => net.ledger(sequence)?.meta ?? new Uint8Array(),
  };
}

type Bench = ReturnType<typeof createBench>;

function playRound(bench: Bench, network: ServiceNetwork, round: number): void {
  const member = keypair(MEMBERS[round % MEMBERS.length] ?? "alice");
  const account = member.publicKey();
  const until = bench.net.latest.closeTime + 100_000n + BigInt(round);
  switch (round % 4) {
    case 0: {
      const untilThen = Claimant.predicateNot(Claimant.predicateBeforeAbsoluteTime(`${until}`));
      const [, issuer = ""] = network.governanceAsset.split(":");
      const lock = Operation.createClaimableBalance({
        asset: new Asset("ACE", issuer),
        amount: "1",
        claimants: [new Claimant(account, untilThen)],
      });
      bench.run(
        { from: member },
        lock,
        ...callOperations({ contract: 1n, method: "lock", args: [until] }),
      );
      return;
    }
    case 1:
      bench.run(
        { from: member },
        ...callOperations(linkDevice(`device ${round}`, { vault: network.vault, account })),
      );
      return;
    case 2: {
      // A payment to a contract that takes none: the call fails and the money becomes a refund.
      const to = muxedAddress(network.vault, BigInt(round % 3));
      bench.run({ from: member }, paymentOperation({ to, asset: "XLM", amount: 5_000_000n }));
      return;
    }
    default:
      bench.run({ from: member }, Operation.manageData({ name: "ace:1", value: "not calldata" }));
  }
}

function networkOf(
  founder: Keypair,
  vault: Keypair,
  { first, hash }: { readonly first: number; readonly hash: string },
): ServiceNetwork {
  const account = founder.publicKey();
  const key = Buffer.from(founder.rawPublicKey()).toString("hex");
  return parseServiceNetwork({
    name: "test",
    passphrase: PASSPHRASE,
    vault: vault.publicKey(),
    genesisLedger: first,
    genesisHash: hash,
    protocolVersion: 1,
    assets: ["XLM", `ACE:${account}`],
    governanceAsset: `ACE:${account}`,
    signers: [{ account, key }],
    threshold: 1,
    issuers: [{ account, key }],
    systemContracts: systemContractHashes(),
    settings: developmentSettings,
  });
}

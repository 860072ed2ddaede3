/**
 * Facts of the network over JSON-RPC: health, identity, tip and fees.
 *
 * Source  stellar-rpc, get_health.go, get_network.go, get_latest_ledger.go, get_fee_stats.go.
 */
import { type RpcMethod, success, toBase64, windowOf } from "./rpc-answer.ts";

const VERSION = "ace-devnet";
/** Ledgers that the fee statistics look back over: stellar-rpc's defaults. */
const FEE_LEDGERS = 10;
const SOROBAN_FEE_LEDGERS = 50;
const PERCENTS = [10, 20, 30, 40, 50, 60, 70, 80, 90, 95, 99] as const;

export const getHealth: RpcMethod = ({ net }) => {
  const { latestLedger, oldestLedger } = windowOf(net);
  return success({
    status: "healthy",
    latestLedger,
    oldestLedger,
    ledgerRetentionWindow: net.historyLedgersMax,
  });
};

export const getNetwork: RpcMethod = ({ net, friendbotUrl }) =>
  success({ friendbotUrl, passphrase: net.passphrase, protocolVersion: net.latest.protocol });

export const getVersionInfo: RpcMethod = ({ net }) =>
  success({
    version: VERSION,
    commitHash: "",
    buildTimestamp: "",
    captiveCoreVersion: VERSION,
    protocolVersion: net.latest.protocol,
    commit_hash: "",
    build_timestamp: "",
    captive_core_version: VERSION,
    protocol_version: net.latest.protocol,
  });

export const getLatestLedger: RpcMethod = ({ net: { latest } }) =>
  success({
    id: latest.hash,
    protocolVersion: latest.protocol,
    sequence: latest.sequence,
    closeTime: String(latest.closeTime),
    headerXdr: toBase64(latest.header.toXdr()),
    metadataXdr: toBase64(latest.meta),
  });

export const getFeeStats: RpcMethod = ({ net }) => {
  const { latestLedger, oldestLedger } = windowOf(net);
  const ledgerCount = Math.min(FEE_LEDGERS, latestLedger - oldestLedger + 1);
  const rates = Array.from(
    { length: ledgerCount },
    (_, back) => net.ledger(latestLedger - back)?.feeRates ?? [],
  ).flat();
  const sorobanLedgers = Math.min(SOROBAN_FEE_LEDGERS, latestLedger - oldestLedger + 1);
  return success({
    sorobanInclusionFee: distribution([], sorobanLedgers),
    inclusionFee: distribution(rates, ledgerCount),
    latestLedger,
  });
};

function distribution(rates: readonly bigint[], ledgerCount: number): unknown {
  const sorted = rates.toSorted((left, right) => (left < right ? -1 : left > right ? 1 : 0));
  const at = (percent: number): string =>
    String(sorted[Math.ceil((percent * sorted.length) / 100) - 1] ?? 0n);
  return {
    max: String(sorted.at(-1) ?? 0n),
    min: String(sorted[0] ?? 0n),
    mode: String(mostFrequent(sorted)),
    ...Object.fromEntries(PERCENTS.map((percent) => [`p${percent}`, at(percent)])),
    transactionCount: String(sorted.length),
    ledgerCount,
  };
}

function mostFrequent(rates: readonly bigint[]): bigint {
  const groups = [...Map.groupBy(rates, (rate) => rate)];
  const [rate = 0n] = groups.reduce<readonly [bigint, readonly bigint[]]>(
    (best, group) => (group[1].length > best[1].length ? group : best),
    [0n, []],
  );
  return rate;
}

/**
 * Where this node's ledgers come from, and how well they must be proved, as its settings say.
 *
 * Errors  `QUORUM_INVALID` for a quorum file that is broken or not there.
 */
import type { ServiceNetwork } from "../contracts/service-network.ts";
import type { JudgeConsensus } from "../ledger/anchoring.ts";
import { openArchiveSource } from "../ledger/archive-source.ts";
import { openLakeSource } from "../ledger/lake-source.ts";
import type { LedgerSource } from "../ledger/ledger-source.ts";
import { type QuorumSet, readQuorumSet, validatorsOf } from "../ledger/quorum.ts";
import { openRpcSource } from "../ledger/rpc-source.ts";
import { anchor } from "../ledger/scp-anchor.ts";
import { SourcePanel } from "../ledger/source-panel.ts";
import { stellarNetworkId } from "../ledger/transaction-hash.ts";
import { Trust } from "../ledger/trust.ts";
import { checkValueSignature } from "../ledger/value-signature.ts";
import { toHex } from "../lib/bytes.ts";
import type { Clock } from "../lib/clock.ts";
import type { Events } from "../lib/events.ts";
import { accountBytes } from "../lib/strkey.ts";
import type { Store } from "../store/store.ts";
import type { Config } from "./config.ts";
import { openEvidence } from "./evidence.ts";
import { readJson } from "./files.ts";

export interface Sources {
  readonly panel: SourcePanel;
  readonly trust: Trust;
  /** Undefined without a quorum set of our own: then nothing can be anchored. */
  readonly judge: JudgeConsensus | undefined;
}

interface Parts {
  readonly config: Config;
  readonly network: ServiceNetwork;
  readonly store: Pick<Store, "anchor" | "keepAnchor" | "tip">;
  readonly events: Events;
  readonly clock: Clock;
}

export function openSources({ config, network, store, events, clock }: Parts): Sources {
  const { pollMs, dataDir, quorumFile } = config;
  const { passphrase } = network;
  const quorumSet =
    quorumFile === undefined ? undefined : readQuorumSet(readJson(quorumFile, "QUORUM_INVALID"));
  const evidence = openEvidence(dataDir, events);
  const sources = sourcesOf(config, network, store.tip()?.sequence);
  const validators = quorumSet === undefined ? [] : validatorsOf(quorumSet);
  return {
    panel: new SourcePanel({ sources, events, evidence, pollMs, clock }),
    trust: new Trust({
      required: config.trustLevel,
      agreeing: config.agreeSources,
      validators: new Set(validators.map((key) => toHex(accountBytes(key)))),
      checkValue: (value) => checkValueSignature(value, passphrase),
      anchored: store.anchor(),
      keepAnchored: (point) => store.keepAnchor(point),
    }),
    judge: quorumSet === undefined ? undefined : judgeBy(quorumSet, passphrase),
  };
}

function sourcesOf(
  { rpcUrl, lakeUrl, archiveUrl }: Config,
  { passphrase, genesisLedger }: ServiceNetwork,
  tip: number | undefined,
): readonly LedgerSource[] {
  const near = tip ?? genesisLedger;
  return [
    ...rpcUrl.map((url) => openRpcSource({ url, passphrase })),
    ...lakeUrl.map((location) => openLakeSource({ location, passphrase, near })),
    ...archiveUrl.map((location) => openArchiveSource({ location, passphrase })),
  ];
}

function judgeBy(quorumSet: QuorumSet, passphrase: string): JudgeConsensus {
  const networkId = stellarNetworkId(passphrase);
  return (question) => anchor({ ...question, networkId, quorumSet }).satisfied;
}

/** Proofs of the last committed state and of stored receipts, against the ledger hash. */
import { setTimeout as sleep } from "node:timers/promises";
import type { ProofPorts } from "../api/proofs.ts";
import type { LedgerFieldsJson, StateProofJson } from "../client/schemas.ts";
import { networkId, type ServiceNetwork } from "../contracts/service-network.ts";
import { toHex } from "../lib/bytes.ts";
import { AceError } from "../lib/errors.ts";
import { sha256 } from "../lib/hash.ts";
import { ledgerHash } from "../runtime/ledger-hash.ts";
import { ProtocolSchedule } from "../runtime/protocol-schedule.ts";
import { txHashOf } from "../runtime/receipt-codec.ts";
import { proveReceipt } from "../runtime/receipts-root.ts";
import type { ChainLink, Store } from "../store/store.ts";

const WAITS_MAX = 20;
const WAIT_MS = 50;
const FORCED_EVERY_MS = 5_000;

interface Parts {
  readonly network: ServiceNetwork;
  readonly store: Pick<
    Store,
    "isTreeAhead" | "link" | "receiptBytes" | "receiptsOf" | "state" | "tip" | "tree"
  >;
}

export function proofQueries({ network, store }: Parts): ProofPorts {
  const schedule = new ProtocolSchedule({ network });
  const claimOf = (link: ChainLink): Pick<StateProofJson, "ledgerHash" | "ledger"> => {
    const { sequence, receiptsRoot, stateRoot } = link;
    const previous = store.link(sequence - 1)?.ledgerHash ?? networkId(network);
    const ledger = schedule
      .hashesAt(sequence)
      .map((protocolHash) => ({ previous, sequence, receiptsRoot, stateRoot, protocolHash }))
      .find((fields) => ledgerHash(fields) === link.ledgerHash);
    if (ledger === undefined) {
      const what = `ledger ${sequence} was applied under rules that this build does not know`;
      throw new AceError("PROTOCOL_MISMATCH", what);
    }
    return { ledgerHash: link.ledgerHash, ledger };
  };
  const turn = proofTurns(store);
  const linkOf = (sequence: number): ChainLink => {
    const link = store.link(sequence);
    if (link !== undefined) return link;
    throw new AceError("NOT_FOUND", `ledger ${sequence} is not applied here`);
  };
  return {
    chain: (from, to) => {
      const { ledgerHash: newest } = linkOf(Math.max(from, to));
      const chain: LedgerFieldsJson[] = [];
      for (let sequence = to; sequence > from; sequence -= 1) {
        chain.push(claimOf(linkOf(sequence)).ledger);
      }
      return { ledgerHash: newest, chain };
    },
    proveState: async (key) => {
      await turn();
      const tip = store.tip();
      if (tip === undefined) throw new AceError("NODE_BEHIND", "no ledger is applied yet");
      const value = store.state.get(key);
      return {
        ...claimOf(tip),
        key: toHex(key),
        ...(value === undefined ? {} : { value: toHex(value) }),
        proof: toHex(store.tree().prove(key)),
      };
    },
    proveReceipts: (txHash) => {
      const sequences = new Set(store.receiptsOf(txHash).map(({ ledger }) => ledger));
      const proofs = [...sequences].flatMap((sequence) => {
        const link = store.link(sequence);
        return link === undefined
          ? []
          : proofsOf(txHash, store.receiptBytes(sequence), claimOf(link));
      });
      return { proofs };
    },
  };
}

/**
 * Waits until the tree is at the committed state. While a node catches up it hardly ever is: then it is
 * brought back for a proof, but seldom, so that proofs cannot hold up the ledgers.
 */
function proofTurns(store: Pick<Store, "isTreeAhead">): () => Promise<void> {
  let forcedMs = Number.NEGATIVE_INFINITY;
  return async () => {
    for (let waits = 0; store.isTreeAhead(); waits += 1) {
      if (waits < WAITS_MAX) {
        await sleep(WAIT_MS);
        continue;
      }
      const nowMs = performance.now();
      if (nowMs - forcedMs < FORCED_EVERY_MS) {
        throw new AceError("NODE_BEHIND", "ledgers are applied faster than proofs could be made");
      }
      forcedMs = nowMs;
      return;
    }
  };
}

function proofsOf<Claim>(txHash: string, receipts: readonly Uint8Array[], claim: Claim) {
  const hashes = receipts.map(sha256);
  return [...receipts.entries()]
    .filter(([, receipt]) => txHashOf(receipt) === txHash)
    .map(([place, receipt]) => ({
      ...claim,
      receipt: toHex(receipt),
      proof: toHex(proveReceipt(hashes, place)),
    }));
}

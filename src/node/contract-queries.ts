/** What the API asks of contracts, answered from committed state. */
import type { ContractPorts } from "../api/contracts.ts";
import type { Abi } from "../contracts/abi.ts";
import { callsOf } from "../contracts/inbox.ts";
import type { ServiceNetwork } from "../contracts/service-network.ts";
import { argsFromJson } from "../contracts/value-json.ts";
import type { StellarTransaction } from "../ledger/closed-ledger.ts";
import { supposeTransaction } from "../ledger/suppose.ts";
import { AceError, isAceError } from "../lib/errors.ts";
import { isAddress } from "../lib/strkey.ts";
import type { Receipt } from "../runtime/applied.ts";
import { readPayables } from "../runtime/book-keys.ts";
import { codeInfo } from "../runtime/contract-info.ts";
import type { Runtime } from "../runtime/runtime-types.ts";
import type { Store } from "../store/store.ts";
import { changesJson } from "./changes-json.ts";
import { contractJson } from "./contract-json.ts";
import { receiptJson, resultJson } from "./receipt-json.ts";

interface Parts {
  readonly network: ServiceNetwork;
  readonly store: Store;
  readonly runtime: Runtime;
}

export function contractQueries({ network, store, runtime }: Parts): ContractPorts {
  const withAbi = async (receipts: readonly Receipt[]) =>
    await Promise.all(
      receipts.map(async (receipt) => receiptJson(receipt, await runtime.abi(receipt.contract))),
    );
  const tip = () => {
    const found = store.tip();
    if (found === undefined) throw new AceError("NODE_BEHIND", "no ledger is applied yet");
    return found;
  };
  return {
    contract: async (number) => {
      const info = await runtime.contract(number);
      if (info === undefined) return undefined;
      return contractJson(info, codeInfo(store.state, info.codeHash)?.source ?? "");
    },
    view: async ({ contract, method, args }) => {
      const { sequence } = tip();
      const abi = await runtime.abi(contract);
      const known = requireMethod(abi, contract, method);
      const answer = await runtime.view({ contract, method, args: argsFromJson(known.args, args) });
      return {
        ok: answer.ok,
        code: answer.code,
        result: resultJson(method, answer.result, abi),
        gasUsed: answer.gasUsed.toString(),
        ledger: sequence,
      };
    },
    simulate: async (envelope) => {
      const { sequence, closeTime } = tip();
      const { passphrase, vault } = network;
      const calls = callsOf(supposed(envelope, passphrase), { vault });
      const next = { calls, sequence: sequence + 1, closeTime: closeTime + 1n };
      const { receipts, writes } = await runtime.simulate(next);
      const changes = changesJson(writes, store.state);
      return { ledger: sequence, receipts: await withAbi(receipts), changes };
    },
    receipts: async (txHash) => ({
      tip: store.tip()?.sequence ?? 0,
      receipts: await withAbi(store.receiptsOf(txHash)),
    }),
    payables: (account) => {
      if (!isAddress(account)) {
        throw new AceError("ADDRESS_INVALID", `"${account}" is not a Stellar address`);
      }
      const items = readPayables(store.state, account).map(({ asset, amount }) => ({
        asset,
        amount: amount.toString(),
      }));
      return { account, ledger: tip().sequence, items };
    },
  };
}

/** What a ledger source sends broken is its fault; what a caller sends broken is the caller's. */
function supposed(envelope: string, passphrase: string): StellarTransaction {
  try {
    return supposeTransaction(envelope, passphrase);
  } catch (cause) {
    if (!isAceError(cause, "LEDGER_MALFORMED")) throw cause;
    throw new AceError("BODY_INVALID", cause.message, { cause });
  }
}

function requireMethod(abi: Abi | undefined, contract: bigint, method: string) {
  if (abi === undefined) {
    throw new AceError("CONTRACT_UNKNOWN", `no contract ${contract} on this network`);
  }
  const found = abi.methods.get(method);
  if (found?.view === true) return found;
  throw new AceError("METHOD_UNKNOWN", `contract ${contract} has no view "${method}"`);
}

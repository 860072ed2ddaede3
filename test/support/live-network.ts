/** A devnet with a service network on it, served over HTTP, on which calls keep coming. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Keypair } from "@stellar/stellar-sdk";
import { loadDeviceKey } from "../../src/access/device-key.ts";
import { buildTransaction, callOperations } from "../../src/client/build.ts";
import { type Signer, signWith } from "../../src/client/client.ts";
import { foundNetwork } from "../../src/client/found.ts";
import { openStellar, type Stellar } from "../../src/client/stellar.ts";
import type { ServiceNetwork } from "../../src/contracts/service-network.ts";
import { developmentSettings } from "../../src/contracts/settings.ts";
import { createDevnet, type Devnet } from "../../src/devnet/devnet.ts";
import { serveDevnet } from "../../src/devnet/server.ts";
import { toHex } from "../../src/lib/bytes.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { isAceError } from "../../src/lib/errors.ts";
import { silentEvents } from "../../src/lib/events.ts";
import { writeOperatorKeys } from "../../src/node/files.ts";
import { systemContractHashes } from "../../src/node/system-contracts.ts";
import { linkDevice } from "./devices.ts";

/**
 * `on sending` closes a ledger for each transaction sent, so nobody waits. Its ledgers are a second
 * apart and begin an hour ago, so that however many there are, none runs ahead of the clock.
 */
type Closes = "by itself" | "manual" | "on sending";

export interface LiveNetwork extends AsyncDisposable {
  readonly rpcUrl: string;
  readonly network: ServiceNetwork;
  readonly networkFile: string;
  readonly stellar: Stellar;
  readonly signer: Signer;
  /** Issuer keys of this network, for a node that issues tokens. */
  readonly operatorFile: string;
  /** A new account of 10,000 XLM. */
  account(): Promise<Signer>;
  /** Closes a ledger at the time of the clock. */
  catchUp(): void;
  /** Closes a ledger so many seconds after the last one; those that follow go on from there. */
  warp(seconds: number): void;
  latestLedger(): number;
  closeLedger(): void;
  /** Sends calls until stopped, one after another. */
  keepCalling(): { stop(): Promise<void>; sent(): number };
}

const PASSPHRASE = "Ace Test ; live";
/** Close times are whole seconds: closing more often would run ahead of the clock. */
const CLOSE_MS = 1_000;
const CALLERS = 4;

const HOUR_S = 3_600;
const TOKEN_SEED = "09".repeat(32);

/** @param closes `manual` closes a ledger only when told, once the network is founded. */
export async function openLiveNetwork(
  folder: string,
  closes: Closes = "by itself",
  settings: Readonly<Record<string, number>> = developmentSettings,
): Promise<LiveNetwork> {
  const isEager = closes === "on sending";
  const nowS = Math.floor(Date.now() / 1_000);
  const closeTime = BigInt(isEager ? nowS - HOUR_S : nowS);
  const net = createDevnet({ passphrase: PASSPHRASE, seed: "live", closeTime });
  const server = await serveDevnet({
    net: isEager ? closingOnSending(net) : net,
    port: 0,
    closeMs: closes === "by itself" ? CLOSE_MS : "manual",
    events: silentEvents,
    clock: isEager ? { nowMs: () => 0 } : systemClock,
  });
  const { signal } = new AbortController();
  const stellar = openStellar({ rpcUrl: server.url, passphrase: PASSPHRASE, signal });
  const operator = Keypair.random();
  const signer = signerOf(operator);
  const callers = Array.from({ length: CALLERS }, () => signerOf(Keypair.random()));
  const everybody = [signer, ...callers];
  await Promise.all(
    everybody.map(({ account }) => fetch(`${server.friendbotUrl}?addr=${account}`)),
  );
  const founding =
    closes === "manual" ? setInterval(() => server.closeLedger(), CLOSE_MS) : undefined;
  const { network } = await foundNetwork(stellar, signer, {
    name: "live",
    assets: [`ACE:${signer.account}`],
    governanceAsset: `ACE:${signer.account}`,
    issuer: { account: signer.account, key: toHex(loadDeviceKey(TOKEN_SEED).publicKey) },
    systemContracts: systemContractHashes(),
    settings,
  });
  clearInterval(founding);
  const operatorFile = join(folder, "operator.json");
  writeOperatorKeys(operatorFile, { issuerSecret: operator.secret(), tokenSeed: TOKEN_SEED });
  const networkFile = join(folder, "network.json");
  writeFileSync(networkFile, JSON.stringify(network));
  return {
    rpcUrl: server.url,
    network,
    networkFile,
    stellar,
    signer,
    operatorFile,
    account: async () => {
      const made = signerOf(Keypair.random());
      await fetch(`${server.friendbotUrl}?addr=${made.account}`);
      return made;
    },
    catchUp: () => {
      net.close({ closeTime: BigInt(Math.floor(Date.now() / 1_000)) });
    },
    warp: (seconds) => {
      net.close({ closeTime: net.latest.closeTime + BigInt(seconds) });
    },
    latestLedger: () => net.latest.sequence,
    closeLedger: () => {
      server.closeLedger();
    },
    keepCalling: () => keepCalling(stellar, network.vault, callers),
    [Symbol.asyncDispose]: () => server.close(),
  };
}

function closingOnSending(net: Devnet): Devnet {
  const submit: Devnet["submit"] = (envelope) => {
    const answer = net.submit(envelope);
    if (answer.status === "PENDING") net.close({ closeTime: 0n });
    return answer;
  };
  return new Proxy(net, {
    get: (target, name) => {
      if (name === "submit") return submit;
      const value: unknown = Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

function signerOf(key: Keypair): Signer {
  return { account: key.publicKey(), sign: (hash) => key.sign(Buffer.from(hash)) };
}

/** Device keys added, and added again: calls that succeed, and calls that fail. */
function keepCalling(
  stellar: Stellar,
  vault: string,
  signers: readonly Signer[],
): ReturnType<LiveNetwork["keepCalling"]> {
  let isOn = true;
  let sent = 0;
  const run = async (signer: Signer): Promise<void> => {
    while (isOn) {
      const device = linkDevice(`device ${sent % 40}`, { vault, account: signer.account });
      const operations = callOperations(device);
      const account = await stellar.account(signer.account);
      const transaction = buildTransaction(account, stellar.passphrase, operations);
      signWith(transaction, signer);
      try {
        await stellar.send(transaction);
        sent += 1;
      } catch (error) {
        // On a starved machine a call may come too late for its ledger: another follows it.
        if (!isAceError(error) || error.code !== "SUBMIT_EXPIRED") throw error;
      }
    }
  };
  const running = signers.map(run);
  return {
    sent: () => sent,
    stop: async () => {
      isOn = false;
      await Promise.all(running);
    },
  };
}

/** A devnet with a service network on it, served over HTTP, on which calls keep coming. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Keypair } from "@stellar/stellar-sdk";
import { buildTransaction, callOperations } from "../../src/client/build.ts";
import { type Signer, signWith } from "../../src/client/client.ts";
import { foundNetwork } from "../../src/client/found.ts";
import { openStellar, type Stellar } from "../../src/client/stellar.ts";
import type { ServiceNetwork } from "../../src/contracts/service-network.ts";
import { developmentSettings } from "../../src/contracts/settings.ts";
import { createDevnet } from "../../src/devnet/devnet.ts";
import { serveDevnet } from "../../src/devnet/server.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { silentEvents } from "../../src/lib/events.ts";
import { systemContractHashes } from "../../src/node/system-contracts.ts";

export interface LiveNetwork extends AsyncDisposable {
  readonly rpcUrl: string;
  readonly network: ServiceNetwork;
  readonly networkFile: string;
  readonly stellar: Stellar;
  readonly signer: Signer;
  latestLedger(): number;
  closeLedger(): void;
  /** Sends calls until stopped, one after another. */
  keepCalling(): { stop(): Promise<void>; sent(): number };
}

const PASSPHRASE = "Ace Test ; live";
/** Close times are whole seconds: closing more often would run ahead of the clock. */
const CLOSE_MS = 1_000;
const CALLERS = 4;

/** @param closes `manual` closes a ledger only when told, once the network is founded. */
export async function openLiveNetwork(
  folder: string,
  closes: "manual" | "by itself" = "by itself",
): Promise<LiveNetwork> {
  const closeTime = BigInt(Math.floor(Date.now() / 1_000));
  const net = createDevnet({ passphrase: PASSPHRASE, seed: "live", closeTime });
  const server = await serveDevnet({
    net,
    port: 0,
    closeMs: closes === "manual" ? "manual" : CLOSE_MS,
    events: silentEvents,
    clock: systemClock,
  });
  const { signal } = new AbortController();
  const stellar = openStellar({ rpcUrl: server.url, passphrase: PASSPHRASE, signal });
  const signer = signerOf(Keypair.random());
  const callers = Array.from({ length: CALLERS }, () => signerOf(Keypair.random()));
  const everybody = [signer, ...callers];
  await Promise.all(
    everybody.map(({ account }) => fetch(`${server.friendbotUrl}?addr=${account}`)),
  );
  const founding =
    closes === "manual" ? setInterval(() => server.closeLedger(), CLOSE_MS) : undefined;
  const { network } = await foundNetwork(stellar, signer, {
    name: "live",
    assets: [],
    governanceAsset: "XLM",
    issuer: { account: signer.account, key: "09".repeat(32) },
    systemContracts: systemContractHashes(),
    settings: developmentSettings,
  });
  clearInterval(founding);
  const networkFile = join(folder, "network.json");
  writeFileSync(networkFile, JSON.stringify(network));
  return {
    rpcUrl: server.url,
    network,
    networkFile,
    stellar,
    signer,
    latestLedger: () => net.latest.sequence,
    closeLedger: () => {
      server.closeLedger();
    },
    keepCalling: () => keepCalling(stellar, callers),
    [Symbol.asyncDispose]: () => server.close(),
  };
}

function signerOf(key: Keypair): Signer {
  return { account: key.publicKey(), sign: (hash) => key.sign(Buffer.from(hash)) };
}

/** Device keys added, and added again: calls that succeed, and calls that fail. */
function keepCalling(
  stellar: Stellar,
  signers: readonly Signer[],
): ReturnType<LiveNetwork["keepCalling"]> {
  let isOn = true;
  let sent = 0;
  const run = async (signer: Signer): Promise<void> => {
    while (isOn) {
      const device = new Uint8Array(32).fill(sent % 40);
      const operations = callOperations({ contract: 2n, method: "add", args: [device] });
      const account = await stellar.account(signer.account);
      const transaction = buildTransaction(account, stellar.passphrase, operations);
      signWith(transaction, signer);
      await stellar.send(transaction);
      sent += 1;
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

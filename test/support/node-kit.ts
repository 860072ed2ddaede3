/** What tests do with a running node: contracts put on the ledger, requests that no client would send. */
import { randomInt } from "node:crypto";
import { writeFileSync } from "node:fs";
import { createServer, request } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type BuiltContract, buildContract } from "../../src/authoring/build-contract.ts";
import { callOperations } from "../../src/client/build.ts";
import type { Client, Outcome, Signer } from "../../src/client/client.ts";
import type { ReceiptJson } from "../../src/client/schemas.ts";
import { parseArguments } from "../../src/contracts/value-json.ts";
import { isAceError } from "../../src/lib/errors.ts";
import { type Config, loadConfig } from "../../src/node/config.ts";

const PIECE_BYTES = 6_000;
const PORT_FIRST = 20_000;
const PORT_END = 32_000;
/** More than a starved machine needs. */
const UNTIL_MS = 100_000;

/** Settings of a node that no other of this machine meets, and that writes no log. */
export function nodeConfig(settings: Readonly<Record<string, unknown>>): Config {
  const apart = { httpPort: 0, peerPort: 0, trackerPort: 0, logLevel: "silent", pollMs: 50 };
  return loadConfig({ ...apart, ...settings });
}

/** Puts the code on the ledger and deploys it: the contract's number. */
export async function deploy(
  client: Client,
  signer: Signer,
  { source, codeHash, abi }: BuiltContract,
  ...words: readonly string[]
): Promise<bigint> {
  const args = parseArguments(abi.methods.get("setup")?.args ?? [], words);
  const hash = Uint8Array.fromHex(codeHash);
  const bytes = Uint8Array.from(Buffer.from(source));
  for (let offset = 0; offset < bytes.length; offset += PIECE_BYTES) {
    const piece = bytes.slice(offset, offset + PIECE_BYTES);
    const put = { contract: 0n, method: "put", args: [hash, BigInt(offset), piece] };
    await client.call(signer, callOperations(put));
  }
  const { receipts } = await client.call(
    signer,
    callOperations({ contract: 0n, method: "deploy", args: [hash, args] }),
  );
  return BigInt(String(receipts[0]?.result));
}

/** Builds source text as if it lay in a file of this folder. */
export function build(folder: string, name: string, source: string): BuiltContract {
  const path = join(folder, name);
  writeFileSync(path, source);
  return buildContract(path);
}

export function onlyReceipt({ receipts }: Pick<Outcome, "receipts">): ReceiptJson {
  const [receipt, ...others] = receipts;
  if (receipt === undefined || others.length > 0) throw new Error(`${receipts.length} receipts`);
  return receipt;
}

/** The code of what `work` throws. */
export async function codeOf(work: () => unknown): Promise<string> {
  try {
    await work();
    return "none";
  } catch (error) {
    return isAceError(error) ? error.code : `without a code: ${String(error)}`;
  }
}

export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** A request as its text, head and all. */
export async function raw(url: string, ...lines: readonly string[]): Promise<Answer> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.end(`${lines.join("\r\n")}\r\nConnection: close\r\n\r\n`);
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk);
  const [head = "", ...rest] = Buffer.concat(chunks).toString().split("\r\n\r\n");
  return { status: Number(head.split(" ")[1]), body: rest.join("\r\n\r\n") };
}

export async function until(what: () => Promise<boolean> | boolean): Promise<void> {
  const endMs = Date.now() + UNTIL_MS;
  while (!(await what())) {
    if (Date.now() > endMs) throw new Error("it did not come to pass");
    await sleep(25);
  }
}

export interface Middleman extends AsyncDisposable {
  readonly url: string;
}

/** A proxy before an RPC endpoint, which may change each answer, or keep it to itself and hang up. */
export async function openMiddleman(
  rpcUrl: string,
  change: (answer: string, asked: string) => string | undefined,
): Promise<Middleman> {
  const server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on("data", (chunk) => chunks.push(chunk));
    incoming.on("end", () => {
      const asked = Buffer.concat(chunks).toString();
      const headers = { "content-type": "application/json" };
      const onward = request(rpcUrl, { method: "POST", headers }, (answer) => {
        const parts: Buffer[] = [];
        answer.on("data", (part) => parts.push(part));
        answer.on("end", () => {
          const told = change(Buffer.concat(parts).toString(), asked);
          if (told === undefined) outgoing.destroy();
          else outgoing.end(told);
        });
      });
      onward.end(asked);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** A port that was free a moment ago, of those that the system gives to nobody who asks for any. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(PORT_FIRST, PORT_END);
    const probe = createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      probe.once("error", () => resolve(false));
      probe.listen(port, "127.0.0.1", () => resolve(true));
    });
    if (!isFree) continue;
    await new Promise<void>((resolve) => probe.close(() => resolve()));
    return port;
  }
}

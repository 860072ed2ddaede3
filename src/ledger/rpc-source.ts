/**
 * Stellar RPC as a source of ledgers, by getLedgers alone.
 *
 * Cursors are never used: at the tip a server refuses its own cursor until the next ledger closes. Each
 * page starts at the ledger wanted, and only once the server claims to have it. An empty page is no
 * progress, whatever the server says.
 *
 * Errors  As of `LedgerSource`.
 * Source  stellar-rpc, get_ledgers.go: the wording of its refusals outside the retention window.
 */
import { AceError } from "../lib/errors.ts";
import { LEDGER_BYTES_MAX } from "./close-meta.ts";
import type { LedgerRange, LedgerSource, RawLedger } from "./ledger-source.ts";
import {
  openRpcClient,
  type RpcClient,
  type RpcLedger,
  type RpcOptions,
  refusedBy,
} from "./rpc-client.ts";

const PAGE_LEDGERS = 8;
const INVALID_REQUEST = -32_600;
const INVALID_PARAMS = -32_602;

const WINDOWS = [
  /within the ledger range: (\d{1,10}) - (\d{1,10})/,
  /between the oldest ledger: (\d{1,10}) and the latest ledger: (\d{1,10})/,
];

export interface RpcSource extends LedgerSource {
  /** What the server claims to hold. Errors `NETWORK_MISMATCH`. */
  range(signal?: AbortSignal): Promise<LedgerRange>;
}

export interface RpcSourceOptions extends RpcOptions {
  /** The server must serve this network. */
  readonly passphrase: string;
}

export function openRpcSource(options: RpcSourceOptions): RpcSource {
  // A busy server is left alone by whoever reads from several; nobody waits for it in here.
  const client = openRpcClient({ busyTriesMax: 1, ...options });
  const range = rangeReader(client, options.passphrase);
  return {
    id: `rpc ${new URL(options.url).host}`,
    kind: "rpc",
    range,
    headerHash: (sequence, signal) => headerHash(client, sequence, signal),
    async *read(from, signal) {
      const held = await range(signal);
      let next = from;
      while (next <= held.last) {
        const page = { startLedger: next, limit: PAGE_LEDGERS, held };
        const ledgers = await readPage(client, page, signal);
        const reached = ledgers.at(-1)?.sequence ?? 0;
        yield* ledgers.map(rawLedger);
        if (reached < next) return;
        next = reached + 1;
      }
    },
  };
}

/** The hash of the latest ledger costs a few bytes; that of an older one comes with its ledger. */
async function headerHash(
  client: RpcClient,
  sequence: number,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  const latest = await client.getLatestLedger(signal);
  if (latest.sequence < sequence) return undefined;
  if (latest.sequence === sequence) return latest.id;
  const held = { first: 0, last: latest.sequence };
  const ledgers = await readPage(client, { startLedger: sequence, limit: 1, held }, signal);
  return ledgers.find((ledger) => ledger.sequence === sequence)?.hash;
}

/** Asks for the passphrase first, and again after each failure: the server may be another one by then. */
function rangeReader(client: RpcClient, passphrase: string) {
  let isKnown = false;
  return async (signal?: AbortSignal): Promise<LedgerRange> => {
    try {
      if (!isKnown) checkNetwork((await client.getNetwork(signal)).passphrase, passphrase);
      isKnown = true;
      return await claimedRange(client, signal);
    } catch (error) {
      isKnown = false;
      throw error;
    }
  };
}

function checkNetwork(served: string, wanted: string): void {
  if (served === wanted) return;
  throw new AceError("NETWORK_MISMATCH", `the RPC server serves "${served}", not "${wanted}"`);
}

/** A server that calls itself unhealthy still serves what it has. */
async function claimedRange(client: RpcClient, signal?: AbortSignal): Promise<LedgerRange> {
  const health = await client.getHealth(signal);
  if (health.ok) return { first: health.result.oldestLedger, last: health.result.latestLedger };
  return { first: 0, last: (await client.getLatestLedger(signal)).sequence };
}

interface Page {
  readonly startLedger: number;
  readonly limit: number;
  readonly held: LedgerRange;
}

async function readPage(
  client: RpcClient,
  { startLedger, limit, held }: Page,
  signal: AbortSignal | undefined,
): Promise<readonly RpcLedger[]> {
  const reply = await client.getLedgers({ startLedger, limit }, signal);
  return reply.ok ? reply.result.ledgers : refusedPage(reply, startLedger, held);
}

function rawLedger({ sequence, metadataXdr }: RpcLedger): RawLedger {
  return { kind: "closeMeta", sequence, bytes: decodeBase64(metadataXdr) };
}

/** Nothing where the ledger is still to come; an error where it is gone or the server is at fault. */
function refusedPage(
  refusal: { readonly code: number; readonly message: string },
  startLedger: number,
  held: LedgerRange,
): readonly never[] {
  if (refusal.code !== INVALID_REQUEST && refusal.code !== INVALID_PARAMS) throw refusedBy(refusal);
  const { first } = namedWindow(refusal.message) ?? held;
  // Above the window, or inside it: another server behind the same address is a ledger behind.
  if (startLedger >= first) return [];
  throw new AceError(
    "LEDGER_RETENTION_EXCEEDED",
    `ledger ${startLedger} is gone: the RPC server keeps ledgers from ${first} on`,
  );
}

function namedWindow(message: string): LedgerRange | undefined {
  for (const wording of WINDOWS) {
    const [, first, last] = wording.exec(message) ?? [];
    if (first !== undefined && last !== undefined) {
      return { first: Number(first), last: Number(last) };
    }
  }
  return undefined;
}

function decodeBase64(text: string): Uint8Array {
  if (text.length > LEDGER_BYTES_MAX * (4 / 3) + 4) {
    throw new AceError("LEDGER_MALFORMED", "the RPC server sent a ledger over the limit");
  }
  try {
    return Uint8Array.fromBase64(text);
  } catch (cause) {
    throw new AceError("LEDGER_MALFORMED", "the RPC server sent broken base64", { cause });
  }
}

// Goal: the RPC source survives every known trap of real servers, and never takes one for progress.
// Method: a real HTTP server on loopback that answers as the script of each test says.
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { afterEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { BusyError } from "../../src/ledger/busy-error.ts";
import { followLedgers } from "../../src/ledger/follow-ledgers.ts";
import { openRpcClient, type RpcOptions } from "../../src/ledger/rpc-client.ts";
import { openRpcSource, type RpcSource } from "../../src/ledger/rpc-source.ts";
import { SourcePanel } from "../../src/ledger/source-panel.ts";
import { verifyLedger } from "../../src/ledger/verify-ledger.ts";
import { silentEvents } from "../../src/lib/events.ts";
import { GENESIS, type MadeLedger, makeChain, PASSPHRASE } from "../fixtures/made-ledger.ts";
import { miniLake, TESTNET } from "../fixtures/stellar-data.ts";
import { trustLevel } from "../support/trust.ts";

const Request = z.object({
  id: z.int(),
  method: z.string(),
  params: z.record(z.string(), z.unknown()),
});
type Params = Readonly<Record<string, unknown>>;
type Reply =
  | { readonly result: unknown }
  | { readonly error: { readonly code: number; readonly message: string } }
  | ((response: ServerResponse) => void);
type Script = Readonly<Record<string, (params: Params, call: number) => Reply>>;

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

interface Double {
  readonly url: string;
  /** Methods in the order they were asked, with the ledger where there is one. */
  readonly asked: string[];
  /** Everything that was sent, as text. */
  readonly sent: string[];
}

async function serve(script: Script): Promise<Double> {
  const asked: string[] = [];
  const sent: string[] = [];
  const server = createServer((request, response) => {
    void answer(request, response);
  });
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(Buffer.from(part));
    const text = Buffer.concat(parts).toString();
    sent.push(text);
    const { id, method, params } = Request.parse(JSON.parse(text));
    const calls = asked.filter((name) => name.startsWith(method)).length;
    asked.push(label(method, params));
    const reply = script[method]?.(params, calls) ?? missing(method);
    if (typeof reply === "function") return reply(response);
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ jsonrpc: "2.0", id, ...reply }));
  }
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("a TCP port");
  return { url: `http://127.0.0.1:${address.port}`, asked, sent };
}

function label(method: string, params: Params): string {
  const from = params["startLedger"];
  return from === undefined ? method : `${method} ${from}`;
}

const missing = (method: string): Reply => ({
  error: { code: -32_601, message: `method ${method} not found` },
});
const refuse = (code: number, message: string): Reply => ({ error: { code, message } });

const chain = makeChain(20);
const first = 101;

/** An honest server that holds `ledgers`. */
function honest(ledgers: readonly MadeLedger[], passphrase = PASSPHRASE): Script {
  const last = ledgers.at(-1)?.sequence ?? GENESIS.sequence;
  return {
    getNetwork: () => ({ result: { passphrase, protocolVersion: 23 } }),
    getHealth: () => ({
      result: { status: "healthy", latestLedger: last, oldestLedger: first },
    }),
    getLatestLedger: () => ({ result: { id: "ab", sequence: last, protocolVersion: 23 } }),
    getLedgers: (params) => pageOf(ledgers, params, last),
  };
}

const Page = z.object({ startLedger: z.int(), pagination: z.object({ limit: z.int() }) });

function pageOf(ledgers: readonly MadeLedger[], params: Params, last: number): Reply {
  const { startLedger, pagination } = Page.parse(params);
  const found = ledgers.filter(({ sequence }) => sequence >= startLedger);
  const page = found.slice(0, pagination.limit).map(({ sequence, hash, bytes }) => ({
    sequence,
    metadataXdr: bytes.toBase64(),
    hash,
    ledgerCloseTime: "0",
  }));
  return { result: { ledgers: page, latestLedger: last, oldestLedger: first, cursor: "" } };
}

async function readAll(source: RpcSource, from: number): Promise<readonly number[]> {
  const sequences: number[] = [];
  for await (const { sequence } of source.read(from)) sequences.push(sequence);
  return sequences;
}

const Recorded = z.object({
  records: z.array(z.object({ sequence: z.int(), headerXdr: z.string() })),
});

const waitsMs: number[] = [];
const quick = (url: string, more: Partial<RpcOptions> = {}) => {
  waitsMs.length = 0;
  const pace = {
    chance: () => 0.5,
    wait: async (durationMs: number) => void waitsMs.push(durationMs),
  };
  return { url, passphrase: PASSPHRASE, pace, ...more };
};

describe("an honest server", () => {
  it("is read page by page to its tip, without a cursor", async () => {
    const { url, asked } = await serve(honest(chain));
    const source = openRpcSource(quick(url));
    expect(await readAll(source, 103)).toEqual(chain.slice(2).map(({ sequence }) => sequence));
    expect(asked).toEqual([
      "getNetwork",
      "getHealth",
      "getLedgers 103",
      "getLedgers 111",
      "getLedgers 119",
    ]);
    expect(await source.range()).toEqual({ first: 101, last: 120 });
  });

  it("is not asked for ledgers before it claims to have them", async () => {
    const { url, asked } = await serve(honest(chain));
    expect(await readAll(openRpcSource(quick(url)), 121)).toEqual([]);
    expect(asked).toEqual(["getNetwork", "getHealth"]);
  });

  it("that calls itself unhealthy still gives what it has", async () => {
    const script = { ...honest(chain), getHealth: () => refuse(-32_603, "latency is too high") };
    const { url } = await serve(script);
    expect(await readAll(openRpcSource(quick(url)), 119)).toEqual([119, 120]);
  });

  it("of another network is refused before anything is read", async () => {
    const { url, asked } = await serve(honest(chain, TESTNET));
    const source = openRpcSource(quick(url));
    await expect(readAll(source, 101)).rejects.toMatchObject({ code: "NETWORK_MISMATCH" });
    expect(asked).toEqual(["getNetwork"]);
  });

  it("feeds the follower real testnet ledgers, verified", async () => {
    const raws = miniLake();
    const ledgers = raws.map((bytes, index) => ({
      ...GENESIS,
      kind: "closeMeta" as const,
      sequence: 997 + index,
      bytes,
    }));
    const { url } = await serve(honest(ledgers, TESTNET));
    const { previousHash } = verifyLedger(raws[0] ?? new Uint8Array(), { passphrase: TESTNET });
    const closed = followLedgers({
      panel: new SourcePanel({
        sources: [openRpcSource({ ...quick(url), passphrase: TESTNET })],
        events: silentEvents,
      }),
      trust: trustLevel(0),
      cursor: { sequence: 996, hash: previousHash },
      passphrase: TESTNET,
      vaults: [],
    });
    const sequences: number[] = [];
    for await (const { sequence } of closed) {
      sequences.push(sequence);
      if (sequence === 999) break;
    }
    expect(sequences).toEqual([997, 998, 999]);
  });
});

describe("at the tip", () => {
  const health = () => ({
    result: { status: "healthy", latestLedger: 130, oldestLedger: first },
  });

  it.each([
    [-32_602, "cursor ('515') must be between the oldest ledger: 101 and the latest ledger: 120"],
    [-32_602, "invalid parameters"],
    [-32_600, "start ledger must be between the oldest ledger: 101 and the latest ledger: 120"],
    [-32_600, "startLedger must be within the ledger range: 101 - 120"],
  ])("%i %s means nothing new", async (code, message) => {
    const script = { ...honest(chain), getHealth: health, getLedgers: () => refuse(code, message) };
    const { url } = await serve(script);
    expect(await readAll(openRpcSource(quick(url)), 121)).toEqual([]);
  });

  it("an empty page with HTTP 200 is no progress and no loop", async () => {
    const { url, asked } = await serve({ ...honest(chain), getHealth: health });
    expect(await readAll(openRpcSource(quick(url)), 121)).toEqual([]);
    expect(asked).toEqual(["getNetwork", "getHealth", "getLedgers 121"]);
  });

  it("a page of old ledgers is handed on once and not asked for again", async () => {
    const getLedgers = () => pageOf(chain, { startLedger: 119, pagination: { limit: 8 } }, 120);
    const { url, asked } = await serve({ ...honest(chain), getHealth: health, getLedgers });
    expect(await readAll(openRpcSource(quick(url)), 121)).toEqual([119, 120]);
    expect(asked).toHaveLength(3);
  });
});

describe("a load balancer", () => {
  it("that asks a server behind our ledger gives nothing, and no ledger is taken for gone", async () => {
    const stale = () => ({ result: { status: "healthy", latestLedger: 110, oldestLedger: 101 } });
    const { url, asked } = await serve({ ...honest(chain), getHealth: stale });
    expect(await readAll(openRpcSource(quick(url)), 119)).toEqual([]);
    expect(asked).toEqual(["getNetwork", "getHealth"]);
  });

  it("whose servers differ by a ledger says inside the window what is not there yet", async () => {
    const message = "startLedger must be within the ledger range: 101 - 118";
    const script = { ...honest(chain), getLedgers: () => refuse(-32_600, message) };
    expect(await readAll(openRpcSource(quick((await serve(script)).url)), 119)).toEqual([]);
  });

  it("is asked for a header hash without its ledger, and for none that is not there yet", async () => {
    const latest = () => ({ result: { id: "ee".repeat(32), sequence: 120, protocolVersion: 23 } });
    const { url, asked } = await serve({ ...honest(chain), getLatestLedger: latest });
    const source = openRpcSource(quick(url));
    expect(await source.headerHash?.(120)).toBe("ee".repeat(32));
    expect(await source.headerHash?.(121)).toBeUndefined();
    expect(asked).toEqual(["getLatestLedger", "getLatestLedger"]);
    expect(await source.headerHash?.(118)).toBe(chain[17]?.hash);
  });
});

describe("cursors", () => {
  it("are never sent, not even 0: a server refuses its own", async () => {
    const { url, sent } = await serve(honest(chain));
    const source = openRpcSource(quick(url));
    for (const from of [101, 120, 121, 122]) await readAll(source, from);
    expect(sent.length).toBeGreaterThan(8);
    expect(sent.filter((text) => text.includes("cursor"))).toEqual([]);
  });
});

describe("replies of other versions", () => {
  const more = {
    "protocol 23": {
      getHealth: {
        status: "healthy",
        latestLedger: 120,
        oldestLedger: 101,
        ledgerRetentionWindow: 20,
      },
      getLatestLedger: { id: "ab", protocolVersion: 23, sequence: 120 },
    },
    "protocol 25 and later": {
      getHealth: {
        status: "healthy",
        latestLedger: 120,
        latestLedgerCloseTime: "1700000600",
        oldestLedger: 101,
        oldestLedgerCloseTime: "1700000505",
        ledgerRetentionWindow: 20,
      },
      getLatestLedger: {
        id: "ab",
        protocolVersion: 27,
        sequence: 120,
        closeTime: "1700000600",
        headerXdr: "AAAA",
        metadataXdr: "AAAA",
      },
    },
  };
  it.each(Object.entries(more))("of %s are read alike", async (_name, replies) => {
    const { url } = await serve({
      ...honest(chain),
      getHealth: () => ({ result: replies.getHealth }),
      getLatestLedger: () => ({ result: replies.getLatestLedger }),
      getLedgers: (params) => {
        const page = pageOf(chain, params, 120);
        if (!("result" in page)) return page;
        const times = {
          latestLedgerCloseTime: 1_700_000_600,
          oldestLedgerCloseTime: 1_700_000_505,
        };
        return { result: Object.assign({}, page.result, times) };
      },
    });
    expect(await readAll(openRpcSource(quick(url)), 118)).toEqual([118, 119, 120]);
    expect(await openRpcClient(quick(url)).getLatestLedger()).toMatchObject({ sequence: 120 });
  });

  it("as mainnet sends them, with headers that we do not ask for, are read as well", async () => {
    const text = readFileSync("test/fixtures/stellar/rpc/ledgers.json", "utf8");
    const { records } = Recorded.parse(JSON.parse(text));
    const ledgers = records.map((record) => ({ ...record, metadataXdr: "AAAA" }));
    const reply = { ledgers, latestLedger: 63_800_109, oldestLedger: 63_700_000, cursor: "1" };
    const { url } = await serve({ getLedgers: () => ({ result: reply }) });
    const page = await openRpcClient(quick(url)).getLedgers({ startLedger: 1, limit: 50 });
    expect(page.ok && page.result.ledgers.map(({ sequence }) => sequence)).toEqual(
      records.map(({ sequence }) => sequence),
    );
  });
});

describe("outside the retention window", () => {
  it("a ledger that was there a page ago may be gone with the next", async () => {
    const script = honest(chain);
    const getLedgers = (params: Params, call: number): Reply =>
      call === 0
        ? (script["getLedgers"]?.(params, call) ?? refuse(0, ""))
        : refuse(-32_600, "startLedger must be within the ledger range: 115 - 120");
    const { url } = await serve({ ...script, getLedgers });
    const read: number[] = [];
    const reading = async (): Promise<void> => {
      for await (const { sequence } of openRpcSource(quick(url)).read(101)) read.push(sequence);
    };
    await expect(reading()).rejects.toMatchObject({ code: "LEDGER_RETENTION_EXCEEDED" });
    expect(read).toEqual([101, 102, 103, 104, 105, 106, 107, 108]);
  });

  it.each([
    "startLedger must be within the ledger range: 500 - 600",
    "start ledger must be between the oldest ledger: 500 and the latest ledger: 600 for this rpc instance",
  ])("-32600 %s names the window", async (message) => {
    const { url } = await serve({ ...honest(chain), getLedgers: () => refuse(-32_600, message) });
    await expect(readAll(openRpcSource(quick(url)), 105)).rejects.toMatchObject({
      code: "LEDGER_RETENTION_EXCEEDED",
      message: "ledger 105 is gone: the RPC server keeps ledgers from 500 on",
    });
  });

  it("a server with a lake behind it is asked, whatever window it claims", async () => {
    const getHealth = () => ({
      result: { status: "healthy", latestLedger: 120, oldestLedger: 118 },
    });
    const { url } = await serve({ ...honest(chain), getHealth });
    expect(await readAll(openRpcSource(quick(url)), 113)).toHaveLength(8);
  });
});

const busy = (status: number, retryAfter?: string) => (response: ServerResponse) => {
  response.statusCode = status;
  if (retryAfter !== undefined) response.setHeader("retry-after", retryAfter);
  response.end("busy");
};

describe("a busy server", () => {
  it("is waited for as long as its Retry-After says", async () => {
    const script = honest(chain);
    const getNetwork = (params: Params, call: number) =>
      call === 0 ? busy(429, "7") : (script["getNetwork"]?.(params, call) ?? busy(500));
    const { url } = await serve({ ...script, getNetwork });
    expect(await openRpcClient(quick(url)).getNetwork()).toMatchObject({ passphrase: PASSPHRASE });
    expect(waitsMs).toEqual([7_000]);
  });

  it.each([
    [429, "7", 7_000],
    [503, "12", 12_000],
    [429, undefined, undefined],
  ])(
    "hands on its %i and Retry-After %s to whoever reads ledgers",
    async (status, given, waitMs) => {
      const { url } = await serve({ getNetwork: () => busy(status, given) });
      const reading = readAll(openRpcSource(quick(url)), 120);
      await expect(reading).rejects.toMatchObject({
        code: "LEDGER_NO_SOURCE",
        retryAfterMs: waitMs,
      });
      expect(waitsMs).toEqual([]);
    },
  );

  it("may name a date: it counts from now, and never in the past", async () => {
    const inAMinute = new Date(Date.now() + 30_000).toUTCString();
    const dates = [inAMinute, "Thu, 01 Jan 1970 00:00:00 GMT"];
    const { url } = await serve({ getNetwork: (_: Params, call) => busy(429, dates[call]) });
    const waitOf = async (): Promise<unknown> => {
      const error: unknown = await openRpcSource(quick(url))
        .range()
        .catch((fault) => fault);
      return error instanceof BusyError ? error.retryAfterMs : error;
    };
    const first = await waitOf();
    expect(first).toBeGreaterThan(20_000);
    expect(first).toBeLessThanOrEqual(30_000);
    expect(await waitOf()).toBe(0);
  });

  it("is never waited for longer than a minute, and a date counts from now", async () => {
    const soon = new Date(Date.now() + 3_600_000).toUTCString();
    const script = { getNetwork: (_: Params, call: number) => busy(503, ["86400", soon][call]) };
    const { url } = await serve(script);
    const client = openRpcClient(quick(url));
    await expect(client.getNetwork()).rejects.toMatchObject({ code: "LEDGER_NO_SOURCE" });
    expect(waitsMs).toEqual([60_000, 60_000, 1_500]);
  });
});

describe("a server in trouble", () => {
  it.each([
    ["an error status", busy(502), "LEDGER_NO_SOURCE"],
    [
      "a page of HTML with HTTP 200",
      (response: ServerResponse) => response.end("<html>maintenance</html>"),
      "LEDGER_MALFORMED",
    ],
    [
      "JSON of another kind",
      (response: ServerResponse) => response.end(`{"jsonrpc":"2.0","id":1}`),
      "LEDGER_MALFORMED",
    ],
    ["a closed connection", (response: ServerResponse) => response.destroy(), "LEDGER_NO_SOURCE"],
    [
      "half of what it promised",
      (response: ServerResponse) => {
        response.setHeader("content-length", "1000");
        response.write("{", () => response.destroy());
      },
      "LEDGER_NO_SOURCE",
    ],
  ])("that sends %s is not believed", async (_what, reply, code) => {
    const { url } = await serve({ getNetwork: () => reply });
    await expect(openRpcClient(quick(url)).getNetwork()).rejects.toMatchObject({ code });
  });

  it.each([
    ["broken base64", "!!!", "LEDGER_MALFORMED"],
    ["an error of its own", undefined, "LEDGER_NO_SOURCE"],
  ])("that sends %s for a ledger is tried again later", async (_what, metadataXdr, code) => {
    const ledgers = [{ sequence: 120, metadataXdr }];
    const getLedgers = (): Reply =>
      metadataXdr === undefined
        ? refuse(-32_603, "internal error")
        : { result: { ledgers, latestLedger: 120, oldestLedger: 101 } };
    const { url } = await serve({ ...honest(chain), getLedgers });
    await expect(readAll(openRpcSource(quick(url)), 120)).rejects.toMatchObject({ code });
  });
});

describe("a hostile or absent server", () => {
  it("cannot make us read more than the cap, even without saying how much comes", async () => {
    let sentBytes = 0;
    const flood = (response: ServerResponse) => {
      const part = Buffer.alloc(64 * 1024, 32);
      const push = () => {
        while (!response.destroyed && response.write(part)) sentBytes += part.length;
      };
      response.on("drain", push);
      push();
    };
    const { url } = await serve({ getNetwork: () => flood });
    const client = openRpcClient(quick(url, { bodyBytesMax: 1_000_000 }));
    await expect(client.getNetwork()).rejects.toMatchObject({
      code: "LEDGER_MALFORMED",
      message: expect.stringContaining("is over 1000000 bytes"),
    });
    expect(sentBytes).toBeLessThan(50_000_000);
  });

  it("that drips is given up after the time for one request", async () => {
    const drip = (response: ServerResponse) => void response.write("{");
    const { url } = await serve({ getNetwork: () => drip });
    const client = openRpcClient(quick(url, { timeoutMs: 50 }));
    await expect(client.getNetwork()).rejects.toMatchObject({
      code: "LEDGER_NO_SOURCE",
      message: `the RPC server at ${url}: no answer within 50 ms`,
    });
  });

  it("that is not there is named", async () => {
    const client = openRpcClient(quick("http://127.0.0.1:9"));
    await expect(client.getNetwork()).rejects.toMatchObject({ code: "LEDGER_NO_SOURCE" });
  });

  it("is asked for its network again after it was away", async () => {
    let passphrase = PASSPHRASE;
    let isAway = false;
    const script = honest(chain);
    const { url } = await serve({
      ...script,
      getNetwork: () => ({ result: { passphrase } }),
      getHealth: (params, call) =>
        isAway ? busy(500) : (script["getHealth"]?.(params, call) ?? busy(500)),
    });
    const source = openRpcSource(quick(url));
    await source.range();
    isAway = true;
    await expect(source.range()).rejects.toMatchObject({ code: "LEDGER_NO_SOURCE" });
    isAway = false;
    passphrase = "a network founded anew";
    await expect(source.range()).rejects.toMatchObject({ code: "NETWORK_MISMATCH" });
  });
});

describe("an aborted signal", () => {
  it("ends a request that hangs", async () => {
    const { url } = await serve({ getNetwork: () => () => {} });
    const aborter = new AbortController();
    const range = openRpcSource(quick(url)).range(aborter.signal);
    setTimeout(() => aborter.abort(), 20);
    await expect(range).rejects.toMatchObject({ name: "AbortError" });
  });
});

describe("the client", () => {
  it("reads what submission needs", async () => {
    const { url } = await serve({
      sendTransaction: () => ({
        result: { status: "ERROR", hash: "ab", latestLedger: 5, errorResultXdr: "AAAA" },
      }),
      getTransaction: () => ({ result: { status: "NOT_FOUND", latestLedger: 5, extra: 1 } }),
      getLedgerEntries: () => ({ result: { entries: null, latestLedger: 5 } }),
    });
    const client = openRpcClient(quick(url));
    expect(await client.sendTransaction("AAAA")).toEqual({
      ok: true,
      result: { status: "ERROR", hash: "ab", latestLedger: 5, errorResultXdr: "AAAA" },
    });
    expect(await client.getTransaction("ab")).toEqual({ status: "NOT_FOUND", latestLedger: 5 });
    expect(await client.getLedgerEntries([])).toEqual({ entries: [], latestLedger: 5 });
  });

  it("hands on a refused submission with the server's own words", async () => {
    const { url } = await serve({ sendTransaction: () => refuse(-32_602, "invalid_xdr") });
    expect(await openRpcClient(quick(url)).sendTransaction("?")).toEqual({
      ok: false,
      code: -32_602,
      message: "invalid_xdr",
    });
  });
});

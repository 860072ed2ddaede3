import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { Transfer } from "../../src/contracts/call.ts";
import {
  CALLDATA_BYTES_MAX,
  decodeCall,
  encodeCall,
  readCall,
} from "../../src/contracts/calldata-frame.ts";
import { callsOf, type InboxTransaction } from "../../src/contracts/inbox.ts";
import { concatBytes, toHex } from "../../src/lib/bytes.ts";
import { encodeCbor } from "../../src/lib/cbor.ts";
import { accountFromBytes, muxedAddress } from "../../src/lib/strkey.ts";

const Vector = z.object({
  name: z.string(),
  hex: z.string(),
  call: z
    .object({
      contract: z.string(),
      method: z.string(),
      argsHex: z.string(),
      gas: z.string().optional(),
    })
    .optional(),
  refused: z.string().optional(),
});
const vectors = z.array(Vector).parse(JSON.parse(readFileSync("test/vectors/calls.json", "utf8")));

const account = (seed: number): string => accountFromBytes(new Uint8Array(32).fill(seed));
const vault = account(9);
const viewer = account(1);
const hash = "11".repeat(32);

const pays = (to: string, amount: bigint, from = viewer): Omit<Transfer, "operation"> => ({
  from,
  to,
  asset: "XLM",
  amount,
});

function transaction(
  transfers: readonly Omit<Transfer, "operation">[],
  ...chunks: readonly Uint8Array[]
): InboxTransaction {
  const numbered = transfers.map((transfer, operation) => ({ ...transfer, operation }));
  return { hash, source: viewer, chunks, transfers: numbered, locks: [] };
}

const summary = (from: InboxTransaction) =>
  callsOf(from, { vault }).map(({ index, kind, contract, method, paid }) => ({
    index,
    kind,
    contract,
    method,
    paid: paid.map(({ amount }) => amount),
  }));

describe("calldata", () => {
  it.each(vectors)("is judged as the vector says: $name", ({ hex, call, refused }) => {
    const read = readCall(Uint8Array.fromHex(hex));
    if (!read.ok) return expect(read.reason).toBe(refused);
    const { contract, method, args, gas } = read.call;
    expect({
      contract: `${contract}`,
      method,
      argsHex: toHex(encodeCbor(args)),
      ...(gas === undefined ? {} : { gas: `${gas}` }),
    }).toEqual(call);
    expect(toHex(encodeCall(read.call))).toBe(hex);
  });

  it("fills exactly 6,400 bytes and not one more", () => {
    const fill = (length: number) => ({
      contract: 256n,
      method: "buy",
      args: [new Uint8Array(length)],
    });
    const overhead = 13;
    const longest = encodeCall(fill(CALLDATA_BYTES_MAX - overhead));
    expect(longest.length).toBe(CALLDATA_BYTES_MAX);
    expect(() => encodeCall(fill(CALLDATA_BYTES_MAX - overhead + 1))).toThrow("6401 bytes");
    expect(readCall(concatBytes(longest, new Uint8Array(1)))).toMatchObject({ ok: false });
  });

  it("refuses to write what no node would read", () => {
    const call = { contract: 256n, method: "buy", args: [] };
    const wrong = [
      { ...call, method: "no spaces" },
      { ...call, contract: -1n },
      { ...call, gas: 5_000_001n },
    ];
    for (const request of wrong) {
      expect(() => encodeCall(request)).toThrow(
        expect.objectContaining({ code: "CALLDATA_INVALID" }),
      );
    }
    expect(() => decodeCall(new Uint8Array())).toThrow(
      expect.objectContaining({ code: "CALLDATA_INVALID" }),
    );
  });
});

describe("the inbox", () => {
  const payload = encodeCall({ contract: 412n, method: "buy", args: [1n] });
  const licence = muxedAddress(vault, 412n);
  const other = muxedAddress(vault, 7n);

  it("joins chunks of any size into one call with its own payments", () => {
    const chunks = [payload.subarray(0, 3), payload.subarray(3, 4), payload.subarray(4)];
    const from = transaction([pays(licence, 5n), pays(viewer, 6n), pays(licence, 7n)], ...chunks);
    const [call, ...rest] = callsOf(from, { vault });
    expect(rest).toEqual([]);
    expect(call).toEqual({
      txHash: hash,
      index: 0,
      kind: "call",
      contract: 412n,
      method: "buy",
      args: [1n],
      caller: viewer,
      gasLimit: 1_000_000n,
      paid: [from.transfers[0], from.transfers[2]],
      transfers: from.transfers,
      locks: [],
    });
  });

  it("takes the declared gas limit", () => {
    const bytes = encodeCall({ contract: 1n, method: "buy", args: [], gas: 5_000_000n });
    expect(callsOf(transaction([], bytes), { vault })[0]?.gasLimit).toBe(5_000_000n);
  });

  it("turns payments to other contracts into receive calls after the call, in order", () => {
    const transfers = [pays(other, 1n), pays(licence, 2n), pays(muxedAddress(vault, 0n), 3n)];
    expect(summary(transaction([...transfers, pays(other, 4n)], payload))).toEqual([
      { index: 0, kind: "call", contract: 412n, method: "buy", paid: [2n] },
      { index: 1, kind: "receive", contract: 7n, method: "receive", paid: [1n] },
      { index: 2, kind: "receive", contract: 0n, method: "receive", paid: [3n] },
      { index: 3, kind: "receive", contract: 7n, method: "receive", paid: [4n] },
    ]);
  });

  it("makes one receive call of each plain payment to a contract", () => {
    const transfers = [pays(licence, 1n), pays(account(3), 2n), pays(licence, 3n)];
    expect(summary(transaction(transfers))).toEqual([
      { index: 0, kind: "receive", contract: 412n, method: "receive", paid: [1n] },
      { index: 1, kind: "receive", contract: 412n, method: "receive", paid: [3n] },
    ]);
  });

  it("makes nothing of a payment to the bare vault, nor to another account's address", () => {
    const foreign = muxedAddress(account(3), 412n);
    expect(callsOf(transaction([pays(vault, 1n), pays(foreign, 2n)]), { vault })).toEqual([]);
  });

  it("makes nothing of what the vault pays to itself, or money would come from nowhere", () => {
    expect(callsOf(transaction([pays(licence, 5n, vault)]), { vault })).toEqual([]);
    expect(summary(transaction([pays(licence, 5n, vault)], payload))[0]?.paid).toEqual([]);
  });

  it("marks a broken payload as malformed with all that it paid into the vault", () => {
    const transfers = [pays(licence, 1n), pays(vault, 2n), pays(viewer, 3n), pays(other, 4n)];
    const broken = transaction(transfers, payload.subarray(1));
    expect(summary(broken)).toEqual([
      { index: 0, kind: "malformed", contract: 0n, method: "", paid: [1n, 2n, 4n] },
    ]);
  });

  it("takes an empty chunk as a broken payload, not as none", () => {
    expect(summary(transaction([], new Uint8Array()))[0]?.kind).toBe("malformed");
  });
});

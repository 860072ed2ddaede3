// Goal: receipts, their root, ledger hashes, state roots and proofs as data, for any implementation.
// Method: CBOR and both trees are written here once more in their plainest form with node:crypto,
//         sharing no code with src/runtime. The same files come out each time.
// Use:    `node test/vectors/make-roots.ts` writes receipts.json, state-root.json, proofs.json and
//         ledger-chain.json anew.
import { hash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { accountFromBytes, muxedAddress } from "../../src/lib/strkey.ts";

type Plain = null | boolean | bigint | string | Uint8Array | readonly Plain[] | Map<string, Plain>;

const sha = (...parts: readonly Uint8Array[]): Buffer =>
  hash("sha256", Buffer.concat(parts), "buffer");
const hexOf = (text: string): string => hash("sha256", text, "hex");
const bin = (hex: string): Buffer => Buffer.from(hex, "hex");

function head(major: number, count: bigint): Buffer {
  const type = major << 5;
  if (count < 24n) return Buffer.of(type | Number(count));
  const size = [1, 2, 4, 8].findIndex((bytes) => count < 1n << BigInt(8 * bytes));
  const digits = count.toString(16).padStart(2 << size, "0");
  return Buffer.concat([Buffer.of(type | (24 + size)), bin(digits)]);
}

/** Keys of maps come here in the order that they must have. */
function cbor(value: Plain): Buffer {
  if (value === null) return Buffer.of(0xf6);
  if (typeof value === "boolean") return Buffer.of(value ? 0xf5 : 0xf4);
  if (typeof value === "bigint") return value < 0n ? head(1, -1n - value) : head(0, value);
  if (typeof value === "string") {
    const bytes = Buffer.from(value);
    return Buffer.concat([head(3, BigInt(bytes.length)), bytes]);
  }
  if (value instanceof Uint8Array) return Buffer.concat([head(2, BigInt(value.length)), value]);
  if (value instanceof Map) {
    return Buffer.concat([head(5, BigInt(value.size)), ...[...value].flat().map(cbor)]);
  }
  if (Array.isArray(value)) {
    return Buffer.concat([head(4, BigInt(value.length)), ...value.map(cbor)]);
  }
  throw new TypeError("not a plain value");
}

const account = (number: number): string => accountFromBytes(new Uint8Array(32).fill(number));
const [viewer, artist, issuer] = [account(1), account(2), account(3)];
const eventData = new Map<string, Plain>([
  ["to", viewer],
  ["price", 12_500_000n],
]);

const receipts = [
  {
    name: "a licence bought and paid on",
    ledger: 4_000_001,
    txHash: hexOf("transaction 1"),
    index: 0,
    contract: 412n,
    codeHash: hexOf("code"),
    method: "buy",
    caller: viewer,
    argsHash: hexOf("args"),
    ok: true,
    code: "",
    gasLimit: 200_000n,
    gasUsed: 18_342n,
    writesHash: hexOf("writes"),
    events: [[412n, "bought", eventData]],
    effects: [[412n, artist, "XLM", 12_500_000n]],
    refunds: [],
    result: 77n,
  },
  {
    name: "a payment to a contract that nobody deployed, given back",
    ledger: 4_000_001,
    txHash: hexOf("transaction 2"),
    index: 1,
    contract: 2n ** 64n - 1n,
    codeHash: "",
    method: "receive",
    caller: viewer,
    argsHash: hexOf(""),
    ok: false,
    code: "CONTRACT_UNKNOWN",
    gasLimit: 5_000_000n,
    gasUsed: 0n,
    writesHash: hexOf(""),
    events: [],
    effects: [],
    refunds: [[viewer, `USDC:${issuer}`, 2n ** 63n - 1n]],
    result: null,
  },
  {
    name: "a call by a contract's own address, with nested values",
    ledger: 2 ** 32 - 1,
    txHash: hexOf("transaction 3"),
    index: 23,
    contract: 0n,
    codeHash: hexOf("code"),
    method: "share",
    caller: muxedAddress(artist, 412n),
    argsHash: hexOf("args"),
    ok: true,
    code: "",
    gasLimit: 24n,
    gasUsed: 24n,
    writesHash: hexOf("writes"),
    events: [
      [1n, "é", null],
      [2n, "b", [true, -1n, "x"]],
    ],
    effects: [[1n, muxedAddress(viewer, 5n), `ACE:${issuer}`, 1n]],
    refunds: [],
    result: [bin("00ff"), false],
  },
] as const;

const encoded = receipts.map((one) =>
  cbor([
    1n,
    BigInt(one.ledger),
    bin(one.txHash),
    BigInt(one.index),
    one.contract,
    bin(one.codeHash),
    one.method,
    one.caller,
    bin(one.argsHash),
    one.ok,
    one.code,
    one.gasLimit,
    one.gasUsed,
    bin(one.writesHash),
    one.events,
    one.effects,
    one.refunds,
    one.result,
  ]),
);

function merkle(leaves: readonly Buffer[]): Buffer {
  const [first] = leaves;
  if (first === undefined) return Buffer.alloc(32);
  if (leaves.length === 1) return first;
  const half = 2 ** Math.ceil(Math.log2(leaves.length) - 1);
  return sha(Buffer.of(1), merkle(leaves.slice(0, half)), merkle(leaves.slice(half)));
}
/** n (1) ‖ sides (4) ‖ siblings, leaf first; a set bit says that the sibling stands on the left. */
function proveLeaf(leaves: readonly Buffer[], place: number): Buffer {
  const siblings: Buffer[] = [];
  let sides = 0;
  let [from, end] = [0, leaves.length];
  // From the root down; the way is turned round at the end.
  const way: { readonly sibling: Buffer; readonly isLeft: boolean }[] = [];
  while (end - from > 1) {
    const middle = from + 2 ** Math.ceil(Math.log2(end - from) - 1);
    const isLeft = place >= middle;
    way.push({
      sibling: merkle(isLeft ? leaves.slice(from, middle) : leaves.slice(middle, end)),
      isLeft,
    });
    [from, end] = isLeft ? [middle, end] : [from, middle];
  }
  for (const [index, { sibling, isLeft }] of way.reverse().entries()) {
    siblings.push(sibling);
    if (isLeft) sides += 2 ** index;
  }
  const head = Buffer.alloc(5);
  head[0] = siblings.length;
  head.writeUInt32BE(sides, 1);
  return Buffer.concat([head, ...siblings]);
}

const receiptHashes = [0, 1, 2, 3, 4, 5, 6, 7].map((number) =>
  sha(Buffer.from(`receipt ${number}`)),
);
const leavesOf = (hashes: readonly Buffer[]) => hashes.map((one) => sha(Buffer.of(0), one));
const roots = receiptHashes.concat(sha()).map((_, count) => {
  const hashes = receiptHashes.slice(0, count);
  return {
    receiptHashes: hashes.map((one) => one.toString("hex")),
    root: merkle(leavesOf(hashes)).toString("hex"),
    proofs: hashes.map((_one, place) => proveLeaf(leavesOf(hashes), place).toString("hex")),
  };
});

const ledger = {
  previous: hexOf("previous"),
  sequence: 4_000_001,
  receiptsRoot: merkle(leavesOf(encoded.map((bytes) => sha(bytes)))).toString("hex"),
  stateRoot: hexOf("state"),
  protocolHash: hexOf("protocol"),
};
const sequenceBytes = Buffer.alloc(8);
sequenceBytes.writeBigUInt64BE(BigInt(ledger.sequence));
const ledgerHash = sha(
  bin(ledger.previous),
  sequenceBytes,
  bin(ledger.receiptsRoot),
  bin(ledger.stateRoot),
  bin(ledger.protocolHash),
);

const ledgerFields = {
  previous: ledger.previous,
  sequence: ledger.sequence,
  receiptsRoot: ledger.receiptsRoot,
};

interface Row {
  readonly path: Buffer;
  readonly entry: Buffer;
}
const bit = (path: Buffer, depth: number): number =>
  ((path[depth >> 3] ?? 0) >> (7 - (depth & 7))) & 1;
const half = (rows: readonly Row[], depth: number, side: number): readonly Row[] =>
  rows.filter(({ path }) => bit(path, depth) === side);

/** `rows` ascend by path. */
function stateHash(rows: readonly Row[], depth: number): Buffer {
  if (rows.length === 0) return Buffer.alloc(32);
  if (rows.length <= 16) return sha(Buffer.of(0), ...rows.map(({ entry }) => entry));
  const [left, right] = [half(rows, depth, 0), half(rows, depth, 1)];
  return sha(stateHash(left, depth + 1), stateHash(right, depth + 1));
}

function prove(
  rows: readonly Row[],
  path: Buffer,
  depth = 0,
  siblings: readonly Buffer[] = [],
): Buffer {
  if (rows.length <= 16) {
    return Buffer.concat([
      Buffer.of(depth, 0, rows.length),
      ...rows.map(({ entry }) => entry),
      ...siblings,
    ]);
  }
  const side = bit(path, depth);
  const sibling = stateHash(half(rows, depth, 1 - side), depth + 1);
  return prove(half(rows, depth, side), path, depth + 1, [...siblings, sibling]);
}

const states = [0, 1, 2, 16, 17, 40, 300].map((count) => {
  const rows = Array.from({ length: count }, (_, number): Row => {
    const path = sha(Buffer.from(`key ${number}`));
    return { path, entry: Buffer.concat([path, sha(Buffer.from(`value ${number}`))]) };
  }).sort((left, right) => Buffer.compare(left.path, right.path));
  const root = stateHash(rows, 0).toString("hex");
  const proofs = [0, 300].map((number) => ({
    key: `key ${number}`,
    value: number < count ? `value ${number}` : null,
    proof: prove(rows, sha(Buffer.from(`key ${number}`))).toString("hex"),
  }));
  return { entries: count, root, proofs };
});

function write(name: string, document: unknown): void {
  const text = JSON.stringify(
    document,
    (_, value: unknown) => {
      if (typeof value === "bigint") return String(value);
      return value instanceof Map ? Object.fromEntries(value) : value;
    },
    2,
  );
  writeFileSync(new URL(name, import.meta.url), `${text}\n`);
}
/** Claims as `ace-node/verify` takes them, each true. */
const claims = (() => {
  const stateOf300 = states.at(-1);
  const fields = {
    ...ledgerFields,
    stateRoot: stateOf300?.root ?? "",
    protocolHash: ledger.protocolHash,
  };
  const trusted = sha(
    bin(fields.previous),
    sequenceBytes,
    bin(fields.receiptsRoot),
    bin(fields.stateRoot),
    bin(fields.protocolHash),
  ).toString("hex");
  const about = { ledgerHash: trusted, ledger: fields };
  const textHex = (text: string) => Buffer.from(text).toString("hex");
  return {
    state: (stateOf300?.proofs ?? []).map(({ key, value, proof }) => ({
      ...about,
      key: textHex(key),
      ...(value === null ? {} : { value: textHex(value) }),
      proof,
    })),
    receipts: encoded.map((bytes, place) => ({
      ...about,
      receipt: bytes.toString("hex"),
      proof: proveLeaf(leavesOf(encoded.map((one) => sha(one))), place).toString("hex"),
    })),
  };
})();
/** Three ledgers after that of the claims; the protocol changes with the last. */
const chain = (() => {
  const ledgerHash = claims.state[0]?.ledgerHash ?? "";
  let previous = ledgerHash;
  const ledgers = [1, 2, 3].map((ahead) => {
    const fields = {
      previous,
      sequence: ledger.sequence + ahead,
      receiptsRoot: ahead === 1 ? "00".repeat(32) : hexOf(`receipts root ${ahead}`),
      stateRoot: hexOf(`state root ${ahead}`),
      protocolHash: ahead === 3 ? hexOf("next protocol") : ledger.protocolHash,
    };
    const number = Buffer.alloc(8);
    number.writeBigUInt64BE(BigInt(fields.sequence));
    const { receiptsRoot, stateRoot, protocolHash } = fields;
    const roots = [receiptsRoot, stateRoot, protocolHash].map(bin);
    previous = sha(bin(fields.previous), number, ...roots).toString("hex");
    return fields;
  });
  return { ledgerHash, trusted: previous, chain: ledgers.toReversed() };
})();
write("proofs.json", claims);
write("ledger-chain.json", chain);
write("receipts.json", {
  receipts: receipts.map((one, index) => ({
    name: one.name,
    hex: encoded[index]?.toString("hex"),
    hash: sha(encoded[index] ?? Buffer.of()).toString("hex"),
  })),
  roots,
  ledgerHashes: [{ ...ledger, ledgerHash: ledgerHash.toString("hex") }],
});
write("state-root.json", states);

// Goal: a proof convinces whoever knows one ledger hash, in any browser, of what is true and of nothing
//       else.
// Method: claims made without the code under test; then each with one thing changed. The module that
//         is published is followed through its imports, so that it needs no Node.
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { rootOfReceipts } from "../../src/access/proof-checks.ts";
import { verifyReceiptProof, verifyStateProof } from "../../src/access/verify.ts";
import { toHex } from "../../src/lib/bytes.ts";
import { sha256 } from "../../src/lib/hash.ts";
import { proveReceipt, receiptsRoot } from "../../src/runtime/receipts-root.ts";

const text = z.string();
const ledger = z.object({
  previous: text,
  sequence: z.int(),
  receiptsRoot: text,
  stateRoot: text,
  protocolHash: text,
});
const about = { ledgerHash: text, ledger, proof: text };
const claims = z
  .object({
    state: z.array(z.object({ ...about, key: text, value: text.optional() })),
    receipts: z.array(z.object({ ...about, receipt: text })),
  })
  .parse(JSON.parse(readFileSync("test/vectors/proofs.json", "utf8")));
const roots = z
  .array(z.object({ receiptHashes: z.array(text), root: text, proofs: z.array(text) }))
  .parse(JSON.parse(readFileSync("test/vectors/receipts.json", "utf8")).roots);

const OTHER = "5a".repeat(32);

describe.each(claims.state)("a claim about the state, $key = $value", (claim) => {
  it("holds as it is, and with nothing about it changed", async () => {
    expect(await verifyStateProof(claim)).toBe(true);
    const changes = [
      { ledgerHash: OTHER },
      { key: `${claim.key}00` },
      { key: "no hexadecimal" },
      { value: claim.value === undefined ? "" : undefined },
      { value: OTHER },
      { proof: `${claim.proof}00` },
      { proof: "" },
      { ledger: { ...claim.ledger, sequence: claim.ledger.sequence + 1 } },
      { ledger: { ...claim.ledger, sequence: 0.5 } },
      { ledger: { ...claim.ledger, stateRoot: OTHER } },
      { ledger: { ...claim.ledger, stateRoot: "" } },
      { ledger: { ...claim.ledger, protocolHash: OTHER } },
    ];
    for (const change of changes)
      expect(await verifyStateProof({ ...claim, ...change })).toBe(false);
  });
});

describe.each(claims.receipts)("a claim about a receipt", (claim) => {
  it("holds as it is, and with nothing about it changed", async () => {
    expect(await verifyReceiptProof(claim)).toBe(true);
    const changes = [
      { ledgerHash: OTHER },
      { receipt: `${claim.receipt}00` },
      { receipt: "" },
      { proof: `${claim.proof}00` },
      { proof: "" },
      { ledger: { ...claim.ledger, receiptsRoot: OTHER } },
      { ledger: { ...claim.ledger, previous: OTHER } },
    ];
    for (const change of changes) {
      expect(await verifyReceiptProof({ ...claim, ...change })).toBe(false);
    }
  });
});

it.each(roots)(
  "proves receipts of a ledger as the vector $root does",
  ({ receiptHashes, proofs }) => {
    const hashes = receiptHashes.map((hash) => Uint8Array.fromHex(hash));
    expect(hashes.map((_, place) => toHex(proveReceipt(hashes, place)))).toEqual(proofs);
  },
);

it("proves each of any number of receipts, and never with a bit turned", async () => {
  const counts = fc.integer({ min: 1, max: 40 });
  await fc.assert(
    fc.asyncProperty(counts, fc.nat(), fc.nat(), async (count, pick, bit) => {
      const receipts = Array.from({ length: count }, (_, place) => Uint8Array.of(place));
      const hashes = receipts.map(sha256);
      const place = pick % count;
      const root = receiptsRoot(hashes);
      const receipt = receipts[place] ?? new Uint8Array();
      const proof = proveReceipt(hashes, place);
      expect(await rootOfReceipts(receipt, proof)).toBe(root);
      expect(await rootOfReceipts(Uint8Array.of(99), proof)).not.toBe(root);
      const at = bit % (8 * proof.length);
      proof[at >> 3] = (proof[at >> 3] ?? 0) ^ (1 << (at & 7));
      expect(await rootOfReceipts(receipt, proof)).not.toBe(root);
    }),
    { numRuns: 200 },
  );
});

it("is checked by a module that needs neither Node nor a package", () => {
  const seen = new Set<string>();
  const follow = (path: string): void => {
    if (seen.has(path)) return;
    seen.add(path);
    const source = readFileSync(path, "utf8");
    for (const [, to = ""] of source.matchAll(/from "([^"]+)"/g)) {
      expect(to, path).toMatch(/^\./);
      follow(join(dirname(path), to));
    }
    expect(source.replaceAll(/^\s*(?:\*|\/).*$/gm, ""), path).not.toMatch(/\bBuffer\b|\bprocess\./);
  };
  follow("src/access/verify.ts");
  expect(seen.size).toBeGreaterThan(4);
});

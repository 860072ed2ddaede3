// Goal: nothing that nodes must agree on changes unseen.
// Method: per part of the protocol a hash of its sources, whatever their comments, types and layout.
// Use:    a test failed that brought you here. When outcomes can differ, raise the part's number in
//         `src/runtime/protocol.ts` (or add a version, once ledgers were applied under this one). Then
//         `node test/vectors/make-protocol.ts` writes protocol.json anew.
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { tokenizer } from "acorn";
import { sha256Hex } from "../../src/lib/hash.ts";
import { protocolHash, protocols } from "../../src/runtime/protocol.ts";

/** By part: its files. What is on no list decides no outcome, or is a value that is hashed itself. */
const sources = {
  admission: [
    "src/runtime/admission/*.ts",
    "src/runtime/admit.ts",
    "src/contracts/{abi,upgrade-policy}.ts",
  ],
  kit: ["src/contracts/kit.ts"],
  realm: ["src/runtime/realm/*.ts"],
  keeper: [
    "src/runtime/{keeper,execute-*,run-method,call-host,call-frames,contract-*,registry*,abi-terms}.ts",
    "src/runtime/{ledger-scope,facts,money,transaction-use,key-set,owner-book,holdings,working-state}.ts",
    "src/runtime/{overlay,sorted-keys,writes-in-order,system-keys,upgrade-records,addresses}.ts",
  ],
  inbox: ["src/contracts/{inbox,call,calldata-frame}.ts"],
  codec: ["src/lib/{cbor,strkey,assets}.ts", "src/contracts/value-codec.ts"],
  receipt: ["src/runtime/{receipt-*,receipts-root,outcome-frame,ledger-hash}.ts"],
  stateTree: ["src/runtime/state-{format,buckets,nodes,tree}.ts"],
} as const;

export function protocolVectors() {
  const parts = Object.entries(sources).map(([part, patterns]) => [part, sourceHash(patterns)]);
  const versions = protocols.map((protocol) => ({
    number: protocol.number,
    parts: protocol.parts,
    protocolHash: protocolHash(protocol),
  }));
  return { versions, sources: Object.fromEntries(parts) };
}

function sourceHash(patterns: readonly string[]): string {
  const files = patterns.flatMap((pattern) => globSync(pattern)).sort();
  if (files.length < patterns.length) throw new Error(`no file for one of ${patterns}`);
  return sha256Hex(Buffer.from(files.map(tokensOf).join("\n")));
}

function tokensOf(path: string): string {
  const script = stripTypeScriptTypes(readFileSync(path, "utf8"));
  const tokens = tokenizer(script, { ecmaVersion: "latest", sourceType: "module" });
  return [...tokens].map(({ start, end }) => script.slice(start, end)).join(" ");
}

if (import.meta.main) {
  const text = `${JSON.stringify(protocolVectors(), undefined, 2)}\n`;
  writeFileSync(new URL("protocol.json", import.meta.url), text);
}

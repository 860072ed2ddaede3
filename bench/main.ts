// `npm run bench -- TOPIC [--data DIR] [--mb N] [--json]`: measures, and prints one line a figure.
import { parseArgs } from "node:util";
import type { BenchOptions, Figure } from "./figure.ts";

type Topic = (options: BenchOptions) => Promise<readonly Figure[]>;

const topics: Readonly<Record<string, readonly Topic[]>> = {
  spine: [
    async () => (await import("./call-to-receipt.ts")).callFigures(),
    async () => (await import("./tokens.ts")).tokenFigures(),
  ],
  ledger: [
    async (options) => (await import("./ledger-catch-up.ts")).catchUpFigures(options),
    async (options) => (await import("./ledger-memory.ts")).memoryFigures(options),
    async (options) => (await import("./ledger-archive.ts")).archiveFigures(options),
    async (options) => (await import("./devnet-exact.ts")).exactFigures(options),
  ],
  gas: [async () => (await import("./gas.ts")).gasFigures()],
  runtime: [async () => (await import("./runtime.ts")).runtimeFigures()],
  p2p: [async (options) => (await import("./p2p.ts")).p2pFigures(options)],
  devnet: [
    async () => (await import("./devnet.ts")).devnetFigures(),
    async (options) => (await import("./devnet-exact.ts")).exactFigures(options),
  ],
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: "boolean", default: false },
    data: { type: "string" },
    mb: { type: "string" },
  },
});
const unknown = positionals.filter((word) => !Object.hasOwn(topics, word));
if (positionals.length === 0 || unknown.length > 0) {
  const names = Object.keys(topics).join("|");
  process.stderr.write(`usage: npm run bench -- ${names} [--data DIR] [--mb N] [--json]\n`);
  process.exit(2);
}
const sizeMb = values.mb === undefined ? {} : { sizeMb: Number(values.mb) };
for (const measure of positionals.flatMap((word) => topics[word] ?? [])) {
  for (const figure of await measure({ dataDir: values.data, ...sizeMb })) {
    process.stdout.write(`${values.json ? JSON.stringify(figure) : lineOf(figure)}\n`);
  }
}

function lineOf({ name, value, unit, peer, ratio, input }: Figure): string {
  const beside = peer === undefined ? "" : `   peer ${peer}, ratio ${ratio}`;
  const of = input === undefined ? "" : `   (${input})`;
  return `${name}   ${value} ${unit}${beside}${of}`;
}

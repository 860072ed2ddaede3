// `npm run bench -- TOPIC [--json]`: measures, and prints one line a figure.
import type { Figure } from "./figure.ts";

const topics: Readonly<Record<string, () => Promise<readonly Figure[]>>> = {
  spine: async () => {
    const { callFigures } = await import("./call-to-receipt.ts");
    const { tokenFigures } = await import("./tokens.ts");
    return [...(await callFigures()), ...(await tokenFigures())];
  },
  runtime: async () => await (await import("./runtime.ts")).runtimeFigures(),
};

const words = process.argv.slice(2).filter((word) => !word.startsWith("--"));
const isJson = process.argv.includes("--json");
const unknown = words.filter((word) => !Object.hasOwn(topics, word));
if (words.length === 0 || unknown.length > 0) {
  process.stderr.write(`usage: npm run bench -- ${Object.keys(topics).join("|")} [--json]\n`);
  process.exit(2);
}
for (const word of words) {
  for (const figure of (await topics[word]?.()) ?? []) {
    process.stdout.write(`${isJson ? JSON.stringify(figure) : lineOf(figure)}\n`);
  }
}

function lineOf({ name, value, unit, peer, ratio }: Figure): string {
  const beside = peer === undefined ? "" : `   peer ${peer}, ratio ${ratio}`;
  return `${name}   ${value} ${unit}${beside}`;
}

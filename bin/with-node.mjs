// `node bin/with-node.mjs TOOL [args]`: runs a tool of this project under the pinned Node, whichever
// Node and npm started it. It must parse on old versions of Node.
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { isPinnedNode, pinnedRuntime, refuse, runUnder } from "./pinned-node.mjs";

const PACKAGES = {
  biome: "@biomejs/biome",
  knip: "knip",
  tsc: "typescript",
  vitest: "vitest",
};

const [tool, ...args] = process.argv.slice(2);
const runtime = isPinnedNode ? process.execPath : pinnedRuntime();
if (runtime === undefined) refuse();
else runUnder(runtime, tool === "node" ? args : [fileOf(tool), ...args], { onFault: refuse });

/** The script behind a tool's name, as its package declares it. */
function fileOf(name) {
  const root = dirname(dirname(fileURLToPath(import.meta.url)));
  const folder = join(root, "node_modules", PACKAGES[name]);
  const { bin } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  return join(folder, typeof bin === "string" ? bin : bin[name]);
}

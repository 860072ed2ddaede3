// Catches up with the objects of a folder, over and over, and prints this process's highest memory mark.
// What it runs comes from the compile cache, as it does under `ace`.
import { readdirSync, readFileSync } from "node:fs";
import { enableCompileCache } from "node:module";
import { join } from "node:path";

enableCompileCache(join(import.meta.dirname, "../node_modules/.cache/ace"));
const { catchUp } = await import("./ledger-pass.ts");

const [, , folder = "", passphrase = "", ledgers = "0"] = process.argv;
const paths = readdirSync(folder)
  .sort()
  .map((name) => join(folder, name));
for (let done = 0; done < Number(ledgers); ) {
  const objects = paths.values().map((path) => readFileSync(path));
  done += catchUp({ name: "p27", passphrase, objects }, "full");
}
process.stdout.write(`${Math.round(process.resourceUsage().maxRSS / 1024)}\n`);

// Prints what is made from the code, reference pages and the skip reader: `npm run generate`.
import { writeFileSync } from "node:fs";
import { skipReaderSource } from "../generate/skip-reader.ts";
import { cliPage, errorsPage } from "../src/cli/reference.ts";

const made = {
  "errors.md": errorsPage(),
  "cli.md": await cliPage(),
  "../src/ledger/skip-reader.gen.ts": skipReaderSource(),
};
for (const [name, text] of Object.entries(made)) {
  writeFileSync(new URL(name, import.meta.url), text);
}

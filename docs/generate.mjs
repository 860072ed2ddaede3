// Prints the reference pages from the code: `npm run generate`.
import { writeFileSync } from "node:fs";
import { cliPage, errorsPage } from "../src/cli/reference.ts";

const pages = { "errors.md": errorsPage(), "cli.md": await cliPage() };
for (const [name, text] of Object.entries(pages)) {
  writeFileSync(new URL(name, import.meta.url), text);
}

// Goal: what a node keeps outlives a disk that fills up in the middle of a write.
// Method: a process of its own that may write files of so many blocks only: the disk takes the first
//         part of what is longer without a word, as a full one does.
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { ContentKeys } from "../../src/node/content-keys.ts";
import { replaceFile } from "../../src/node/whole-file.ts";
import { run } from "../support/run-tool.ts";

const folder = mkdtempSync(join(tmpdir(), "ace-whole-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const CONTENT = "ab".repeat(32);
const EPOCHS = 40;
/** Of 512 or 1,024 bytes, as the shell has it: far less than all epochs need. */
const BLOCKS = 2;

it("keys that were kept are still there when the disk takes a part of the next ones only", async () => {
  const module = new URL("../../src/node/content-keys.ts", import.meta.url).href;
  const script = `
    const { ContentKeys } = await import(${JSON.stringify(module)});
    const keys = new ContentKeys(${JSON.stringify(folder)});
    let kept = 0;
    try {
      for (let epoch = 0; epoch < ${EPOCHS}; epoch += 1) {
        keys.put({ content: "${CONTENT}", epoch, key: new Uint8Array(32).fill(epoch), startsAtMs: 0 });
        kept += 1;
      }
    } catch (error) {
      console.log(error.code, kept);
    }`;
  const { text } = await run(
    "sh",
    "-c",
    `ulimit -f ${BLOCKS} && exec "$@"`,
    "sh",
    process.execPath,
    "--no-warnings",
    "--input-type=module",
    "-e",
    script,
  );
  const [, code, kept = "0"] = /^(E[A-Z]+) (\d+)$/m.exec(text) ?? [];
  expect(code).toBe("EFBIG");
  expect(Number(kept)).toBeGreaterThan(0);
  const keys = new ContentKeys(folder);
  for (let epoch = 0; epoch < Number(kept); epoch += 1) {
    expect(keys.find(CONTENT, epoch)?.key).toEqual(new Uint8Array(32).fill(epoch));
  }
});

it("a file that is replaced has its new text and its mode, and leaves no draft behind", () => {
  const path = join(folder, "kept.json");
  replaceFile(path, "before", 0o600);
  replaceFile(path, "after", 0o600);
  expect(readFileSync(path, "utf8")).toBe("after");
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(() => statSync(`${path}.draft`)).toThrow("ENOENT");
});

// Goal: a place is held by one process at a time, and is free when that process is gone, however it went.
// Method: another process holds it and is killed.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { holdPlace } from "../../src/store/hold.ts";

const HOLD = join(import.meta.dirname, "../../src/store/hold.ts");

it("a place is free again when who held it was killed", async () => {
  const folder = mkdtempSync(join(tmpdir(), "ace-hold-"));
  const place = join(folder, "stream.lock");
  const program = `import { holdPlace } from ${JSON.stringify(HOLD)};
    globalThis.held = holdPlace(${JSON.stringify(place)});
    setInterval(() => {}, 1_000);
    process.stdout.write("held");`;
  const args = ["--no-warnings", "--input-type=module", "--eval", program];
  const other = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  try {
    await once(other.stdout, "data");
    expect(() => holdPlace(place)).toThrow(expect.objectContaining({ code: "DB_LOCKED" }));
    other.kill("SIGKILL");
    await once(other, "exit");
    const held = holdPlace(place);
    expect(() => holdPlace(place)).toThrow(expect.objectContaining({ code: "DB_LOCKED" }));
    held[Symbol.dispose]();
    holdPlace(place)[Symbol.dispose]();
  } finally {
    other.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  }
});

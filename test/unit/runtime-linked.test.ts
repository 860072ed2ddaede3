// Goal: contracts run where packages are reached over links, as checkouts that share them have it.
//       Links give it no leave to read anything else.
// Method: a copy of the code with a `node_modules` that is a link, or is full of them; a real process,
//         and one whose first words are what it could read.
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";

const HOUSE = join(import.meta.dirname, "..", "..");
const MODULES = join(HOUSE, "node_modules");
const SCRIPT = `
import { spawnContractProcess } from "./src/runtime/process-spawn.ts";
const child = spawnContractProcess({
  onFrame: () => { console.log("it speaks"); child.kill(); },
  onEnd: (reason) => { console.log(reason); process.exit(); },
});
`;

/** Tries each way to a package that contracts have no use for, and to what lies around. */
const PROBE = `
import { readdirSync, readFileSync, writeSync } from "node:fs";
const tries = {
  package: () => readFileSync("MODULES/zod/package.json"),
  modules: () => readdirSync("MODULES"),
  real: () => readFileSync("REAL/zod/package.json"),
  above: () => readFileSync("MODULES/../start.ts"),
  own: () => readFileSync("MODULES/acorn/package.json"),
};
const read = Object.keys(tries).filter((name) => {
  try { tries[name](); return true; } catch { return false; }
});
writeSync(2, "it reads " + read.join() + ".");
process.exit(3);
`;

const layouts: readonly (readonly [string, (at: string) => void])[] = [
  ["a link", (at: string) => symlinkSync(MODULES, at)],
  [
    "a folder of links",
    (at: string) => {
      mkdirSync(at);
      for (const name of ["isolated-vm", "acorn", "cborg", "node-gyp-build"]) {
        symlinkSync(join(MODULES, name), join(at, name));
      }
    },
  ],
];

it.each(layouts)(
  "the contract process starts where node_modules is %s",
  (_what, make) => {
    const folder = mkdtempSync(join(tmpdir(), "ace-linked-"));
    try {
      cpSync(join(HOUSE, "src"), join(folder, "src"), { recursive: true });
      cpSync(join(HOUSE, "package.json"), join(folder, "package.json"));
      make(join(folder, "node_modules"));
      writeFileSync(join(folder, "start.ts"), SCRIPT);
      const run = spawnSync(process.execPath, ["start.ts"], {
        cwd: folder,
        encoding: "utf8",
        timeout: 60_000,
      });
      expect(run.stdout).toMatch(/^it speaks/);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
  90_000,
);

it.each(layouts)(
  "it reads its own packages and no other where node_modules is %s",
  (_what, make) => {
    const folder = mkdtempSync(join(tmpdir(), "ace-linked-"));
    try {
      cpSync(join(HOUSE, "src"), join(folder, "src"), { recursive: true });
      cpSync(join(HOUSE, "package.json"), join(folder, "package.json"));
      const at = join(folder, "node_modules");
      make(at);
      writeFileSync(join(folder, "start.ts"), SCRIPT);
      const probe = PROBE.replaceAll("MODULES", at).replaceAll("REAL", MODULES);
      writeFileSync(join(folder, "src", "runtime", "process-child.ts"), probe);
      const run = spawnSync(process.execPath, ["start.ts"], {
        cwd: folder,
        encoding: "utf8",
        timeout: 60_000,
      });
      expect(run.stdout).toContain("it reads own.");
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
  90_000,
);

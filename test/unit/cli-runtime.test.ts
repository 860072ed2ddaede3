// Goal: `ace` runs under its pinned Node whatever Node starts it.
// Method: a preloaded module claims another version, as an older Node would have it.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createServer } from "node:http";
import { dirname, join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterAll, expect, it } from "vitest";
import packageFile from "../../package.json" with { type: "json" };
import { versionFindings } from "../../src/cli/assert-runtime.ts";
import { ACE } from "../support/plain-package.ts";
import { BIN, makeHome } from "./cli-process.ts";

const home = makeHome();
afterAll(() => home[Symbol.dispose]());

const CLAIM =
  'Object.defineProperty(process,"versions",{value:{...process.versions,node:"20.1.0"}})';
const everyTime = preload(CLAIM);
const firstTime = preload(`if(process.env.ACE_RERUN===undefined)${CLAIM}`);

function preload(code: string): [string, ...string[]] {
  return [process.execPath, "--import", `data:text/javascript,${encodeURIComponent(code)}`, BIN];
}

it("runs itself again under the pinned Node, and passes on what comes out", async () => {
  const version = await home.ace(["--version"], { command: firstTime });
  expect(version).toEqual({ exitCode: 0, stdout: `${packageFile.version}\n`, stderr: "" });
  const stdin = "no secret";
  const args = ["key", "import", "x", "--secret-stdin"];
  const failed = await home.ace(args, { command: firstTime, stdin });
  expect(failed.exitCode).toBe(2);
  expect(failed.stderr).toContain("error[SECRET_INVALID]");
});

// The contract process would look for its packages there first, where it may not read.
it("makes no folder of packages in an installed package", async () => {
  const installed = await home.ace(["--version"], { command: [process.execPath, ACE] });
  expect(installed).toEqual({ exitCode: 0, stdout: `${packageFile.version}\n`, stderr: "" });
  expect(existsSync(join(dirname(dirname(ACE)), "node_modules"))).toBe(false);
});

it("does not run itself again and again", async () => {
  const { exitCode, stdout, stderr } = await home.ace(["--json"], { command: everyTime });
  expect(exitCode).toBe(1);
  expect(stderr).toContain("error[NODE_VERSION_WRONG]: this is Node 20.1.0; ace needs Node 26");
  expect(JSON.parse(stdout).error.code).toBe("NODE_VERSION_WRONG");
});

it.each([
  ["directly", [process.execPath, BIN]],
  ["run again", firstTime],
])("stops in order on Ctrl-C: %s", async (_name, [program = "", ...first]) => {
  const silent = createServer();
  silent.listen(0, "127.0.0.1");
  await once(silent, "listening");
  const port = Object.entries(silent.address() ?? {}).find(([name]) => name === "port")?.[1];
  const args = ["key", "fund", `G${"A".repeat(55)}`, "--rpc", `http://127.0.0.1:${port}`];
  const child = spawn(program, [...first, ...args], {
    env: { ...process.env, ACE_HOME: home.path },
  });
  let stderr = "";
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  await once(silent, "request");
  child.kill("SIGINT");
  const [exitCode] = await once(child, "close");
  silent.close();
  expect(stderr).toContain("error[CANCELLED]");
  expect(exitCode).toBe(7);
});

it("ends at once on the second Ctrl-C, when the first was not enough", async () => {
  const module = new URL("../../src/cli/interrupt.ts", import.meta.url).href;
  const stubborn = `import { interruptSignal } from ${JSON.stringify(module)};
    interruptSignal().addEventListener("abort", () => console.log("asked"));
    setInterval(() => {}, 1_000);
    console.log("ready");`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", stubborn]);
  await once(child.stdout, "data");
  child.kill("SIGINT");
  await once(child.stdout, "data");
  await setTimeout(300);
  child.kill("SIGINT");
  expect((await once(child, "close"))[0]).toBe(130);
});

it("finds every dependency at the version that package.json pins", () => {
  expect(versionFindings().filter((finding) => !finding.isRight)).toEqual([]);
  expect(versionFindings().map((finding) => finding.name)).toContain("isolated-vm");
});

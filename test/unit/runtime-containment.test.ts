// Goal: whoever came to run code of their own in the contract process would find nothing there.
// Method: the flags of a real contract process are taken from the system, and a probe runs under the
//         same fence in its place and tries what such a person would try. What the system grants the
//         real process is read from the system.
import { spawn, spawnSync } from "node:child_process";
import {
  closeSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { fenced } from "../../src/runtime/process-fence.ts";
import { RuntimeKit } from "../support/runtime-kit.ts";

const isRoot = process.getuid?.() === 0;
const secret = { ACE_SECRET: "canary" };
const folder = mkdtempSync(join(tmpdir(), "ace-fence-"));

/** Tries each in turn, and tells the code of the error, or what it got. */
const probe = `
  const told = {};
  const attempt = async (name, what) => {
    try { told[name] = "done " + String(await what()).slice(0, 80); }
    catch (error) { told[name] = error.code ?? error.cause?.code ?? error.message; }
  };
  const fs = await import("node:fs");
  await attempt("read", () => fs.readFileSync("/etc/passwd"));
  await attempt("project", () => fs.readFileSync("package.json"));
  await attempt("environment of the node", () => fs.readFileSync("/proc/" + process.ppid + "/environ"));
  await attempt("list", () => fs.readdirSync("/"));
  await attempt("write", () => fs.writeFileSync(${JSON.stringify(join(folder, "written"))}, "x"));
  await attempt("link", () => fs.symlinkSync("/etc/passwd", ${JSON.stringify(join(folder, "link"))}));
  await attempt("spawn", () => import("node:child_process").then(({ execFileSync }) => execFileSync("/bin/true")));
  await attempt("fork", () => import("node:child_process").then(({ fork }) => fork("x.js")));
  await attempt("fetch", () => fetch("http://127.0.0.1:PORT/"));
  await attempt("connect", () => import("node:net").then(({ connect }) => new Promise((ok, no) => connect(PORT, "127.0.0.1").on("connect", ok).on("error", no))));
  await attempt("listen", () => import("node:net").then(({ createServer }) => new Promise((ok, no) => createServer().on("error", no).listen(0, ok))));
  await attempt("resolve", () => import("node:dns/promises").then(({ resolve4 }) => resolve4("localhost")));
  await attempt("datagram", () => import("node:dgram").then(({ createSocket }) => new Promise((ok, no) => { const s = createSocket("udp4"); s.on("error", no); s.send("x", PORT, "127.0.0.1", (e) => e ? no(e) : ok()); })));
  await attempt("inspector", () => import("node:inspector").then(({ open }) => open(0)));
  await attempt("signal", () => process.kill(process.ppid, 0));
  told.environment = Object.keys(process.env).join();
  console.log(JSON.stringify(told));
  process.exit();
`;

const REFUSED = [
  "read",
  "project",
  "environment of the node",
  "list",
  "write",
  "link",
  "spawn",
  "fork",
  "fetch",
  "connect",
  "listen",
  "resolve",
  "datagram",
  "inspector",
];

describe.runIf(process.platform === "linux")("the contract process", () => {
  let kit: RuntimeKit;
  let pid = 0;
  let told: Readonly<Record<string, string>> = {};
  const server = createServer((_, response) => void response.end("reached"));
  const open = openSync(join(folder, "database"), "w");
  beforeAll(async () => {
    Object.assign(process.env, secret);
    kit = await RuntimeKit.open();
    await kit.close(kit.call({ contract: 9n }));
    pid = kit.runtime.pids[0] ?? 0;
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    told = await underFence(wordsOf(pid), server.address());
  });
  afterAll(async () => {
    await kit[Symbol.asyncDispose]();
    server.close();
    closeSync(open);
    rmSync(folder, { recursive: true, force: true });
  });

  it.each(REFUSED)("may not %s", (what) => {
    expect(told[what]).toBe("ERR_ACCESS_DENIED");
  });

  it("has no environment, whatever the node has", () => {
    expect(told["environment"]).toBe("");
    expect(readFileSync(`/proc/${pid}/environ`, "utf8")).not.toContain("canary");
  });

  it("holds its pipe and no other file or socket of the node", () => {
    const links = readdirSync(`/proc/${pid}/fd`).map((name) =>
      readlinkSync(`/proc/${pid}/fd/${name}`),
    );
    expect(links.filter((link) => link.startsWith("/") && !link.startsWith("/dev/"))).toEqual([]);
    // One for each of: its pipe, its error output. The others are the engine's own.
    expect(links.filter((link) => link.startsWith("socket:")).length).toBeLessThanOrEqual(2);
  });

  it("has limits of the system: no core, no file, few descriptors, memory that ends", () => {
    const limits = readFileSync(`/proc/${pid}/limits`, "utf8");
    expect(limits).toMatch(/Max core file size +0 +0 /);
    expect(limits).toMatch(/Max file size +0 +0 /);
    expect(limits).toMatch(/Max open files +128 +128 /);
    expect(limits).toMatch(/Max data size +4294967296 +4294967296 /);
  });

  it("is nobody when the node is root and its code is open to all, and may not signal it then", () => {
    const [, uid] = /Uid:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
    const readable = [join(process.cwd(), "src/runtime/process-child.ts")];
    const { user } = fenced(process.execPath, [], { readable });
    expect(uid).toBe(String(user.uid ?? process.getuid?.()));
    if (user.uid !== undefined) expect(told["signal"]).toBe("EPERM");
  });

  it.runIf(isRoot)(
    "is nobody for code in a folder for all, and root for code that nobody may read",
    () => {
      expect(fenced("/bin/sh", [], { readable: ["/bin/sh"] }).user).toEqual({
        uid: 65_534,
        gid: 65_534,
      });
      const folder = mkdtempSync(join(tmpdir(), "ace-closed-"));
      const file = join(folder, "code.ts");
      writeFileSync(file, "");
      expect(fenced("/bin/sh", [], { readable: [file] }).user).toEqual({});
      rmSync(folder, { recursive: true });
    },
  );
});

it.runIf(process.platform === "linux")(
  "ends soon after its node was killed, in the middle of what never ends",
  { timeout: 60_000 },
  async () => {
    const [kitPath, spawnPath] = [
      "test/support/runtime-kit.ts",
      "src/runtime/process-spawn.ts",
    ].map((path) => JSON.stringify(join(process.cwd(), path)));
    // The first thing that it is asked for never ends.
    const hang = `
    import fs from "node:fs"; import { syncBuiltinESMExports } from "node:module";
    const { readSync } = fs;
    fs.readSync = (...args) => { const got = readSync(...args); while (args[0] === 3); return got; };
    syncBuiltinESMExports();
  `;
    const flags = JSON.stringify(["--import", `data:text/javascript,${encodeURIComponent(hang)}`]);
    const script = `
    const { RuntimeKit } = await import(${kitPath});
    const { spawnContractProcess } = await import(${spawnPath});
    const hanging = (events, options) =>
      spawnContractProcess(events, { ...options, engineFlags: ${flags} });
    const kit = await RuntimeKit.open({ spawn: hanging, watchdogMs: 100_000 });
    kit.apply([kit.call({ contract: 9n })]);
    const timer = setInterval(() => {
      const [pid] = kit.runtime.pids;
      if (pid === undefined) return;
      console.log(pid);
      clearInterval(timer);
    }, 100);
    setTimeout(() => {}, 100_000);
  `;
    const node = spawn(process.execPath, ["--input-type=module", "-e", script], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let orphan = 0;
    for await (const line of createInterface(node.stdout)) {
      orphan = Number(line);
      break;
    }
    expect(orphan).toBeGreaterThan(1);
    // By then all its threads stand, and the first has long been in what never ends.
    while (cpuSecondsOf(orphan) < HANGING_CPU_S) await sleep(100);
    node.kill("SIGKILL");
    for (let waited = 0; isRunning(orphan) && waited < 300; waited += 1) await sleep(100);
    expect(isRunning(orphan)).toBe(false);
  },
);

/** The flags of a running process, without its script. */
function wordsOf(pid: number): readonly string[] {
  const [, ...words] = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").filter(Boolean);
  return words.filter((word) => word.startsWith("--"));
}

async function underFence(
  flags: readonly string[],
  address: ReturnType<ReturnType<typeof createServer>["address"]>,
): Promise<Readonly<Record<string, string>>> {
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const code = probe.replaceAll("PORT", String(port));
  const words = [...flags, "--input-type=module", "-e", code];
  const fence = fenced(process.execPath, words, { readable: [join(process.cwd(), "src")] });
  const { stdout, stderr } = spawnSync(fence.command, fence.words, {
    env: {},
    ...fence.user,
    encoding: "utf8",
  });
  if (stdout === "") throw new Error(stderr);
  return z.record(z.string(), z.string()).parse(JSON.parse(stdout));
}

const HANGING_CPU_S = 3;
const TICKS_PER_S = 100;

function cpuSecondsOf(pid: number): number {
  const fields = statOf(pid)?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_S;
}

/** One that has ended and was not yet buried does not run. */
function isRunning(pid: number): boolean {
  const stat = statOf(pid);
  return stat !== undefined && !stat.startsWith("Z");
}

/** From its state on; undefined when there is no such process. */
function statOf(pid: number): string | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    return text.slice(text.lastIndexOf(")") + 2);
  } catch {
    return undefined;
  }
}

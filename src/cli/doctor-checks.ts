/**
 * What `ace doctor` looks at: each check gives findings, each finding that is not well a remedy.
 *
 * Units   Times are milliseconds unless the name says seconds; sizes are bytes.
 */
import { existsSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { AceError } from "../lib/errors.ts";
import { versionFindings } from "./assert-runtime.ts";
import type { Context } from "./context.ts";
import { keysFolder } from "./keystore-file.ts";
import { FOUND_ANEW, tooYoung } from "./network-age.ts";
import { isPortFree } from "./port.ts";
import { openMode } from "./private-file.ts";
import { healthOf, latestOf } from "./rpc-probe.ts";

export interface Finding {
  readonly name: string;
  readonly state: "ok" | "warn" | "fail";
  readonly found: string;
  /** What to do; empty when all is well. */
  readonly remedy: string;
}

export type Check = (context: Context) => Promise<readonly Finding[]>;

const MEBIBYTE = 1024 * 1024;
const FREE_MIN_BYTES = 200 * MEBIBYTE;
const FREE_GOOD_BYTES = 2_048 * MEBIBYTE;
const CLOCK_OFFSET_MAX_S = 30;
const ANSWER_MS = 3_000;
const PORTS = [
  { port: 6878, user: "the player", flag: "ace stream get --port" },
  { port: 7070, user: "the node", flag: "--port" },
  { port: 8000, user: "the Stellar RPC", flag: "--rpc" },
] as const;

/** In the order of the report: the machine first, then what it talks to, then what it keeps. */
export const checks: readonly Check[] = [
  checkVersions,
  checkSignatures,
  checkDisk,
  checkPorts,
  checkRpc,
  checkClock,
  checkNode,
  checkNetworkFile,
  checkKeys,
];

async function checkVersions(): Promise<readonly Finding[]> {
  return versionFindings().map(({ name, found, wanted, isRight }) => {
    if (isRight) return well(name, found);
    return ill("fail", name, { found: `${found}, wanted ${wanted}`, remedy: "npm ci" });
  });
}

/** Both give the same answers; one lets twice as many viewers in. */
async function checkSignatures(): Promise<readonly Finding[]> {
  const { signatureEngine } = await import("../lib/ed25519.ts");
  const { name } = signatureEngine();
  if (name === "libsodium") return [well("signatures", "checked by libsodium")];
  const found = `checked by ${name}, at half the speed: libsodium does not load here`;
  const remedy = "`npm ci` without --omit=optional, where sodium-native has a binary";
  return [ill("warn", "signatures", { found, remedy })];
}

async function checkDisk({ settings }: Context): Promise<readonly Finding[]> {
  let folder = settings.home;
  while (!existsSync(folder) && dirname(folder) !== folder) folder = dirname(folder);
  const { bavail, bsize } = await statfs(folder);
  const freeBytes = bavail * bsize;
  const found = `${Math.floor(freeBytes / MEBIBYTE)} MiB free at ${folder}`;
  if (freeBytes >= FREE_GOOD_BYTES) return [well("disk", found)];
  const state = freeBytes < FREE_MIN_BYTES ? "fail" : "warn";
  return [ill(state, "disk", { found, remedy: "free some space, or move the folder: --home" })];
}

async function checkPorts(context: Context): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const { port, user, flag } of PORTS) {
    const name = `port ${port}`;
    const answer = (await isPortFree(port)) ? "free" : await whoAnswers(context, port);
    if (answer !== undefined) findings.push(well(name, answer));
    else {
      const found = `taken by another program, ${user} cannot use it`;
      findings.push(ill("warn", name, { found, remedy: `stop it, or choose another: ${flag}` }));
    }
  }
  return findings;
}

/** Undefined when it is nobody we know. */
async function whoAnswers(context: Context, port: number): Promise<string | undefined> {
  const url = `http://127.0.0.1:${port}`;
  if ((await nodeHealth(url, context.signal)) !== undefined) return "a node of ours answers";
  const engine = await engineVersion(url, context.signal);
  if (engine !== undefined) return `an engine for players answers, version ${engine}`;
  try {
    await healthOf({ url, signal: context.signal });
    return "a Stellar RPC answers";
  } catch (error) {
    if (error instanceof AceError && error.code === "LEDGER_NO_SOURCE") return undefined;
    throw error;
  }
}

async function checkRpc({ settings, signal }: Context): Promise<readonly Finding[]> {
  const url = settings.rpcUrl;
  const remedy = "start one with `ace devnet`, or name one: --rpc";
  try {
    const { status } = await healthOf({ url, signal });
    if (status === "healthy") return [well("rpc", `healthy at ${url}`)];
    return [ill("warn", "rpc", { found: `"${status}" at ${url}`, remedy: "wait, or use another" })];
  } catch (error) {
    if (!(error instanceof AceError)) throw error;
    return [ill("fail", "rpc", { found: error.message, remedy })];
  }
}

async function checkClock({ settings, signal, clock }: Context): Promise<readonly Finding[]> {
  const endpoint = { url: settings.rpcUrl, signal };
  const latest = await latestOf(endpoint).catch(() => undefined);
  if (latest?.closeTime === undefined) return [];
  const offsetS = Math.round(clock.nowMs() / 1_000) - latest.closeTime;
  if (Math.abs(offsetS) <= CLOCK_OFFSET_MAX_S) {
    return [well("clock", `${offsetS} s after the close of ledger ${latest.sequence}`)];
  }
  if (offsetS < 0) {
    const found = `${-offsetS} s behind ledger ${latest.sequence}`;
    return [ill("fail", "clock", { found, remedy: "set the clock; transactions would expire" })];
  }
  const found = `${offsetS} s after the close of ledger ${latest.sequence}`;
  const remedy = "the clock is fast, or the network closes no ledgers";
  return [ill("warn", "clock", { found, remedy })];
}

async function checkNode({ settings, signal }: Context): Promise<readonly Finding[]> {
  const health = await nodeHealth(settings.nodeUrl, signal);
  if (health === "ok") return [well("node", `follows its network at ${settings.nodeUrl}`)];
  if (health !== undefined) {
    const remedy = "look at `ace node status` and at its log";
    return [ill("warn", "node", { found: `"${health}" at ${settings.nodeUrl}`, remedy })];
  }
  const found = `none answers at ${settings.nodeUrl}`;
  return [ill("warn", "node", { found, remedy: "start one with `ace node`, or name one: --node" })];
}

/** What `/health` says; undefined when no node answers. */
async function nodeHealth(url: string, signal: AbortSignal): Promise<string | undefined> {
  return textOf(fieldOf(await answerAt(`${url}/health`, signal), "status"));
}

async function engineVersion(url: string, signal: AbortSignal): Promise<string | undefined> {
  const answer = await answerAt(`${url}/webui/api/service?method=get_version`, signal);
  return textOf(fieldOf(fieldOf(answer, "result"), "version"));
}

/** Undefined for whatever is no JSON over HTTP. */
async function answerAt(url: string, signal: AbortSignal): Promise<unknown> {
  const limited = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]);
  try {
    return await (await fetch(url, { signal: limited })).json();
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}

function fieldOf(answer: unknown, field: string): unknown {
  return Object.entries(answer ?? {}).find(([name]) => name === field)?.[1];
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

async function checkNetworkFile({ settings, signal }: Context): Promise<readonly Finding[]> {
  const path = settings.network;
  const remedy = "found one with `ace network create`, or name one: --network";
  if (!existsSync(path)) return [ill("warn", "network", { found: `no ${path}`, remedy })];
  const { genesisLedgerIn } = await import("./network-file.ts");
  const genesis = await genesisLedgerIn(path);
  if (typeof genesis === "string") return [ill("fail", "network", { found: genesis, remedy })];
  const young = await tooYoung(genesis, { url: settings.rpcUrl, signal });
  if (young === undefined) return [well("network", path)];
  return [ill("warn", "network", { found: `${path}: ${young}`, remedy: FOUND_ANEW })];
}

async function checkKeys({ keystore, settings }: Context): Promise<readonly Finding[]> {
  const keys = await keystore.list();
  const folder = keysFolder(settings.home);
  const mode = await openMode(folder);
  const broken = keys.flatMap((key) => (key.kind === "broken" ? [key] : []));
  if (keys.length === 0) {
    return [ill("warn", "keys", { found: "none yet", remedy: "ace key new <name>" })];
  }
  const readable = keys.length - broken.length;
  return [
    mode === undefined
      ? well("keys", `${readable} of ${keys.length} can be read`)
      : ill("fail", "keys", {
          found: `${folder} has mode ${mode}: others may look into it`,
          remedy: `chmod 700 ${folder}`,
        }),
    ...broken.map(({ name, fault }) =>
      ill("fail", `key ${name}`, { found: fault.message, remedy: fault.hint }),
    ),
  ];
}

function well(name: string, found: string): Finding {
  return { name, state: "ok", found, remedy: "" };
}

function ill(
  state: "warn" | "fail",
  name: string,
  { found, remedy }: { readonly found: string; readonly remedy: string },
): Finding {
  return { name, state, found, remedy };
}

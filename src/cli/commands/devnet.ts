import { resolve } from "node:path";
import type { Command } from "commander";
import { archivePublication } from "../../devnet/archive-writer.ts";
import {
  DEV_ACCOUNTS_MAX,
  type DevAccount,
  devAccounts,
  fundMissing,
} from "../../devnet/dev-accounts.ts";
import { createDevnet, type Devnet } from "../../devnet/devnet.ts";
import { Faults, parseFault } from "../../devnet/faults.ts";
import { publishTo, writeWhole } from "../../devnet/files.ts";
import { dropKeptDevnet, openKeptDevnet } from "../../devnet/files-network.ts";
import { lakePublication } from "../../devnet/lake-writer.ts";
import { type DevnetServer, serveDevnet } from "../../devnet/server.ts";
import { AceError } from "../../lib/errors.ts";
import type { Events } from "../../lib/events.ts";
import { openTelemetry } from "../../node/events.ts";
import type { Context } from "../context.ts";
import { faultHelp, registerControl } from "../devnet-control.ts";
import type { Flags } from "../flags.ts";
import { repeatable } from "../repeatable.ts";
import type { Run } from "../run.ts";
import { untilAborted } from "../until-aborted.ts";

const PASSPHRASE = "Ace Devnet ; 2026";
const SEED = "ace";
const CLOSE = /^(?:manual|([1-9]\d{0,2})s)$/;
const LOG_LEVELS = ["silent", "warn", "info", "debug"] as const;
const EXAMPLES = `
Examples:
  ace devnet
  ace devnet --accounts 3 --close 5s
  ace devnet --close manual --memory --port 8001
  ace devnet --lake ./lake --archive ./archive --quorum-file ./quorum.json
  ace devnet --fault rpc:lag=3 --fault lake:missing@120

It is kept in its folder and goes on there at the next start. At the same
address as JSON-RPC it serves /lake and /archive (for \`ace node --lake\` and
\`--archive\`), /friendbot?addr=G…, GET /quorum, POST /close {"count","seconds"},
POST /warp {"seconds"}, POST /upgrade {"protocol","baseFee","maxTxSetSize",
"baseReserve","flags"}, and GET, POST {"fault"} and DELETE {"id"} /faults.
`;

/** `ace devnet`: a Stellar network of your own, in this process, until Ctrl-C. */
export function register(noun: Command, run: Run): void {
  noun
    .option("--port <port>", "port of JSON-RPC and all else; 0 takes any free one", "8000")
    .option("--close <mode>", "manual, or how often a ledger closes: 1s, 5s", "1s")
    .option("--data <folder>", "where it is kept (default: <home>/devnet)")
    .option("--memory", "keep nothing of it")
    .option("--reset", "begin anew: what its folder holds is dropped")
    .option("--accounts <count>", "fund so many accounts and show their secrets")
    .option(
      "--seed <text>",
      `the validators and --accounts get their keys from it (default: ${SEED})`,
    )
    .option("--passphrase <text>", `network passphrase (default: ${PASSPHRASE})`)
    .option("--protocol <number>", "protocol to begin with: 23 to 28 (default: 27)")
    .option("--lake <folder>", "write a SEP-54 data lake there as well")
    .option("--archive <folder>", "write a history archive there as well")
    .option("--quorum-file <file>", "write the quorum set there, for `ace node --quorum`")
    .addOption(repeatable("--fault <fault>", "let a source do wrong; may be given again"))
    .option("--log <level>", "silent, warn, info or debug", "warn")
    .addHelpText("after", EXAMPLES)
    .addHelpText("after", faultHelp())
    .action(run((context, _args, flags) => start(context, flags)));
  registerControl(noun, run);
}

async function start(context: Context, flags: Flags): Promise<unknown> {
  const { signal, clock, output } = context;
  const wanted = readWanted(flags);
  const { close, closeMs, port, events } = wanted;
  using opened = open(context, flags, events);
  const { net } = opened;
  publish(net, flags);
  for (const fault of wanted.faults) net.faults.add(fault);
  await using server = await serveDevnet({ net, port, closeMs, events, clock });
  const accounts = devAccounts(opened, wanted.accounts);
  fundMissing(
    net,
    accounts.map(({ address }) => address),
    () => server.closeLedger(),
  );
  const facts = factsOf(opened, server, accounts);
  show(context, opened, facts, close);
  output.event("ready", facts);
  await Promise.race([untilAborted(signal), server.failure]);
  return facts;
}

/** Everything is read before anything is dropped or written. */
function readWanted(flags: Flags) {
  const close = flags.text("close") ?? "1s";
  const [matched, seconds] = CLOSE.exec(close) ?? [];
  if (matched === undefined) {
    throw new AceError("USAGE", `--close takes manual, or 1s to 999s, not "${close}"`);
  }
  if (flags.isOn("memory") && (flags.isOn("reset") || flags.text("data") !== undefined)) {
    throw new AceError("USAGE", "--memory keeps nothing: leave out --data and --reset");
  }
  const faults = flags.texts("fault").map(parseFault);
  const untried = new Faults(() => 0);
  for (const fault of faults) untried.add(fault);
  const closeMs = seconds === undefined ? ("manual" as const) : Number(seconds) * 1_000;
  const port = flags.whole("port", { min: 0, max: 65_535 }) ?? 8_000;
  const accounts = flags.whole("accounts", { min: 0, max: DEV_ACCOUNTS_MAX }) ?? 0;
  const events = openTelemetry(flags.oneOf("log", LOG_LEVELS) ?? "warn");
  return { close, closeMs, faults, port, accounts, events };
}

interface Opened extends Disposable {
  readonly net: Devnet;
  readonly passphrase: string;
  readonly seed: string;
  /** Undefined when nothing is kept. */
  readonly folder: string | undefined;
  readonly isResumed: boolean;
}

function open({ clock, settings, output }: Context, flags: Flags, events: Events): Opened {
  const closeTime = BigInt(Math.floor(clock.nowMs() / 1_000));
  const protocol = flags.whole("protocol", { min: 1, max: 1_000 });
  const { passphrase, seed } = { passphrase: flags.text("passphrase"), seed: flags.text("seed") };
  const rules = { closeTime, events, ...(protocol === undefined ? {} : { protocol }) };
  const identity = { passphrase: passphrase ?? PASSPHRASE, seed: seed ?? SEED };
  if (flags.isOn("memory")) {
    const net = createDevnet({ ...identity, ...rules });
    return { net, ...identity, folder: undefined, isResumed: false, [Symbol.dispose]: () => {} };
  }
  const folder = resolve(flags.text("data") ?? `${settings.home}/devnet`);
  if (flags.isOn("reset")) {
    // What cannot begin drops nothing.
    createDevnet({ ...identity, ...rules });
    const dropped = dropKeptDevnet(folder);
    if (dropped > 0) output.note(`dropped the devnet in ${folder}: ${dropped} ledgers`, "warn");
  }
  const defaults = { passphrase: PASSPHRASE, seed: SEED };
  const kept = openKeptDevnet({ folder, passphrase, seed, defaults, ...rules });
  const { net, isResumed } = kept;
  return {
    net,
    passphrase: net.passphrase,
    seed: kept.seed,
    folder,
    isResumed,
    [Symbol.dispose]: () => kept[Symbol.dispose](),
  };
}

function publish(net: Devnet, flags: Flags): void {
  const [lake, archive] = [flags.text("lake"), flags.text("archive")];
  publishTo(net, [
    ...(lake === undefined ? [] : [{ folder: resolve(lake), publication: lakePublication(net) }]),
    ...(archive === undefined
      ? []
      : [{ folder: resolve(archive), publication: archivePublication(net) }]),
  ]);
  const quorumFile = flags.text("quorumFile");
  if (quorumFile === undefined) return;
  writeWhole(resolve(quorumFile), `${JSON.stringify(net.quorumSet, undefined, 2)}\n`);
}

function factsOf(
  { net, folder, isResumed }: Opened,
  server: DevnetServer,
  accounts: readonly DevAccount[],
) {
  const { url: rpcUrl, friendbotUrl, lakeUrl, archiveUrl } = server;
  const { passphrase, quorumSet } = net;
  const urls = { rpcUrl, friendbotUrl, lakeUrl, archiveUrl };
  const ledger = net.latest.sequence;
  return { ...urls, passphrase, data: folder ?? null, isResumed, ledger, quorumSet, accounts };
}

function show(
  { output }: Context,
  { folder, isResumed }: Opened,
  facts: ReturnType<typeof factsOf>,
  close: string,
): void {
  const { rpcUrl, friendbotUrl, lakeUrl, archiveUrl, passphrase, ledger, accounts } = facts;
  const is = isResumed ? `devnet goes on after ledger ${ledger}` : "devnet is running";
  output.line(
    `${is}; Ctrl-C stops it${folder === undefined ? ", and nothing of it is kept" : ""}`,
    "good",
  );
  output.table([
    ["rpc", rpcUrl],
    ["friendbot", friendbotUrl],
    ["lake", lakeUrl],
    ["archive", archiveUrl],
    ["passphrase", passphrase],
    ["ledgers", close === "manual" ? "close on `ace devnet close`" : `close every ${close}`],
    ["kept in", folder ?? "memory alone"],
  ]);
  if (accounts.length === 0) return;
  // A line each: a table would cut off what is to be copied.
  output.line("");
  output.line("accounts to develop with, and their secrets, which everybody knows", "dim");
  for (const { address, secret } of accounts) {
    output.line(address);
    output.line(`  ${secret}`);
  }
}

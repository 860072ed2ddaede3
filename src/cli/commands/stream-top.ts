/** `ace stream top`: what a running engine does, drawn again each second. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Command } from "commander";
import { AceError } from "../../lib/errors.ts";
import { PLAYER_PORT } from "../../p2p/player.ts";
import type { EngineOverview } from "../../p2p/player-overview.ts";
import type { Context } from "../context.ts";
import { readOverview } from "../engine-client.ts";
import type { Flags } from "../flags.ts";
import { examples } from "../help.ts";
import { openLiveScreen } from "../live-screen.ts";
import type { Run } from "../run.ts";
import { paint, streamOf } from "../stream.ts";
import { viewLines } from "../stream-view.ts";

const EVERY_MS = 1_000;
const COLUMNS = 120;
const ROWS = 24;

export function registerTop(noun: Command, run: Run): void {
  examples(
    noun
      .command("top")
      .description(
        "shows what a running engine does: peers, rates, players, refusals, live position",
      )
      .option("--engine <url>", "the engine's address", `http://127.0.0.1:${PLAYER_PORT}`)
      .option("--once", "show it once and end; so it is where no terminal is")
      .addHelpText(
        "after",
        "\nThe engine is what `ace stream get` starts. With --json each second is one line of JSON;\nwith --json --once one object, for scripts.",
      ),
    "ace stream top",
    "ace stream top --once --json",
    "ace stream top --engine http://127.0.0.1:7878",
  ).action(run((context, _args, flags) => top(context, flags)));
}

async function top(context: Context, flags: Flags): Promise<unknown> {
  const engine = engineUrl(flags);
  const { settings, signal } = context;
  const isOnce = flags.isOn("once") || (!settings.json && process.stdout.isTTY !== true);
  if (isOnce) {
    const view = await readOverview(engine, signal);
    show(view);
    return view;
  }
  return settings.json
    ? await tellEachSecond(context, engine)
    : await drawEachSecond(context, engine);

  function show(view: EngineOverview): void {
    if (settings.json) return;
    const stdout = streamOf(process.stdout);
    const columns = stdout.isTerminal ? stdout.columns : COLUMNS;
    for (const { text, tone } of viewLines(view, columns)) {
      stdout.write(`${paint(stdout, text, tone)}\n`);
    }
  }
}

async function tellEachSecond({ output, signal }: Context, engine: string): Promise<undefined> {
  while (!signal.aborted) {
    output.event("engine", await readOverview(engine, signal));
    await pause(signal);
  }
  return undefined;
}

async function drawEachSecond({ signal }: Context, engine: string): Promise<undefined> {
  // Asked before the screen is taken, so that its error stands where people look for it.
  let view = await readOverview(engine, signal);
  const stdout = streamOf(process.stdout);
  const size = () => ({
    rows: process.stdout.rows || ROWS,
    columns: process.stdout.columns || COLUMNS,
  });
  using screen = openLiveScreen(stdout, size);
  let footer = `${engine}   each second   Ctrl-C ends`;
  while (!signal.aborted) {
    screen.draw(viewLines(view, size().columns), footer);
    await pause(signal);
    try {
      view = await readOverview(engine, signal);
      footer = `${engine}   each second   Ctrl-C ends`;
    } catch (error) {
      if (!(error instanceof AceError)) break;
      footer = `${engine} does not answer; tried again each second   Ctrl-C ends`;
    }
  }
  return undefined;
}

async function pause(signal: AbortSignal): Promise<void> {
  await sleep(EVERY_MS, undefined, { signal }).catch(() => undefined);
}

function engineUrl(flags: Flags): string {
  const text = flags.text("engine") ?? "";
  if (URL.canParse(text) && /^https?:/.test(text)) return text.replace(/\/+$/, "");
  throw new AceError("USAGE", `--engine takes an address such as http://127.0.0.1:${PLAYER_PORT}`);
}

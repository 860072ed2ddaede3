/**
 * What the operator sees: each event is one log line and one count, and a few set a gauge.
 *
 * Metric names end in their unit. Accounts and contents go to the log, never into a label.
 */
import { type DestinationStream, type Logger, pino } from "pino";
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import { systemClock } from "../lib/clock.ts";
import type { EventFields, Events } from "../lib/events.ts";
import { leaseMeter } from "./lease-metrics.ts";
import { type P2pMetrics, p2pMetrics } from "./p2p-metrics.ts";
import { StrangerLines } from "./stranger-lines.ts";

export interface Telemetry extends Events {
  readonly p2p: P2pMetrics;
  /** Prometheus text. */
  metrics(): Promise<string>;
}

/** `destination` is where log lines go; standard error when left out. */
export function openTelemetry(level: string, destination?: DestinationStream): Telemetry {
  const log = pino({ level, base: null }, destination ?? pino.destination(2));
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, prefix: "ace_" });
  const counts = new Counter({
    name: "ace_events_total",
    help: "Events by name",
    labelNames: ["event"],
    registers: [registry],
  });
  const gauges = ledgerGauges(registry);
  const leases = leaseMeter(registry);
  const bans = new Counter({
    name: "ace_p2p_bans_total",
    help: "Peers that were banned, by reason",
    labelNames: ["reason"],
    registers: [registry],
  });
  const strangers = new StrangerLines(systemClock);
  const tell = (severity: "info" | "warn", name: string, fields: EventFields): void => {
    counts.inc({ event: name });
    gauges(name, fields);
    leases(name, fields);
    if (name.endsWith(".peer_banned"))
      bans.inc({ reason: String(fields["reason"] ?? "PIECE_BAD") });
    const leftOut = strangers.admit(name);
    if (leftOut === undefined) return;
    write(log, severity, name, leftOut === 0 ? fields : { ...fields, leftOut });
  };
  return {
    p2p: p2pMetrics(registry),
    info: (name, fields = {}) => tell("info", name, fields),
    warn: (name, fields = {}) => tell("warn", name, fields),
    metrics: () => registry.metrics(),
  };
}

function write(log: Logger, severity: "info" | "warn", name: string, fields: EventFields): void {
  const plain = Object.entries(fields).map(([key, value]) => [
    key,
    typeof value === "bigint" ? value.toString() : value,
  ]);
  log[severity](Object.fromEntries(plain), name);
}

function ledgerGauges(registry: Registry): (name: string, fields: EventFields) => void {
  const registers = [registry];
  const sequence = new Gauge({
    name: "ace_ledger_sequence",
    help: "Last applied ledger",
    registers,
  });
  const calls = new Counter({ name: "ace_calls_total", help: "Calls applied", registers });
  const seconds = new Histogram({
    name: "ace_apply_seconds",
    help: "Time to apply and commit one ledger",
    registers,
  });
  return (name, fields) => {
    if (name !== "ledger.applied") return;
    sequence.set(Number(fields["ledger"] ?? 0));
    calls.inc(Number(fields["calls"] ?? 0));
    seconds.observe(Number(fields["tookMs"] ?? 0) / 1_000);
  };
}

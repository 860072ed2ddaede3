/** Leases among several issuers, for Prometheus: read from the events that tell of them. */
import { Gauge, Histogram, type Registry } from "prom-client";
import type { EventFields } from "../lib/events.ts";

const SECONDS_BUCKETS = [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1];

export function leaseMeter(registry: Registry): (name: string, fields: EventFields) => void {
  const registers = [registry];
  const up = new Gauge({
    name: "ace_lease_issuers_up",
    help: "Other issuers that answer about leases",
    registers,
  });
  const forwarded = new Histogram({
    name: "ace_lease_forward_seconds",
    help: "Time that the home of an account's leases took to answer",
    buckets: SECONDS_BUCKETS,
    registers,
  });
  return (name, fields) => {
    if (name === "access.lease_issuer_up" || name === "access.lease_issuer_down") {
      up.set(Number(fields["up"] ?? 0));
    }
    if (name === "access.lease_forwarded") forwarded.observe(Number(fields["tookMs"] ?? 0) / 1_000);
  };
}

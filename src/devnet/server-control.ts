/**
 * Control over HTTP: closing, time, upgrades, faults. What a test does by calling, `ace devnet close`
 * and its like do through here.
 *
 * Source  The forms are in docs/cli.md, under `ace devnet`.
 */
import { z } from "zod";
import { AceError, isAceError } from "../lib/errors.ts";
import type { Devnet } from "./devnet.ts";
import type { DevnetLedger } from "./devnet-ledger.ts";
import { faultText, parseFault } from "./faults.ts";

export interface ControlAnswer {
  readonly status: number;
  readonly body: unknown;
}

export interface ControlParts {
  readonly net: Devnet;
  /** Closes one ledger as the clock says, or so many seconds after the last one. */
  readonly closeLedger: (secondsLater?: bigint) => DevnetLedger;
  readonly urls: Readonly<Record<string, string>>;
}

export const CLOSES_MAX = 10_000;
/** Ten years at once. */
export const WARP_SECONDS_MAX = 10 * 366 * 86_400;

const uint32 = z.int().min(0).max(0xff_ff_ff_ff);
const seconds = z.int().min(1).max(WARP_SECONDS_MAX);
const Close = z.strictObject({
  count: z.int().min(1).max(CLOSES_MAX).default(1),
  seconds: seconds.optional(),
});
const Warp = z.strictObject({ seconds });
const Upgrade = z.strictObject({
  protocol: uint32.optional(),
  baseFee: uint32.optional(),
  maxTxSetSize: uint32.optional(),
  baseReserve: uint32.optional(),
  flags: uint32.optional(),
});
const AddFault = z.strictObject({ fault: z.string().max(200) });
const RemoveFault = z.strictObject({ id: z.int().positive().optional() });

/** Undefined when the route is none of these. */
export function answerControl(
  parts: ControlParts,
  route: string,
  body: string,
): ControlAnswer | undefined {
  switch (route) {
    case "GET /":
      return ok({ ...parts.urls, passphrase: parts.net.passphrase, ...tipOf(parts.net.latest) });
    case "GET /quorum":
      return ok(parts.net.quorumSet);
    case "POST /close":
      return asked(Close, body, ({ count, seconds: later }) => closeMany(parts, count, later));
    case "POST /warp":
      return asked(Warp, body, (warp) => tipOf(parts.closeLedger(BigInt(warp.seconds))));
    case "POST /upgrade":
      return asked(Upgrade, body, (settings) => {
        parts.net.upgrade(settings);
        return { ledger: parts.net.latest.sequence + 1 };
      });
    case "GET /faults":
      return ok({ faults: faultsOf(parts.net) });
    case "POST /faults":
      return asked(AddFault, body, ({ fault }) => ({
        id: parts.net.faults.add(parseFault(fault)).id,
        faults: faultsOf(parts.net),
      }));
    case "DELETE /faults":
      return asked(RemoveFault, body, ({ id }) => {
        if (id === undefined) parts.net.faults.clear();
        else if (!parts.net.faults.remove(id)) {
          throw new AceError("DEVNET_FAULT_INVALID", `there is no fault ${id} here`);
        }
        return { faults: faultsOf(parts.net) };
      });
    default:
      return undefined;
  }
}

function closeMany(parts: ControlParts, count: number, later: number | undefined): unknown {
  const secondsLater = later === undefined ? undefined : BigInt(later);
  let latest = parts.closeLedger(secondsLater);
  for (let closed = 1; closed < count; closed += 1) latest = parts.closeLedger(secondsLater);
  return tipOf(latest);
}

function tipOf({ sequence, hash, closeTime }: DevnetLedger) {
  return { sequence, hash, closeTime: String(closeTime) };
}

function faultsOf({ faults }: Devnet): readonly { id: number; fault: string }[] {
  return faults.list().map((fault) => ({ id: fault.id, fault: faultText(fault) }));
}

function ok(body: unknown): ControlAnswer {
  return { status: 200, body };
}

/** An empty body is an empty object. */
function asked<Asked>(
  shape: z.ZodType<Asked>,
  body: string,
  work: (request: Asked) => unknown,
): ControlAnswer {
  const request = shape.safeParse(parseJson(body === "" ? "{}" : body));
  if (!request.success) return { status: 400, body: { error: z.prettifyError(request.error) } };
  try {
    return ok(work(request.data));
  } catch (error) {
    // What concerns the disk is no fault of whoever asks.
    if (!isAceError(error) || error.code === "DEVNET_DATA") throw error;
    return { status: 400, body: { code: error.code, error: error.message } };
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

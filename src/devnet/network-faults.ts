/** Faults of the network itself: the only ones that change the true chain, by what validators vote. */
import { isAceError } from "../lib/errors.ts";
import type { Events } from "../lib/events.ts";
import type { Devnet } from "./devnet.ts";
import { type Fault, faultText } from "./faults.ts";
import type { UpgradeSettings } from "./upgrades.ts";

/**
 * A fault without a ledger is of the next one. It is over once it has been voted; one that the
 * network cannot have when its ledger comes is dropped with a warning.
 */
export function obeyNetworkFaults(net: Devnet, events: Events): void {
  net.faults.onAdd((fault) => {
    if (fault.source === "network" && isDue(fault, fault.since)) cause(net, fault);
  });
  net.onClose(({ sequence }) => {
    for (const fault of net.faults.list()) {
      if (fault.source !== "network") continue;
      if (isDue(fault, sequence - 1)) net.faults.remove(fault.id);
      else if (isDue(fault, sequence)) causeOrDrop(net, fault, events);
    }
  });
}

function causeOrDrop(net: Devnet, fault: Fault, events: Events): void {
  try {
    cause(net, fault);
  } catch (error) {
    if (!isAceError(error, "DEVNET_UNSUPPORTED")) throw error;
    net.faults.remove(fault.id);
    events.warn("devnet.fault-dropped", { fault: faultText(fault), message: error.message });
  }
}

/** Whether the ledger after `latest` is the one. */
function isDue({ at, since }: Fault, latest: number): boolean {
  return (at ?? since + 1) === latest + 1;
}

function cause(net: Devnet, fault: Fault): void {
  if (fault.what === "lost-set") net.loseNextSet();
  else net.upgrade(upgradeOf(fault));
}

function upgradeOf({ what, value }: Fault): UpgradeSettings {
  switch (what) {
    case "base-fee":
      return { baseFee: value };
    case "base-reserve":
      return { baseReserve: value };
    case "surge":
      return { maxTxSetSize: value };
    case "protocol":
      return { protocol: value, isBeyondKnown: true };
    default:
      return {};
  }
}

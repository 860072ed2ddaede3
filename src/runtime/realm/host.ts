/** What the realm asks of the keeper: plain values in and out, and no object ever. */
import type { Keeper } from "../sandbox.ts";
import { failWith, keeperFault } from "./meter.ts";

declare const $host: Keeper;

/**
 * Given before the realm is evaluated. What is thrown over there is an object of another realm, which
 * no contract may ever hold: it ends here, as a fault.
 */
const given: Keeper = $host;

export const host: Keeper = {
  read: (key) => {
    try {
      return given.read(key);
    } catch (error) {
      return keeperFault(error);
    }
  },
  write: (key, value) => {
    try {
      return given.write(key, value);
    } catch (error) {
      return keeperFault(error);
    }
  },
  scan: (prefix, after, limit) => guarded(() => given.scan(prefix, after, limit)),
  emit: (topic, data) => {
    try {
      return given.emit(topic, data);
    } catch (error) {
      return keeperFault(error);
    }
  },
  pay: (to, asset, amount) => {
    try {
      return given.pay(to, asset, amount);
    } catch (error) {
      return keeperFault(error);
    }
  },
  take: (kind, index) => guarded(() => given.take(kind, index)),
  paid: (asset) => {
    try {
      return given.paid(asset);
    } catch (error) {
      return keeperFault(error);
    }
  },
  balance: (asset) => guarded(() => given.balance(asset)),
  facts: (kind) => guarded(() => given.facts(kind)),
  sha256: (bytes) => guarded(() => given.sha256(bytes)),
  verify: (key, message, signature) => guarded(() => given.verify(key, message, signature)),
  enter: (contract, method, asset, amount) =>
    guarded(() => given.enter(contract, method, asset, amount)),
  leave: (code) => guarded(() => given.leave(code)),
  end: (code, gasUsed) => guarded(() => given.end(code, gasUsed)),
};

/** Fails with the code that the keeper answered, if it did. */
export function demand(code: string): void {
  if (code !== "") failWith(code);
}

function guarded<Answer extends string | bigint>(ask: () => Answer): Answer {
  try {
    return ask();
  } catch (error) {
    return keeperFault(error);
  }
}

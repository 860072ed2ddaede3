/** What a runtime starts from: the code that its network was founded with, or `PROTOCOL_MISMATCH`. */
import { AceError } from "../lib/errors.ts";
import { codeHashOf } from "./admit.ts";
import type { RuntimeOptions } from "./runtime-types.ts";

/** The sources handed in must be the ones that the network was founded with. */
export function demandCode({ network, systemContracts }: RuntimeOptions): void {
  const found = new Map(
    systemContracts.map(({ number, source }) => [number.toString(), codeHashOf(source)]),
  );
  const numbers = new Set([...found.keys(), ...Object.keys(network.systemContracts)]);
  for (const number of numbers) {
    const [wanted, have] = [network.systemContracts[number], found.get(number)];
    if (wanted !== undefined && wanted === have) continue;
    const message = `system contract ${number} is ${have ?? "missing"}, the network has ${wanted}`;
    throw new AceError("PROTOCOL_MISMATCH", message);
  }
}

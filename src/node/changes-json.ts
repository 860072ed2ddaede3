/** What a simulation would write, beside what is there: whose it is, under which name, and its value. */
import type { ChangeJson } from "../client/schemas.ts";
import { jsonFromAnyCbor } from "../contracts/value-json.ts";
import { toHex } from "../lib/bytes.ts";
import { decodeCbor } from "../lib/cbor.ts";
import type { StateReader, Write } from "../runtime/applied.ts";

const NUMBER_BYTES = 8;
const SYSTEM = 0n;
/** Of the system's own entries only these hold values; code and its parts are told by their size. */
const VALUES: ReadonlySet<string> = new Set(["balance", "owed", "held", "next", "contract"]);

export function changesJson(writes: readonly Write[], state: StateReader): ChangeJson[] {
  return writes.map(({ key, value }) => {
    const contract = Buffer.from(key).readBigUInt64BE(0);
    const end = key.indexOf(0, NUMBER_BYTES);
    const name = Buffer.from(key.subarray(NUMBER_BYTES, end)).toString();
    const isValue = contract !== SYSTEM || VALUES.has(name);
    const before = valueJson(state.get(key), isValue);
    const after = valueJson(value, isValue);
    return {
      contract: contract.toString(),
      name,
      key: toHex(key.subarray(end + 1)),
      ...(before === undefined ? {} : { before }),
      ...(after === undefined ? {} : { after }),
    };
  });
}

function valueJson(value: Uint8Array | undefined, isValue: boolean): unknown {
  if (value === undefined) return undefined;
  return isValue ? jsonFromAnyCbor(decodeCbor(value)) : { bytes: value.length };
}

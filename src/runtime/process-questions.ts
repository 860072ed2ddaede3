/** What the contract process asks back while it runs a request, read and answered. */
import { toByteText } from "./byte-text.ts";
import { type FramePart, frameTypes } from "./process-frames.ts";
import type { ProcessRequest } from "./process-request.ts";
import { decodeScan } from "./wire.ts";

const CALL_BYTES = 4;

/**
 * The answer, still to be made: what cannot be read is the fault of the process, what cannot be
 * answered that of the node.
 */
export function readQuestion({ type, payload }: FramePart): (of: Asked) => Uint8Array {
  if (type === frameTypes.scan) {
    const { prefix, after, limit } = decodeScan(payload);
    return ({ state }) => Buffer.from(JSON.stringify(state.scan(prefix, after, limit).flat()));
  }
  const call = callOf(payload);
  const key = toByteText(payload.subarray(CALL_BYTES));
  return ({ state, onMiss }) => {
    onMiss?.(key, call);
    return Buffer.from(state.get(key) ?? "", "latin1");
  };
}

type Asked = Pick<ProcessRequest<unknown>, "state" | "onMiss">;

/** The call that a frame begins with. */
export function callOf(payload: Uint8Array): number {
  return Buffer.from(payload.buffer, payload.byteOffset, payload.length).readUInt32BE(0);
}

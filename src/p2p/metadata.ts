/**
 * Gives the info dictionary of a torrent to peers that came with no more than a magnet link.
 *
 * Range   A peer gets each part twice at most, then is refused: it is not to be a well of traffic.
 * Source  BEP 9.
 */

import { concatBytes } from "../lib/bytes.ts";
import { type Bencodable, decodeBencode, encodeBencode } from "./bencode.ts";
import type { Extension } from "./extension-port.ts";
import { METADATA_PIECE_BYTES, METADATA_SERVED_FACTOR } from "./limits.ts";

export const METADATA_EXTENSION = "ut_metadata";
export const METADATA_MESSAGE = { request: 0, data: 1, reject: 2 } as const;
/** A request is a dictionary of two small numbers. */
const REQUEST_MAX_BYTES = 256;

export function serveMetadata(info: Uint8Array): Extension {
  const pieces = Math.ceil(info.length / METADATA_PIECE_BYTES);
  const served = new Map<string, number>();
  return {
    name: METADATA_EXTENSION,
    needs: "admitted",
    handshakeFields: () => ({ metadata_size: info.length }),
    onPeer: (peer) => void served.set(peer.id, 0),
    onMessage: (peer, body) => {
      const piece = requestedPiece(body);
      if (piece === undefined) return;
      const before = served.get(peer.id) ?? 0;
      const isRefused = piece >= pieces || before >= pieces * METADATA_SERVED_FACTOR;
      served.set(peer.id, before + 1);
      peer.send(isRefused ? rejection(piece) : answer(info, piece));
    },
    onGone: (peer) => void served.delete(peer.id),
  };
}

/** The number of the part that a message asks for; undefined when it asks for none. */
function requestedPiece(body: Uint8Array): number | undefined {
  const message = decodeBencode(body, REQUEST_MAX_BYTES);
  if (!(message instanceof Map)) return undefined;
  const piece = message.get("piece");
  const isRequest = message.get("msg_type") === METADATA_MESSAGE.request;
  return isRequest && typeof piece === "number" && piece >= 0 ? piece : undefined;
}

function answer(info: Uint8Array, piece: number): Uint8Array {
  const start = piece * METADATA_PIECE_BYTES;
  const head = new Map<string, Bencodable>([
    ["msg_type", METADATA_MESSAGE.data],
    ["piece", piece],
    ["total_size", info.length],
  ]);
  return concatBytes(encodeBencode(head), info.subarray(start, start + METADATA_PIECE_BYTES));
}

function rejection(piece: number): Uint8Array {
  const head = new Map<string, Bencodable>([
    ["msg_type", METADATA_MESSAGE.reject],
    ["piece", piece],
  ]);
  return encodeBencode(head);
}

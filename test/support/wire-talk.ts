// Talk on the wire, message by message, for tests that change it before it is heard.
import { GuardedProtocol, type WireFault, type WireOwner } from "../../src/p2p/wire-guard.ts";

export const PIECES = 40;
const PIECE_BYTES = 65_536;
const BLOCK_BYTES = 16_384;
export const HANDSHAKE_BYTES = 68;

/** Frames a message: its length in four bytes, its id, and what it says. */
export function frame(id: number, body: Uint8Array = new Uint8Array(0)): Uint8Array {
  const bytes = Buffer.alloc(5 + body.length);
  bytes.writeUInt32BE(1 + body.length);
  bytes[4] = id;
  bytes.set(body, 5);
  return bytes;
}

export function numbers(...values: readonly number[]): Uint8Array {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [place, value] of values.entries()) bytes.writeUInt32BE(value >>> 0, 4 * place);
  return bytes;
}

export function handshake(hasFast = true): Uint8Array {
  const reserved = Buffer.from([0, 0, 0, 0, 0, 0x10, 0, hasFast ? 4 : 0]);
  const ids = [Buffer.alloc(20, 0xaa), Buffer.alloc(20, 0xbb)];
  return Buffer.concat([Buffer.from("\u0013BitTorrent protocol", "latin1"), reserved, ...ids]);
}

/** A listener of one connection that counts what it was made to do. */
export class Ear {
  readonly faults: WireFault[] = [];
  readonly protocol = new GuardedProtocol();
  servedBytes = 0;
  gotBytes = 0;
  sentBytes = 0;
  extensions = 0;
  isOpen = true;

  constructor() {
    const { protocol } = this;
    protocol.onFault = (fault) => this.#close(fault);
    protocol.onOutput = (bytes) => {
      this.sentBytes += bytes.length;
    };
    protocol.extensionNames = ["ace_gate"];
    protocol.extendedMapping[1] = "ace_gate";
    protocol.on("request", (_index, _offset, length, respond) => {
      this.servedBytes += length;
      respond(null, new Uint8Array(length));
    });
    protocol.on("handshake", (infohash) => {
      protocol.owner = this.#owner();
      protocol.handshake(infohash, new Uint8Array(20), { fast: true });
      protocol.unchoke();
    });
  }

  hear(bytes: Uint8Array): void {
    if (this.isOpen) this.protocol.receive(bytes);
  }

  /** Asks for a block, so that one may come. */
  ask(index: number, offset: number): void {
    this.protocol.request(index, offset, BLOCK_BYTES, (_error, bytes) => {
      this.gotBytes += bytes?.length ?? 0;
    });
  }

  end(): void {
    this.protocol.end();
  }

  #close(fault: WireFault): void {
    this.faults.push(fault);
    this.isOpen = false;
    this.protocol._parse(Number.MAX_VALUE, () => {});
  }

  #owner(): WireOwner {
    return {
      geometry: { pieces: PIECES, pieceSize: () => PIECE_BYTES },
      block: async () => undefined,
      onExtensionHandshake: () => {
        this.extensions += 1;
      },
      onExtension: () => {
        this.extensions += 1;
      },
      onPieces: () => {},
      onLateBlock: () => false,
      onChoke: () => {},
      onClose: () => {},
    };
  }
}

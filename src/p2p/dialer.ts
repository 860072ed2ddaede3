/** Dialer: turns addresses into wires, a few at once, and never our own. */
import type { Socket } from "node:net";
import { parseAddress } from "./addresses.ts";
import { Candidates } from "./candidates.ts";
import { DIAL_MAX, DIAL_MS } from "./limits.ts";
import { Wire } from "./wire.ts";
import { dialSocket } from "./wire-socket.ts";

export interface DialerHost {
  nowMs(): number;
  /** How many more peers there may be. */
  room(): number;
  /** Why this address is not to be dialled: now, or ever. */
  isRefused(address: string): "for-good" | "for-now" | undefined;
  /** Takes a new connection; `onHandshake` of the wire is called later with the peer's infohash. */
  onConnected(dial: (onHandshake: (infohash: string) => void) => Wire, address: string): void;
}

export class Dialer implements Disposable {
  readonly candidates = new Candidates();
  readonly #host: DialerHost;
  readonly #sockets = new Set<Socket>();

  constructor(host: DialerHost) {
    this.#host = host;
  }

  tick(): void {
    const dialing = this.#sockets.size;
    const count = Math.min(DIAL_MAX, this.#host.room()) - dialing;
    for (const address of this.candidates.due(this.#host.nowMs(), count)) this.#dial(address);
  }

  [Symbol.dispose](): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #dial(address: string): void {
    const target = parseAddress(address);
    const refused = this.#host.isRefused(address);
    if (target === undefined || refused === "for-good") {
      this.candidates.remove(address);
      return;
    }
    if (refused === "for-now") {
      this.candidates.release(address, false, this.#host.nowMs());
      return;
    }
    const socket = dialSocket(target);
    this.#sockets.add(socket);
    const fail = () => {
      settle();
      socket.destroy();
      this.candidates.release(address, false, this.#host.nowMs());
    };
    const succeed = () => {
      settle();
      this.#host.onConnected((onHandshake) => new Wire(socket, true, onHandshake), address);
    };
    const timer = setTimeout(fail, DIAL_MS);
    const settle = () => {
      clearTimeout(timer);
      socket.off("error", fail);
      socket.off("close", settle);
      socket.off("connect", succeed);
      this.#sockets.delete(socket);
    };
    socket.on("error", fail);
    socket.on("close", settle);
    socket.on("connect", succeed);
  }
}

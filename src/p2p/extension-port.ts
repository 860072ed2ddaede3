/**
 * Extensions of a swarm: what speaks to peers in messages of its own, such as the exchange of peers.
 *
 * An extension sees a peer when the wire's extension handshake is done and, in a gated swarm, only
 * once the gate is open in the direction that `needs` names: before that nothing is sent, and what
 * arrives is dropped. Fields of ours are withheld there until then, and said in a second extension
 * handshake as soon as the peer is admitted; `onPeer` is called when the peer's are here.
 * A peer that does not know the extension is shown all the same: its address may be of use.
 *
 * Source  BEP 10.
 */
import type { Bencoded } from "./bencode.ts";

export interface ExtensionPeer {
  readonly id: string;
  /** `host:port` of the other end of the socket. */
  readonly address: string;
  readonly isOutgoing: boolean;
  /** Does nothing when the peer does not know the extension. */
  send(body: Uint8Array): void;
  /** Cuts the peer off; the reason is a code of this room. */
  close(reason: string): void;
}

export interface Extension {
  /** Such as `ut_pex`. */
  readonly name: string;
  /**
   * "admitted": we may give to the peer. "opened": the peer gives to us. "both": each to the other.
   * "either": the peer has proven itself, as a licence holder or as a node that its content lists.
   */
  readonly needs: "admitted" | "opened" | "both" | "either";
  /** The longest message that is taken; a longer one closes the wire. */
  readonly messageMaxBytes?: number;
  /** Fields beside `m` in our extension handshake, such as `metadata_size`. */
  handshakeFields?(): Readonly<Record<string, Uint8Array | number>>;
  onPeer(peer: ExtensionPeer, fields: ReadonlyMap<string, Bencoded>): void;
  onMessage(peer: ExtensionPeer, body: Uint8Array): void;
  onGone(peer: ExtensionPeer): void;
  tick?(nowMs: number): void;
}

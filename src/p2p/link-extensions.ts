/**
 * The extensions of one link: offered in its handshake, shown the peer when its gate allows, and
 * given its messages from then on.
 *
 * Source  BEP 10; extension-port.ts says what an extension may count on.
 */
import type { Bencoded } from "./bencode.ts";
import type { Extension, ExtensionPeer } from "./extension-port.ts";
import { PEER_REQUESTS_MAX } from "./limits.ts";
import type { GatePolicy } from "./link-gate.ts";
import type { Wire } from "./wire.ts";

/** What the extensions of a link may know of it. */
export interface ExtendedLink {
  readonly id: string;
  readonly wire: Wire;
  readonly isGated: boolean;
  readonly isAdmitted: boolean;
  readonly wasOpened: boolean;
  /** The key that the peer proved, in hexadecimal. */
  readonly provenKey: string | undefined;
}

interface ExtendingSwarm {
  readonly gate: GatePolicy | undefined;
  readonly extensions: readonly Extension[];
  /** What we listen on: the address we dialled from is of no use to others. */
  readonly listenPort: number;
}

type Fields = Readonly<Record<string, Uint8Array | number>>;

const CLIENT_NAME = Uint8Array.from(Buffer.from("Ace Node"));

export class LinkExtensions {
  /** How many extension handshakes the peer has sent. */
  handshakes = 0;
  readonly #link: ExtendedLink;
  readonly #extensions: readonly Extension[];
  readonly #serverKeys: ReadonlySet<string>;
  readonly #shown = new Map<
    string,
    { readonly extension: Extension; readonly peer: ExtensionPeer }
  >();
  #fields: ReadonlyMap<string, Bencoded> = new Map();

  /** Must be made before the handshake, which names the extensions. */
  constructor(link: ExtendedLink, { extensions, listenPort, gate }: ExtendingSwarm) {
    this.#extensions = extensions;
    this.#serverKeys = new Set(gate?.download?.serverKeys);
    this.#link = link;
    const base = { p: listenPort, reqq: PEER_REQUESTS_MAX, v: CLIENT_NAME };
    link.wire.offerExtensions([], link.isGated ? base : { ...base, ...this.#ownFields() });
    for (const { name, messageMaxBytes } of extensions) {
      link.wire.offerExtensions([name], {}, messageMaxBytes);
    }
  }

  onHandshake(fields: ReadonlyMap<string, Bencoded>): void {
    this.handshakes += 1;
    if (this.handshakes > HANDSHAKES_USED_MAX) return;
    this.#fields = new Map([...this.#fields, ...fields]);
    this.#show();
  }

  /** We may give to the peer: what was withheld is said now. */
  onAdmitted(): void {
    this.#link.wire.addToExtensionHandshake(this.#ownFields());
    this.#show();
  }

  /** The peer gives to us. */
  onOpened(): void {
    this.#show();
  }

  onMessage(name: string, body: Uint8Array): void {
    const shown = this.#shown.get(name);
    if (shown === undefined || !this.#isAllowed(shown.extension)) return;
    shown.extension.onMessage(shown.peer, body);
  }

  onClose(): void {
    for (const { extension, peer } of this.#shown.values()) extension.onGone(peer);
    this.#shown.clear();
  }

  #ownFields(): Fields {
    return Object.assign({}, ...this.#extensions.map((extension) => extension.handshakeFields?.()));
  }

  #show(): void {
    if (this.handshakes === 0) return;
    for (const extension of this.#extensions) {
      if (this.#shown.has(extension.name) || !this.#isAllowed(extension)) continue;
      // What the peer withheld until it admitted us is in its second handshake, which follows.
      const isWaiting = this.#link.isGated && WAITING.has(extension.needs);
      if (isWaiting && this.handshakes < HANDSHAKES_USED_MAX) continue;
      const peer = this.#peerOf(extension.name);
      this.#shown.set(extension.name, { extension, peer });
      extension.onPeer(peer, this.#fields);
    }
  }

  get #isListed(): boolean {
    return this.#serverKeys.has(this.#link.provenKey ?? "");
  }

  #isAllowed({ needs }: Extension): boolean {
    const { isGated, isAdmitted, wasOpened } = this.#link;
    if (!isGated) return true;
    // Anybody can call its gate open; only a listed node is known by it.
    if (needs === "either") return isAdmitted || (wasOpened && this.#isListed);
    return (needs === "opened" || isAdmitted) && (needs === "admitted" || wasOpened);
  }

  #peerOf(name: string): ExtensionPeer {
    const { id, wire } = this.#link;
    return {
      id,
      address: wire.address,
      isOutgoing: wire.isOutgoing,
      send: (body) => wire.sendExtension(name, body),
      close: (reason) => wire.close(reason),
    };
  }
}

/** What these want to know of a peer may be withheld until it admits us. */
const WAITING: ReadonlySet<Extension["needs"]> = new Set(["opened", "both"]);

/** The first one, and what an admitted peer adds to it. */
const HANDSHAKES_USED_MAX = 2;

// The BitTorrent libraries ship no types. Only what this room uses is declared.

declare module "bittorrent-protocol" {
  interface WireRequest {
    readonly piece: number;
    readonly offset: number;
    readonly length: number;
  }
  type Respond = (error: Error | null, block?: Uint8Array) => void;
  class Protocol {
    amChoking: boolean;
    peerChoking: boolean;
    amInterested: boolean;
    peerInterested: boolean;
    hasFast: boolean;
    readonly peerAllowedFastSet: readonly number[];
    readonly peerRequests: readonly WireRequest[];
    extendedHandshake: Record<string, Uint8Array | number>;
    extendedMapping: Record<number, string>;
    peerExtendedMapping: Record<string, number>;
    constructor(type?: string, encryption?: number);
    handshake(infohash: string, peerId: Uint8Array, extensions: { fast: boolean }): void;
    setKeepAlive(enable: boolean): void;
    choke(): void;
    unchoke(): void;
    interested(): void;
    uninterested(): void;
    have(index: number): void;
    bitfield(bytes: Uint8Array): void;
    haveAll(): void;
    haveNone(): void;
    request(
      index: number,
      offset: number,
      length: number,
      /** Called without a second argument, with null, or with the block. */
      done: (error: Error | null, block?: Uint8Array | null) => void,
    ): void;
    cancel(index: number, offset: number, length: number): void;
    piece(index: number, offset: number, block: Uint8Array): void;
    extended(name: string | number, body: Uint8Array): void;
    end(): void;
    on(event: "handshake", listener: (infohash: string, peerId: string) => void): this;
    on(event: "error", listener: (error: Error) => void): this;
    on(
      event: "finish" | "choke" | "unchoke" | "interested" | "uninterested",
      listener: () => void,
    ): this;
    on(
      event: "request",
      listener: (index: number, offset: number, length: number, respond: Respond) => void,
    ): this;
    on(event: "cancel", listener: (index: number, offset: number, length: number) => void): this;
    readonly _finished: boolean;
    readonly _parserSize: number;
    readonly _parser: (bytes: Uint8Array) => void;
    _parse(size: number, parser: (bytes: Uint8Array) => void): void;
    _message(id: number, numbers: readonly number[], data: Uint8Array | null): void;
    _onMessageLength(bytes: Uint8Array): void;
    _onMessage(bytes: Uint8Array): void;
    _onHave(index: number): void;
    _onBitField(bytes: Uint8Array): void;
    _onHaveAll(): void;
    _onHaveNone(): void;
    _onRequest(index: number, offset: number, length: number): void;
    _onPiece(index: number, offset: number, block: Uint8Array): void;
    _onReject(index: number, offset: number, length: number): void;
    _onExtended(id: number, body: Uint8Array): void;
    _onChoke(): void;
    _onFinish(): void;
    _push(bytes: Uint8Array): void;
    _debug(): void;
  }
  export = Protocol;
}

declare module "bittorrent-tracker/server" {
  import type { Server as HttpServer } from "node:http";

  class Server {
    readonly http: HttpServer;
    readonly udp: { address(): unknown };
    constructor(options: {
      http: boolean;
      udp: boolean;
      ws: boolean;
      stats: boolean;
      interval: number;
      filter?: (infohash: string, parameters: unknown, done: (error: Error | null) => void) => void;
    });
    listen(
      port: number,
      host: string | { readonly http: string; readonly udp: string; readonly udp6: string },
      onListening?: () => void,
    ): void;
    close(done: () => void): void;
    on(event: "error" | "warning", listener: (error: Error) => void): this;
  }
  export = Server;
}

declare module "create-torrent" {
  interface Options {
    readonly name?: string;
    readonly pieceLength: number;
    readonly announceList: readonly (readonly string[])[];
    readonly urlList?: readonly string[];
    readonly private?: boolean;
    readonly createdBy?: string;
    readonly onProgress?: (hashed: number, total: number) => void;
  }
  function createTorrent(
    input: string | readonly string[],
    options: Options,
    done: (error: Error | null, torrent: Uint8Array) => void,
  ): void;
  export = createTorrent;
}

declare module "bittorrent-dht" {
  interface MutableValue {
    readonly v: unknown;
    readonly seq: number;
    readonly sig: Uint8Array;
    readonly k: Uint8Array;
  }
  interface DhtOptions {
    readonly bootstrap: readonly string[] | false;
    readonly socket: object;
    readonly host?: string;
    readonly verify: (signature: Uint8Array, message: Uint8Array, key: Uint8Array) => boolean;
    readonly maxTables: number;
    readonly maxValues: number;
    readonly maxPeers: number;
    readonly maxAge: number;
    readonly timeout?: number;
  }
  interface Put {
    readonly k: Buffer;
    readonly salt?: Buffer;
    readonly seq: number;
    readonly v: Buffer;
    readonly sign: (message: Uint8Array) => Buffer;
  }
  class Dht {
    readonly ready: boolean | undefined;
    readonly nodes: { toArray(): readonly { readonly host: string; readonly port: number }[] };
    constructor(options: DhtOptions);
    listen(port: number, host: string, onListening: () => void): void;
    address(): { readonly port: number };
    addNode(node: { readonly host: string; readonly port: number }): void;
    lookup(infohash: string, done: (error: Error | null) => void): () => void;
    announce(
      infohash: string,
      port: number,
      done: (error: Error | null, taken?: number) => void,
    ): void;
    put(item: Put, done: (error: Error | null, key?: Buffer, taken?: number) => void): void;
    get(
      key: Buffer,
      options: { readonly salt?: Buffer; readonly cache: false },
      done: (error: Error | null, value: MutableValue | null) => void,
    ): void;
    destroy(done: () => void): void;
    on(event: "ready" | "listening", listener: () => void): this;
    on(event: "warning" | "error", listener: (error: Error) => void): this;
    on(
      event: "peer",
      listener: (
        peer: { readonly host: string; readonly port: number },
        infohash: Buffer,
        from: { readonly host?: string; readonly address?: string } | null,
      ) => void,
    ): this;
    off(event: "peer", listener: (...values: never[]) => void): this;
  }
  export = Dht;
}

declare module "ws" {
  import type { ClientRequest, IncomingMessage } from "node:http";
  import type { LookupFunction } from "node:net";

  interface ClientOptions {
    readonly maxPayload: number;
    readonly maxFragments: number;
    readonly maxBufferedChunks: number;
    readonly maxHeaderSize: number;
    readonly perMessageDeflate: boolean;
    readonly autoPong: boolean;
    readonly closeTimeout: number;
    readonly lookup?: LookupFunction;
  }
  export class WebSocket {
    readonly bufferedAmount: number;
    constructor(address: URL, options: ClientOptions);
    send(text: string): void;
    pong(body: Buffer): void;
    close(code: number): void;
    terminate(): void;
    on(event: "open" | "close" | "pong", listener: () => void): this;
    on(event: "ping", listener: (body: Buffer) => void): this;
    on(event: "message", listener: (bytes: Buffer, isBinary: boolean) => void): this;
    on(event: "error", listener: (error: Error) => void): this;
    on(
      event: "unexpected-response",
      listener: (request: ClientRequest, response: IncomingMessage) => void,
    ): this;
  }
}

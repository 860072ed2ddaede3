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
    readonly requests: readonly WireRequest[];
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
    extended(name: string, body: Uint8Array): void;
    write(bytes: Uint8Array): boolean;
    end(): void;
    on(event: "handshake", listener: (infohash: string, peerId: string) => void): this;
    on(event: "data", listener: (bytes: Uint8Array) => void): this;
    on(event: "error", listener: (error: Error) => void): this;
    on(event: "end" | "close" | "drain" | "choke" | "unchoke", listener: () => void): this;
    on(event: "have", listener: (index: number) => void): this;
    on(
      event: "request",
      listener: (index: number, offset: number, length: number, respond: Respond) => void,
    ): this;
    once(event: "drain" | "end", listener: () => void): this;
    _parse(size: number, parser: (bytes: Uint8Array) => void): void;
    _onMessageLength(bytes: Uint8Array): void;
    _onMessage(bytes: Uint8Array): void;
    _onHave(index: number): void;
    _onBitField(bytes: Uint8Array): void;
    _onHaveAll(): void;
    _onHaveNone(): void;
    _onRequest(index: number, offset: number, length: number): void;
    _onPiece(index: number, offset: number, block: Uint8Array): void;
    _onExtended(id: number, body: Uint8Array): void;
  }
  export = Protocol;
}

declare module "bittorrent-tracker/server" {
  import type { Server as HttpServer } from "node:http";

  class Server {
    readonly http: HttpServer;
    constructor(options: {
      http: boolean;
      udp: boolean;
      ws: boolean;
      stats: boolean;
      interval: number;
      filter: (infohash: string, parameters: unknown, done: (error: Error | null) => void) => void;
    });
    listen(port: number, host: string, onListening: () => void): void;
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

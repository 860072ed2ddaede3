/**
 * An HTTP server that strangers may reach: its places are few, and who says nothing does not keep one.
 *
 * Callers of this machine may take all places: a proxy that stands for many may be one of them.
 */
import { createServer, type Server } from "node:http";
import { payerOf } from "./address-pace.ts";
import { isLoopback } from "./addresses.ts";
import {
  HTTP_CHECK_MS,
  HTTP_HEADER_MAX_BYTES,
  HTTP_HEADERS_MS,
  HTTP_REQUEST_MS,
} from "./limits.ts";

/** @param perAddressMax Of these places, those that one address of another machine may take. */
export function boundedServer(connectionsMax: number, perAddressMax: number): Server {
  const server = createServer({
    headersTimeout: HTTP_HEADERS_MS,
    requestTimeout: HTTP_REQUEST_MS,
    connectionsCheckingInterval: HTTP_CHECK_MS,
    maxHeaderSize: HTTP_HEADER_MAX_BYTES,
  });
  server.maxConnections = connectionsMax;
  const places = new Map<string, number>();
  server.on("connection", (socket) => {
    const payer = payerOf(socket.remoteAddress ?? "");
    if (isLoopback(payer)) return;
    const taken = (places.get(payer) ?? 0) + 1;
    places.set(payer, taken);
    socket.once("close", () => {
      const left = (places.get(payer) ?? 0) - 1;
      if (left > 0) places.set(payer, left);
      else places.delete(payer);
    });
    if (taken > perAddressMax) socket.destroy();
  });
  return server;
}

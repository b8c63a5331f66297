import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { CloisterError } from "@cloister/core";

/** A server that listens on loopback. */
export interface Listening {
  readonly port: number;
  /** Stops listening, and ends what is open. */
  close(): Promise<void>;
}

/** How long a client may take to send its request's headers, and a connection may idle between two requests. */
const [HEADERS_MS, IDLE_MS] = [30_000, 65_000];

/**
 * Listens on loopback.
 * @param port 0: any that is free.
 * @throws CloisterError `gateway_failed` where the port can't be had.
 */
export async function listen(
  port: number,
  handle: (incoming: IncomingMessage, response: ServerResponse) => void,
): Promise<Listening> {
  const server = createServer({ headersTimeout: HEADERS_MS, keepAliveTimeout: IDLE_MS, requestTimeout: 0 }, handle);
  server.on("upgrade", refuseUpgrade);
  server.on("clientError", (_error, socket) => socket.destroy());
  try {
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
  } catch (error: unknown) {
    const message = `The gateway could not listen on port ${port}: ${error instanceof Error ? error.message : String(error)}.`;
    throw new CloisterError({ code: "gateway_failed", message, remedy: "Choose another with --port.", cause: error });
  }
  return { port: (server.address() as AddressInfo).port, close: () => close(server) };
}

/** 426 makes Codex go on over HTTP at once; other statuses it tries again. */
function refuseUpgrade(_request: IncomingMessage, socket: Duplex): void {
  socket.on("error", () => undefined);
  socket.end("HTTP/1.1 426 Upgrade Required\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
}

async function close(server: Server): Promise<void> {
  const closed = once(server, "close");
  server.close();
  server.closeAllConnections();
  await closed;
}

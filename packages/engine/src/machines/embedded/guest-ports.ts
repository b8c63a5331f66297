/** A machine's virtio ports as Unix sockets of the host: one client each at a time. */
import { once } from "node:events";
import { rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import type { ConsolePort } from "@cloister/vm";

/**
 * Listens on a socket for the host's end of a port. The guest sees the port as open while a client is there; what it says to nobody is
 * dropped, as it would be by a cable that nobody holds.
 */
export async function servePort(port: ConsolePort, path: string): Promise<Server> {
  let client: Socket | undefined;
  const server = createServer((socket) => {
    // Whoever comes later holds the lock of this port: the one before has gone, although that was not heard yet.
    client?.destroy();
    client = socket;
    attach(port, socket);
    socket.once("close", () => {
      if (client === socket) detach(port);
    });
  });
  detach(port);
  rmSync(path, { force: true });
  server.listen(path);
  await once(server, "listening");
  return server;
}

function attach(port: ConsolePort, socket: Socket): void {
  let waiting: Uint8Array = new Uint8Array(0);
  const feed = (): void => {
    waiting = waiting.subarray(port.send(waiting));
    if (waiting.length === 0) socket.resume();
  };
  socket.on("error", () => undefined); // `close` follows.
  socket.on("data", (bytes: Buffer) => {
    socket.pause();
    waiting = bytes;
    feed();
  });
  socket.on("drain", () => port.resume());
  port.onDrain = feed;
  port.onData = (bytes) => {
    if (!socket.write(bytes)) port.pause();
  };
  port.setHostOpen(true);
  port.resume();
}

function detach(port: ConsolePort): void {
  port.onDrain = () => undefined;
  port.onData = () => undefined;
  port.setHostOpen(false);
  port.resume();
}

import type { Duplex } from "node:stream";
import type { ByteStream, StreamListener } from "../network/port.ts";

/**
 * A connected socket, or another duplex stream of Node, as a stream of guests' networks and sockets.
 * @param socket made with `allowHalfOpen`, so that each direction ends by itself
 */
export function toByteStream(socket: Duplex): ByteStream {
  socket.pause();
  return {
    listen: (listener) => listenTo(socket, listener),
    // The socket keeps what it can't send at once: the caller wants its bytes back.
    write: (bytes) => socket.destroyed || socket.writableEnded || socket.write(bytes.slice()),
    end: () => {
      socket.end();
    },
    destroy: () => {
      socket.removeAllListeners("close");
      socket.destroy();
    },
    pause: () => {
      socket.pause();
    },
    resume: () => {
      socket.resume();
    },
  };
}

function listenTo(socket: Duplex, listener: StreamListener): void {
  // An error is always followed by `close`, which tells of it; without a listener it would end the process.
  socket.on("error", () => undefined);
  socket.on("data", (bytes: Buffer) => listener.data(bytes));
  socket.on("end", () => listener.end());
  socket.on("drain", () => listener.drain());
  socket.on("close", () => listener.close(socket.errored !== null || !socket.readableEnded));
  socket.resume();
}

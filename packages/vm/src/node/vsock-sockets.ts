import { once } from "node:events";
import { existsSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import type { VirtioVsock } from "../devices/virtio-vsock/virtio-vsock.ts";
import { VmError } from "../error.ts";
import { joinStreams } from "../network/join-streams.ts";
import { toByteStream } from "./socket-stream.ts";

/** What a program of the host says first, and a line's end: the longest such line, with room for any port. */
const GREETING = /^CONNECT ([0-9]{1,10})$/;
const GREETING_BYTES_MAX = 32;
const LINE_END = 10;
const PORT_MAX = 0xffff_fffe;
/** Only the user may connect. */
const PRIVATE_MASK = 0o177;

/**
 * Joins a guest's vsock to Unix sockets of this host, as other virtual machine monitors do. A program of the host connects to `path`,
 * says `CONNECT PORT` and a line's end, is answered `OK PORT`, and speaks to the guest from there on. The guest's connections to port
 * PORT of the host lead to the socket `path_PORT`, where there is one.
 * @returns ends the connections, and takes the socket away
 * @throws VmError `option_invalid` where there can be no socket at `path`
 */
export async function serveVsock(vsock: VirtioVsock, path: string): Promise<AsyncDisposable> {
  const sockets = new Set<Socket>();
  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.on("error", () => undefined); // `close` follows.
    socket.once("close", () => sockets.delete(socket));
  };
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    keep(socket);
    void connectToGuest(vsock, socket).catch(() => socket.destroy());
  });
  await listen(server, path);
  vsock.listenElsewhere((port) => {
    const target = `${path}_${port}`;
    if (!existsSync(target)) return undefined;
    return (stream) => {
      const socket = connect({ path: target, allowHalfOpen: true });
      keep(socket);
      joinStreams(stream, toByteStream(socket));
    };
  });
  return {
    async [Symbol.asyncDispose]() {
      vsock.listenElsewhere(() => undefined);
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => void server.close(resolve));
    },
  };
}

async function listen(server: Server, path: string): Promise<void> {
  // The socket is bound, with this mask, before `listen` returns.
  const mask = process.umask(PRIVATE_MASK);
  try {
    server.listen(path);
  } finally {
    process.umask(mask);
  }
  try {
    await once(server, "listening");
  } catch (cause) {
    throw new VmError(
      "option_invalid",
      `the socket ${path} can't be made (${String(cause)}): name one in a folder that exists, where no file is yet`,
      { cause },
    );
  }
}

async function connectToGuest(vsock: VirtioVsock, socket: Socket): Promise<void> {
  const port = await readPort(socket);
  const stream = port === undefined ? undefined : await vsock.connectGuest(port);
  if (stream === undefined) {
    socket.destroy();
    return;
  }
  socket.write(`OK ${port}\n`);
  joinStreams(stream, toByteStream(socket));
}

/** @returns undefined where the program says something else, or nothing */
async function readPort(socket: Socket): Promise<number | undefined> {
  const line = await readLine(socket);
  const port = Number(GREETING.exec(line ?? "")?.[1] ?? Number.NaN);
  return port <= PORT_MAX ? port : undefined;
}

/** Byte by byte, as what follows the line is for the guest. */
async function readLine(socket: Socket): Promise<string | undefined> {
  let line = "";
  while (line.length < GREETING_BYTES_MAX) {
    const byte = (socket.read(1) as Buffer | null)?.[0];
    if (byte === LINE_END) return line;
    if (byte !== undefined) line += String.fromCharCode(byte);
    else if (socket.readableEnded || socket.destroyed) return undefined;
    else await untilReadable(socket);
  }
  return undefined;
}

async function untilReadable(socket: Socket): Promise<void> {
  const closed = new AbortController();
  const abort = (): void => closed.abort();
  socket.once("close", abort);
  try {
    await once(socket, "readable", { signal: closed.signal });
  } finally {
    socket.off("close", abort);
  }
}

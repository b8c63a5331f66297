import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { test } from "node:test";
import { until } from "../../process/testing/until.ts";
import { connectAgent, textOf } from "./testing/start-agent.ts";

/** A port that is free now. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

async function serve(
  onSocket: (socket: Socket) => unknown,
): Promise<AsyncDisposable & { readonly port: number; readonly server: Server }> {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    onSocket(socket);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    server,
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

test("10 MB go both ways through a connection into the guest, and each direction ends on its own", async () => {
  const there = randomBytes(10_000_000);
  const back = randomBytes(10_000_000);
  await using guest = await connectAgent();
  await using server = await serve(async (socket) => {
    const received = Buffer.concat(await Array.fromAsync(socket));
    socket.end(received.equals(there) ? back : "different");
  });
  const stream = await guest.connect(server.port);
  stream.end(there);
  assert.ok(Buffer.concat(await Array.fromAsync(stream)).equals(back));
});

test("10 MB go both ways through a connection out of the guest, and each direction ends on its own", async () => {
  const there = randomBytes(10_000_000);
  const back = randomBytes(10_000_000);
  await using guest = await connectAgent();
  const port = await freePort();
  const answered: Promise<void>[] = [];
  await using _listener = await guest.listen(port, (stream) => {
    stream.write(back.subarray(0, 5_000_000));
    answered.push(
      (async () => {
        const received = Buffer.concat(await Array.fromAsync(stream));
        stream.end(received.equals(there) ? back.subarray(5_000_000) : "different");
      })(),
    );
  });
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  socket.end(there);
  assert.ok(Buffer.concat(await Array.fromAsync(socket)).equals(back));
  await Promise.all(answered);
});

test("100 connections at once keep apart", async () => {
  await using guest = await connectAgent();
  const port = await freePort();
  await using _listener = await guest.listen(port, (stream) => void stream.pipe(stream));
  const texts = await Promise.all(
    Array.from({ length: 100 }, async (_, index) => {
      const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
      socket.end(`number ${index}`);
      return textOf(socket);
    }),
  );
  assert.deepEqual(
    texts,
    Array.from({ length: 100 }, (_, index) => `number ${index}`),
  );
});

test("several hosts share a port, and one goes on when the other ends", async () => {
  const port = await freePort();
  const answers = new Set<string>();
  const answer = (name: string) => (stream: Duplex) => void stream.end(name);
  await using first = await connectAgent();
  await using _one = await first.listen(port, answer("first"));
  const second = await connectAgent();
  await second.listen(port, answer("second"));
  for (let index = 0; index < 200 && answers.size < 2; index++) answers.add(await textOf(connect(port, "127.0.0.1")));
  assert.deepEqual([...answers].sort(), ["first", "second"]);
  await second[Symbol.asyncDispose]();
  for (let index = 0; index < 20; index++) assert.equal(await textOf(connect(port, "127.0.0.1")), "first");
});

test("a listener that was disposed of listens no more, and its port can be had again", async () => {
  await using guest = await connectAgent();
  const port = await freePort();
  const listener = await guest.listen(port, (stream) => stream.destroy());
  await listener[Symbol.asyncDispose]();
  await assert.rejects(guest.connect(port), /ECONNREFUSED/);
  const again = await guest.listen(port, (stream) => void stream.end("again"));
  assert.equal(await textOf(connect(port, "127.0.0.1")), "again");
  await again[Symbol.asyncDispose]();
});

test("a port that somebody else has, or that is none, can't be listened on", async () => {
  await using guest = await connectAgent();
  await using server = await serve((socket) => socket.destroy());
  await assert.rejects(
    guest.listen(server.port, () => undefined),
    /EADDRINUSE/,
  );
  await assert.rejects(
    guest.listen(0, () => undefined),
    /EINVAL/,
  );
  await assert.rejects(guest.connect(70_000), /EINVAL/);
});

test("a stream that the host destroys ends in the guest, and one that the guest resets ends here", async () => {
  await using guest = await connectAgent();
  const sockets: Socket[] = [];
  await using server = await serve((socket) => sockets.push(socket.resume()));
  const destroyed = await guest.connect(server.port);
  const socket = await until("it is connected", () => sockets[0]);
  destroyed.destroy();
  await assert.rejects(once(socket, "close"), /ECONNRESET/);
  const reset = await guest.connect(server.port);
  const other = await until("the other is connected", () => sockets[1]);
  const failed = once(reset, "error");
  reset.resume();
  other.resetAndDestroy();
  assert.match(String((await failed)[0]), /ECONNRESET/);
});

test("a connection that nobody reads holds up no other", async () => {
  await using guest = await connectAgent();
  await using server = await serve((socket) => void socket.end(Buffer.alloc(20_000_000)));
  const stuck = await guest.connect(server.port);
  const free = await guest.connect(server.port);
  assert.equal(Buffer.concat(await Array.fromAsync(free)).length, 20_000_000);
  assert.equal(Buffer.concat(await Array.fromAsync(stuck)).length, 20_000_000);
});

test("streams end with the connection", async () => {
  const guest = await connectAgent();
  await using server = await serve((socket) => void socket.resume());
  const stream = await guest.connect(server.port);
  const failed = once(stream, "error");
  guest.agent.child.kill("SIGKILL");
  assert.match(String((await failed)[0]), /guest agent ended/);
});

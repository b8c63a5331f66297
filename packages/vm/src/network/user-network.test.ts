import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server, type AddressInfo, type Socket } from "node:net";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { ByteStream } from "./port.ts";
import { startLinuxPeer, type LinuxPeer } from "./testing/linux-peer.ts";
import { createLoopbackOutbound } from "./testing/loopback-outbound.ts";
import { createRealClock } from "./testing/real-clock.ts";
import { UserNetwork } from "./user-network.ts";

const PROGRAM = fileURLToPath(new URL("./testing/guest-program.ts", import.meta.url));
const WORLD = "198.51.100.7";

const outbound = createLoopbackOutbound({ "example.test": ["198.51.100.7", "198.51.100.8"] });
const network = new UserNetwork({ clock: createRealClock(), outbound });
let peer: LinuxPeer;

before(async () => {
  peer = await startLinuxPeer("static");
  connect(peer, network);
});
after(async () => {
  network.reset();
  await peer.close();
});

function connect({ link }: LinuxPeer, to: UserNetwork): void {
  link.receive = (frame) => to.send(frame);
  to.receive = (frame) => link.send(frame);
}

async function inGuest(command: string, ...args: readonly (string | number)[]): Promise<Record<string, unknown>> {
  return JSON.parse(await peer.run(process.execPath, PROGRAM, command, ...args.map(String))) as Record<string, unknown>;
}

async function listen(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

async function withServer(server: Server, use: (port: number) => Promise<void>): Promise<void> {
  const port = await listen(server);
  try {
    await use(port);
  } finally {
    server.close();
  }
}

const createEcho = (): Server => createServer({ allowHalfOpen: true }, (socket) => socket.pipe(socket));

test("a real Linux stack gets its bytes back from an echo, and half a connection may end before the other", async () => {
  await withServer(createEcho(), async (port) => {
    const total = 8 * 1024 * 1024;
    assert.deepEqual(await inGuest("echo", WORLD, port, total), { received: total, same: true });
    assert.deepEqual(outbound.asked.at(-1), { host: WORLD, port });
  });
});

test("a hundred connections at once each get their own bytes", async () => {
  await withServer(createEcho(), async (port) => {
    assert.deepEqual(await inGuest("many", WORLD, port, 100), { same: 100 });
  });
});

test("where the world refuses, the guest's connection is refused", async () => {
  const server = createServer();
  const port = await listen(server);
  server.close();
  assert.deepEqual(await inGuest("refusal", WORLD, port), { code: "ECONNREFUSED" });
});

test("where the world breaks a connection off, so it is for the guest", async () => {
  await withServer(
    createServer((socket) => socket.once("data", () => socket.resetAndDestroy())),
    async (port) => {
      assert.deepEqual(await inGuest("refusal", WORLD, port), { code: "ECONNRESET" });
    },
  );
});

test("a guest that doesn't read holds the world up, and gets everything once it reads", async () => {
  const total = 16 * 1024 * 1024;
  let pending = 0;
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.end(Buffer.alloc(total, 65));
    pending = socket.writableLength;
  });
  await withServer(server, async (port) => {
    const child = peer.start(process.execPath, PROGRAM, "stall", WORLD, String(port));
    await once(server, "connection");
    assert.ok(pending > 0, "the server could not hand everything over at once");
    child.stdin?.write("go\n");
    const [line] = (await once(child.stdout ?? child, "data")) as [Buffer];
    assert.deepEqual(JSON.parse(String(line)), { received: total });
  });
});

test("a world that doesn't read holds the guest up, and gets everything once it reads", async () => {
  const total = 16 * 1024 * 1024;
  const server = createServer({ pauseOnConnect: true, allowHalfOpen: true });
  await withServer(server, async (port) => {
    const connected = once(server, "connection");
    const child = peer.start(process.execPath, PROGRAM, "flood", WORLD, String(port), String(total));
    const [socket] = (await connected) as [Socket];
    let received = 0;
    socket.on("data", (bytes: Buffer) => {
      received += bytes.length;
    });
    socket.on("end", () => socket.end());
    socket.resume();
    await once(child.stdout ?? child, "data");
    assert.equal(received, total);
  });
});

test("the host connects to a server in the guest", async () => {
  const child = peer.start(process.execPath, PROGRAM, "serve", "8080");
  await once(child.stdout ?? child, "data");
  const stream = await network.connectGuest(8080);
  assert.ok(stream !== undefined);
  const reply = collect(stream);
  stream.write(new TextEncoder().encode("are you there?"));
  stream.end();
  assert.equal(await reply, "are you there?");
});

test("a port of the guest that nobody listens at is refused", async () => {
  assert.equal(await network.connectGuest(8081), undefined);
});

test("names are looked up through the outbound", async () => {
  assert.deepEqual(await inGuest("lookUp", "10.0.2.3", "Example.test"), {
    four: ["198.51.100.7", "198.51.100.8"],
    six: "ENODATA",
  });
  assert.deepEqual(await inGuest("lookUp", "10.0.2.3", "nowhere.test"), { four: "ENOTFOUND", six: "ENODATA" });
  assert.deepEqual(await inGuest("lookUp", "10.0.2.3", "broken.test"), { four: "ESERVFAIL", six: "ENODATA" });
});

test("datagrams are exchanged through the outbound, and refused at the gateway's own ports", async () => {
  assert.deepEqual(await inGuest("datagram", WORLD, 123, "abc"), { reply: "cba" });
  assert.deepEqual(await inGuest("datagram", "10.0.2.3", 7, "abc"), { code: "ECONNREFUSED" });
});

test("the gateway answers pings", async () => {
  assert.match(await peer.run("busybox", "ping", "-c", "1", "-W", "5", "10.0.2.2"), /1 packets received/u);
});

async function collect(stream: ByteStream): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const decoder = new TextDecoder();
  let text = "";
  stream.listen({
    data: (bytes) => {
      text += decoder.decode(bytes, { stream: true });
    },
    end: () => undefined,
    drain: () => undefined,
    close: (failed) => (failed ? reject(new Error("the stream broke off")) : resolve(text)),
  });
  return await promise;
}

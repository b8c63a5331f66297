import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { after, before, test } from "node:test";
import { type Chaos, type ChaosProxy, createChaosProxy } from "./chaos-proxy.ts";

const BODY = "0123456789".repeat(20);
const server = createServer((_request, response) => response.end(BODY));

before(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});
after(() => {
  server.close();
  server.closeAllConnections();
});

function proxyWith(chaos: Chaos): Promise<ChaosProxy> {
  return createChaosProxy({ targetPort: (server.address() as AddressInfo).port, chaos });
}

/** Each request on a connection of its own. */
async function get(proxy: ChaosProxy): Promise<string> {
  return (await fetch(proxy.url, { headers: { connection: "close" } })).text();
}

test("without chaos everything passes untouched", async () => {
  await using proxy = await proxyWith({});
  assert.equal(await get(proxy), BODY);
  assert.equal(proxy.connections, 1);
});

test("a slow drip brings everything, late", async () => {
  await using proxy = await proxyWith({ delayMs: 10, pieceBytes: 50 });
  const begun = performance.now();
  assert.equal(await get(proxy), BODY);
  // The body alone is four pieces.
  assert.ok(performance.now() - begun >= 40);
});

/** What a client sees of a connection: how many bytes came, and how it ended. */
async function look(proxy: ChaosProxy): Promise<{ readonly bytes: number; readonly end: string }> {
  const client = connect(proxy.port, "127.0.0.1");
  let bytes = 0;
  let end = "end";
  client.on("data", (chunk: Buffer) => (bytes += chunk.length));
  client.on("error", (error: NodeJS.ErrnoException) => (end = error.code ?? "error"));
  client.write("GET / HTTP/1.1\r\nhost: loopback\r\n\r\n");
  await new Promise((resolve) => client.once("close", resolve));
  return { bytes, end };
}

const breaking: readonly {
  readonly name: string;
  readonly chaos: Chaos;
  readonly bytes: number;
  readonly end: string;
}[] = [
  { name: "a cut ends the connection politely", chaos: { cutAfterBytes: 250 }, bytes: 250, end: "end" },
  { name: "a reset before the first byte breaks it", chaos: { resetAfterBytes: 0 }, bytes: 0, end: "ECONNRESET" },
];
for (const { name, chaos, bytes, end } of breaking) {
  test(`${name} after ${bytes} bytes`, async () => {
    await using proxy = await proxyWith(chaos);
    assert.deepEqual(await look(proxy), { bytes, end });
  });
}

test("a reset in the middle of the answer breaks the connection, and no later byte comes", async () => {
  await using proxy = await proxyWith({ resetAfterBytes: 250 });
  const { bytes, end } = await look(proxy);
  assert.equal(end, "ECONNRESET");
  // What was under way when the reset came may be lost with it.
  assert.ok(bytes <= 250);
});

test("only the first connections suffer where so many are named", async () => {
  await using proxy = await proxyWith({ resetAfterBytes: 0, connections: 1 });
  await assert.rejects(get(proxy));
  assert.equal(await get(proxy), BODY);
  proxy.setChaos({ cutAfterBytes: 1 });
  await assert.rejects(get(proxy));
});

test("a target that is not there ends the connection", async () => {
  const target = createServer().listen(0, "127.0.0.1");
  await once(target, "listening");
  const { port: targetPort } = target.address() as AddressInfo;
  target.close();
  await once(target, "close");
  await using proxy = await createChaosProxy({ targetPort, chaos: {} });
  await assert.rejects(get(proxy));
});

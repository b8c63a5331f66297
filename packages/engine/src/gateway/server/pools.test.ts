import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { describe, it, type TestContext } from "node:test";
import { createPools } from "./pools.ts";
import { send } from "./send.ts";

async function listen(context: TestContext, handle: RequestListener): Promise<{ server: Server; url: string }> {
  const server = createServer(handle).listen(0, "127.0.0.1");
  await once(server, "listening");
  context.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

/** A proxy on loopback for which every name stands for `upstream`. `asked`: whom it was asked for. */
async function startProxy(context: TestContext, upstream: string): Promise<{ url: string; asked: string[] }> {
  const asked: string[] = [];
  const { port } = new URL(upstream);
  const { server, url } = await listen(context, (_request, response) => response.writeHead(400).end());
  server.on("connect", (request, socket, head) => {
    asked.push(request.url ?? "");
    const target = connect(Number(port), "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 OK\r\n\r\n");
      target.end(head);
      target.pipe(socket);
      socket.pipe(target);
    });
    for (const end of [socket, target]) end.on("error", () => target.destroy());
  });
  server.on("request", (request) => asked.push(request.url ?? ""));
  return { url, asked };
}

async function ask(origin: string, env: Readonly<Record<string, string>>): Promise<number> {
  const pools = createPools(env);
  try {
    const outgoing = { origin, method: "GET", path: "/v1/models", headers: {}, body: Buffer.alloc(0) };
    let found = 0;
    await send(
      pools.of(origin),
      outgoing,
      PATIENCE,
      unwanted((status) => (found = status)),
    );
    return found;
  } finally {
    await pools.close();
  }
}

const PATIENCE = { firstByteMs: 5000, idleMs: 5000 };
const PROVIDER = "https://models.invalid";

describe("requests to a provider", () => {
  it("go to the proxy that the caller's environment names, in capitals or not", async (context) => {
    const { url: upstream } = await listen(context, (_request, response) => response.end());
    const { url, asked } = await startProxy(context, upstream);
    // What answers behind the tunnel speaks no TLS: that it was asked for is what counts.
    await assert.rejects(ask(PROVIDER, { HTTPS_PROXY: url }));
    await assert.rejects(ask(PROVIDER, { https_proxy: url, HTTPS_PROXY: "http://127.0.0.1:9" }));
    assert.deepEqual(asked, ["models.invalid:443", "models.invalid:443"]);
  });

  it("go directly where NO_PROXY says so, and to this machine's own addresses", async (context) => {
    const { url: upstream } = await listen(context, (_request, response) => response.end());
    const { url, asked } = await startProxy(context, upstream);
    await assert.rejects(
      ask(PROVIDER, { HTTPS_PROXY: url, NO_PROXY: "other.invalid,models.invalid" }),
      /ENOTFOUND|EAI_AGAIN/,
    );
    assert.equal(await ask(upstream, { HTTP_PROXY: url }), 200);
    assert.deepEqual(asked, []);
  });
});

describe("an answer that is not wanted", () => {
  it("is given up where it does not end", { timeout: 20_000 }, async (context) => {
    const closed = Promise.withResolvers<void>();
    const { url } = await listen(context, (request, response) => {
      response.writeHead(500);
      const write = (): void => {
        while (!response.destroyed && response.write("x".repeat(10_000)));
      };
      response.on("drain", write);
      request.socket.on("close", closed.resolve);
      write();
    });
    const pools = createPools({});
    await send(pools.of(url), toOutgoing(url), PATIENCE, unwanted());
    await closed.promise;
    await pools.close();
  });
});

/** Takes no answer. */
const unwanted = (onStatus: (status: number) => void = () => undefined): Parameters<typeof send>[3] => ({
  signal: new AbortController().signal,
  take: ({ status }) => {
    onStatus(status);
    return undefined;
  },
});

const toOutgoing = (origin: string): Parameters<typeof send>[1] => ({
  origin,
  method: "GET",
  path: "/",
  headers: {},
  body: Buffer.alloc(0),
});

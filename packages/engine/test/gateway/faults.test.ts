import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import { connect } from "node:net";
import { describe, it } from "node:test";
import { WIRES } from "@cloister/core";
import { createChaosProxy } from "@cloister/testkit";
import { ask, post, startModel, startTestGateway, type TestGateway } from "./harness.ts";

const SHORT = { firstByteMs: 300, idleMs: 300 };

/** A provider that answers as `listener` says. */
async function startUpstream(
  listener: RequestListener,
): Promise<AsyncDisposable & { readonly url: string; readonly server: Server }> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  assert.ok(address !== null && typeof address === "object");
  return {
    url: `http://127.0.0.1:${address.port}`,
    server,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

const START = `event: message_start\ndata: {"type":"message_start","message":{"model":"claude-opus-5-5","usage":{"input_tokens":700,"output_tokens":1}}}\n\n`;
const DELTA = `event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"some words of an answer"}}\n\n`;
const SSE = { "content-type": "text/event-stream" };

/** Sends one streamed request and reads what comes. @returns its status, and whether the answer came to its end. */
async function hear(
  test: TestGateway,
  signal?: AbortSignal,
): Promise<{ status: number; ended: boolean; text: string }> {
  const response = await post(test.gateway.url, ask("anthropic", test.token), signal);
  let text = "";
  try {
    const decoder = new TextDecoder();
    for await (const chunk of response.body ?? []) text += decoder.decode(chunk as Uint8Array, { stream: true });
    return { status: response.status, ended: true, text };
  } catch {
    return { status: response.status, ended: false, text };
  }
}

describe("answers that go wrong", () => {
  it("are cut for the agent where the provider cuts them, counted as far as seen and marked partial", async () => {
    await using upstream = await startUpstream((_request, response) => {
      response.writeHead(200, SSE);
      response.write(START + DELTA.repeat(10), () => response.destroy());
    });
    await using test = await startTestGateway(upstream.url);
    const heard = await hear(test);
    assert.deepEqual([heard.status, heard.ended], [200, false]);
    await test.gateway.close();
    const [settled] = test.settled();
    assert.deepEqual([settled?.completeness, settled?.usage.input], ["partial", 700]);
    assert.ok((settled?.usage.output ?? 0) > 10, "what passed is estimated");
  });

  it("are given up where the provider falls silent", async () => {
    await using upstream = await startUpstream((_request, response) => {
      response.writeHead(200, SSE);
      response.write(START);
    });
    await using test = await startTestGateway(upstream.url, { patience: SHORT });
    assert.equal((await hear(test)).ended, false);
    await test.gateway.close();
    assert.equal(test.settled()[0]?.completeness, "partial");
  });

  it("are refused in the provider's words where it never answers", async () => {
    await using upstream = await startUpstream(() => undefined);
    await using test = await startTestGateway(upstream.url, { patience: { firstByteMs: 100, idleMs: 100 } });
    const { status } = await hear(test);
    assert.ok(status >= 500, `${status}`);
    await test.gateway.close();
    assert.deepEqual(
      test.settled().map(({ cost, completeness }) => [cost, completeness]),
      [[0, "none"]],
    );
  });

  it("arrive whole where they drip", async () => {
    await using model = await startModel();
    await using proxy = await createChaosProxy({ targetPort: model.port, chaos: { delayMs: 1, pieceBytes: 7 } });
    await using test = await startTestGateway(proxy.url);
    const heard = await hear(test);
    assert.deepEqual([heard.status, heard.ended], [200, true]);
    await test.gateway.close();
    assert.deepEqual(test.settled()[0]?.usage, model.requests[0]?.usage);
  });

  it("pass as they are where they are malformed, and are estimated", async () => {
    const garbage = 'data: {"type": "mess\n\ndata: \u0000\u0001[]\n\nnonsense';
    await using upstream = await startUpstream((_request, response) => response.writeHead(200, SSE).end(garbage));
    await using test = await startTestGateway(upstream.url);
    const heard = await hear(test);
    assert.equal(heard.text, garbage);
    await test.gateway.close();
    assert.equal(test.settled()[0]?.completeness, "estimated");
  });

  it("pass in bounded memory where they are huge", async () => {
    const piece = Buffer.alloc(1024 * 1024, "x");
    await using upstream = await startUpstream((_request, response) => {
      response.writeHead(200, SSE);
      response.write("data: ");
      let left = 600;
      const more = (): void => {
        while (left > 0) {
          left -= 1;
          if (!response.write(piece)) return void response.once("drain", more);
        }
        response.end("\n\n");
      };
      more();
    });
    await using test = await startTestGateway(upstream.url);
    const response = await post(test.gateway.url, ask("anthropic", test.token));
    let bytes = 0;
    const before = process.memoryUsage().arrayBuffers;
    let peak = before;
    for await (const chunk of response.body ?? []) {
      bytes += (chunk as Uint8Array).length;
      peak = Math.max(peak, process.memoryUsage().arrayBuffers);
    }
    assert.equal(bytes, 600 * piece.length + 8);
    assert.ok(peak - before < 300 * 1024 * 1024, `${peak - before} bytes more`);
  });

  it("refuses a request that is too long, without an answer from the provider", async () => {
    await using model = await startModel();
    await using test = await startTestGateway(model.url);
    const { host } = new URL(test.gateway.url);
    const socket = connect(Number(host.split(":")[1]), "127.0.0.1");
    socket.write(
      `POST /v1/messages HTTP/1.1\r\nhost: ${host}\r\nx-api-key: ${test.token}\r\ncontent-length: ${70 * 1024 * 1024}\r\n\r\n`,
    );
    socket.on("error", () => undefined).write(Buffer.alloc(70 * 1024 * 1024, "x"));
    const [answer] = (await once(socket, "data")) as [Buffer];
    socket.destroy();
    assert.match(answer.toString(), /^HTTP\/1\.1 4\d\d /);
    assert.equal(model.requests.length, 0);
  });
});

describe("somebody goes away", () => {
  it("the agent: its request is given up at the provider too, and charged as far as seen", async () => {
    const gone = Promise.withResolvers<void>();
    await using upstream = await startUpstream((_request, response) => {
      response.on("close", gone.resolve);
      response.writeHead(200, SSE);
      response.write(START);
    });
    await using test = await startTestGateway(upstream.url);
    const controller = new AbortController();
    const response = await post(test.gateway.url, ask("anthropic", test.token), controller.signal);
    await response.body?.getReader().read();
    controller.abort();
    await gone.promise;
    await test.gateway.close();
    assert.deepEqual(
      test.settled().map(({ completeness, usage }) => [completeness, usage.input]),
      [["partial", 700]],
    );
  });

  it("the agent's turn: its token is revoked, and what is under way is cut and settled", async () => {
    await using upstream = await startUpstream((_request, response) => {
      response.writeHead(200, SSE);
      response.write(START);
    });
    await using test = await startTestGateway(upstream.url);
    const grant = test.gateway.admit({ run: "run", task: "task", iteration: 2 });
    const response = await post(test.gateway.url, ask("anthropic", grant.token));
    const reader = response.body?.getReader();
    await reader?.read();
    await grant.end();
    await assert.rejects(async () => {
      while (!(await reader?.read())?.done);
    });
    await test.gateway.close();
    assert.equal(test.settled().length, 1);
  });

  it("the provider: the agent is told that it may try again", async () => {
    const upstream = await startUpstream(() => undefined);
    const { url } = upstream;
    await upstream[Symbol.asyncDispose]();
    await using test = await startTestGateway(url);
    for (const wire of WIRES) {
      const response = await post(test.gateway.url, ask(wire, test.token));
      assert.ok(response.status >= 500, `${wire}: ${response.status}`);
      await response.text();
    }
    await test.gateway.close();
    assert.ok(test.settled().every(({ cost }) => cost === 0));
  });
});

describe("a storm of errors", () => {
  for (const status of [429, 500, 529]) {
    it(`of ${status} ends: every request is answered, nothing is charged, and nothing is left open`, async () => {
      let count = 0;
      await using upstream = await startUpstream((_request, response) => {
        count += 1;
        response.writeHead(status, { "content-type": "application/json", "retry-after": "120" }).end("{}");
      });
      await using test = await startTestGateway(upstream.url);
      const answers = await Promise.all(Array.from({ length: 40 }, () => hear(test)));
      assert.ok(answers.every((answer) => answer.status >= 400));
      assert.ok(count < 40 * 4, `the provider was asked ${count} times`);
      await test.gateway.close();
      assert.ok(test.settled().every(({ cost }) => cost === 0));
    });
  }
});

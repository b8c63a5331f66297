import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import { once } from "node:events";
import { Agent, request } from "node:http";
import { describe, it } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { ask, startTestGateway } from "./harness.ts";

const REQUESTS = 10_000;
const AT_ONCE = 50;
const START = `data: {"type":"message_start","message":{"model":"claude-opus-5-5","usage":{"input_tokens":10,"output_tokens":1}}}\n\n`;
const END = `data: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":5}}\n\ndata: {"type":"message_stop"}\n\n`;

/** Whole answers, cut ones and errors, in turns. */
function startUpstream(): Server {
  let count = 0;
  return createServer((incoming, response) => {
    count += 1;
    incoming.resume();
    const isError = count % 10 === 3;
    response.writeHead(isError ? 400 : 200, { "content-type": isError ? "application/json" : "text/event-stream" });
    if (count % 10 === 7) response.write(START, () => response.destroy());
    else response.end(isError ? "{}" : START + END);
  }).listen(0, "127.0.0.1");
}

/** Node's own, which is else there only with a flag on the command line. */
setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

function sockets(): string[] {
  return process.getActiveResourcesInfo().filter((name) => name.startsWith("TCP"));
}

describe("ten thousand requests", () => {
  it("leave no sockets and no memory behind", async () => {
    const upstream = startUpstream();
    await once(upstream, "listening");
    const address = upstream.address();
    assert.ok(address !== null && typeof address === "object");
    const test = await startTestGateway(`http://127.0.0.1:${address.port}`);
    const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
    const { path, headers, body } = ask("anthropic", test.token);
    const text = JSON.stringify(body);
    const send = (): Promise<void> =>
      new Promise((resolve) => {
        const sent = request(`${test.gateway.url}${path}`, { agent, method: "POST", headers }, (response) => {
          response
            .on("error", () => undefined)
            .on("close", resolve)
            .resume();
        });
        sent.on("error", () => resolve()).end(text);
      });
    const batch = async (count: number): Promise<number> => {
      let left = count;
      const client = async (): Promise<void> => {
        while (left-- > 0) await send();
      };
      await Promise.all(Array.from({ length: AT_ONCE }, client));
      // What the test itself keeps of each request is no leak of the gateway's.
      (test.events as unknown[]).length = 0;
      collectGarbage();
      return process.memoryUsage().heapUsed;
    };
    const early = await batch(REQUESTS / 5);
    const late = await batch((REQUESTS * 4) / 5);
    agent.destroy();
    await test.gateway.close();
    upstream.closeAllConnections();
    upstream.close();
    await once(upstream, "close");
    assert.ok(late - early < 20 * 1024 * 1024, `${Math.round((late - early) / 1024)} KiB more`);
    // What is closed is gone a few turns of the event loop later.
    for (let turn = 0; turn < 1000 && sockets().length > 0; turn += 1) await new Promise(setImmediate);
    assert.deepEqual(sockets(), []);
  });
});

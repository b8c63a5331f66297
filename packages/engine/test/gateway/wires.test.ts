import assert from "node:assert/strict";
import { createServer, request } from "node:http";
import { describe, it } from "node:test";
import { WIRES } from "@cloister/core";
import { ask, IDENTITY, post, SECRETS, startModel, startTestGateway } from "./harness.ts";

const SCRIPT = `
usage: { input: 1200, cacheRead: 900, cacheWrite: 300, output: 84, reasoning: 20 }
conversations:
  - turns: []
    final: good day
`;

for (const wire of WIRES) {
  for (const stream of [true, false]) {
    describe(`${wire}, ${stream ? "streamed" : "whole"}`, () => {
      it("passes the very bytes of the answer, and the ledger has what the server says it used", async () => {
        await using model = await startModel(SCRIPT);
        await using test = await startTestGateway(model.url);
        const direct = await post(model.url, ask(wire, "any", { stream }));
        const through = await post(test.gateway.url, ask(wire, test.token, { stream }));
        const [expected, found] = [await direct.text(), await through.text()];
        assert.equal(through.status, 200);
        assert.equal(through.headers.get("content-type"), direct.headers.get("content-type"));
        assert.equal(withoutIds(found), withoutIds(expected));
        await test.gateway.close();
        const [settled] = test.settled();
        assert.deepEqual(settled?.usage, model.requests.at(-1)?.usage);
        assert.deepEqual([settled?.completeness, settled?.status, settled?.wire], ["whole", 200, wire]);
        assert.ok((settled?.cost ?? 0) > 0);
      });

      it("is promised before it is settled, under one name", async () => {
        await using model = await startModel(SCRIPT);
        await using test = await startTestGateway(model.url);
        await (await post(test.gateway.url, ask(wire, test.token, { stream }))).text();
        await test.gateway.close();
        const [reserved, settled] = test.events.filter(({ type }) => type.startsWith("request_"));
        assert.equal(reserved?.type, "request_reserved");
        assert.equal(settled?.type, "request_settled");
        if (reserved?.type !== "request_reserved" || settled?.type !== "request_settled") return;
        assert.equal(reserved.request, settled.request);
        assert.ok(reserved.reserved.cost >= settled.cost, "the bound is a bound");
        assert.ok(reserved.reserved.tokens >= settled.usage.input + settled.usage.output);
      });
    });
  }
}

describe("the door", () => {
  it("refuses a token that it did not give out, or that is revoked, and asks no provider", async () => {
    await using model = await startModel();
    await using test = await startTestGateway(model.url);
    const grant = test.gateway.admit(IDENTITY);
    await grant.end();
    for (const wire of WIRES) {
      for (const token of ["", "cloister-nonsense", grant.token, SECRETS.ANTHROPIC_API_KEY])
        assert.equal((await post(test.gateway.url, ask(wire, token))).status, 401);
    }
    assert.equal(model.requests.length, 0);
  });

  it("sends the provider its own credential, and the agent's token nowhere", async () => {
    const seen: string[] = [];
    const upstream = createServer((request, response) => {
      seen.push(JSON.stringify(request.headers));
      response.writeHead(200, { "content-type": "application/json" }).end("{}");
    }).listen(0, "127.0.0.1");
    await new Promise((resolve) => upstream.once("listening", resolve));
    const address = upstream.address();
    assert.ok(address !== null && typeof address === "object");
    await using test = await startTestGateway(`http://127.0.0.1:${address.port}`);
    for (const wire of WIRES) await (await post(test.gateway.url, ask(wire, test.token, { stream: false }))).text();
    upstream.close();
    assert.equal(seen.length, WIRES.length);
    for (const [index, key] of ["ANTHROPIC", "OPENAI", "OPENAI", "GEMINI"].entries()) {
      assert.ok(seen[index]?.includes(SECRETS[`${key}_API_KEY` as keyof typeof SECRETS]), `${key} has its key`);
      assert.ok(!seen[index]?.includes(test.token));
      const others = Object.entries(SECRETS).filter(([name]) => name !== `${key}_API_KEY`);
      for (const [, secret] of others) assert.ok(!seen[index]?.includes(secret));
    }
  });

  it("refuses WebSockets in the way that makes Codex fall back at once", async () => {
    await using model = await startModel();
    await using test = await startTestGateway(model.url);
    const status = await new Promise((resolve, reject) => {
      const headers = { connection: "upgrade", upgrade: "websocket", authorization: `Bearer ${test.token}` };
      const asked = request(`${test.gateway.url}/v1/responses`, { headers });
      asked.on("response", (response) => resolve(response.statusCode)).on("error", reject);
      asked.end();
    });
    assert.equal(status, 426);
  });

  it("passes endpoints on that it does not know, or refuses them, as the policy says", async () => {
    await using model = await startModel();
    for (const [endpoints, expected] of [
      ["pass", 404],
      ["refuse", 404],
    ] as const) {
      await using test = await startTestGateway(model.url, { policy: { endpoints } });
      const asked = { ...ask("openai_chat", test.token), path: "/v1/embeddings" };
      const response = await post(test.gateway.url, asked);
      const text = await response.text();
      assert.equal(response.status, expected);
      assert.equal(/gateway does not pass/.test(text), endpoints === "refuse");
    }
  });

  it("counts tokens and lists models for nothing", async () => {
    await using model = await startModel();
    await using test = await startTestGateway(model.url);
    const asked = { ...ask("anthropic", test.token, { stream: false }), path: "/v1/messages/count_tokens" };
    assert.equal((await post(test.gateway.url, asked)).status, 200);
    await test.gateway.close();
    assert.ok(!test.events.some(({ type }) => type === "request_reserved"));
    assert.deepEqual(
      test.settled().map(({ cost, completeness }) => [cost, completeness]),
      [[0, "none"]],
    );
  });
});

/** Ids and times are made anew for each answer. */
function withoutIds(text: string): string {
  return text
    .replaceAll(/"(?:id|item_id|response_id|responseId)":\s*"[^"]*"/g, '"id":""')
    .replaceAll(/"(?:created|created_at)":\s*\d+/g, '"created":0');
}

import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { parseScript } from "../script/parse-script.ts";
import { converse, parseEvents, post, WIRE_CLIENTS, type WireClient } from "../testing/wire-clients.ts";
import { asObject } from "./json.ts";
import { type ModelServer, startModelServer } from "./start-model-server.ts";

const [anthropic, responses, , gemini] = WIRE_CLIENTS as [WireClient, WireClient, WireClient, WireClient];

function start(script: string, maxBodyBytes?: number): Promise<ModelServer> {
  return startModelServer({ script: parseScript(script), ...(maxBodyBytes === undefined ? {} : { maxBodyBytes }) });
}

const TWO_TURNS = `
conversations:
  - match: "Task: one"
    turns:
      - thinking: "Hm, small."
        text: "I list."
        shell: ls -a
        usage: { input: 10, cacheRead: 20, output: 30, reasoning: 0 }
      - calls: [{ shell: a }, { shell: b }]
    final: "Ready now.\\n\\nTASK_COMPLETE"
`;

for (const client of WIRE_CLIENTS) {
  for (const stream of [true, false]) {
    const how = `${client.wire} ${stream ? "with" : "without"} streaming`;
    test(`a script is played to its end over ${how}`, async () => {
      await using server = await start(TWO_TURNS);
      const ask = { prompt: "Plan\nTask: one\n", stream };
      const first = await converse(server.url, client, ask);
      assert.equal(first.text, "I list.");
      assert.equal(first.thinking, "Hm, small.");
      assert.deepEqual(
        first.calls.map(({ name, input }) => [name, input]),
        [["bash", { command: "ls -a" }]],
      );
      assert.deepEqual(first.usage, {
        input: 10,
        cacheRead: 20,
        cacheWrite: client.wire === "anthropic" ? 900 : 0,
        output: 30,
        reasoning: 0,
      });

      const past = first.calls.map(({ id, name }) => ({ id, name, result: "a.txt" }));
      const second = await converse(server.url, client, { ...ask, past });
      assert.deepEqual(
        second.calls.map(({ input }) => input),
        [{ command: "a" }, { command: "b" }],
      );

      const more = second.calls.map(({ id, name }) => ({ id, name, result: "" }));
      const third = await converse(server.url, client, { ...ask, past: [...past, ...more] });
      assert.equal(third.text, "Ready now.\n\nTASK_COMPLETE");
      assert.deepEqual(third.calls, []);
      assert.deepEqual(
        server.requests.map(({ step, side, outcome }) => [step, side, outcome]),
        [
          [0, false, "complete"],
          [1, false, "complete"],
          [3, false, "complete"],
        ],
      );
      assert.equal(server.requests[1]?.lastResult, "a.txt");
    });
  }

  test(`usage totals are what a ${client.wire} client was told, side requests included`, async () => {
    await using server = await start(TWO_TURNS);
    const main = await converse(server.url, client, { prompt: "Task: one" });
    const side = await converse(server.url, client, { prompt: "Name this session", tools: {} });
    assert.equal(side.text, "ok");
    assert.deepEqual(
      server.requests.map((record) => record.usage),
      [main.usage, side.usage],
    );
    assert.equal(server.usageTotals.total.output, main.usage.output + side.usage.output);
    assert.deepEqual(server.usageTotals.side, side.usage);
  });

  test(`an error of ${client.wire} has the provider's shape and the script's headers`, async () => {
    await using server = await start(
      `conversations: [{ turns: [{ fault: { type: status, status: 403, message: "no entry", headers: { x-a: b } } }] }]`,
    );
    const response = await post(server.url, client, { prompt: "x" });
    assert.equal(response.status, 403);
    assert.equal(response.headers.get("x-a"), "b");
    assert.match(JSON.stringify(asObject(await response.json())["error"]), /no entry/);
    assert.equal((await converse(server.url, client, { prompt: "x" })).status, 200);
  });
}

suite("which conversation is played", () => {
  const script = `
conversations:
  - { match: { pattern: "^Task: b" }, attempt: 1, turns: [{ text: lie }] }
  - { match: { pattern: "^Task: b" }, turns: [{ text: work }] }
  - { match: "never", turns: [{ text: never }] }
`;

  test("the n-th conversation that fits gets the n-th attempt", async () => {
    await using server = await start(script);
    const say = async (prompt: string): Promise<string> => (await converse(server.url, anthropic, { prompt })).text;
    assert.deepEqual([await say("x\nTask: b"), await say("x\nTask: b"), await say("Task: b")], ["lie", "work", "work"]);
    assert.deepEqual(
      server.requests.map(({ conversation }) => conversation?.attempt),
      [1, 2, 3],
    );
  });

  test("a prompt that no conversation fits gets an answer that claims nothing", async () => {
    await using server = await start(script);
    const { text } = await converse(server.url, anthropic, { prompt: "not at a line's start: Task: b" });
    assert.doesNotMatch(text, /COMPLETE/);
    assert.equal(server.requests[0]?.conversation?.name, undefined);
  });

  test("a request repeated after an error is the same attempt, and one of another session is not", async () => {
    await using server = await start(
      `conversations: [{ attempt: 1, turns: [{ fault: { type: overloaded, times: always } }] }, { turns: [{ text: other }] }]`,
    );
    const ask = { prompt: "x", session: "one" };
    assert.equal((await post(server.url, anthropic, ask)).status, 529);
    assert.equal((await post(server.url, anthropic, ask)).status, 529);
    assert.equal((await converse(server.url, anthropic, { prompt: "x", session: "two" })).text, "other");
  });

  test("two conversations with the same prompt at the same time are told apart by their tool calls", async () => {
    await using server = await start(
      `conversations: [{ attempt: 1, turns: [{ shell: a }], final: one }, { turns: [{ shell: b }], final: two }]`,
    );
    const first = await converse(server.url, anthropic, { prompt: "x" });
    const second = await converse(server.url, anthropic, { prompt: "x" });
    const goOn = async ({ calls }: typeof first): Promise<string> => {
      const past = calls.map(({ id, name }) => ({ id, name, result: "" }));
      return (await converse(server.url, anthropic, { prompt: "x", past })).text;
    };
    assert.deepEqual([await goOn(second), await goOn(first)], ["two", "one"]);
  });
});

suite("faults", () => {
  test("a rate limit lifts after so many requests, and says when it does", async () => {
    await using server = await start(
      `conversations: [{ turns: [{ text: done, fault: { type: rate_limit, times: 2, retryAfterSeconds: 7, resetInSeconds: 3600 } }] }]`,
    );
    const limited = await post(server.url, anthropic, { prompt: "x" });
    assert.equal(limited.status, 429);
    assert.equal(limited.headers.get("retry-after"), "7");
    const reset = Date.parse(limited.headers.get("anthropic-ratelimit-requests-reset") ?? "");
    assert.ok(Math.abs(reset - Date.now() - 3_600_000) < 60_000);
    assert.equal((await post(server.url, anthropic, { prompt: "x" })).status, 429);
    assert.equal((await converse(server.url, anthropic, { prompt: "x" })).text, "done");
    assert.deepEqual(
      server.requests.map((record) => record.fault),
      ["rate_limit", "rate_limit", undefined],
    );
  });

  test("a spent budget is 402, and on Responses the 429 that its clients do not retry", async () => {
    await using server = await start(`conversations: [{ turns: [{ fault: { type: budget, times: always } }] }]`);
    const [messages, response] = await Promise.all(
      [anthropic, responses].map((client) => post(server.url, client, { prompt: "x" })),
    );
    assert.deepEqual([messages?.status, response?.status], [402, 429]);
    assert.equal(messages?.headers.get("x-should-retry"), "false");
    assert.equal(asObject(asObject(await response?.json())["error"])["code"], "insufficient_quota");
  });

  test("a hanging answer sends no byte until the server closes", async () => {
    const server = await start(`conversations: [{ turns: [{ fault: { type: hang } }] }]`);
    const arrived = Promise.withResolvers<void>();
    const hanging = post(server.url, anthropic, { prompt: "x" }).finally(() => arrived.resolve());
    // A second request, answered in full, proves that the first is not merely waiting for its turn.
    assert.equal((await converse(server.url, anthropic, { prompt: "side", tools: {} })).text, "ok");
    await Promise.all([assert.rejects(hanging), server.close()]);
    assert.equal(server.requests.find(({ side }) => !side)?.outcome, "cut");
  });

  test("a client that gives up on a hanging answer is recorded as gone", async () => {
    await using server = await start(`conversations: [{ turns: [{ text: late, fault: { type: hang } }] }]`);
    const giveUp = new AbortController();
    const hanging = post(server.url, anthropic, { prompt: "x" }, { signal: giveUp.signal });
    await converse(server.url, anthropic, { prompt: "side", tools: {} });
    giveUp.abort();
    await assert.rejects(hanging);
    assert.equal((await converse(server.url, anthropic, { prompt: "x" })).text, "late");
    assert.equal(server.requests.find(({ fault }) => fault === "hang")?.outcome, "client_gone");
  });

  for (const stream of [true, false]) {
    test(`a truncated answer ${stream ? "with" : "without"} streaming breaks off, and the retry works`, async () => {
      await using server = await start(
        `conversations: [{ turns: [{ text: one two three, fault: { type: truncate, afterChunks: 3 } }] }]`,
      );
      const response = await post(server.url, anthropic, { prompt: "x", stream });
      await assert.rejects(response.text());
      assert.equal((await converse(server.url, anthropic, { prompt: "x", stream })).text, "one two three");
      assert.deepEqual(
        server.requests.map(({ outcome, usage }) => [outcome, usage === undefined]),
        [
          ["cut", true],
          ["complete", false],
        ],
      );
    });
  }

  test("a malformed stream ends with an event that is no JSON", async () => {
    await using server = await start(`conversations: [{ turns: [{ fault: { type: malformed } }] }]`);
    const text = await (await post(server.url, responses, { prompt: "x" })).text();
    assert.match(text, /^event: response.created/);
    assert.throws(() => parseEvents(text), SyntaxError);
  });

  test("delays are kept before the first byte and between chunks", async () => {
    await using server = await start(
      `conversations: [{ turns: [{ text: a b, delay: { firstByteMs: 60, betweenChunksMs: 10 } }] }]`,
    );
    const { text } = await converse(server.url, anthropic, { prompt: "x" });
    assert.equal(text, "a b");
    // Anthropic streams "a b" in seven events, so six waits lie between them.
    assert.ok((server.requests[0]?.durationMs ?? 0) >= 110);
  });
});

suite("requests that are not the agent's work", () => {
  test("tokens are counted for Anthropic and Gemini, without usage", async () => {
    await using server = await start("conversations: []");
    const count = async (path: string): Promise<unknown> =>
      (await fetch(server.url + path, { method: "POST", body: JSON.stringify({ contents: [], messages: [] }) })).json();
    assert.deepEqual(await count("/v1/messages/count_tokens"), { input_tokens: 8 });
    assert.deepEqual(await count("/v1beta/models/m:countTokens"), { totalTokens: 8 });
    assert.deepEqual(
      server.requests.map(({ side, usage }) => [side, usage]),
      [
        [true, undefined],
        [true, undefined],
      ],
    );
  });

  test("a request for JSON of a shape gets the plainest value of that shape", async () => {
    await using server = await start("conversations: []");
    const responseJsonSchema = {
      type: "object",
      properties: { who: { type: "string", enum: ["user", "model"] }, score: { type: "integer", minimum: 1 } },
      required: ["who", "score"],
    };
    const body = JSON.stringify({ ...gemini.body({ prompt: "next?" }), generationConfig: { responseJsonSchema } });
    const answer = await fetch(server.url + gemini.path(false), { method: "POST", body });
    const { text } = gemini.hear([asObject(await answer.json())], false);
    assert.deepEqual(JSON.parse(text), { who: "user", score: 1 });
    assert.equal(server.requests[0]?.side, true);
  });

  test("models are listed, HEAD is answered, other paths are not found", async () => {
    await using server = await start("conversations: []");
    assert.equal((await fetch(`${server.url}/v1/models`)).status, 200);
    assert.equal((await fetch(server.url, { method: "HEAD" })).status, 200);
    assert.equal((await fetch(`${server.url}/v1/responses`)).status, 404);
    assert.deepEqual(server.requests, []);
  });
});

suite("bodies", () => {
  const packers = { gzip: gzipSync, zstd: zstdCompressSync };
  for (const [encoding, pack] of Object.entries(packers)) {
    test(`a body packed with ${encoding} is read`, async () => {
      await using server = await start(`conversations: [{ match: hello, turns: [{ text: heard }] }]`);
      const body = new Uint8Array(pack(JSON.stringify(responses.body({ prompt: "hello", stream: false }))));
      const headers = { "content-encoding": encoding };
      const answer = await fetch(server.url + responses.path(false), { method: "POST", headers, body });
      assert.equal(responses.hear([asObject(await answer.json())], false).text, "heard");
    });

    test(`a small ${encoding} body that unpacks beyond the budget is refused`, async () => {
      await using server = await start("conversations: []", 10_000);
      const body = new Uint8Array(pack(Buffer.alloc(1_000_000)));
      const headers = { "content-encoding": encoding };
      assert.equal((await fetch(`${server.url}/v1/messages`, { method: "POST", headers, body })).status, 413);
    });
  }

  const refused = [
    { name: "longer than the budget", body: "x".repeat(20_000), headers: {}, status: 413 },
    { name: "that is no JSON", body: "{", headers: {}, status: 400 },
    { name: "packed in an unknown way", body: "{}", headers: { "content-encoding": "rot13" }, status: 415 },
    { name: "whose packing is damaged", body: "{}", headers: { "content-encoding": "gzip" }, status: 400 },
  ];
  for (const { name, body, headers, status } of refused) {
    test(`a body ${name} is refused with ${status}`, async () => {
      await using server = await start("conversations: []", 10_000);
      assert.equal((await fetch(`${server.url}/v1/messages`, { method: "POST", body, headers })).status, status);
    });
  }

  for (const body of [
    `[]`,
    `{"messages":5}`,
    `{"messages":[null,{"content":[7,{"type":"tool_result"}]}],"tools":[{}]}`,
  ]) {
    test(`a body of the wrong shape is answered like an empty one: ${body}`, async () => {
      await using server = await start("conversations: []");
      assert.equal((await fetch(`${server.url}/v1/messages`, { method: "POST", body })).status, 200);
    });
  }
});

test("code mode gets a JavaScript program for the tool that an input item offers", async () => {
  await using server = await start(`conversations: [{ match: hi, turns: [{ shell: 'echo "$HOME"' }] }]`);
  const tools = [{ type: "namespace", name: "functions", tools: [{ type: "custom", name: "exec" }] }];
  const body = {
    ...responses.body({ prompt: "hi", stream: false, tools: {} }),
    input: [
      { type: "additional_tools", tools },
      { role: "user", content: "hi" },
    ],
  };
  const answer = await fetch(server.url + responses.path(false), { method: "POST", body: JSON.stringify(body) });
  const [call] = responses.hear([asObject(await answer.json())], false).calls;
  assert.equal(call?.name, "exec");
  assert.match(String(call?.input), /tools\.exec_command\(\{ cmd: "echo \\"\$HOME\\"" \}\)/);
});

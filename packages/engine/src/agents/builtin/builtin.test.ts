import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { watch } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, suite, test } from "node:test";
import { type AgentEvent, NO_USAGE } from "@cloister/core";
import { type ModelServer, parseScript, startModelServer } from "@cloister/testkit";
import { isAlive } from "../../process/index.ts";
import { type AgentRunRecord, runAgentProcess } from "../testing/run-agent.ts";
import { builtinAgent } from "./index.ts";

const MODELS = [
  "anthropic/claude-opus-5-5",
  "openai/gpt-6.1-sol",
  "google/gemini-3.8-flash",
  "openai-compatible/lab/m1",
];
const [ANTHROPIC = ""] = MODELS;
const folder = mkdtempSync(join(tmpdir(), "cloister-builtin-"));
after(() => rmSync(folder, { recursive: true }));

type Options = {
  readonly model?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly workspace?: string;
  readonly signal?: AbortSignal;
};

function newWorkspace(): string {
  return mkdtempSync(join(folder, "work-"));
}

function run(
  server: Pick<ModelServer, "url">,
  { model = ANTHROPIC, env = {}, workspace = newWorkspace(), signal }: Options = {},
): Promise<AgentRunRecord> {
  const keys = Object.fromEntries(
    ["ANTHROPIC", "OPENAI", "GEMINI"].map((name) => [`${name}_API_KEY`, "key-of-a-test"]),
  );
  const urls = {
    ANTHROPIC_BASE_URL: server.url,
    OPENAI_BASE_URL: `${server.url}/v1`,
    GOOGLE_GEMINI_BASE_URL: server.url,
  };
  const request = {
    prompt: "Task: one",
    promptFile: join(folder, "prompt.md"),
    workspace,
    scratch: folder,
    env: { PATH: process.env["PATH"] ?? "", HOME: folder, ...keys, ...urls, ...env },
    model,
    asRoot: false,
  };
  return runAgentProcess(builtinAgent, request, signal);
}

function start(script: string): Promise<ModelServer> {
  return startModelServer({ script: parseScript(script) });
}

function find<Type extends AgentEvent["type"]>(
  { events }: AgentRunRecord,
  type: Type,
): Extract<AgentEvent, { type: Type }> | undefined {
  return events.findLast((event): event is Extract<AgentEvent, { type: Type }> => event.type === type);
}

suite("the builtin agent", { concurrency: 3 }, () => {
  for (const model of MODELS) {
    test(`does a task with its tools over ${model}, and reports what the server says it used`, async () => {
      await using server = await start(`
        conversations:
          - turns:
              - text: "I write."
                calls: [{ write: { path: src/a.txt, content: "one\\ntwo\\n" } }, { read: src/a.txt }]
                usage: { input: 10, cacheRead: 20, output: 30, reasoning: 5 }
              - calls: [{ edit: { path: src/a.txt, old: two, new: three } }, { shell: "cat src/a.txt > b.txt" }]
            final: "Ready. TASK_COMPLETE"`);
      const workspace = newWorkspace();
      const record = await run(server, { model, workspace });
      assert.equal(readFileSync(join(workspace, "b.txt"), "utf8"), "one\nthree\n");
      assert.deepEqual(record.exit.code, 0);
      assert.deepEqual(record.events.at(-1), { type: "finished", ok: true, text: "Ready. TASK_COMPLETE" });
      const finished = record.events.flatMap((event) =>
        event.type === "tool_finished" ? [`${event.tool} ${event.ok}`] : [],
      );
      assert.deepEqual(finished, ["write true", "read true", "edit true", "shell true"]);
      const messages = record.events.flatMap((event) => (event.type === "message" ? [event.text] : []));
      assert.deepEqual(messages, ["I write.", "Ready. TASK_COMPLETE"]);
      assert.deepEqual(find(record, "usage")?.usage, server.usageTotals.total);
    });
  }

  test("ends with the model's answer where it calls no tool, and says which model it was", async () => {
    await using server = await start(`conversations: []\nfinal: "Nothing to do."`);
    const { events } = await run(server);
    assert.deepEqual(
      events.map(({ type }) => type),
      ["session_started", "usage", "message", "finished"],
    );
    assert.deepEqual(events[0], { type: "session_started", model: "claude-opus-5-5" });
  });

  const failures: readonly {
    name: string;
    fault: string;
    failure: string;
    retries: number;
    models?: readonly string[];
  }[] = [
    { name: "a wrong key", fault: "type: status, status: 401", failure: "auth", retries: 0, models: MODELS },
    { name: "a spent budget", fault: "type: budget, times: always", failure: "budget", retries: 0, models: MODELS },
    {
      name: "a prompt that is too long",
      fault: `type: status, status: 400, message: "prompt is too long: 210000 tokens > 200000 maximum"`,
      failure: "context_overflow",
      retries: 0,
    },
    {
      name: "a limit that lifts much later",
      fault: "type: rate_limit, retryAfterSeconds: 3600",
      failure: "rate_limit",
      retries: 0,
    },
    { name: "an unknown model", fault: "type: status, status: 404", failure: "crash", retries: 0 },
    {
      name: "a server that says not to ask again",
      fault: `type: overloaded, times: always, headers: { x-should-retry: "false" }`,
      failure: "overloaded",
      retries: 0,
    },
  ];
  for (const { name, fault, failure, retries, models = [ANTHROPIC] } of failures) {
    for (const model of models) {
      test(`fails with class ${failure} for ${name} over ${model}`, async () => {
        await using server = await start(`conversations: [{ turns: [{ fault: { ${fault} } }] }]`);
        const record = await run(server, { model });
        assert.equal(find(record, "failed")?.failure, failure, JSON.stringify(record));
        assert.equal(record.events.filter(({ type }) => type === "retrying").length, retries);
        assert.deepEqual(record.events.at(-1), { type: "finished", ok: false });
        assert.equal(record.exit.code, 1);
      });
    }
  }

  test("says when a rate limit lifts", async () => {
    await using server = await start(
      `conversations: [{ turns: [{ fault: { type: rate_limit, retryAfterSeconds: 3600 } }] }]`,
    );
    const before = Date.now();
    const resetAt = find(await run(server), "failed")?.resetAt ?? 0;
    assert.ok(resetAt >= before + 3_600_000 && resetAt <= Date.now() + 3_600_000);
  });

  const passing = [
    "type: overloaded",
    "type: rate_limit, retryAfterSeconds: 0.01",
    "type: truncate",
    "type: malformed",
  ];
  for (const fault of passing) {
    test(`asks again after a passing fault (${fault}), and does no call twice`, async () => {
      await using server = await start(`
        conversations:
          - turns: [{ text: "I append a line.", calls: [{ shell: "echo x >> log" }], fault: { ${fault} } }]`);
      const workspace = newWorkspace();
      const record = await run(server, { workspace });
      assert.equal(record.events.filter(({ type }) => type === "retrying").length, 1, JSON.stringify(record.events));
      assert.equal(readFileSync(join(workspace, "log"), "utf8"), "x\n");
      assert.equal(record.exit.code, 0);
    });
  }

  test("asks again where the answer just stops", async () => {
    const start = {
      id: "m",
      type: "message",
      role: "assistant",
      model: "m",
      content: [],
      usage: { input_tokens: 1, output_tokens: 1 },
    };
    const pieces = [
      { type: "message_start", message: start },
      { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
      { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "TASK_COMPLETE" } },
    ];
    const server = createServer((_request, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.end(pieces.map((piece) => `data: ${JSON.stringify(piece)}\n\n`).join(""));
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const record = await run({ url: `http://127.0.0.1:${port}` });
    server.close();
    assert.deepEqual(
      record.events.map(({ type }) => type),
      ["session_started", "retrying", "retrying", "retrying", "failed", "finished"],
    );
    assert.equal(find(record, "failed")?.failure, "network");
  });

  test("tells the model what was wrong with a call, and goes on", async () => {
    await using server = await start(`
      conversations:
        - turns:
            - calls: [{ read: ../../../../etc/passwd }, { edit: { path: a, old: x, new: y } }, { shell: "exit 3" }]
          final: "It failed."`);
    const record = await run(server);
    const results = record.events.flatMap((event) =>
      event.type === "tool_finished" ? [[event.ok, event.summary]] : [],
    );
    assert.deepEqual(results, [
      [false, "../../../../etc/passwd is outside the workspace: only paths inside it may be read or written."],
      [false, "a does not exist."],
      [true, "[exit status 3]"],
    ]);
    assert.equal(record.exit.code, 0);
  });

  test("stops after its limit of requests", async () => {
    const turns = Array.from({ length: 5 }, () => "{ calls: [{ shell: 'true' }] }").join(", ");
    await using server = await start(`conversations: [{ turns: [${turns}] }]`);
    const record = await run(server, { env: { CLOISTER_BUILTIN_MAX_STEPS: "3" } });
    assert.match(find(record, "failed")?.message ?? "", /after 3 requests/);
    assert.equal(server.requests.length, 3);
  });

  test("keeps the keys from the commands that the model runs", async () => {
    await using server = await start(`conversations: [{ turns: [{ calls: [{ shell: "env > env.txt" }] }] }]`);
    const workspace = newWorkspace();
    await run(server, { workspace, env: { SOME_VARIABLE: "kept" } });
    const env = readFileSync(join(workspace, "env.txt"), "utf8");
    assert.match(env, /^SOME_VARIABLE=kept$/m);
    assert.doesNotMatch(env, /key-of-a-test/);
  });

  test("ends what its commands left running", async () => {
    await using server = await start(`
      conversations: [{ turns: [{ calls: [{ shell: "sleep 60 & echo $! > pid" }, { shell: "kill -0 $(cat pid) && touch alive" }] }] }]`);
    const workspace = newWorkspace();
    const record = await run(server, { workspace });
    assert.ok(existsSync(join(workspace, "alive")), "it runs on between two calls");
    assert.equal(isAlive(Number(readFileSync(join(workspace, "pid"), "utf8"))), false);
    assert.equal(record.exit.survivors, 0, "the agent ended it, not the sweep");
  });

  test("ends at once when it is told to, with the command under way", async () => {
    await using server = await start(
      `conversations: [{ turns: [{ calls: [{ shell: "sleep 60 & echo $! > pid; wait" }] }] }]`,
    );
    const workspace = newWorkspace();
    const stop = new AbortController();
    const running = run(server, { workspace, signal: stop.signal });
    const pidFile = join(workspace, "pid");
    for await (const { filename } of watch(workspace)) {
      if (filename === "pid" && readFileSync(pidFile, "utf8") !== "") break;
    }
    stop.abort();
    const { exit } = await running;
    assert.deepEqual([exit.cause, exit.code, exit.survivors], ["aborted", 143, 0]);
    assert.equal(isAlive(Number(readFileSync(pidFile, "utf8"))), false);
  });

  test("says which key is missing, without a request", async () => {
    await using server = await start("conversations: []");
    const record = await run(server, { env: { ANTHROPIC_API_KEY: "" } });
    assert.deepEqual(record.events, [
      {
        type: "failed",
        failure: "auth",
        message: "anthropic needs a key. Set ANTHROPIC_API_KEY or ANTHROPIC_AUTH_TOKEN.",
      },
      { type: "finished", ok: false },
    ]);
    assert.equal(server.requests.length, 0);
  });

  test("cannot reach its provider: a network failure after its retries", async () => {
    const server = await start("conversations: []");
    await server.close();
    const record = await run(server);
    assert.equal(find(record, "failed")?.failure, "network");
    assert.deepEqual(find(record, "usage") ?? NO_USAGE, NO_USAGE);
  });
});

import assert from "node:assert/strict";
import { once } from "node:events";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { join } from "node:path";
import { suite, test } from "node:test";
import { zstdCompressSync } from "node:zlib";
import { CloisterError } from "@cloister/core";
import { parseScript, startModelServer } from "@cloister/testkit";
import { builtinAgent } from "../../agents/builtin/index.ts";
import { type AgentRunRecord, runAgentProcess } from "../../agents/testing/run-agent.ts";
import { cassetteFromExchanges } from "./cassette-from-exchanges.ts";
import type { RecordedExchange } from "./exchange.ts";
import { findCassettes } from "./read-cassette.ts";
import { cassettePath, createRecorder } from "./recorder.ts";
import { type ReplayOptions, type ReplayServer, startReplayServer } from "./replay-server.ts";
import { type Conversation, CONVERSATIONS } from "./testing/conversations.ts";
import { startRecordingProxy } from "./testing/recording-proxy.ts";
import { createTemporaryFolder, readAll, sampleExchange } from "./testing/samples.ts";

/** What a client saw of an answer. */
type Seen = { readonly status: number; readonly type: string | null; readonly body: string; readonly isWhole: boolean };

async function ask(url: string, path: string, body: unknown, headers: Record<string, string> = {}): Promise<Seen> {
  const payload = Buffer.isBuffer(body) ? body : JSON.stringify(body);
  const init = { method: "POST", headers: { "content-type": "application/json", ...headers }, body: payload };
  const answer = await fetch(url + path, init);
  const chunks: Uint8Array[] = [];
  let isWhole = true;
  try {
    for await (const chunk of answer.body ?? []) chunks.push(chunk);
  } catch {
    isWhole = false; // Cut, as some answers here are meant to be.
  }
  const text = Buffer.concat(chunks).toString();
  return { status: answer.status, type: answer.headers.get("content-type"), body: text, isWhole };
}

/** Each turn goes wrong once: a rate limit first, then an answer that is cut. */
const SCRIPT = parseScript(`
  conversations:
    - turns:
        - { thinking: "Hm. ä€😀", text: "I look.", shell: "npm test", fault: { type: rate_limit } }
        - { text: "Done.", fault: { type: truncate, afterChunks: 1 } }
`);

/** Four requests: each of the two turns, with its fault first. */
async function converse(url: string, { path, first, second }: Conversation, session: string): Promise<readonly Seen[]> {
  const seen: Seen[] = [];
  for (const body of [first(session), first(session), second(session), second(session)])
    seen.push(await ask(url, path, body));
  return seen;
}

/** Plays exchanges, each array being a cassette, for as long as `use` takes. */
async function replaying(
  cassettes: readonly (readonly RecordedExchange[])[],
  use: (server: ReplayServer) => Promise<void>,
  options: Partial<ReplayOptions> = {},
): Promise<void> {
  using folder = createTemporaryFolder();
  for (const [index, exchanges] of cassettes.entries())
    await cassetteFromExchanges(cassettePath(folder.path, index), exchanges);
  await using server = await startReplayServer({ cassettes: await findCassettes(folder.path), ...options });
  await use(server);
}

function question(content: string, answer: string): RecordedExchange {
  const body = JSON.stringify({ model: "m", messages: [{ role: "user", content }] });
  return sampleExchange({ requestBody: Buffer.from(body), chunks: [{ at: 0, bytes: Buffer.from(answer) }] });
}

async function asked(url: string, content: string): Promise<string> {
  const { body } = await ask(url, "/v1/messages", { model: "m", messages: [{ role: "user", content }] });
  return body;
}

suite("replaying", () => {
  for (const [wire, conversation] of Object.entries(CONVERSATIONS)) {
    for (const stream of [true, false]) {
      test(`answers ${wire}, ${stream ? "streamed" : "whole"}, with the same bytes and faults in another session`, async () => {
        using folder = createTemporaryFolder();
        await using model = await startModelServer({ script: SCRIPT });
        const recorder = createRecorder({ folder: folder.path, redact: (text) => text, onProblem: assert.fail });
        await using proxy = await startRecordingProxy(model.url, recorder);
        const live = await converse(proxy.url, conversation(stream), "one");
        await recorder.close();
        assert.deepEqual(
          live.map(({ status }) => status),
          [429, 200, 200, 200],
        );
        assert.deepEqual(
          live.map(({ isWhole }) => isWhole),
          [true, true, false, true],
        );

        await using replay = await startReplayServer({ cassettes: [cassettePath(folder.path, 7)] });
        assert.deepEqual(await converse(replay.url, conversation(stream), "another"), live);
        assert.deepEqual([replay.inexact, replay.misses], [0, []]);
      });
    }
  }

  test("lets the builtin agent do the same work again without its model", async () => {
    using folder = createTemporaryFolder();
    const script = parseScript(`
      conversations:
        - turns:
            - { text: "I write.", write: { path: a.txt, content: "hello" } }
            - { shell: "cat a.txt" }
            - { text: "TASK_COMPLETE" }
    `);
    await using model = await startModelServer({ script });
    const recorder = createRecorder({
      folder: join(folder.path, "tape"),
      redact: (text) => text,
      onProblem: assert.fail,
    });
    await using proxy = await startRecordingProxy(model.url, recorder);
    using before = createTemporaryFolder();
    const live = await runBuiltin(proxy.url, before.path);
    await recorder.close();
    const requests = model.requests.length;

    await using replay = await startReplayServer({ cassettes: await findCassettes(join(folder.path, "tape")) });
    using after = createTemporaryFolder();
    const again = await runBuiltin(replay.url, after.path);
    assert.deepEqual(
      again.events.map(({ type }) => type),
      live.events.map(({ type }) => type),
    );
    assert.deepEqual(readdirSync(after.path), readdirSync(before.path));
    assert.equal(readFileSync(join(after.path, "a.txt"), "utf8"), "hello");
    assert.deepEqual([replay.misses, replay.inexact, model.requests.length], [[], 0, requests]);
  });

  test("answers by what was said, not by when", () =>
    replaying([[question("a", "1"), question("b", "2")]], async ({ url }) => {
      assert.deepEqual([await asked(url, "b"), await asked(url, "a")], ["2", "1"]);
    }));

  test("answers the same question in the order of its answers", () =>
    replaying([[question("a", "1")], [question("a", "2")]], async ({ url }) => {
      assert.deepEqual([await asked(url, "a"), await asked(url, "a")], ["1", "2"]);
    }));

  test("answers in the order of the iteration where the words differ, and counts that", () =>
    replaying(
      [
        [question("a", "1"), question("b", "2")],
        [question("c", "3"), question("d", "4")],
      ],
      async (server) => {
        assert.equal(await asked(server.url, "c"), "3");
        assert.equal(await asked(server.url, "something else"), "4");
        assert.equal(server.inexact, 1);
      },
    ));

  test("answers a request that costs nothing as often as it comes", () => {
    const path = "/v1/messages/count_tokens";
    const count = { ...question("a", '{"input_tokens":7}'), path };
    return replaying([[count]], async ({ url }) => {
      const body = { model: "m", messages: [{ role: "user", content: "a" }] };
      for (let time = 0; time < 3; time += 1) assert.equal((await ask(url, path, body)).body, '{"input_tokens":7}');
    });
  });

  const misses = [
    {
      path: "/v1/messages",
      body: { model: "n", messages: [] },
      shape: /^\{"type":"error","error":\{"type":"[a-z_]+","message":"/,
    },
    { path: "/v1/responses", body: { model: "n", input: "x" }, shape: /"error":\{"message":"|"error":\{.*"message":"/ },
    { path: "/v1/chat/completions", body: { model: "n" }, shape: /"error":\{.*"message":"/ },
    { path: "/v1beta/models/n:generateContent", body: {}, shape: /"error":\{.*"status":"[A-Z_]+"/ },
    { path: "/elsewhere", body: {}, shape: /"error":\{"message":"/ },
  ];
  for (const { path, body, shape } of misses) {
    test(`says at ${path} that nothing fits, what would, and what came`, () =>
      replaying([[question("a", "1")]], async (server) => {
        const seen = await ask(server.url, path, body);
        assert.equal(seen.status, 404);
        assert.match(seen.body, shape);
        assert.ok(seen.body.includes(`POST ${path}`), seen.body);
        assert.ok(seen.body.includes("next would be POST /v1/messages, model m, 1 turn."), seen.body);
        assert.equal(server.misses.length, 1);
      }));
  }

  test("says when everything is used", () =>
    replaying([[question("a", "1")]], async (server) => {
      await asked(server.url, "a");
      assert.match(await asked(server.url, "a"), /all recorded exchanges are used/);
    }));

  test("takes a packed request for what is in it", () =>
    replaying([[question("a", "1"), question("b", "2")]], async ({ url }) => {
      const body = zstdCompressSync(JSON.stringify({ model: "m", messages: [{ role: "user", content: "b" }] }));
      assert.equal((await ask(url, "/v1/messages", body, { "content-encoding": "zstd" })).body, "2");
    }));

  test("knows a request again whose secrets were redacted", () => {
    const redact = (text: string): string => text.replaceAll("sk-1", "<redacted>");
    const use = async (server: ReplayServer): Promise<void> => {
      assert.equal(await asked(server.url, "key sk-1"), "2");
      assert.equal(server.inexact, 0);
    };
    return replaying([[question("a", "1"), question("key <redacted>", "2")]], use, { redact });
  });

  test("keeps the recorded pace where asked to", () => {
    const chunks = [0, 40, 80].map((at) => ({ at, bytes: Buffer.from(`${at};`) }));
    const use = async ({ url }: ReplayServer): Promise<void> => {
      const startedAt = performance.now();
      assert.equal(await asked(url, "a"), "0;40;80;");
      assert.ok(performance.now() - startedAt >= 79);
    };
    return replaying([[{ ...question("a", ""), chunks }]], use, { pace: "recorded" });
  });

  test("ends an answer under way when it is closed", () => {
    const chunks = [0, 3_600_000].map((at) => ({ at, bytes: Buffer.from("x") }));
    const use = async (server: ReplayServer): Promise<void> => {
      const outgoing = httpRequest(`${server.url}/v1/messages`, { method: "POST" });
      outgoing.end('{"model":"m","messages":[{"role":"user","content":"a"}]}');
      const [answer] = (await once(outgoing, "response")) as [NodeJS.ReadableStream];
      await once(answer, "data");
      const cut = once(answer, "error");
      await server.close();
      await cut;
    };
    return replaying([[{ ...question("a", ""), chunks }]], use, { pace: "recorded" });
  });

  test("gives no answer where none was recorded", () =>
    replaying([[{ ...question("a", ""), status: 0, ended: false }]], async ({ url }) => {
      await assert.rejects(asked(url, "a"), TypeError);
    }));

  test("never lets a cassette set a header that is not allowed", () => {
    const responseHeaders = {
      "set-cookie": "a=b",
      "content-length": "1",
      "x-request-id": "r\r\nx-evil: 1",
      "retry-after": "3",
    };
    return replaying([[{ ...question("a", "12"), responseHeaders }]], async ({ url }) => {
      const answer = await fetch(`${url}/v1/messages`, { method: "POST", body: "{}" });
      const body = JSON.stringify({ model: "m", messages: [{ role: "user", content: "a" }] });
      const found = await fetch(`${url}/v1/messages`, { method: "POST", body });
      assert.equal(answer.status, 404);
      assert.deepEqual([found.headers.get("set-cookie"), found.headers.get("x-evil")], [null, null]);
      assert.deepEqual([found.headers.get("retry-after"), await found.text()], ["3", "12"]);
    });
  });

  test("refuses cassettes without an exchange", async () => {
    using folder = createTemporaryFolder();
    const path = join(folder.path, "a.cassette");
    writeFileSync(path, "");
    const isUsageError = (error: unknown): boolean => CloisterError.isInstance(error) && error.code === "usage_invalid";
    await assert.rejects(startReplayServer({ cassettes: [path] }), isUsageError);
  });

  test("does not lose what was recorded to another server that reads it", async () => {
    using folder = createTemporaryFolder();
    const path = cassettePath(folder.path, 1);
    await cassetteFromExchanges(path, [question("a", "1")]);
    for (let time = 0; time < 2; time += 1) {
      await using server = await startReplayServer({ cassettes: [path] });
      assert.equal(await asked(server.url, "a"), "1");
    }
    assert.equal((await readAll(path)).length, 1);
  });
});

function runBuiltin(url: string, workspace: string): Promise<AgentRunRecord> {
  const env = {
    PATH: process.env["PATH"] ?? "",
    HOME: workspace,
    ANTHROPIC_API_KEY: "key-of-a-test",
    ANTHROPIC_BASE_URL: url,
  };
  return runAgentProcess(builtinAgent, {
    prompt: "Task: one",
    promptFile: join(workspace, "prompt.md"),
    workspace,
    scratch: workspace,
    env,
    model: "anthropic/claude-opus-5-5",
    asRoot: false,
  });
}
